-- The sign-in asks practitioner_signed_in since packages have dates; its predecessor is gone.
DROP FUNCTION practitioner_who(bytea, timestamptz);

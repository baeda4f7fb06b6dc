-- What a program's token is limited to, in the words of SMART App Launch 2 ("system/Patient.rs"). Empty: to nothing but
-- the rights of its account.
ALTER TABLE practitioner_session ADD COLUMN scopes text[] NOT NULL DEFAULT '{}';

DROP FUNCTION practitioner_signed_in(bytea, timestamptz);
CREATE FUNCTION practitioner_signed_in(hash bytea, at timestamptz)
RETURNS TABLE (facility_id int, session_id uuid, account_id uuid, practitioner_id uuid, display_name text, kind text,
               roles text[], proved_at timestamptz, last_seen_at timestamptz, room_id uuid, room_name text, stamp bigint,
               scopes text[])
LANGUAGE plpgsql STABLE SET yba.purpose = 'sign-in' AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.facility_id, s.session_id, s.account_id, a.practitioner_id, a.display_name, a.kind,
           a.roles, s.proved_at, s.last_seen_at, s.room_id, s.room_name, coalesce(t.stamp, 0), s.scopes
    FROM practitioner_session s
    JOIN practitioner_account a ON a.facility_id = s.facility_id AND a.account_id = s.account_id
    LEFT JOIN organization_stamp t ON t.facility_id = s.facility_id
    WHERE s.token_hash = hash AND s.revoked_at IS NULL AND s.expires_at > at
      AND s.last_seen_at + make_interval(secs => s.idle_seconds) > at
      AND a.disabled_at IS NULL;
END $$;

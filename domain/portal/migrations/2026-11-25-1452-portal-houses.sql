-- Names and addresses of all houses, for a search that knows the commune as well: all of it is public.
CREATE FUNCTION portal_houses() RETURNS TABLE (facility_id int, code text, name text, address text)
    LANGUAGE sql STABLE SET yba.purpose = 'directory'
    AS $$ SELECT facility_id, code, name, address FROM organization_facility ORDER BY facility_id $$;

-- Which facilities there are: asked by the system's own rounds (audit anchors, verification) and by public pages that
-- know only a code. Code and name are public; nothing else leaves through here.
CREATE POLICY directory ON organization_facility FOR SELECT USING (current_setting('yba.purpose', true) = 'directory');
CREATE FUNCTION organization_directory() RETURNS TABLE (facility_id int, code text, name text)
    LANGUAGE sql STABLE SET yba.purpose = 'directory'
    AS $$ SELECT facility_id, code, name FROM organization_facility ORDER BY facility_id $$;

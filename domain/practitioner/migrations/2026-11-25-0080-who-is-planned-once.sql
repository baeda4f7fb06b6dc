-- Every request asks who a cookie belongs to. A function in plain SQL that sets a parameter is planned anew at each
-- call, which cost ten times the look-up itself; PL/pgSQL keeps the plan for the life of the connection.
CREATE OR REPLACE FUNCTION practitioner_who(hash bytea, at timestamptz)
RETURNS TABLE (facility_id int, session_id uuid, account_id uuid, practitioner_id uuid, display_name text, kind text,
               roles text[], proved_at timestamptz, last_seen_at timestamptz, room_id uuid, room_name text, expires_at timestamptz)
LANGUAGE plpgsql STABLE SET yba.purpose = 'sign-in' AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.facility_id, s.session_id, s.account_id, a.practitioner_id, a.display_name, a.kind,
           a.roles, s.proved_at, s.last_seen_at, s.room_id, s.room_name, s.expires_at
    FROM practitioner_session s
    JOIN practitioner_account a ON a.facility_id = s.facility_id AND a.account_id = s.account_id
    WHERE s.token_hash = hash AND s.revoked_at IS NULL AND s.expires_at > at
      AND s.last_seen_at + make_interval(secs => s.idle_seconds) > at
      AND a.disabled_at IS NULL;
END $$;

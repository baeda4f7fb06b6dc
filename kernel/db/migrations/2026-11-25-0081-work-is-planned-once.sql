-- The worker asks these two many times a second. In plain SQL with a parameter of their own they were planned anew at
-- each call; PL/pgSQL keeps the plan for the life of the connection.
CREATE OR REPLACE FUNCTION db_facilities_with_work(now timestamptz) RETURNS SETOF int
    LANGUAGE plpgsql STABLE SET yba.purpose = 'worker' AS $$
BEGIN
    RETURN QUERY SELECT DISTINCT j.facility_id FROM db_job j WHERE j.dead_at IS NULL AND j.run_at <= now;
END $$;
CREATE OR REPLACE FUNCTION db_facilities_to_seal() RETURNS SETOF int
    LANGUAGE plpgsql STABLE SET yba.purpose = 'worker' AS $$
BEGIN
    RETURN QUERY SELECT DISTINCT p.facility_id FROM db_audit_pending p;
END $$;

-- The application signs in as yba_app: no superuser, no BYPASSRLS, owner of nothing.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'yba_app') THEN
        CREATE ROLE yba_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO yba_app;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- The facility of this transaction; unset means no row at all.
CREATE FUNCTION db_facility() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('yba.facility', true), '')::int;

-- Turns a table into a tenant table: row security forced on, one policy, full grants except TRUNCATE.
CREATE FUNCTION db_tenant_table(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %s USING (facility_id = nullif(current_setting(''yba.facility'', true), '''')::int) '
        'WITH CHECK (facility_id = nullif(current_setting(''yba.facility'', true), '''')::int)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO yba_app', t);
END $$;

-- A table that crosses facilities (person index, accounts): visible only to transactions that name its purpose.
CREATE FUNCTION db_purpose_table(t regclass, purpose text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY purpose ON %s USING (current_setting(''yba.purpose'', true) = %L) '
        'WITH CHECK (current_setting(''yba.purpose'', true) = %L)', t, purpose, purpose);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO yba_app', t);
END $$;

-- A reference table of a catalogue: the application reads it, only the loader (as owner) writes it.
CREATE FUNCTION db_catalogue_table(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT SELECT ON %s TO yba_app', t);
END $$;

CREATE FUNCTION db_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- Ledgers, audit and signed versions: first by missing grants, then by trigger, which binds the owner too.
CREATE FUNCTION db_append_only(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM yba_app', t);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION db_refuse_change()', t);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION db_refuse_change()', t);
END $$;

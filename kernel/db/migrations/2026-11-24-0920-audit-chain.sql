-- Who did or read what. Append-only. The chain over it is laid a moment later by the sealer (db_audit_link), so that
-- two requests of one facility never wait for each other's commit.
CREATE TABLE db_audit (
    facility_id int NOT NULL,
    audit_id uuid NOT NULL,
    at timestamptz NOT NULL,
    account_id uuid NOT NULL,
    actor_name text NOT NULL,
    via text NOT NULL,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    patient_id uuid,
    detail text NOT NULL,
    PRIMARY KEY (facility_id, audit_id)
);
CREATE INDEX db_audit_patient ON db_audit (facility_id, patient_id, audit_id DESC) WHERE patient_id IS NOT NULL;
SELECT db_tenant_table('db_audit');
SELECT db_append_only('db_audit');

-- Audit rows that are not in the chain yet.
CREATE TABLE db_audit_pending (
    facility_id int NOT NULL,
    audit_id uuid NOT NULL,
    PRIMARY KEY (facility_id, audit_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
SELECT db_tenant_table('db_audit_pending');
CREATE POLICY worker ON db_audit_pending FOR SELECT USING (current_setting('yba.purpose', true) = 'worker');
CREATE FUNCTION db_facilities_to_seal() RETURNS SETOF int
    LANGUAGE sql STABLE SET yba.purpose = 'worker'
    AS $$ SELECT DISTINCT facility_id FROM db_audit_pending $$;

-- The chain: hash(n) = SHA-256(hash(n−1) ‖ row n).
CREATE TABLE db_audit_link (
    facility_id int NOT NULL,
    seq bigint NOT NULL,
    audit_id uuid NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (facility_id, seq),
    UNIQUE (facility_id, audit_id)
);
SELECT db_tenant_table('db_audit_link');
SELECT db_append_only('db_audit_link');

-- What happened, written with the change itself. Kept: it is the facility's history of events.
CREATE TABLE db_event (
    facility_id int NOT NULL,
    event_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    PRIMARY KEY (facility_id, event_id)
);
SELECT db_tenant_table('db_event');
SELECT db_append_only('db_event');

-- What still has to be done about it: one row per listener, gone when done, dead after too many attempts.
CREATE TABLE db_job (
    facility_id int NOT NULL,
    job_id uuid NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    run_at timestamptz NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    lease_until timestamptz,
    last_error text,
    dead_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (facility_id, job_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX db_job_due ON db_job (facility_id, run_at) WHERE dead_at IS NULL;
SELECT db_tenant_table('db_job');
-- The worker asks, without a facility, only where there is work.
CREATE FUNCTION db_facilities_with_work(now timestamptz) RETURNS SETOF int
    LANGUAGE sql STABLE SET yba.purpose = 'worker'
    AS $$ SELECT DISTINCT facility_id FROM db_job WHERE dead_at IS NULL AND run_at <= now $$;
CREATE POLICY worker ON db_job FOR SELECT USING (current_setting('yba.purpose', true) = 'worker');

-- One answer per Idempotency-Key of an API client.
CREATE TABLE db_idempotent_answer (
    facility_id int NOT NULL,
    account_id uuid NOT NULL,
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    status int,
    content_type text,
    body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (facility_id, account_id, idempotency_key)
);
SELECT db_tenant_table('db_idempotent_answer');

-- What somebody typed and has not saved yet.
CREATE TABLE db_draft (
    facility_id int NOT NULL,
    account_id uuid NOT NULL,
    form text NOT NULL,
    body text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (facility_id, account_id, form)
);
SELECT db_tenant_table('db_draft');

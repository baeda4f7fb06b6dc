-- Two records that proved to be one person, and the way back.

CREATE TABLE patient_merge (
    facility_id   int         NOT NULL,
    merge_id      uuid        NOT NULL,
    kept_id       uuid        NOT NULL,
    gone_id       uuid        NOT NULL,
    -- Both records and all their rows as they were, and which rows moved: enough to restore each byte.
    before        jsonb       NOT NULL,
    moved         jsonb       NOT NULL,
    chosen        jsonb       NOT NULL,
    reason        text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 300),
    merged_at     timestamptz NOT NULL,
    merged_by     uuid        NOT NULL,
    undone_at     timestamptz,
    undone_by     uuid,
    PRIMARY KEY (facility_id, merge_id)
);
SELECT db_tenant_table('patient_merge');
CREATE INDEX patient_merge_kept ON patient_merge (facility_id, kept_id);
-- A record can be gone only once at a time.
CREATE UNIQUE INDEX patient_merge_gone_once ON patient_merge (facility_id, gone_id) WHERE undone_at IS NULL;
ALTER TABLE patient_merge ADD FOREIGN KEY (facility_id, kept_id) REFERENCES patient_patient (facility_id, patient_id);
ALTER TABLE patient_merge ADD FOREIGN KEY (facility_id, gone_id) REFERENCES patient_patient (facility_id, patient_id);

-- Medicine is never erased: rows end, they do not go.
REVOKE DELETE ON patient_merge FROM yba_app;

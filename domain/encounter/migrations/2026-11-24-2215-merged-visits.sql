-- Which visits changed their owner when two records proved to be one person, so that they can go back.
CREATE TABLE encounter_merged_visit (
    facility_id   int         NOT NULL,
    encounter_id  uuid        NOT NULL,
    kept_id       uuid        NOT NULL,
    gone_id       uuid        NOT NULL,
    moved_at      timestamptz NOT NULL,
    returned_at   timestamptz,
    PRIMARY KEY (facility_id, encounter_id, gone_id, moved_at)
);
SELECT db_tenant_table('encounter_merged_visit');
REVOKE DELETE ON encounter_merged_visit FROM yba_app;
CREATE INDEX encounter_merged_visit_pair ON encounter_merged_visit (facility_id, kept_id, gone_id) WHERE returned_at IS NULL;
ALTER TABLE encounter_merged_visit ADD CONSTRAINT encounter_merged_visit_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

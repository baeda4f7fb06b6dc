-- What came for a record that was archived already. It is kept here and filed as soon as the record is opened again.
CREATE TABLE record_late_paper (
    facility_id  int         NOT NULL,
    origin       text        NOT NULL,
    origin_id    uuid        NOT NULL,
    edition      int         NOT NULL,
    encounter_id uuid        NOT NULL,
    title        text        NOT NULL,
    instead_of   uuid,
    reason       text        NOT NULL DEFAULT '',
    came_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, origin, origin_id, edition)
);
SELECT db_tenant_table('record_late_paper');
CREATE INDEX record_late_paper_encounter ON record_late_paper (facility_id, encounter_id);

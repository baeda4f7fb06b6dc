-- Medicines for the ward: asked for, issued by the pharmacy, given back.

CREATE TABLE inpatient_request (
    facility_id   int  NOT NULL,
    request_id    uuid NOT NULL,
    ward_id       uuid NOT NULL,
    status        text NOT NULL DEFAULT 'asked' CHECK (status IN ('asked', 'issued', 'cancelled')),
    note          text NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
    asked_at      timestamptz NOT NULL,
    asked_by      uuid NOT NULL,
    asked_name    text NOT NULL,
    store_id      uuid,
    issued_at     timestamptz,
    issued_name   text NOT NULL DEFAULT '',
    cancel_reason text NOT NULL DEFAULT '' CHECK (char_length(cancel_reason) <= 500),
    PRIMARY KEY (facility_id, request_id)
);
SELECT db_tenant_table('inpatient_request');
REVOKE DELETE ON inpatient_request FROM yba_app;
CREATE INDEX inpatient_request_ward ON inpatient_request (facility_id, ward_id, asked_at DESC);
CREATE INDEX inpatient_request_open ON inpatient_request (facility_id, asked_at) WHERE status = 'asked';
ALTER TABLE inpatient_request ADD CONSTRAINT inpatient_request_ward_fk
    FOREIGN KEY (facility_id, ward_id) REFERENCES organization_room (facility_id, room_id);

-- One medicine of one patient on a request.
CREATE TABLE inpatient_request_line (
    facility_id    int  NOT NULL,
    line_id        uuid NOT NULL,
    request_id     uuid NOT NULL,
    encounter_id   uuid NOT NULL,
    patient_id     uuid NOT NULL,
    drug_id        uuid NOT NULL,
    drug_name      text NOT NULL,
    unit           text NOT NULL,
    asked_milli    bigint NOT NULL CHECK (asked_milli > 0),
    issued_milli   bigint NOT NULL DEFAULT 0 CHECK (issued_milli >= 0),
    returned_milli bigint NOT NULL DEFAULT 0 CHECK (returned_milli >= 0 AND returned_milli <= issued_milli),
    -- The lots that were taken: [{"lot": …, "lot_no": "…", "expires": "…", "milli": …}]
    picks          jsonb NOT NULL DEFAULT '[]',
    -- The times that this line was asked for; a time is asked for once.
    PRIMARY KEY (facility_id, line_id)
);
SELECT db_tenant_table('inpatient_request_line');
REVOKE DELETE ON inpatient_request_line FROM yba_app;
CREATE INDEX inpatient_request_line_request ON inpatient_request_line (facility_id, request_id);
CREATE INDEX inpatient_request_line_stay ON inpatient_request_line (facility_id, encounter_id);
ALTER TABLE inpatient_request_line ADD CONSTRAINT inpatient_request_line_request_fk
    FOREIGN KEY (facility_id, request_id) REFERENCES inpatient_request (facility_id, request_id);
ALTER TABLE inpatient_request_line ADD CONSTRAINT inpatient_request_line_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

-- The times that are on a request already, so that the same dose is not asked for twice.
ALTER TABLE inpatient_task ADD COLUMN request_line_id uuid;

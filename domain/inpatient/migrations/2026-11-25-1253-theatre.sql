-- Consultations and operations.

CREATE TABLE inpatient_consult (
    facility_id   int  NOT NULL,
    consult_id    uuid NOT NULL,
    encounter_id  uuid NOT NULL,
    patient_id    uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('ward', 'wards', 'hospital', 'hospitals', 'remote', 'before_operation', 'starred_drug')),
    at            timestamptz NOT NULL,
    place         text NOT NULL DEFAULT '' CHECK (char_length(place) <= 200),
    question      text NOT NULL CHECK (question <> '' AND char_length(question) <= 2000),
    summary       text NOT NULL DEFAULT '' CHECK (char_length(summary) <= 4000),
    chair_id      uuid NOT NULL,
    clerk_id      uuid NOT NULL,
    -- [{"id": …, "name": "BSCKII. …", "position": "…", "opinion": "…"}]
    members       jsonb NOT NULL DEFAULT '[]',
    conclusion    text NOT NULL DEFAULT '' CHECK (char_length(conclusion) <= 2000),
    plan          text NOT NULL DEFAULT '' CHECK (char_length(plan) <= 4000),
    status        text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'concluded', 'cancelled')),
    concluded_at  timestamptz,
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    version       int  NOT NULL DEFAULT 1,
    PRIMARY KEY (facility_id, consult_id),
    CHECK (status <> 'concluded' OR (conclusion <> '' AND plan <> '' AND concluded_at IS NOT NULL))
);
SELECT db_tenant_table('inpatient_consult');
REVOKE DELETE ON inpatient_consult FROM yba_app;
CREATE INDEX inpatient_consult_stay ON inpatient_consult (facility_id, encounter_id, at);
ALTER TABLE inpatient_consult ADD CONSTRAINT inpatient_consult_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

CREATE TABLE inpatient_operation (
    facility_id    int  NOT NULL,
    operation_id   uuid NOT NULL,
    encounter_id   uuid NOT NULL,
    patient_id     uuid NOT NULL,
    service_id     uuid,
    name           text NOT NULL CHECK (name <> '' AND char_length(name) <= 500),
    class          text NOT NULL CHECK (class IN ('special', '1', '2', '3')),
    urgency        text NOT NULL CHECK (urgency IN ('emergency', 'urgent', 'planned')),
    planned_at     timestamptz NOT NULL,
    before_code    text NOT NULL DEFAULT '',
    before_text    text NOT NULL CHECK (before_text <> '' AND char_length(before_text) <= 500),
    after_code     text NOT NULL DEFAULT '',
    after_text     text NOT NULL DEFAULT '' CHECK (char_length(after_text) <= 500),
    anaesthesia    text NOT NULL CHECK (anaesthesia <> '' AND char_length(anaesthesia) <= 200),
    -- [{"role": "surgeon", "id": …, "name": "BSCKII. …"}]
    team           jsonb NOT NULL DEFAULT '[]',
    status         text NOT NULL DEFAULT 'planned'
                   CHECK (status IN ('planned', 'consented', 'signed_in', 'cutting', 'closed', 'noted', 'cancelled')),
    signed_in_at   timestamptz,
    cut_at         timestamptz,
    closed_at      timestamptz,
    noted_at       timestamptz,
    description    text NOT NULL DEFAULT '' CHECK (char_length(description) <= 8000),
    drain          text NOT NULL DEFAULT '' CHECK (char_length(drain) <= 500),
    blood_ml       int  CHECK (blood_ml BETWEEN 0 AND 20000),
    specimen       text NOT NULL DEFAULT '' CHECK (char_length(specimen) <= 500),
    cancel_reason  text NOT NULL DEFAULT '' CHECK (char_length(cancel_reason) <= 500),
    -- How the patient said yes: the risks that were explained, who witnessed, and the proof.
    consent        jsonb NOT NULL DEFAULT '{}',
    -- Answers of the safety list by phase: {"sign_in": {"at": …, "by": …, "answers": {…}}}
    checklist      jsonb NOT NULL DEFAULT '{}',
    by_account     uuid NOT NULL,
    by_name        text NOT NULL,
    version        int  NOT NULL DEFAULT 1,
    PRIMARY KEY (facility_id, operation_id)
);
SELECT db_tenant_table('inpatient_operation');
REVOKE DELETE ON inpatient_operation FROM yba_app;
CREATE INDEX inpatient_operation_stay ON inpatient_operation (facility_id, encounter_id, planned_at);
CREATE INDEX inpatient_operation_day ON inpatient_operation (facility_id, planned_at) WHERE status <> 'cancelled';
ALTER TABLE inpatient_operation ADD CONSTRAINT inpatient_operation_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);
ALTER TABLE inpatient_operation ADD CONSTRAINT inpatient_operation_service_fk
    FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);

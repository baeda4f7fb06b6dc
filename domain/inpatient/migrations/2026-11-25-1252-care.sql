-- What goes in and out of the patient, and the nurse's own sheets.

CREATE TABLE inpatient_fluid (
    facility_id   int  NOT NULL,
    fluid_id      uuid NOT NULL,
    encounter_id  uuid NOT NULL,
    patient_id    uuid NOT NULL,
    at            timestamptz NOT NULL,
    kind          text NOT NULL CHECK (kind <> ''),
    is_out        boolean NOT NULL,
    volume_ml     int  NOT NULL CHECK (volume_ml BETWEEN 1 AND 10000),
    note          text NOT NULL DEFAULT '' CHECK (char_length(note) <= 300),
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    wrong_at      timestamptz,
    wrong_by_name text NOT NULL DEFAULT '',
    wrong_reason  text NOT NULL DEFAULT '' CHECK (char_length(wrong_reason) <= 500),
    PRIMARY KEY (facility_id, fluid_id)
);
SELECT db_tenant_table('inpatient_fluid');
REVOKE DELETE ON inpatient_fluid FROM yba_app;
CREATE INDEX inpatient_fluid_stay ON inpatient_fluid (facility_id, encounter_id, at);
ALTER TABLE inpatient_fluid ADD CONSTRAINT inpatient_fluid_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

CREATE TABLE inpatient_care (
    facility_id   int  NOT NULL,
    care_id       uuid NOT NULL,
    encounter_id  uuid NOT NULL,
    patient_id    uuid NOT NULL,
    at            timestamptz NOT NULL,
    level         int  NOT NULL CHECK (level BETWEEN 1 AND 3),
    -- Findings by the keys of care_items.tsv.
    findings      jsonb NOT NULL DEFAULT '{}',
    problem       text NOT NULL CHECK (problem <> '' AND char_length(problem) <= 2000),
    goal          text NOT NULL DEFAULT '' CHECK (char_length(goal) <= 2000),
    action        text NOT NULL CHECK (action <> '' AND char_length(action) <= 4000),
    handover      text NOT NULL DEFAULT '' CHECK (char_length(handover) <= 2000),
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    wrong_at      timestamptz,
    wrong_by_name text NOT NULL DEFAULT '',
    wrong_reason  text NOT NULL DEFAULT '' CHECK (char_length(wrong_reason) <= 500),
    PRIMARY KEY (facility_id, care_id)
);
SELECT db_tenant_table('inpatient_care');
REVOKE DELETE ON inpatient_care FROM yba_app;
CREATE INDEX inpatient_care_stay ON inpatient_care (facility_id, encounter_id, at);
ALTER TABLE inpatient_care ADD CONSTRAINT inpatient_care_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

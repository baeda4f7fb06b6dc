-- What nobody may overlook about a person: allergies and alerts. Rows are ended or marked as entered in error, never deleted.

CREATE TABLE patient_allergy (
    facility_id     int         NOT NULL,
    allergy_id      uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    -- What the person reacts to, as it is shown: "Amoxicilin", "Hải sản".
    substance       text        NOT NULL CHECK (substance <> '' AND char_length(substance) <= 200),
    substance_folded text       NOT NULL,
    kind            text        NOT NULL DEFAULT 'drug' CHECK (kind IN ('drug', 'drug_class', 'food', 'other')),
    -- Code of the insurance ingredient list, when the substance is a known ingredient.
    ingredient_code text,
    -- Cross-reactivity group, e.g. "penicillin", when a whole class is meant.
    class_code      text,
    reaction        text        NOT NULL DEFAULT '' CHECK (char_length(reaction) <= 300),
    severity        text        NOT NULL CHECK (severity IN ('mild', 'moderate', 'severe', 'unknown')),
    -- Told by the person or seen by a clinician.
    certainty       text        NOT NULL DEFAULT 'reported' CHECK (certainty IN ('reported', 'confirmed')),
    recorded_at     timestamptz NOT NULL,
    recorded_by     uuid        NOT NULL,
    ended_at        timestamptz,
    ended_by        uuid,
    end_reason      text        CHECK (end_reason IN ('resolved', 'entered_in_error')),
    PRIMARY KEY (facility_id, allergy_id),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
SELECT db_tenant_table('patient_allergy');
CREATE INDEX patient_allergy_patient ON patient_allergy (facility_id, patient_id);
CREATE UNIQUE INDEX patient_allergy_once ON patient_allergy (facility_id, patient_id, substance_folded) WHERE ended_at IS NULL;
ALTER TABLE patient_allergy ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

CREATE TABLE patient_flag (
    facility_id  int         NOT NULL,
    flag_id      uuid        NOT NULL,
    patient_id   uuid        NOT NULL,
    -- Priority flags feed the queue (Law 15/2023, article 3); the others are alerts for whoever opens the record.
    kind         text        NOT NULL CHECK (kind IN ('pregnant', 'disability_severe', 'disability_very_severe', 'merit', 'fall_risk', 'infection', 'communication', 'other')),
    text         text        NOT NULL DEFAULT '' CHECK (char_length(text) <= 200),
    level        text        NOT NULL DEFAULT 'warning' CHECK (level IN ('info', 'warning', 'critical')),
    valid_to     date,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid        NOT NULL,
    ended_at     timestamptz,
    ended_by     uuid,
    PRIMARY KEY (facility_id, flag_id)
);
SELECT db_tenant_table('patient_flag');
CREATE INDEX patient_flag_patient ON patient_flag (facility_id, patient_id);
ALTER TABLE patient_flag ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- Medicine is never erased: rows end, they do not go.
REVOKE DELETE ON patient_allergy, patient_flag FROM yba_app;

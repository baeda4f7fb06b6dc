-- What nurse and doctor write: vital signs, the note, diagnoses, disposition; and what the doctor's desk learns.

-- One row per measurement; a wrong one is ended, never changed. Whole numbers of the smallest step in use.
CREATE TABLE encounter_vitals (
    facility_id         int         NOT NULL,
    vitals_id           uuid        NOT NULL,
    encounter_id        uuid        NOT NULL,
    patient_id          uuid        NOT NULL,
    measured_at         timestamptz NOT NULL,
    recorded_by         uuid        NOT NULL,
    recorded_by_name    text        NOT NULL,
    systolic_mmhg       int,
    diastolic_mmhg      int,
    pulse_bpm           int,
    temperature_tenths  int,
    spo2_percent        int,
    breaths_per_min     int,
    weight_g            int,
    height_mm           int,
    head_mm             int,
    pain                int         CHECK (pain BETWEEN 0 AND 10),
    oxygen_tenths_l_min int,
    -- Length taken lying down; the growth tables expect it under two years.
    is_lying            boolean     NOT NULL DEFAULT false,
    -- What is seen for the warning scores: keys of the closed lists in the code.
    consciousness       text,
    behaviour           text,
    circulation         text,
    effort              text,
    -- Answers to the quick questions, by their key.
    answers             jsonb       NOT NULL DEFAULT '{}',
    remark              text        NOT NULL DEFAULT '' CHECK (char_length(remark) <= 1000),
    -- Score and total at that moment, so that lists need no rule: "NEWS2", 2.
    score_name          text        NOT NULL DEFAULT '',
    score_total         int,
    is_alarm            boolean     NOT NULL DEFAULT false,
    ended_at            timestamptz,
    ended_by            uuid,
    end_reason          text        CHECK (char_length(end_reason) <= 500),
    PRIMARY KEY (facility_id, vitals_id)
);
SELECT db_tenant_table('encounter_vitals');
REVOKE DELETE ON encounter_vitals FROM yba_app;
CREATE INDEX encounter_vitals_encounter ON encounter_vitals (facility_id, encounter_id, measured_at DESC);
CREATE INDEX encounter_vitals_patient ON encounter_vitals (facility_id, patient_id, measured_at DESC);
ALTER TABLE encounter_vitals ADD CONSTRAINT encounter_vitals_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- The draft of an open visit, or of an amendment: everything typed, a moment after it was typed.
CREATE TABLE encounter_note_draft (
    facility_id    int         NOT NULL,
    encounter_id   uuid        NOT NULL,
    -- Counts the changes; who saves says which count they had read.
    version        int         NOT NULL DEFAULT 1,
    template       text        NOT NULL,
    sections       jsonb       NOT NULL DEFAULT '{}',
    diagnoses      jsonb       NOT NULL DEFAULT '[]',
    -- The version that is being amended and why; empty while the visit is open.
    amends         int,
    amend_reason   text        CHECK (char_length(amend_reason) <= 500),
    edited_by      uuid        NOT NULL,
    edited_by_name text        NOT NULL,
    edited_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, encounter_id)
) WITH (fillfactor = 50);
SELECT db_tenant_table('encounter_note_draft');
ALTER TABLE encounter_note_draft ADD CONSTRAINT encounter_note_draft_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- The finished note, whole, one row per version.
CREATE TABLE encounter_note (
    facility_id     int         NOT NULL,
    note_id         uuid        NOT NULL,
    encounter_id    uuid        NOT NULL,
    version         int         NOT NULL CHECK (version > 0),
    template        text        NOT NULL,
    sections        jsonb       NOT NULL,
    diagnoses       jsonb       NOT NULL,
    disposition     jsonb       NOT NULL,
    -- Why the version before it was amended; empty for the first.
    amend_reason    text        NOT NULL DEFAULT '',
    practitioner_id uuid,
    author          uuid        NOT NULL,
    author_name     text        NOT NULL,
    signed_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, note_id),
    CONSTRAINT encounter_note_version_once UNIQUE (facility_id, encounter_id, version),
    CHECK (version = 1 OR amend_reason <> '')
);
SELECT db_tenant_table('encounter_note');
SELECT db_append_only('encounter_note');
ALTER TABLE encounter_note ADD CONSTRAINT encounter_note_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- The diagnoses as they stand, for lists, prescriptions and reports; a removed one is ended.
CREATE TABLE encounter_diagnosis (
    facility_id   int         NOT NULL,
    diagnosis_id  uuid        NOT NULL,
    encounter_id  uuid        NOT NULL,
    patient_id    uuid        NOT NULL,
    code          text        NOT NULL CHECK (code <> ''),
    name          text        NOT NULL,
    remark        text        NOT NULL DEFAULT '',
    -- 0 is the main diagnosis.
    place         int         NOT NULL CHECK (place BETWEEN 0 AND 12),
    recorded_at   timestamptz NOT NULL,
    recorded_by   uuid        NOT NULL,
    ended_at      timestamptz,
    ended_by      uuid,
    PRIMARY KEY (facility_id, diagnosis_id)
);
SELECT db_tenant_table('encounter_diagnosis');
REVOKE DELETE ON encounter_diagnosis FROM yba_app;
CREATE UNIQUE INDEX encounter_diagnosis_once ON encounter_diagnosis (facility_id, encounter_id, code) WHERE ended_at IS NULL;
CREATE INDEX encounter_diagnosis_patient ON encounter_diagnosis (facility_id, patient_id, recorded_at DESC) WHERE ended_at IS NULL;
ALTER TABLE encounter_diagnosis ADD CONSTRAINT encounter_diagnosis_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- Where the person went from the finished visit; the versions of the note keep what stood before.
CREATE TABLE encounter_disposition (
    facility_id   int         NOT NULL,
    encounter_id  uuid        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('home', 'follow_up', 'admitted', 'transferred', 'died')),
    follow_up_on  date,
    place         text        NOT NULL DEFAULT '',
    reason        text        NOT NULL DEFAULT '',
    died_at       timestamptz,
    advice        text        NOT NULL DEFAULT '',
    note_version  int         NOT NULL,
    PRIMARY KEY (facility_id, encounter_id),
    CHECK (kind <> 'follow_up' OR follow_up_on IS NOT NULL)
);
SELECT db_tenant_table('encounter_disposition');
REVOKE DELETE ON encounter_disposition FROM yba_app;
CREATE INDEX encounter_disposition_follow_up ON encounter_disposition (facility_id, follow_up_on) WHERE follow_up_on IS NOT NULL;
ALTER TABLE encounter_disposition ADD CONSTRAINT encounter_disposition_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- How often a doctor finished a visit with a code: the desk offers these first.
CREATE TABLE encounter_favourite_code (
    facility_id     int         NOT NULL,
    practitioner_id uuid        NOT NULL,
    code            text        NOT NULL,
    uses            int         NOT NULL DEFAULT 0,
    last_used_at    timestamptz NOT NULL,
    PRIMARY KEY (facility_id, practitioner_id, code)
);
SELECT db_tenant_table('encounter_favourite_code');

-- A clinic's own quick texts beside the shipped ones; a row without practitioner serves everybody.
CREATE TABLE encounter_quick_text (
    facility_id     int         NOT NULL,
    quick_text_id   uuid        NOT NULL,
    practitioner_id uuid,
    shortcut        text        NOT NULL CHECK (shortcut ~ '^[a-z0-9]{1,20}$'),
    title           text        NOT NULL,
    text            text        NOT NULL CHECK (char_length(text) BETWEEN 1 AND 2000),
    changed_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (facility_id, quick_text_id)
);
SELECT db_tenant_table('encounter_quick_text');
CREATE UNIQUE INDEX encounter_quick_text_once ON encounter_quick_text (facility_id, practitioner_id, shortcut)
    NULLS NOT DISTINCT WHERE ended_at IS NULL;

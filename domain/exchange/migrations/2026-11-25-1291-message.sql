-- Messages as they came, whom they were about, and what became of them.

CREATE TABLE exchange_message (
    facility_id   int         NOT NULL,
    message_id    uuid        NOT NULL,
    -- All zeros: the sender is not known here.
    partner_id    uuid        NOT NULL,
    door          text        NOT NULL CHECK (door IN ('hl7', 'fhir')),
    kind          text        NOT NULL,
    control_id    text        NOT NULL CHECK (control_id <> '' AND char_length(control_id) <= 200),
    body_hash     bytea       NOT NULL,
    raw           bytea       NOT NULL,
    -- The sender's name for the person and the visit; messages of one person keep their order.
    subject_key   text        NOT NULL,
    subject_name  text        NOT NULL DEFAULT '',
    visit         text        NOT NULL DEFAULT '',
    state         text        NOT NULL CHECK (state IN ('applied', 'clerk', 'behind', 'early', 'dead', 'discarded')),
    words         text        NOT NULL DEFAULT '',
    words_en      text        NOT NULL DEFAULT '',
    attempts      int         NOT NULL DEFAULT 1,
    -- What it says, read; kept as long as it may have to be applied again.
    content       bytea,
    patient_id    uuid,
    encounter_id  uuid,
    documents     uuid[]      NOT NULL DEFAULT '{}',
    sent_at       timestamptz,
    received_at   timestamptz NOT NULL,
    wait_until    timestamptz,
    settled_at    timestamptz,
    settled_by    uuid,
    reason        text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, message_id),
    CONSTRAINT exchange_message_once UNIQUE (facility_id, partner_id, control_id)
);
SELECT db_tenant_table('exchange_message');
REVOKE DELETE ON exchange_message FROM yba_app;
CREATE INDEX exchange_message_list ON exchange_message (facility_id, received_at DESC, message_id DESC);
CREATE INDEX exchange_message_open ON exchange_message (facility_id, state, received_at) WHERE state NOT IN ('applied', 'discarded');
CREATE INDEX exchange_message_waiting ON exchange_message (facility_id, partner_id, subject_key, received_at)
    WHERE state IN ('clerk', 'behind', 'early');
CREATE INDEX exchange_message_patient ON exchange_message (facility_id, patient_id, received_at DESC) WHERE patient_id IS NOT NULL;
-- Papers inside are compressed already.
ALTER TABLE exchange_message ALTER COLUMN content SET STORAGE EXTERNAL;

-- What a sender calls our patients.
CREATE TABLE exchange_identifier (
    facility_id   int         NOT NULL,
    identifier_id uuid        NOT NULL,
    partner_id    uuid        NOT NULL,
    value         text        NOT NULL CHECK (value <> '' AND char_length(value) <= 200),
    patient_id    uuid        NOT NULL,
    -- Why we believe it: the same number, alike enough, registered new, or a clerk said so.
    how           text        NOT NULL CHECK (how IN ('number', 'new', 'clerk')),
    since         timestamptz NOT NULL,
    by_account    uuid        NOT NULL,
    ended_at      timestamptz,
    PRIMARY KEY (facility_id, identifier_id)
);
SELECT db_tenant_table('exchange_identifier');
REVOKE DELETE ON exchange_identifier FROM yba_app;
CREATE UNIQUE INDEX exchange_identifier_once ON exchange_identifier (facility_id, partner_id, value) WHERE ended_at IS NULL;
CREATE INDEX exchange_identifier_patient ON exchange_identifier (facility_id, patient_id);
ALTER TABLE exchange_identifier ADD CONSTRAINT exchange_identifier_patient_fk
    FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- The sender knows the person otherwise than we do: a clerk compares.
CREATE TABLE exchange_difference (
    facility_id int         NOT NULL,
    message_id  uuid        NOT NULL,
    patient_id  uuid        NOT NULL,
    lines       jsonb       NOT NULL,
    noted_at    timestamptz NOT NULL,
    decided_at  timestamptz,
    decided_by  uuid,
    taken       text[]      NOT NULL DEFAULT '{}',
    PRIMARY KEY (facility_id, message_id)
);
SELECT db_tenant_table('exchange_difference');
REVOKE DELETE ON exchange_difference FROM yba_app;
CREATE INDEX exchange_difference_open ON exchange_difference (facility_id, noted_at) WHERE decided_at IS NULL;

-- Values of reports, one row each; a corrected value is a new row and the old one says when it was replaced.
CREATE TABLE exchange_result (
    facility_id  int         NOT NULL,
    result_id    uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    patient_id   uuid        NOT NULL,
    encounter_id uuid        NOT NULL,
    document_id  uuid        NOT NULL,
    report_no    text        NOT NULL,
    service      text        NOT NULL DEFAULT '',
    code         text        NOT NULL,
    name         text        NOT NULL DEFAULT '',
    loinc        text        NOT NULL DEFAULT '',
    sub          text        NOT NULL DEFAULT '',
    value        text        NOT NULL,
    unit         text        NOT NULL DEFAULT '',
    range        text        NOT NULL DEFAULT '',
    flag         text        NOT NULL DEFAULT '',
    status       text        NOT NULL DEFAULT '',
    observed_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    replaced_at  timestamptz,
    PRIMARY KEY (facility_id, result_id)
);
SELECT db_tenant_table('exchange_result');
REVOKE DELETE ON exchange_result FROM yba_app;
CREATE INDEX exchange_result_encounter ON exchange_result (facility_id, encounter_id, observed_at);
CREATE INDEX exchange_result_report ON exchange_result (facility_id, report_no, code);

-- Diagnoses that a sender told of a visit.
CREATE TABLE exchange_diagnosis (
    facility_id  int         NOT NULL,
    diagnosis_id uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    patient_id   uuid        NOT NULL,
    encounter_id uuid        NOT NULL,
    code         text        NOT NULL,
    name         text        NOT NULL DEFAULT '',
    is_main      boolean     NOT NULL,
    told_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, diagnosis_id)
);
SELECT db_tenant_table('exchange_diagnosis');
REVOKE DELETE ON exchange_diagnosis FROM yba_app;
CREATE INDEX exchange_diagnosis_encounter ON exchange_diagnosis (facility_id, encounter_id);

-- Messages whose sender and receiver are both unknown: kept for whoever runs the server, seen by no facility.
CREATE TABLE exchange_stray (
    stray_id    uuid        PRIMARY KEY,
    received_at timestamptz NOT NULL,
    door        text        NOT NULL,
    remote      text        NOT NULL,
    said        text        NOT NULL,
    raw         bytea       NOT NULL
);
SELECT db_purpose_table('exchange_stray', 'exchange-door');

-- A person as one facility knows them: record number, demographics, papers, addresses, contacts, their history.

CREATE TABLE patient_patient (
    facility_id      int         NOT NULL,
    patient_id       uuid        NOT NULL,
    person_id        uuid        NOT NULL,
    record_seq       bigint      NOT NULL,
    record_no        text        NOT NULL,
    name             text        NOT NULL CHECK (name <> '' AND char_length(name) <= 100),
    name_folded      text        NOT NULL,
    birth_date       date        NOT NULL,
    -- Older cards know only the year; the date is then 1 January and is shown as a year.
    birth_year_only  boolean     NOT NULL DEFAULT false,
    sex              text        NOT NULL CHECK (sex IN ('male', 'female', 'unknown')),
    phone            text        NOT NULL DEFAULT '',
    cccd             text        NOT NULL DEFAULT '' CHECK (cccd ~ '^([0-9]{12})?$'),
    cccd_issued_on   date,
    -- Proven by a scanned card, not merely typed.
    identity_verified_at timestamptz,
    ethnic_code      text        NOT NULL DEFAULT '',
    nationality      text        NOT NULL DEFAULT 'VN',
    occupation       text        NOT NULL DEFAULT '',
    address_line     text        NOT NULL DEFAULT '',
    commune_code     text        NOT NULL DEFAULT '',
    -- The whole address as it is shown and printed.
    address_text     text        NOT NULL DEFAULT '',
    -- Silence is not absence: nobody asked, asked and none known, or recorded in patient_allergy.
    allergy_state    text        NOT NULL DEFAULT 'not_asked' CHECK (allergy_state IN ('not_asked', 'none_known', 'recorded')),
    allergy_asked_at timestamptz,
    allergy_asked_by uuid,
    -- The record into which this one was merged; it stays readable and can be taken back.
    merged_into      uuid,
    created_at       timestamptz NOT NULL,
    created_by       uuid        NOT NULL,
    version          int         NOT NULL DEFAULT 1,
    PRIMARY KEY (facility_id, patient_id),
    UNIQUE (facility_id, record_no)
);
SELECT db_tenant_table('patient_patient');
CREATE INDEX patient_patient_person ON patient_patient (facility_id, person_id);
CREATE INDEX patient_patient_recent ON patient_patient (facility_id, record_seq DESC);

-- The next record number of a facility. A sequence leaves gaps but is never a lock that registrations wait for.
-- It is made on first use and starts behind the highest number in the table, so a restored database goes on counting.
CREATE FUNCTION patient_next_record(facility int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    counter text := format('public.patient_record_%s', facility);
    first_no bigint;
BEGIN
    IF facility IS DISTINCT FROM nullif(current_setting('yba.facility', true), '')::int THEN
        RAISE EXCEPTION 'patient_next_record: facility % is not the tenant of this transaction', facility;
    END IF;
    IF to_regclass(counter) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('patient_record'), facility);
        IF to_regclass(counter) IS NULL THEN
            SELECT coalesce(max(record_seq), 0) + 1 INTO first_no FROM patient_patient WHERE facility_id = facility;
            EXECUTE format('CREATE SEQUENCE %s START %s', counter, first_no);
        END IF;
    END IF;
    RETURN nextval(counter::regclass);
END $$;
REVOKE ALL ON FUNCTION patient_next_record(int) FROM public;
GRANT EXECUTE ON FUNCTION patient_next_record(int) TO yba_app;

-- Papers that name the person, each with the period in which it was good.
CREATE TABLE patient_identifier (
    facility_id    int         NOT NULL,
    identifier_id  uuid        NOT NULL,
    patient_id     uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('cccd', 'cmnd', 'passport', 'bhxh', 'birth_certificate')),
    value          text        NOT NULL CHECK (value <> '' AND char_length(value) <= 40),
    issued_on      date,
    valid_to       date,
    source         text        NOT NULL CHECK (source IN ('scan', 'typed', 'api', 'import')),
    recorded_at    timestamptz NOT NULL,
    recorded_by    uuid        NOT NULL,
    ended_at       timestamptz,
    end_reason     text,
    PRIMARY KEY (facility_id, identifier_id)
);
SELECT db_tenant_table('patient_identifier');
CREATE INDEX patient_identifier_patient ON patient_identifier (facility_id, patient_id);
-- One living paper of a kind and number belongs to one record of the facility.
CREATE UNIQUE INDEX patient_identifier_once ON patient_identifier (facility_id, kind, value) WHERE ended_at IS NULL;
ALTER TABLE patient_identifier ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- Where the person lived, from when to when; a text of before July 2025 keeps its old ward beside the successor.
CREATE TABLE patient_address (
    facility_id    int         NOT NULL,
    address_id     uuid        NOT NULL,
    patient_id     uuid        NOT NULL,
    line           text        NOT NULL DEFAULT '',
    commune_code   text        NOT NULL DEFAULT '',
    text           text        NOT NULL CHECK (char_length(text) <= 300),
    old_ward_code  text        NOT NULL DEFAULT '',
    recorded_at    timestamptz NOT NULL,
    recorded_by    uuid        NOT NULL,
    ended_at       timestamptz,
    PRIMARY KEY (facility_id, address_id)
);
SELECT db_tenant_table('patient_address');
CREATE INDEX patient_address_patient ON patient_address (facility_id, patient_id, recorded_at DESC);
ALTER TABLE patient_address ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- Health-insurance cards. A number of 15 characters tells group and benefit; the 10-digit one of 2021 needs the portal.
CREATE TABLE patient_coverage (
    facility_id     int         NOT NULL,
    coverage_id     uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    card_no         text        NOT NULL CHECK (card_no <> ''),
    valid_from      date,
    valid_to        date,
    registered_at   text        NOT NULL DEFAULT '',   -- code of the facility of first registration, e.g. "01C54"
    benefit_percent smallint    CHECK (benefit_percent IN (80, 95, 100)),
    five_years_from date,
    living_area     text        NOT NULL DEFAULT '' CHECK (living_area IN ('', 'K1', 'K2', 'K3')),
    -- Read from the card, typed, or confirmed by the insurance portal.
    source          text        NOT NULL CHECK (source IN ('scan', 'typed', 'portal', 'api', 'import')),
    recorded_at     timestamptz NOT NULL,
    recorded_by     uuid        NOT NULL,
    ended_at        timestamptz,
    end_reason      text,
    PRIMARY KEY (facility_id, coverage_id)
);
SELECT db_tenant_table('patient_coverage');
CREATE INDEX patient_coverage_patient ON patient_coverage (facility_id, patient_id);
CREATE UNIQUE INDEX patient_coverage_once ON patient_coverage (facility_id, patient_id, card_no, valid_from) WHERE ended_at IS NULL;
ALTER TABLE patient_coverage ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- Family and guardians. Somebody under 6 needs one named (Circular 26/2025 asks for it on the prescription).
CREATE TABLE patient_contact (
    facility_id  int         NOT NULL,
    contact_id   uuid        NOT NULL,
    patient_id   uuid        NOT NULL,
    relation     text        NOT NULL CHECK (relation IN ('mother', 'father', 'spouse', 'child', 'sibling', 'grandparent', 'guardian', 'other')),
    name         text        NOT NULL CHECK (name <> '' AND char_length(name) <= 100),
    phone        text        NOT NULL DEFAULT '',
    is_guardian  boolean     NOT NULL DEFAULT false,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid        NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (facility_id, contact_id)
);
SELECT db_tenant_table('patient_contact');
CREATE INDEX patient_contact_patient ON patient_contact (facility_id, patient_id);
ALTER TABLE patient_contact ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- Every earlier state of the demographics, whole, with who changed it and what changed.
CREATE TABLE patient_revision (
    facility_id  int         NOT NULL,
    revision_id  uuid        NOT NULL,
    patient_id   uuid        NOT NULL,
    version      int         NOT NULL,
    before       jsonb       NOT NULL,
    changed      text[]      NOT NULL,
    at           timestamptz NOT NULL,
    by_account   uuid        NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, revision_id)
);
SELECT db_tenant_table('patient_revision');
SELECT db_append_only('patient_revision');
CREATE INDEX patient_revision_patient ON patient_revision (facility_id, patient_id, at DESC);
ALTER TABLE patient_revision ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- Medicine is never erased: rows end, they do not go.
REVOKE DELETE ON patient_patient, patient_identifier, patient_address, patient_coverage, patient_contact FROM yba_app;

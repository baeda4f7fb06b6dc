-- Prescriptions: one draft and one issued prescription per visit at most; an issued one is never changed, only
-- replaced or cancelled (Circular 26/2025/TT-BYT art. 4(2), 6(9)).
CREATE TABLE medication_prescription (
    facility_id      int         NOT NULL,
    prescription_id  uuid        NOT NULL,
    encounter_id     uuid        NOT NULL,
    patient_id       uuid        NOT NULL,
    status           text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'issued', 'replaced', 'cancelled')),
    -- National code of 14 characters; given when it is issued and never again.
    code             text        CHECK (code ~ '^[0-9A-Za-z]{5}[0-9a-z]{7}-[nhct]$'),
    -- Day of service of the visit: prices are those of this day.
    day              date        NOT NULL,
    advice           text        NOT NULL DEFAULT '' CHECK (char_length(advice) <= 2000),
    follow_up_on     date,
    weight_g         int         CHECK (weight_g > 0),
    escort           text        NOT NULL DEFAULT '' CHECK (char_length(escort) <= 100),
    -- Counts the changes of the details; who saves says which count they had read.
    version          int         NOT NULL DEFAULT 1,
    -- The prescription whose place this one takes, and why.
    replaces         uuid,
    replace_reason   text        NOT NULL DEFAULT '' CHECK (char_length(replace_reason) <= 500),
    practitioner_id  uuid,
    prescriber       jsonb       NOT NULL DEFAULT '{}',
    -- What the paper says of the person and the diagnoses, as it stood when it was issued.
    on_paper         jsonb       NOT NULL DEFAULT '{}',
    started_at       timestamptz NOT NULL,
    started_by       uuid        NOT NULL,
    issued_at        timestamptz,
    issued_by        uuid,
    valid_until      date,
    ended_at         timestamptz,
    ended_by         uuid,
    end_reason       text        NOT NULL DEFAULT '' CHECK (char_length(end_reason) <= 500),
    PRIMARY KEY (facility_id, prescription_id),
    CONSTRAINT medication_prescription_code_once UNIQUE (facility_id, code),
    CHECK ((status IN ('issued', 'replaced')) <= (code IS NOT NULL AND issued_at IS NOT NULL))
);
SELECT db_tenant_table('medication_prescription');
REVOKE DELETE ON medication_prescription FROM yba_app;
CREATE UNIQUE INDEX medication_prescription_one_draft ON medication_prescription (facility_id, encounter_id) WHERE status = 'draft';
CREATE UNIQUE INDEX medication_prescription_one_issued ON medication_prescription (facility_id, encounter_id) WHERE status = 'issued';
CREATE INDEX medication_prescription_patient ON medication_prescription (facility_id, patient_id, issued_at DESC) WHERE status = 'issued';
CREATE INDEX medication_prescription_day ON medication_prescription (facility_id, issued_at DESC) WHERE code IS NOT NULL;
ALTER TABLE medication_prescription ADD CONSTRAINT medication_prescription_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE medication_prescription ADD CONSTRAINT medication_prescription_patient_fk
    FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);

-- Lines. What is kept of the drug is a copy: the list may change, the prescription may not.
CREATE TABLE medication_line (
    facility_id      int     NOT NULL,
    line_id          uuid    NOT NULL,
    prescription_id  uuid    NOT NULL,
    place            int     NOT NULL,
    drug_id          uuid,
    ingredient       text    NOT NULL DEFAULT '',
    brand            text    NOT NULL CHECK (brand <> ''),
    strength         text    NOT NULL DEFAULT '',
    form             text    NOT NULL DEFAULT '',
    route            text    NOT NULL DEFAULT '',
    controlled_class text    NOT NULL DEFAULT 'none',
    is_supplement    boolean NOT NULL DEFAULT false,
    unit             text    NOT NULL CHECK (unit <> ''),
    pack_size_milli  bigint,
    pack_unit        text    NOT NULL DEFAULT '',
    sentence         text    NOT NULL CHECK (char_length(sentence) <= 400),
    dose             jsonb   NOT NULL,
    instruction      text    NOT NULL,
    quantity_milli   bigint  NOT NULL CHECK (quantity_milli >= 0),
    arithmetic       text    NOT NULL,
    price_vnd        bigint,
    -- Until when the person has it at home; set when the prescription is issued.
    ends_on          date,
    PRIMARY KEY (facility_id, line_id)
);
SELECT db_tenant_table('medication_line');
CREATE INDEX medication_line_prescription ON medication_line (facility_id, prescription_id, place);
ALTER TABLE medication_line ADD CONSTRAINT medication_line_prescription_fk
    FOREIGN KEY (facility_id, prescription_id) REFERENCES medication_prescription (facility_id, prescription_id);
ALTER TABLE medication_line ADD CONSTRAINT medication_line_drug_fk
    FOREIGN KEY (facility_id, drug_id) REFERENCES organization_drug (facility_id, drug_id);

-- The last wall: lines of an issued prescription cannot be touched by any program.
CREATE FUNCTION medication_keep_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM medication_prescription p
               WHERE p.facility_id = OLD.facility_id AND p.prescription_id = OLD.prescription_id AND p.status <> 'draft') THEN
        RAISE EXCEPTION 'the lines of an issued prescription are never changed';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER medication_line_kept BEFORE UPDATE OR DELETE ON medication_line
    FOR EACH ROW EXECUTE FUNCTION medication_keep_lines();

-- Why a finding was overruled: never changed; a later word on the same finding is a new row.
CREATE TABLE medication_override (
    facility_id      int         NOT NULL,
    override_id      uuid        NOT NULL,
    prescription_id  uuid        NOT NULL,
    patient_id       uuid        NOT NULL,
    finding          text        NOT NULL,
    claim            text        NOT NULL,
    source           text        NOT NULL,
    reason_code      text        NOT NULL,
    reason           text        NOT NULL CHECK (char_length(reason) BETWEEN 5 AND 500),
    at               timestamptz NOT NULL,
    by_account       uuid        NOT NULL,
    by_name          text        NOT NULL,
    PRIMARY KEY (facility_id, override_id)
);
SELECT db_tenant_table('medication_override');
SELECT db_append_only('medication_override');
CREATE INDEX medication_override_prescription ON medication_override (facility_id, prescription_id);
ALTER TABLE medication_override ADD CONSTRAINT medication_override_prescription_fk
    FOREIGN KEY (facility_id, prescription_id) REFERENCES medication_prescription (facility_id, prescription_id);

-- Every print, numbered: the second and later ones say so on the paper.
CREATE TABLE medication_print (
    facility_id      int         NOT NULL,
    prescription_id  uuid        NOT NULL,
    copy             int         NOT NULL CHECK (copy > 0),
    printed_at       timestamptz NOT NULL,
    printed_by       uuid        NOT NULL,
    printed_by_name  text        NOT NULL,
    PRIMARY KEY (facility_id, prescription_id, copy)
);
SELECT db_tenant_table('medication_print');
SELECT db_append_only('medication_print');
ALTER TABLE medication_print ADD CONSTRAINT medication_print_prescription_fk
    FOREIGN KEY (facility_id, prescription_id) REFERENCES medication_prescription (facility_id, prescription_id);

-- What a prescriber issues often, learned when a prescription is issued; `icd` is the main diagnosis.
CREATE TABLE medication_favourite (
    facility_id      int         NOT NULL,
    practitioner_id  uuid        NOT NULL,
    icd              text        NOT NULL,
    drug_id          uuid        NOT NULL,
    dose             text        NOT NULL CHECK (char_length(dose) <= 400),
    uses             int         NOT NULL DEFAULT 1,
    last_used_at     timestamptz NOT NULL,
    PRIMARY KEY (facility_id, practitioner_id, icd, drug_id)
);
SELECT db_tenant_table('medication_favourite');
ALTER TABLE medication_favourite ADD CONSTRAINT medication_favourite_drug_fk
    FOREIGN KEY (facility_id, drug_id) REFERENCES organization_drug (facility_id, drug_id);

-- Sample prescriptions; a row without practitioner serves everybody of the facility.
CREATE TABLE medication_sample (
    facility_id      int         NOT NULL,
    sample_id        uuid        NOT NULL,
    practitioner_id  uuid,
    name             text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    icd              text        NOT NULL DEFAULT '',
    -- [{"drug": uuid or null, "name": "…", "dose": "s1 c1 5n"}]
    lines            jsonb       NOT NULL,
    advice           text        NOT NULL DEFAULT '',
    changed_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    PRIMARY KEY (facility_id, sample_id)
);
SELECT db_tenant_table('medication_sample');
REVOKE DELETE ON medication_sample FROM yba_app;
CREATE INDEX medication_sample_living ON medication_sample (facility_id, practitioner_id) WHERE ended_at IS NULL;

-- Which prescriptions moved with a merge of two records, so that undoing it takes back exactly those.
CREATE TABLE medication_merge_moved (
    facility_id      int  NOT NULL,
    prescription_id  uuid NOT NULL,
    from_patient     uuid NOT NULL,
    to_patient       uuid NOT NULL,
    PRIMARY KEY (facility_id, prescription_id, from_patient)
);
SELECT db_tenant_table('medication_merge_moved');

-- A record is the cover around everything written in one stay or visit.
CREATE TABLE record_record (
    facility_id     int         NOT NULL,
    record_id       uuid        NOT NULL,
    encounter_id    uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    person_id       uuid        NOT NULL,
    -- The bệnh án that heads it, e.g. "01/BV1"; empty until one was chosen.
    form            text        NOT NULL DEFAULT '',
    -- "inpatient", "outpatient" or "digitised" (paper from before).
    kind            text        NOT NULL CHECK (kind IN ('inpatient', 'outpatient', 'digitised')),
    -- The ward or room that answers for it now.
    room_id         uuid,
    -- The doctor who answers for it.
    practitioner_id uuid,
    opened_at       timestamptz NOT NULL,
    -- When the stay or visit ended: completion and retention count from here.
    ended_at        timestamptz,
    outcome         text        NOT NULL DEFAULT '',
    status          text        NOT NULL DEFAULT 'open'
                    CHECK (status IN ('open', 'completing', 'submitted', 'returned', 'archived', 'reopened', 'destroyed')),
    archive_no      text        NOT NULL DEFAULT '',
    archived_at     timestamptz,
    retention_class text        NOT NULL DEFAULT '',
    retention_until date,
    -- What diagnosis or department makes of the whole record; a document may be more sensitive than its record.
    sensitivity     text        NOT NULL DEFAULT 'ordinary' CHECK (sensitivity IN ('ordinary', 'mental', 'reproductive', 'hiv')),
    version         int         NOT NULL DEFAULT 1,
    PRIMARY KEY (facility_id, record_id)
);
SELECT db_tenant_table('record_record');
CREATE UNIQUE INDEX record_record_encounter ON record_record (facility_id, encounter_id);
CREATE INDEX record_record_patient ON record_record (facility_id, patient_id, opened_at DESC);
CREATE INDEX record_record_person ON record_record (facility_id, person_id, opened_at DESC);
CREATE INDEX record_record_completing ON record_record (facility_id, ended_at) WHERE status IN ('completing', 'submitted', 'returned', 'reopened');
CREATE UNIQUE INDEX record_record_archive_no ON record_record (facility_id, archive_no) WHERE archive_no <> '';

-- One paper of a record, through all its versions.
CREATE TABLE record_document (
    facility_id     int         NOT NULL,
    document_id     uuid        NOT NULL,
    record_id       uuid        NOT NULL,
    encounter_id    uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    person_id       uuid        NOT NULL,
    -- The form's number ("01/BV1") or key ("giay_ra_vien"); "" for a paper that is no form of ours.
    form            text        NOT NULL DEFAULT '',
    -- The version of the form it was begun with and is opened with for ever; 0 where there is no form.
    form_version    int         NOT NULL DEFAULT 0,
    title           text        NOT NULL CHECK (title <> ''),
    -- "form": filled here; "paper": made by another module (origin names it); "incoming": sent by another system; "scan".
    kind            text        NOT NULL CHECK (kind IN ('form', 'paper', 'incoming', 'scan')),
    origin          text        NOT NULL DEFAULT '',
    origin_id       uuid,
    source          text        NOT NULL DEFAULT '',
    sensitivity     text        NOT NULL DEFAULT 'ordinary' CHECK (sensitivity IN ('ordinary', 'mental', 'reproductive', 'hiv')),
    status          text        NOT NULL DEFAULT 'draft'
                    CHECK (status IN ('draft', 'done', 'signing', 'signed', 'entered_in_error')),
    -- The newest finished version; 0 while there is only a draft.
    version         int         NOT NULL DEFAULT 0,
    room_id         uuid,
    -- Whose work it is: the gap list names this person.
    practitioner_id uuid,
    author_account  uuid        NOT NULL,
    author_name     text        NOT NULL,
    made_at         timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, document_id)
);
SELECT db_tenant_table('record_document');
CREATE INDEX record_document_record ON record_document (facility_id, record_id, made_at);
CREATE INDEX record_document_patient ON record_document (facility_id, patient_id, made_at DESC);
CREATE INDEX record_document_to_sign ON record_document (facility_id, changed_at) WHERE status IN ('done', 'signing');
-- A report or prescription lies in a record once.
CREATE UNIQUE INDEX record_document_origin ON record_document (facility_id, origin, origin_id) WHERE origin_id IS NOT NULL;

-- What is being typed. Thrown away when it becomes a version.
CREATE TABLE record_draft (
    facility_id     int         NOT NULL,
    document_id     uuid        NOT NULL,
    data            jsonb       NOT NULL DEFAULT '{}',
    -- Grows with every save: whoever saves over an older one is told.
    revision        int         NOT NULL DEFAULT 1,
    -- Why, when the draft amends a finished version.
    reason          text        NOT NULL DEFAULT '',
    changed_by      uuid        NOT NULL,
    changed_by_name text        NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, document_id)
);
SELECT db_tenant_table('record_draft');

-- A finished version: what was written and the file that was made of it. Never changed, never deleted.
CREATE TABLE record_version (
    facility_id     int         NOT NULL,
    document_id     uuid        NOT NULL,
    version         int         NOT NULL CHECK (version > 0),
    form_version    int         NOT NULL,
    data            jsonb       NOT NULL,
    -- The kept file (db::Files) by its SHA-256, hexadecimal.
    sha256          text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type      text        NOT NULL,
    size_bytes      bigint      NOT NULL,
    -- The file of the version before: a chain that shows a version taken out.
    previous_sha256 text        NOT NULL DEFAULT '',
    -- Why, from the second version on.
    reason          text        NOT NULL DEFAULT '' CHECK (version = 1 OR reason <> ''),
    made_by         uuid        NOT NULL,
    made_by_name    text        NOT NULL,
    practitioner_id uuid,
    made_at         timestamptz NOT NULL,
    PRIMARY KEY (facility_id, document_id, version)
);
SELECT db_tenant_table('record_version');
SELECT db_append_only('record_version');

-- A signature under a version. Each signer signs the file that the one before left; sha256 names what came out. The file
-- to be shown is that of the last place, or that of the version when nobody has signed.
CREATE TABLE record_signature (
    facility_id     int         NOT NULL,
    document_id     uuid        NOT NULL,
    version         int         NOT NULL,
    place           int         NOT NULL CHECK (place > 0),
    -- The role in the form's signing order, e.g. "bac_si_dieu_tri", "truong_khoa", "con_dau", "nguoi_benh".
    role            text        NOT NULL,
    -- "certificate": a digital signature inside the file. "confirmation": a patient's drawn signature and one-time code.
    method          text        NOT NULL CHECK (method IN ('certificate', 'confirmation')),
    practitioner_id uuid,
    holder          text        NOT NULL,
    holder_id       text        NOT NULL DEFAULT '',
    issuer          text        NOT NULL DEFAULT '',
    serial          text        NOT NULL DEFAULT '',
    evidence        jsonb       NOT NULL DEFAULT '{}',
    sha256          text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    signed_by       uuid        NOT NULL,
    signed_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, document_id, version, place)
);
SELECT db_tenant_table('record_signature');
SELECT db_append_only('record_signature');
CREATE UNIQUE INDEX record_signature_role ON record_signature (facility_id, document_id, version, role);

ALTER TABLE record_record ADD CONSTRAINT record_record_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE record_document ADD CONSTRAINT record_document_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);
ALTER TABLE record_draft ADD CONSTRAINT record_draft_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
ALTER TABLE record_version ADD CONSTRAINT record_version_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
ALTER TABLE record_signature ADD CONSTRAINT record_signature_version_fk
    FOREIGN KEY (facility_id, document_id, version) REFERENCES record_version (facility_id, document_id, version);

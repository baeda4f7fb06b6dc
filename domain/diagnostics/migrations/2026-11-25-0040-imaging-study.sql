-- Imaging: one study per order, what was captured in it, its report being written and its versions once released.

-- Accession numbers count up within a day of a facility: 261124-0001.
CREATE TABLE diagnostics_accession (
    facility_id int  NOT NULL,
    day         date NOT NULL,
    last        int  NOT NULL,
    PRIMARY KEY (facility_id, day)
);
SELECT db_tenant_table('diagnostics_accession');

CREATE TABLE diagnostics_study (
    facility_id  int  NOT NULL,
    study_id     uuid NOT NULL,
    -- Visit, patient and room are the order's: they follow it when two records turn out to be one person.
    order_id     uuid NOT NULL,
    accession    text NOT NULL CHECK (accession ~ '^[0-9]{6}-[0-9]{4,}$'),
    modality     text NOT NULL CHECK (modality IN ('US', 'ES', 'OT')),
    started_at   timestamptz NOT NULL,
    started_by   uuid NOT NULL,
    started_name text NOT NULL,
    PRIMARY KEY (facility_id, study_id),
    UNIQUE (facility_id, order_id),
    UNIQUE (facility_id, accession)
);
SELECT db_tenant_table('diagnostics_study');
ALTER TABLE diagnostics_study ADD CONSTRAINT diagnostics_study_order_fk
    FOREIGN KEY (facility_id, order_id) REFERENCES diagnostics_order (facility_id, order_id);

CREATE TABLE diagnostics_picture (
    facility_id int  NOT NULL,
    picture_id  uuid NOT NULL,
    study_id    uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('still', 'clip')),
    -- Names of contents kept beside the database; a still also has a small copy for lists.
    file        text NOT NULL CHECK (file ~ '^[0-9a-f]{64}$'),
    small_file  text CHECK (small_file ~ '^[0-9a-f]{64}$'),
    bytes       int  NOT NULL CHECK (bytes > 0),
    width       int  CHECK (width > 0),
    height      int  CHECK (height > 0),
    duration_ms int  CHECK (duration_ms >= 0),
    taken_at    timestamptz NOT NULL,
    taken_by    uuid NOT NULL,
    -- Thrown away before the report was final: the row tells that there was one, the content is gone.
    removed_at  timestamptz,
    removed_by  uuid,
    PRIMARY KEY (facility_id, picture_id),
    CHECK (kind = 'clip' OR (small_file IS NOT NULL AND width IS NOT NULL AND height IS NOT NULL))
);
SELECT db_tenant_table('diagnostics_picture');
CREATE INDEX diagnostics_picture_study ON diagnostics_picture (facility_id, study_id, taken_at);
CREATE INDEX diagnostics_picture_file ON diagnostics_picture (facility_id, file) WHERE removed_at IS NULL;
ALTER TABLE diagnostics_picture ADD CONSTRAINT diagnostics_picture_study_fk
    FOREIGN KEY (facility_id, study_id) REFERENCES diagnostics_study (facility_id, study_id);

-- What is being written: gone once it is released.
CREATE TABLE diagnostics_imaging_draft (
    facility_id    int  NOT NULL,
    study_id       uuid NOT NULL,
    template       text NOT NULL,
    -- Counts the savings, so that a second writer is told.
    version        int  NOT NULL,
    content        jsonb NOT NULL,
    -- Why a released report is being corrected; empty for the first one.
    reason         text NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    edited_at      timestamptz NOT NULL,
    edited_by      uuid NOT NULL,
    edited_name    text NOT NULL,
    PRIMARY KEY (facility_id, study_id)
);
SELECT db_tenant_table('diagnostics_imaging_draft');
ALTER TABLE diagnostics_imaging_draft ADD CONSTRAINT diagnostics_imaging_draft_study_fk
    FOREIGN KEY (facility_id, study_id) REFERENCES diagnostics_study (facility_id, study_id);

-- Released reports. Never changed: a correction is a further version that says why.
CREATE TABLE diagnostics_imaging_report (
    facility_id  int  NOT NULL,
    report_id    uuid NOT NULL,
    study_id     uuid NOT NULL,
    version      int  NOT NULL CHECK (version > 0),
    template     text NOT NULL,
    -- Titles, texts, measurements, computed lines and pictures as they were signed.
    content      jsonb NOT NULL,
    conclusion   text NOT NULL,
    is_abnormal  boolean NOT NULL,
    is_critical  boolean NOT NULL,
    reason       text NOT NULL DEFAULT '',
    released_at  timestamptz NOT NULL,
    released_by  uuid NOT NULL,
    released_name text NOT NULL,
    PRIMARY KEY (facility_id, report_id),
    UNIQUE (facility_id, study_id, version),
    CHECK (version = 1 OR reason <> '')
);
SELECT db_tenant_table('diagnostics_imaging_report');
SELECT db_append_only('diagnostics_imaging_report');
ALTER TABLE diagnostics_imaging_report ADD CONSTRAINT diagnostics_imaging_report_study_fk
    FOREIGN KEY (facility_id, study_id) REFERENCES diagnostics_study (facility_id, study_id);

-- Each doctor's own ready sentences, beside those of the template.
CREATE TABLE diagnostics_imaging_phrase (
    facility_id int  NOT NULL,
    phrase_id   uuid NOT NULL,
    account_id  uuid NOT NULL,
    template    text NOT NULL,
    section     text NOT NULL,
    label       text NOT NULL CHECK (label <> '' AND char_length(label) <= 40),
    body        text NOT NULL CHECK (body <> '' AND char_length(body) <= 2000),
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    PRIMARY KEY (facility_id, phrase_id)
);
SELECT db_tenant_table('diagnostics_imaging_phrase');
CREATE INDEX diagnostics_imaging_phrase_own ON diagnostics_imaging_phrase (facility_id, account_id, template) WHERE ended_at IS NULL;

-- What the laboratory measures: analytes with their own ranges and limits, and which service reports which of them.

CREATE TABLE diagnostics_analyte (
    facility_id   int  NOT NULL,
    analyte_id    uuid NOT NULL,
    code          text NOT NULL CHECK (code <> '' AND char_length(code) <= 40),
    name          text NOT NULL CHECK (name <> '' AND char_length(name) <= 200),
    loinc         text NOT NULL DEFAULT '',
    ucum          text NOT NULL DEFAULT '',
    -- As printed: "10^9/L", "mmol/L".
    unit          text NOT NULL DEFAULT '',
    bench         text NOT NULL,
    tube          text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('number', 'choice', 'text')),
    decimals      int  NOT NULL DEFAULT 1 CHECK (decimals BETWEEN 0 AND 4),
    -- What may be chosen where the result is a word, the normal one first.
    choices       text[] NOT NULL DEFAULT '{}',
    -- A key of src/lab/formula.rs, '' for what is measured.
    formula       text NOT NULL DEFAULT '',
    method        text NOT NULL DEFAULT '' CHECK (char_length(method) <= 120),
    -- Beyond these no living person's result lies: a slip of the finger.
    least         numeric,
    most          numeric,
    -- A change against the previous result that asks for a second look.
    delta_percent numeric CHECK (delta_percent > 0),
    delta_days    int CHECK (delta_days BETWEEN 1 AND 3650),
    place         int  NOT NULL DEFAULT 0,
    changed_by    uuid NOT NULL,
    changed_at    timestamptz NOT NULL,
    active_to     date,
    PRIMARY KEY (facility_id, analyte_id),
    CONSTRAINT diagnostics_analyte_code_once UNIQUE (facility_id, code)
);
SELECT db_tenant_table('diagnostics_analyte');
REVOKE DELETE ON diagnostics_analyte FROM yba_app;

-- Ranges by sex and age in days; a new decision ends the old row, so that an old report keeps its own.
CREATE TABLE diagnostics_analyte_range (
    facility_id   int  NOT NULL,
    range_id      uuid NOT NULL,
    analyte_id    uuid NOT NULL,
    sex           text NOT NULL DEFAULT '' CHECK (sex IN ('', 'male', 'female')),
    is_pregnant   boolean NOT NULL DEFAULT false,
    age_from_days int  NOT NULL DEFAULT 0 CHECK (age_from_days >= 0),
    -- The first day of life on which it no longer holds; NULL = for ever.
    age_to_days   int CHECK (age_to_days > age_from_days),
    low           numeric,
    high          numeric,
    critical_low  numeric,
    critical_high numeric,
    -- The normal word where the result is one.
    normal_text   text NOT NULL DEFAULT '' CHECK (char_length(normal_text) <= 60),
    source        text NOT NULL DEFAULT '' CHECK (char_length(source) <= 200),
    valid_from    date NOT NULL,
    valid_to      date,
    created_by    uuid NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (facility_id, range_id),
    CHECK (low IS NULL OR high IS NULL OR low <= high),
    CHECK (critical_low IS NULL OR critical_high IS NULL OR critical_low < critical_high)
);
SELECT db_tenant_table('diagnostics_analyte_range');
REVOKE DELETE ON diagnostics_analyte_range FROM yba_app;
CREATE INDEX diagnostics_analyte_range_analyte ON diagnostics_analyte_range (facility_id, analyte_id, valid_from);
ALTER TABLE diagnostics_analyte_range ADD CONSTRAINT diagnostics_analyte_range_analyte_fk
    FOREIGN KEY (facility_id, analyte_id) REFERENCES diagnostics_analyte (facility_id, analyte_id);

-- Which analytes a service of the clinic reports, with dates.
CREATE TABLE diagnostics_service_analyte (
    facility_id int  NOT NULL,
    service_id  uuid NOT NULL,
    analyte_id  uuid NOT NULL,
    place       int  NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,
    created_by  uuid NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, service_id, analyte_id, valid_from)
);
SELECT db_tenant_table('diagnostics_service_analyte');
ALTER TABLE diagnostics_service_analyte ADD CONSTRAINT diagnostics_service_analyte_service_fk
    FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);
ALTER TABLE diagnostics_service_analyte ADD CONSTRAINT diagnostics_service_analyte_analyte_fk
    FOREIGN KEY (facility_id, analyte_id) REFERENCES diagnostics_analyte (facility_id, analyte_id);

-- How this laboratory works; no row = the strict defaults.
CREATE TABLE diagnostics_lab_setting (
    facility_id   int NOT NULL,
    -- One and the same person may validate twice: a laboratory with one member of staff.
    is_one_person boolean NOT NULL DEFAULT false,
    -- What a rejected control of today does to results of that analyte: nothing, a warning, or no validation.
    qc_rule       text NOT NULL DEFAULT 'warn' CHECK (qc_rule IN ('off', 'warn', 'block')),
    changed_by    uuid NOT NULL,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (facility_id)
);
SELECT db_tenant_table('diagnostics_lab_setting');

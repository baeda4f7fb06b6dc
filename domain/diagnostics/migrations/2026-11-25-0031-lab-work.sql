-- From the tube to the report: samples, results as they are worked on, calls about critical values, reports.

-- Numbers of a day's samples, one after the other.
CREATE TABLE diagnostics_specimen_number (
    facility_id int  NOT NULL,
    day         date NOT NULL,
    last        int  NOT NULL,
    PRIMARY KEY (facility_id, day)
);
SELECT db_tenant_table('diagnostics_specimen_number');

CREATE TABLE diagnostics_specimen (
    facility_id    int  NOT NULL,
    specimen_id    uuid NOT NULL,
    -- Day and number, ten digits: the barcode on the tube.
    code           text NOT NULL CHECK (code ~ '^[0-9]{10,12}$'),
    encounter_id   uuid NOT NULL,
    patient_id     uuid NOT NULL,
    moved_from     uuid[] NOT NULL DEFAULT '{}',
    tube           text NOT NULL,
    is_urgent      boolean NOT NULL DEFAULT false,
    status         text NOT NULL CHECK (status IN ('collected', 'received', 'rejected', 'reported')),
    collected_by   uuid NOT NULL,
    collected_name text NOT NULL,
    collected_at   timestamptz NOT NULL,
    received_by    uuid,
    received_name  text NOT NULL DEFAULT '',
    received_at    timestamptz,
    rejected_by    uuid,
    rejected_name  text NOT NULL DEFAULT '',
    rejected_at    timestamptz,
    reject_reason  text NOT NULL DEFAULT '' CHECK (char_length(reject_reason) <= 300),
    -- The rejected sample that this one takes the place of.
    replaces       uuid,
    PRIMARY KEY (facility_id, specimen_id),
    CONSTRAINT diagnostics_specimen_code_once UNIQUE (facility_id, code),
    CHECK (status <> 'rejected' OR reject_reason <> '')
);
SELECT db_tenant_table('diagnostics_specimen');
REVOKE DELETE ON diagnostics_specimen FROM yba_app;
CREATE INDEX diagnostics_specimen_open ON diagnostics_specimen (facility_id, collected_at) WHERE status IN ('collected', 'received');
CREATE INDEX diagnostics_specimen_encounter ON diagnostics_specimen (facility_id, encounter_id);
CREATE INDEX diagnostics_specimen_patient ON diagnostics_specimen (facility_id, patient_id);
ALTER TABLE diagnostics_specimen ADD CONSTRAINT diagnostics_specimen_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- One analyte in one tube. Words, range and limits are those of the day it was collected.
CREATE TABLE diagnostics_result (
    facility_id    int  NOT NULL,
    result_id      uuid NOT NULL,
    specimen_id    uuid NOT NULL,
    encounter_id   uuid NOT NULL,
    patient_id     uuid NOT NULL,
    moved_from     uuid[] NOT NULL DEFAULT '{}',
    -- The orders that asked for it.
    order_ids      uuid[] NOT NULL CHECK (order_ids <> '{}'),
    analyte_id     uuid NOT NULL,
    code           text NOT NULL,
    name           text NOT NULL,
    loinc          text NOT NULL,
    unit           text NOT NULL,
    bench          text NOT NULL,
    method         text NOT NULL,
    kind           text NOT NULL,
    decimals       int  NOT NULL,
    choices        text[] NOT NULL,
    formula        text NOT NULL,
    place          int  NOT NULL,
    low            numeric,
    high           numeric,
    critical_low   numeric,
    critical_high  numeric,
    normal_text    text NOT NULL,
    least          numeric,
    most           numeric,
    delta_percent  numeric,
    delta_days     int,
    previous_shown text NOT NULL DEFAULT '',
    previous_value numeric,
    previous_at    timestamptz,
    status         text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'typed', 'technical', 'released', 'cancelled')),
    -- '<' and '>' where the true value lies beyond what the method can tell.
    comparator     text NOT NULL DEFAULT '' CHECK (comparator IN ('', '<', '>')),
    value          numeric,
    shown          text NOT NULL DEFAULT '' CHECK (char_length(shown) <= 1000),
    flag           text NOT NULL DEFAULT '' CHECK (flag IN ('', 'L', 'H', 'LL', 'HH', 'A')),
    is_delta       boolean NOT NULL DEFAULT false,
    is_calculated  boolean NOT NULL DEFAULT false,
    -- Counts the changes of this cell; who types says which count they had read.
    version        int  NOT NULL DEFAULT 0,
    typed_by       uuid,
    typed_name     text NOT NULL DEFAULT '',
    typed_at       timestamptz,
    technical_by   uuid,
    technical_name text NOT NULL DEFAULT '',
    technical_at   timestamptz,
    released_at    timestamptz,
    -- The newest report that carries it.
    report_id      uuid,
    -- Why a value that was released is being changed; kept on the report that corrects.
    correct_reason text NOT NULL DEFAULT '' CHECK (char_length(correct_reason) <= 300),
    PRIMARY KEY (facility_id, result_id),
    CONSTRAINT diagnostics_result_once UNIQUE (facility_id, specimen_id, analyte_id),
    CHECK (status IN ('pending', 'cancelled') OR shown <> ''),
    CHECK (status <> 'released' OR report_id IS NOT NULL)
) WITH (fillfactor = 70);
SELECT db_tenant_table('diagnostics_result');
REVOKE DELETE ON diagnostics_result FROM yba_app;
CREATE INDEX diagnostics_result_open ON diagnostics_result (facility_id, bench) WHERE status IN ('pending', 'typed', 'technical');
CREATE INDEX diagnostics_result_encounter ON diagnostics_result (facility_id, encounter_id);
CREATE INDEX diagnostics_result_patient ON diagnostics_result (facility_id, patient_id, analyte_id, released_at DESC)
    WHERE released_at IS NOT NULL;
ALTER TABLE diagnostics_result ADD CONSTRAINT diagnostics_result_specimen_fk
    FOREIGN KEY (facility_id, specimen_id) REFERENCES diagnostics_specimen (facility_id, specimen_id);
ALTER TABLE diagnostics_result ADD CONSTRAINT diagnostics_result_analyte_fk
    FOREIGN KEY (facility_id, analyte_id) REFERENCES diagnostics_analyte (facility_id, analyte_id);

-- Calls about critical values: who called, whom, that it was read back, when. What was called about is kept with it.
CREATE TABLE diagnostics_critical_call (
    facility_id int  NOT NULL,
    call_id     uuid NOT NULL,
    result_id   uuid NOT NULL,
    shown       text NOT NULL,
    called_by   uuid NOT NULL,
    called_name text NOT NULL,
    told        text NOT NULL CHECK (told <> '' AND char_length(told) <= 120),
    is_read_back boolean NOT NULL,
    called_at   timestamptz NOT NULL,
    logged_at   timestamptz NOT NULL,
    note        text NOT NULL DEFAULT '' CHECK (char_length(note) <= 300),
    PRIMARY KEY (facility_id, call_id)
);
SELECT db_tenant_table('diagnostics_critical_call');
SELECT db_append_only('diagnostics_critical_call');
CREATE INDEX diagnostics_critical_call_result ON diagnostics_critical_call (facility_id, result_id);
ALTER TABLE diagnostics_critical_call ADD CONSTRAINT diagnostics_critical_call_result_fk
    FOREIGN KEY (facility_id, result_id) REFERENCES diagnostics_result (facility_id, result_id);

-- What left the laboratory, once per release; a correction is a new report that names the old one.
CREATE TABLE diagnostics_lab_report (
    facility_id    int  NOT NULL,
    report_id      uuid NOT NULL,
    encounter_id   uuid NOT NULL,
    patient_id     uuid NOT NULL,
    moved_from     uuid[] NOT NULL DEFAULT '{}',
    order_ids      uuid[] NOT NULL,
    corrects       uuid,
    reason         text NOT NULL DEFAULT '',
    abnormal       boolean NOT NULL,
    critical       boolean NOT NULL,
    technical_name text NOT NULL,
    technical_at   timestamptz NOT NULL,
    released_by    uuid NOT NULL,
    released_name  text NOT NULL,
    released_at    timestamptz NOT NULL,
    PRIMARY KEY (facility_id, report_id),
    CHECK (corrects IS NULL OR reason <> '')
);
SELECT db_tenant_table('diagnostics_lab_report');
REVOKE DELETE ON diagnostics_lab_report FROM yba_app;
CREATE INDEX diagnostics_lab_report_encounter ON diagnostics_lab_report (facility_id, encounter_id, released_at);
CREATE INDEX diagnostics_lab_report_patient ON diagnostics_lab_report (facility_id, patient_id, released_at DESC);
CREATE INDEX diagnostics_lab_report_corrects ON diagnostics_lab_report (facility_id, corrects) WHERE corrects IS NOT NULL;
ALTER TABLE diagnostics_lab_report ADD CONSTRAINT diagnostics_lab_report_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- The values of a report as they were released; never changed.
CREATE TABLE diagnostics_lab_value (
    facility_id    int  NOT NULL,
    report_id      uuid NOT NULL,
    result_id      uuid NOT NULL,
    specimen_id    uuid NOT NULL,
    order_id       uuid NOT NULL,
    analyte_id     uuid NOT NULL,
    code           text NOT NULL,
    name           text NOT NULL,
    loinc          text NOT NULL,
    unit           text NOT NULL,
    bench          text NOT NULL,
    method         text NOT NULL,
    place          int  NOT NULL,
    comparator     text NOT NULL,
    value          numeric,
    shown          text NOT NULL,
    flag           text NOT NULL,
    low            numeric,
    high           numeric,
    normal_text    text NOT NULL,
    decimals       int  NOT NULL,
    previous_shown text NOT NULL,
    previous_at    timestamptz,
    PRIMARY KEY (facility_id, report_id, result_id)
);
SELECT db_tenant_table('diagnostics_lab_value');
SELECT db_append_only('diagnostics_lab_value');
CREATE INDEX diagnostics_lab_value_result ON diagnostics_lab_value (facility_id, result_id);
ALTER TABLE diagnostics_lab_value ADD CONSTRAINT diagnostics_lab_value_report_fk
    FOREIGN KEY (facility_id, report_id) REFERENCES diagnostics_lab_report (facility_id, report_id);

-- What waits for the clinician who asked: results of the laboratory and of imaging, until they say that they have seen it.
CREATE TABLE diagnostics_inbox (
    facility_id     int  NOT NULL,
    report_id       uuid NOT NULL,
    -- The account that ordered.
    account_id      uuid NOT NULL,
    encounter_id    uuid NOT NULL,
    patient_id      uuid NOT NULL,
    moved_from      uuid[] NOT NULL DEFAULT '{}',
    kind            text NOT NULL,
    title           text NOT NULL,
    abnormal        boolean NOT NULL,
    critical        boolean NOT NULL,
    corrects        uuid,
    released_at     timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    PRIMARY KEY (facility_id, report_id, account_id)
);
SELECT db_tenant_table('diagnostics_inbox');
REVOKE DELETE ON diagnostics_inbox FROM yba_app;
CREATE INDEX diagnostics_inbox_unread ON diagnostics_inbox (facility_id, account_id, released_at) WHERE acknowledged_at IS NULL;
CREATE INDEX diagnostics_inbox_patient ON diagnostics_inbox (facility_id, patient_id);

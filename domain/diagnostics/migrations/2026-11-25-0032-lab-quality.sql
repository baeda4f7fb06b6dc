-- Internal quality control: control materials with their targets, and the runs of each day.

CREATE TABLE diagnostics_qc_lot (
    facility_id int  NOT NULL,
    lot_id      uuid NOT NULL,
    analyte_id  uuid NOT NULL,
    level       int  NOT NULL CHECK (level BETWEEN 1 AND 3),
    material    text NOT NULL CHECK (material <> '' AND char_length(material) <= 120),
    lot_no      text NOT NULL CHECK (lot_no <> '' AND char_length(lot_no) <= 40),
    mean        numeric NOT NULL,
    sd          numeric NOT NULL CHECK (sd > 0),
    valid_from  date NOT NULL,
    expires_on  date NOT NULL,
    -- A lot is ended when it is used up or a new target is set; its chart stays.
    ended_at    timestamptz,
    created_by  uuid NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, lot_id)
);
SELECT db_tenant_table('diagnostics_qc_lot');
REVOKE DELETE ON diagnostics_qc_lot FROM yba_app;
CREATE UNIQUE INDEX diagnostics_qc_lot_one ON diagnostics_qc_lot (facility_id, analyte_id, level) WHERE ended_at IS NULL;
ALTER TABLE diagnostics_qc_lot ADD CONSTRAINT diagnostics_qc_lot_analyte_fk
    FOREIGN KEY (facility_id, analyte_id) REFERENCES diagnostics_analyte (facility_id, analyte_id);

CREATE TABLE diagnostics_qc_run (
    facility_id int  NOT NULL,
    run_id      uuid NOT NULL,
    lot_id      uuid NOT NULL,
    run_at      timestamptz NOT NULL,
    day         date NOT NULL,
    value       numeric NOT NULL,
    -- Rules of Westgard broken by this run, e.g. {1-2s} or {1-3s,R-4s}.
    broken      text[] NOT NULL DEFAULT '{}',
    is_rejected boolean NOT NULL,
    note        text NOT NULL DEFAULT '' CHECK (char_length(note) <= 300),
    run_by      uuid NOT NULL,
    run_name    text NOT NULL,
    PRIMARY KEY (facility_id, run_id)
);
SELECT db_tenant_table('diagnostics_qc_run');
SELECT db_append_only('diagnostics_qc_run');
CREATE INDEX diagnostics_qc_run_lot ON diagnostics_qc_run (facility_id, lot_id, run_at DESC);
CREATE INDEX diagnostics_qc_run_day ON diagnostics_qc_run (facility_id, day);
ALTER TABLE diagnostics_qc_run ADD CONSTRAINT diagnostics_qc_run_lot_fk
    FOREIGN KEY (facility_id, lot_id) REFERENCES diagnostics_qc_lot (facility_id, lot_id);

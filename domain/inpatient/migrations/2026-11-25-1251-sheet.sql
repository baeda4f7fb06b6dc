-- The treatment sheet: what the doctor saw and ordered, and what the nurse then did, hour by hour.

-- One entry of the sheet. Nothing on it is changed: a slip is marked as entered in error and written again.
CREATE TABLE inpatient_sheet (
    facility_id   int  NOT NULL,
    sheet_id      uuid NOT NULL,
    encounter_id  uuid NOT NULL,
    patient_id    uuid NOT NULL,
    ward_id       uuid NOT NULL,
    at            timestamptz NOT NULL,
    progress      text NOT NULL CHECK (progress <> '' AND char_length(progress) <= 4000),
    diagnosis     text NOT NULL DEFAULT '' CHECK (char_length(diagnosis) <= 500),
    care_level    int  NOT NULL CHECK (care_level BETWEEN 1 AND 3),
    diet          text NOT NULL DEFAULT '' CHECK (char_length(diet) <= 200),
    advice        text NOT NULL DEFAULT '' CHECK (char_length(advice) <= 2000),
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    wrong_at      timestamptz,
    wrong_by_name text NOT NULL DEFAULT '',
    wrong_reason  text NOT NULL DEFAULT '' CHECK (char_length(wrong_reason) <= 500),
    PRIMARY KEY (facility_id, sheet_id),
    CHECK ((wrong_at IS NULL) = (wrong_reason = ''))
);
SELECT db_tenant_table('inpatient_sheet');
REVOKE DELETE ON inpatient_sheet FROM yba_app;
CREATE INDEX inpatient_sheet_stay ON inpatient_sheet (facility_id, encounter_id, at);
ALTER TABLE inpatient_sheet ADD CONSTRAINT inpatient_sheet_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

-- One order: a medicine, an infusion, something to watch or to do, at given hours for so many days.
CREATE TABLE inpatient_order (
    facility_id    int  NOT NULL,
    order_id       uuid NOT NULL,
    sheet_id       uuid NOT NULL,
    encounter_id   uuid NOT NULL,
    patient_id     uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('drug', 'infusion', 'watch', 'care')),
    drug_id        uuid,
    name           text NOT NULL CHECK (name <> '' AND char_length(name) <= 300),
    -- The dose of one time as the doctor writes it: "2 g".
    dose           text NOT NULL DEFAULT '' CHECK (char_length(dose) <= 100),
    route          text NOT NULL DEFAULT '' CHECK (char_length(route) <= 100),
    -- Dispensing units that one time needs, in thousandths; 0 where nothing is taken from stock.
    quantity_milli bigint NOT NULL DEFAULT 0 CHECK (quantity_milli >= 0),
    unit           text NOT NULL DEFAULT '',
    note           text NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
    -- Minutes after midnight in Vietnam, ascending.
    hours          int[] NOT NULL CHECK (cardinality(hours) BETWEEN 1 AND 24),
    from_day       date NOT NULL,
    days           int  NOT NULL CHECK (days BETWEEN 1 AND 14),
    at             timestamptz NOT NULL,
    by_account     uuid NOT NULL,
    by_name        text NOT NULL,
    stopped_at     timestamptz,
    stopped_by_name text NOT NULL DEFAULT '',
    stop_reason    text NOT NULL DEFAULT '' CHECK (char_length(stop_reason) <= 500),
    place          int  NOT NULL DEFAULT 0,
    PRIMARY KEY (facility_id, order_id)
);
SELECT db_tenant_table('inpatient_order');
REVOKE DELETE ON inpatient_order FROM yba_app;
CREATE INDEX inpatient_order_stay ON inpatient_order (facility_id, encounter_id, at);
CREATE INDEX inpatient_order_sheet ON inpatient_order (facility_id, sheet_id);
ALTER TABLE inpatient_order ADD CONSTRAINT inpatient_order_sheet_fk
    FOREIGN KEY (facility_id, sheet_id) REFERENCES inpatient_sheet (facility_id, sheet_id);
ALTER TABLE inpatient_order ADD CONSTRAINT inpatient_order_drug_fk
    FOREIGN KEY (facility_id, drug_id) REFERENCES organization_drug (facility_id, drug_id);

-- One time of an order. Done means: that person did it at that minute; nothing else makes it done.
CREATE TABLE inpatient_task (
    facility_id   int  NOT NULL,
    task_id       uuid NOT NULL,
    order_id      uuid NOT NULL,
    encounter_id  uuid NOT NULL,
    patient_id    uuid NOT NULL,
    due_at        timestamptz NOT NULL,
    status        text NOT NULL DEFAULT 'due' CHECK (status IN ('due', 'done', 'refused', 'held', 'cancelled', 'wrong')),
    at            timestamptz,
    by_account    uuid,
    by_name       text NOT NULL DEFAULT '',
    -- The wristband was read at the bedside.
    is_scanned    boolean NOT NULL DEFAULT false,
    reason        text NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    PRIMARY KEY (facility_id, task_id),
    CONSTRAINT inpatient_task_once UNIQUE (facility_id, order_id, due_at),
    CHECK ((status = 'due') = (at IS NULL)),
    CHECK (status NOT IN ('refused', 'held', 'wrong') OR reason <> '')
);
SELECT db_tenant_table('inpatient_task');
REVOKE DELETE ON inpatient_task FROM yba_app;
CREATE INDEX inpatient_task_stay ON inpatient_task (facility_id, encounter_id, due_at);
CREATE INDEX inpatient_task_open ON inpatient_task (facility_id, due_at) WHERE status IN ('due', 'held');
ALTER TABLE inpatient_task ADD CONSTRAINT inpatient_task_order_fk
    FOREIGN KEY (facility_id, order_id) REFERENCES inpatient_order (facility_id, order_id);

-- Every change of a task, so that who held, gave or corrected stays readable.
CREATE TABLE inpatient_task_event (
    facility_id   int  NOT NULL,
    event_id      uuid NOT NULL,
    task_id       uuid NOT NULL,
    from_status   text NOT NULL,
    to_status     text NOT NULL,
    reason        text NOT NULL DEFAULT '',
    at            timestamptz NOT NULL,
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    PRIMARY KEY (facility_id, event_id)
);
SELECT db_tenant_table('inpatient_task_event');
SELECT db_append_only('inpatient_task_event');
CREATE INDEX inpatient_task_event_task ON inpatient_task_event (facility_id, task_id, at);

-- Which document of the record holds which sheet, so that writing again adds to the same paper.
CREATE TABLE inpatient_paper (
    facility_id   int  NOT NULL,
    encounter_id  uuid NOT NULL,
    form          text NOT NULL,
    -- What it is about: a day, an operation, a consultation; empty for the one of the stay.
    about         text NOT NULL DEFAULT '',
    document_id   uuid NOT NULL,
    written_at    timestamptz NOT NULL,
    PRIMARY KEY (facility_id, encounter_id, form, about)
);
SELECT db_tenant_table('inpatient_paper');
ALTER TABLE inpatient_paper ADD CONSTRAINT inpatient_paper_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

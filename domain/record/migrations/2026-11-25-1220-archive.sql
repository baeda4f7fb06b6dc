-- The last archive number of a series. Counted up in the transaction that archives, so that no number is left out.
CREATE TABLE record_archive_counter (
    facility_id int    NOT NULL,
    -- 0 where the numbers go on over the years.
    year        int    NOT NULL,
    -- The ward's code where each ward counts for itself, otherwise "".
    ward        text   NOT NULL,
    last        bigint NOT NULL,
    PRIMARY KEY (facility_id, year, ward)
);
SELECT db_tenant_table('record_archive_counter');
REVOKE DELETE ON record_archive_counter FROM yba_app;

CREATE INDEX record_record_archive ON record_record (facility_id, archived_at DESC, record_id DESC)
    WHERE status IN ('archived', 'reopened', 'destroyed');
CREATE INDEX record_record_retention ON record_record (facility_id, retention_until) WHERE status = 'archived';

-- Must not be destroyed while it stands: a lawsuit, an inspection.
ALTER TABLE record_record ADD COLUMN hold_reason text NOT NULL DEFAULT '';

CREATE TABLE record_loan (
    facility_id int         NOT NULL,
    loan_id     uuid        NOT NULL,
    record_id   uuid        NOT NULL,
    borrower    text        NOT NULL CHECK (borrower <> ''),
    purpose     text        NOT NULL CHECK (purpose <> ''),
    lent_at     timestamptz NOT NULL,
    lent_by     text        NOT NULL,
    due_on      date        NOT NULL,
    returned_at timestamptz,
    returned_to text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, loan_id)
);
SELECT db_tenant_table('record_loan');
REVOKE DELETE ON record_loan FROM yba_app;
-- A record is lent to one person at a time.
CREATE UNIQUE INDEX record_loan_out ON record_loan (facility_id, record_id) WHERE returned_at IS NULL;
CREATE INDEX record_loan_due ON record_loan (facility_id, due_on) WHERE returned_at IS NULL;

-- A copy or an extract that was asked for and given.
CREATE TABLE record_copy (
    facility_id int         NOT NULL,
    copy_id     uuid        NOT NULL,
    record_id   uuid        NOT NULL,
    -- "copy": all documents; "extract": the chosen ones.
    kind        text        NOT NULL CHECK (kind IN ('copy', 'extract')),
    asked_by    text        NOT NULL CHECK (asked_by <> ''),
    -- Who that is: the patient, a representative, a court, another facility.
    capacity    text        NOT NULL CHECK (capacity <> ''),
    purpose     text        NOT NULL CHECK (purpose <> ''),
    documents   uuid[]      NOT NULL,
    given_at    timestamptz NOT NULL,
    given_by    text        NOT NULL,
    PRIMARY KEY (facility_id, copy_id)
);
SELECT db_tenant_table('record_copy');
SELECT db_append_only('record_copy');
CREATE INDEX record_copy_record ON record_copy (facility_id, record_id, given_at DESC);

-- A wish to open an archived record again, and the two who agree.
CREATE TABLE record_reopening (
    facility_id  int         NOT NULL,
    reopening_id uuid        NOT NULL,
    record_id    uuid        NOT NULL,
    reason       text        NOT NULL CHECK (reason <> ''),
    asked_by     uuid        NOT NULL,
    asked_name   text        NOT NULL,
    asked_at     timestamptz NOT NULL,
    planner_by   uuid,
    planner_name text        NOT NULL DEFAULT '',
    planner_at   timestamptz,
    director_by  uuid,
    director_name text       NOT NULL DEFAULT '',
    director_at  timestamptz,
    refused_name text        NOT NULL DEFAULT '',
    refused_at   timestamptz,
    refused_why  text        NOT NULL DEFAULT '',
    opened_at    timestamptz,
    PRIMARY KEY (facility_id, reopening_id),
    CHECK (planner_by IS DISTINCT FROM director_by OR planner_by IS NULL),
    CHECK (opened_at IS NULL OR (planner_by IS NOT NULL AND director_by IS NOT NULL))
);
SELECT db_tenant_table('record_reopening');
REVOKE DELETE ON record_reopening FROM yba_app;
CREATE UNIQUE INDEX record_reopening_open ON record_reopening (facility_id, record_id) WHERE opened_at IS NULL AND refused_at IS NULL;

-- A batch of records past their time, with its minutes and the two who agree.
CREATE TABLE record_destruction (
    facility_id    int         NOT NULL,
    destruction_id uuid        NOT NULL,
    year           int         NOT NULL,
    number         int         NOT NULL,
    council        text        NOT NULL CHECK (council <> ''),
    decision       text        NOT NULL CHECK (decision <> ''),
    proposed_by    uuid        NOT NULL,
    proposed_name  text        NOT NULL,
    proposed_at    timestamptz NOT NULL,
    planner_by     uuid,
    planner_name   text        NOT NULL DEFAULT '',
    planner_at     timestamptz,
    director_by    uuid,
    director_name  text        NOT NULL DEFAULT '',
    director_at    timestamptz,
    refused_name   text        NOT NULL DEFAULT '',
    refused_at     timestamptz,
    refused_why    text        NOT NULL DEFAULT '',
    done_at        timestamptz,
    minutes_sha256 text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, destruction_id),
    CONSTRAINT record_destruction_number UNIQUE (facility_id, year, number),
    CHECK (planner_by IS DISTINCT FROM director_by OR planner_by IS NULL),
    CHECK (done_at IS NULL OR (planner_by IS NOT NULL AND director_by IS NOT NULL AND minutes_sha256 <> ''))
);
SELECT db_tenant_table('record_destruction');
REVOKE DELETE ON record_destruction FROM yba_app;

CREATE TABLE record_destruction_item (
    facility_id    int  NOT NULL,
    destruction_id uuid NOT NULL,
    record_id      uuid NOT NULL,
    -- Still there when the record's content is gone.
    archive_no     text NOT NULL,
    patient_name   text NOT NULL,
    patient_record_no text NOT NULL,
    ended_on       date,
    retention_until date NOT NULL,
    documents      int  NOT NULL,
    PRIMARY KEY (facility_id, destruction_id, record_id)
);
SELECT db_tenant_table('record_destruction_item');
SELECT db_append_only('record_destruction_item');

ALTER TABLE record_loan ADD CONSTRAINT record_loan_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);
ALTER TABLE record_copy ADD CONSTRAINT record_copy_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);
ALTER TABLE record_reopening ADD CONSTRAINT record_reopening_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);
ALTER TABLE record_destruction_item ADD CONSTRAINT record_destruction_item_destruction_fk
    FOREIGN KEY (facility_id, destruction_id) REFERENCES record_destruction (facility_id, destruction_id);
ALTER TABLE record_destruction_item ADD CONSTRAINT record_destruction_item_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);

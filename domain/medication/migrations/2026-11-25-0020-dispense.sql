-- Handing medicines over: what was given, from which lots, by whom; what came back. A prescription stays what the
-- doctor issued; how far it is supplied stands beside it.
ALTER TABLE medication_prescription
    -- The doctor wants this brand and no other.
    ADD COLUMN no_substitution boolean     NOT NULL DEFAULT false,
    ADD COLUMN supply          text        NOT NULL DEFAULT 'waiting' CHECK (supply IN ('waiting', 'partial', 'done')),
    -- Counts what the pharmacy did with it; who hands over says which count they had read.
    ADD COLUMN supply_version  int         NOT NULL DEFAULT 0,
    ADD COLUMN paid_at         timestamptz;
CREATE INDEX medication_prescription_to_supply ON medication_prescription (facility_id, issued_at) WHERE status = 'issued' AND supply <> 'done';

-- How much of a line was given so far, returns subtracted. The last wall against giving more than was prescribed,
-- whoever hands over at the same time.
CREATE TABLE medication_fulfilment (
    facility_id      int         NOT NULL,
    line_id          uuid        NOT NULL,
    prescription_id  uuid        NOT NULL,
    prescribed_milli bigint      NOT NULL CHECK (prescribed_milli >= 0),
    given_milli      bigint      NOT NULL CHECK (given_milli >= 0),
    -- The person takes no more of it.
    closed_at        timestamptz,
    PRIMARY KEY (facility_id, line_id),
    CONSTRAINT medication_fulfilment_most CHECK (given_milli <= prescribed_milli)
);
SELECT db_tenant_table('medication_fulfilment');
REVOKE DELETE ON medication_fulfilment FROM yba_app;
CREATE INDEX medication_fulfilment_prescription ON medication_fulfilment (facility_id, prescription_id);
ALTER TABLE medication_fulfilment ADD CONSTRAINT medication_fulfilment_line_fk
    FOREIGN KEY (facility_id, line_id) REFERENCES medication_line (facility_id, line_id);

-- One handing over, with a prescription or as a sale at the counter.
CREATE TABLE medication_dispense (
    facility_id      int         NOT NULL,
    dispense_id      uuid        NOT NULL,
    prescription_id  uuid,
    encounter_id     uuid,
    patient_id       uuid,
    bill_id          uuid        NOT NULL,
    store_id         uuid        NOT NULL,
    status           text        NOT NULL CHECK (status IN ('completed', 'declined', 'partly_returned', 'returned')),
    -- Why a medicine was given although a check spoke against it; empty where none did.
    warning_reason   text        NOT NULL DEFAULT '' CHECK (char_length(warning_reason) <= 500),
    warnings         jsonb       NOT NULL DEFAULT '[]',
    day              date        NOT NULL,
    at               timestamptz NOT NULL,
    by_account       uuid        NOT NULL,
    by_name          text        NOT NULL,
    PRIMARY KEY (facility_id, dispense_id)
);
SELECT db_tenant_table('medication_dispense');
REVOKE DELETE ON medication_dispense FROM yba_app;
CREATE INDEX medication_dispense_at ON medication_dispense (facility_id, at DESC);
CREATE INDEX medication_dispense_prescription ON medication_dispense (facility_id, prescription_id) WHERE prescription_id IS NOT NULL;
ALTER TABLE medication_dispense ADD CONSTRAINT medication_dispense_prescription_fk
    FOREIGN KEY (facility_id, prescription_id) REFERENCES medication_prescription (facility_id, prescription_id);

-- Every state a dispense went through, with who and why.
CREATE TABLE medication_dispense_version (
    facility_id  int         NOT NULL,
    dispense_id  uuid        NOT NULL,
    version      int         NOT NULL CHECK (version > 0),
    status       text        NOT NULL,
    reason       text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    at           timestamptz NOT NULL,
    by_account   uuid        NOT NULL,
    by_name      text        NOT NULL,
    PRIMARY KEY (facility_id, dispense_id, version)
);
SELECT db_tenant_table('medication_dispense_version');
SELECT db_append_only('medication_dispense_version');
ALTER TABLE medication_dispense_version ADD CONSTRAINT medication_dispense_version_fk
    FOREIGN KEY (facility_id, dispense_id) REFERENCES medication_dispense (facility_id, dispense_id);

-- What was given. A line of nothing only closes its prescription line.
CREATE TABLE medication_dispense_line (
    facility_id      int     NOT NULL,
    id               uuid    NOT NULL,
    dispense_id      uuid    NOT NULL,
    place            int     NOT NULL,
    line_id          uuid,
    drug_id          uuid    NOT NULL,
    name             text    NOT NULL CHECK (name <> ''),
    unit             text    NOT NULL CHECK (unit <> ''),
    instruction      text    NOT NULL DEFAULT '',
    quantity_milli   bigint  NOT NULL CHECK (quantity_milli >= 0),
    -- Another brand of the same substance, strength and form; the person agreed.
    substituted      boolean NOT NULL DEFAULT false,
    closes_line      boolean NOT NULL DEFAULT false,
    price_vnd        bigint,
    PRIMARY KEY (facility_id, id),
    CHECK (quantity_milli > 0 OR closes_line)
);
SELECT db_tenant_table('medication_dispense_line');
SELECT db_append_only('medication_dispense_line');
CREATE INDEX medication_dispense_line_dispense ON medication_dispense_line (facility_id, dispense_id, place);
ALTER TABLE medication_dispense_line ADD CONSTRAINT medication_dispense_line_fk
    FOREIGN KEY (facility_id, dispense_id) REFERENCES medication_dispense (facility_id, dispense_id);

-- From which lots.
CREATE TABLE medication_dispense_lot (
    facility_id      int    NOT NULL,
    id               uuid   NOT NULL,
    lot_id           uuid   NOT NULL,
    lot_no           text   NOT NULL,
    expires          date   NOT NULL,
    quantity_milli   bigint NOT NULL CHECK (quantity_milli > 0),
    reason           text   NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    PRIMARY KEY (facility_id, id, lot_id)
);
SELECT db_tenant_table('medication_dispense_lot');
SELECT db_append_only('medication_dispense_lot');
ALTER TABLE medication_dispense_lot ADD CONSTRAINT medication_dispense_lot_fk
    FOREIGN KEY (facility_id, id) REFERENCES medication_dispense_line (facility_id, id);

-- What a person brought back, sealed.
CREATE TABLE medication_return (
    facility_id  int         NOT NULL,
    return_id    uuid        NOT NULL,
    dispense_id  uuid        NOT NULL,
    reason       text        NOT NULL CHECK (char_length(reason) BETWEEN 5 AND 500),
    -- The same line may be supplied anew, e.g. after a wrong box.
    reopens      boolean     NOT NULL,
    day          date        NOT NULL,
    at           timestamptz NOT NULL,
    by_account   uuid        NOT NULL,
    by_name      text        NOT NULL,
    PRIMARY KEY (facility_id, return_id)
);
SELECT db_tenant_table('medication_return');
SELECT db_append_only('medication_return');
CREATE INDEX medication_return_dispense ON medication_return (facility_id, dispense_id);
ALTER TABLE medication_return ADD CONSTRAINT medication_return_dispense_fk
    FOREIGN KEY (facility_id, dispense_id) REFERENCES medication_dispense (facility_id, dispense_id);

CREATE TABLE medication_return_lot (
    facility_id     int    NOT NULL,
    return_id       uuid   NOT NULL,
    -- The line of the dispense.
    id              uuid   NOT NULL,
    lot_id          uuid   NOT NULL,
    quantity_milli  bigint NOT NULL CHECK (quantity_milli > 0),
    PRIMARY KEY (facility_id, return_id, id, lot_id)
);
SELECT db_tenant_table('medication_return_lot');
SELECT db_append_only('medication_return_lot');
CREATE INDEX medication_return_lot_line ON medication_return_lot (facility_id, id, lot_id);
ALTER TABLE medication_return_lot ADD CONSTRAINT medication_return_lot_return_fk
    FOREIGN KEY (facility_id, return_id) REFERENCES medication_return (facility_id, return_id);
ALTER TABLE medication_return_lot ADD CONSTRAINT medication_return_lot_line_fk
    FOREIGN KEY (facility_id, id, lot_id) REFERENCES medication_dispense_lot (facility_id, id, lot_id);

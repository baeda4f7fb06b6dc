-- What the money side remembers about medicines: what was prescribed, handed over and brought back. Charges follow from
-- these facts, whatever the order in which they are told.

CREATE TABLE billing_prescribed (
    facility_id     int    NOT NULL,
    line_id         uuid   NOT NULL,
    bill_id         uuid   NOT NULL,
    prescription_id uuid   NOT NULL,
    drug_id         uuid   NOT NULL,
    quantity_milli  bigint NOT NULL CHECK (quantity_milli > 0),
    day             date   NOT NULL,
    PRIMARY KEY (facility_id, line_id)
);
SELECT db_tenant_table('billing_prescribed');
SELECT db_append_only('billing_prescribed');
CREATE INDEX billing_prescribed_bill ON billing_prescribed (facility_id, bill_id);

CREATE TABLE billing_dispensed (
    facility_id     int    NOT NULL,
    -- The line of the dispense.
    dispensed_id    uuid   NOT NULL,
    bill_id         uuid   NOT NULL,
    prescription_id uuid,
    -- The prescription line it fulfils; none at a sale without prescription.
    line_id         uuid,
    drug_id         uuid   NOT NULL,
    quantity_milli  bigint NOT NULL CHECK (quantity_milli >= 0),
    substituted     bool   NOT NULL,
    closes_line     bool   NOT NULL,
    day             date   NOT NULL,
    PRIMARY KEY (facility_id, dispensed_id)
);
SELECT db_tenant_table('billing_dispensed');
SELECT db_append_only('billing_dispensed');
CREATE INDEX billing_dispensed_bill ON billing_dispensed (facility_id, bill_id);

CREATE TABLE billing_returned (
    facility_id    int    NOT NULL,
    returned_id    uuid   NOT NULL,
    dispensed_id   uuid   NOT NULL,
    bill_id        uuid   NOT NULL,
    quantity_milli bigint NOT NULL CHECK (quantity_milli > 0),
    day            date   NOT NULL,
    PRIMARY KEY (facility_id, returned_id)
);
SELECT db_tenant_table('billing_returned');
SELECT db_append_only('billing_returned');
CREATE INDEX billing_returned_dispensed ON billing_returned (facility_id, dispensed_id);

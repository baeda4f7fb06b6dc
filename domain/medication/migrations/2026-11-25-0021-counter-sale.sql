-- Which drugs the counter may sell without a prescription: the pharmacist's decision, with dates. A drug without a
-- decision is sold on prescription only.
CREATE TABLE medication_over_counter (
    facility_id  int         NOT NULL,
    drug_id      uuid        NOT NULL,
    valid_from   date        NOT NULL,
    allowed      boolean     NOT NULL,
    set_by       uuid        NOT NULL,
    set_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, drug_id, valid_from)
);
SELECT db_tenant_table('medication_over_counter');
REVOKE DELETE ON medication_over_counter FROM yba_app;
ALTER TABLE medication_over_counter ADD CONSTRAINT medication_over_counter_drug_fk
    FOREIGN KEY (facility_id, drug_id) REFERENCES organization_drug (facility_id, drug_id);

-- The basket of a sale, kept scan by scan, so that a dead browser loses nothing. It ends with the sale of the same id.
CREATE TABLE medication_basket (
    facility_id  int         NOT NULL,
    bill_id      uuid        NOT NULL,
    account_id   uuid        NOT NULL,
    -- [{"drug": uuid, "lot": uuid or null, "quantity_milli": n}], in the order of the first scan.
    lines        jsonb       NOT NULL DEFAULT '[]',
    changed_at   timestamptz NOT NULL,
    sold_at      timestamptz,
    PRIMARY KEY (facility_id, bill_id)
);
SELECT db_tenant_table('medication_basket');
CREATE UNIQUE INDEX medication_basket_open ON medication_basket (facility_id, account_id) WHERE sold_at IS NULL;

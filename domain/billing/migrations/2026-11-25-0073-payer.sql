-- Price lists by payer: what an insurer, a company or the own staff agreed to pay, from one day to another. The prices of
-- organization_service_price and organization_drug_price are those of self-payers, and hold wherever a payer has none of its own.

CREATE TABLE billing_payer (
    facility_id int         NOT NULL,
    payer_id    uuid        NOT NULL,
    code        text        NOT NULL CHECK (code <> ''),
    name        text        NOT NULL CHECK (name <> ''),
    kind        text        NOT NULL CHECK (kind IN ('insurer', 'company', 'staff', 'other')),
    -- Number of the contract, and what its invoices need.
    contract_no text        NOT NULL DEFAULT '',
    tax_code    text        NOT NULL DEFAULT '',
    address     text        NOT NULL DEFAULT '',
    active_from date        NOT NULL,
    active_to   date        CHECK (active_to >= active_from),
    made_at     timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    PRIMARY KEY (facility_id, payer_id),
    UNIQUE (facility_id, code)
);
SELECT db_tenant_table('billing_payer');
REVOKE DELETE ON billing_payer FROM yba_app;

CREATE TABLE billing_payer_price (
    facility_id int         NOT NULL,
    payer_id    uuid        NOT NULL,
    -- A service or a drug.
    item_id     uuid        NOT NULL,
    valid_from  date        NOT NULL,
    valid_to    date        CHECK (valid_to >= valid_from),
    price_vnd   bigint      NOT NULL CHECK (price_vnd BETWEEN 0 AND 1000000000000),
    set_at      timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    PRIMARY KEY (facility_id, payer_id, item_id, valid_from),
    CONSTRAINT billing_payer_price_once EXCLUDE USING gist
        (facility_id WITH =, payer_id WITH =, item_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('billing_payer_price');
REVOKE DELETE ON billing_payer_price FROM yba_app;
ALTER TABLE billing_payer_price ADD FOREIGN KEY (facility_id, payer_id) REFERENCES billing_payer (facility_id, payer_id);

-- Who pays a bill; the last row holds, nobody (NULL) is the person alone.
CREATE TABLE billing_bill_payer (
    facility_id int         NOT NULL,
    choice_id   uuid        NOT NULL,
    bill_id     uuid        NOT NULL,
    payer_id    uuid,
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, choice_id)
);
SELECT db_tenant_table('billing_bill_payer');
SELECT db_append_only('billing_bill_payer');
CREATE INDEX billing_bill_payer_bill ON billing_bill_payer (facility_id, bill_id, at DESC, choice_id DESC);
ALTER TABLE billing_bill_payer ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_bill_payer ADD FOREIGN KEY (facility_id, payer_id) REFERENCES billing_payer (facility_id, payer_id);

-- A sheet of prices: first read and shown, then applied exactly as it was shown.
CREATE TABLE billing_payer_import (
    facility_id    int         NOT NULL,
    import_id      uuid        NOT NULL,
    payer_id       uuid        NOT NULL,
    file_name      text        NOT NULL,
    effective_from date        NOT NULL,
    -- [{"item", "code", "name", "before", "after"}] and [{"row", "text"}].
    prices         jsonb       NOT NULL,
    problems       jsonb       NOT NULL,
    made_at        timestamptz NOT NULL,
    by_account     uuid        NOT NULL,
    applied_at     timestamptz,
    PRIMARY KEY (facility_id, import_id)
);
SELECT db_tenant_table('billing_payer_import');
REVOKE DELETE ON billing_payer_import FROM yba_app;
ALTER TABLE billing_payer_import ADD FOREIGN KEY (facility_id, payer_id) REFERENCES billing_payer (facility_id, payer_id);

-- The ledger of a visit: what was charged, what was paid, which paper says so. Rows are only ever added; a mistake is
-- taken back by a row of its own. People are reached through the visit, so merging two records moves no money.

-- One row per visit with the two sums; its row lock is the queue in which everything about the visit's money stands.
CREATE TABLE billing_account (
    facility_id  int         NOT NULL,
    encounter_id uuid        NOT NULL,
    day          date        NOT NULL,
    opened_at    timestamptz NOT NULL,
    charged_vnd  bigint      NOT NULL DEFAULT 0,
    paid_vnd     bigint      NOT NULL DEFAULT 0,
    -- Grows with every movement, so that a screen knows whether it is still true.
    movements    int         NOT NULL DEFAULT 0,
    PRIMARY KEY (facility_id, encounter_id)
);
SELECT db_tenant_table('billing_account');
CREATE INDEX billing_account_open ON billing_account (facility_id, day, opened_at) WHERE charged_vnd <> paid_vnd;
ALTER TABLE billing_account ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

CREATE TABLE billing_charge (
    facility_id      int         NOT NULL,
    charge_id        uuid        NOT NULL,
    encounter_id     uuid        NOT NULL,
    -- The document behind the line: the visit itself, an order, or a line of a prescription.
    source           text        NOT NULL CHECK (source IN ('exam', 'order', 'drug')),
    source_id        uuid        NOT NULL,
    -- The paper that holds the source line: the prescription of a drug line.
    source_paper     uuid,
    -- 1, or higher when the same document was priced again after its charge was taken back.
    revision         int         NOT NULL DEFAULT 1,
    service_id       uuid,
    drug_id          uuid,
    group_key        text        NOT NULL CHECK (group_key IN ('exam', 'lab', 'imaging', 'procedure', 'other', 'drug')),
    name             text        NOT NULL,
    unit             text        NOT NULL DEFAULT '',
    quantity_milli   bigint      NOT NULL CHECK (quantity_milli > 0),
    unit_price_vnd   bigint      NOT NULL CHECK (unit_price_vnd >= 0),
    -- First day of the price row that was in force; with service_id or drug_id it names that row. NULL: none was.
    price_valid_from date,
    amount_vnd       bigint      NOT NULL,
    -- Day of service; for a row that takes another back, the day on which that happened.
    day              date        NOT NULL,
    reverses         uuid,
    reason           text        NOT NULL DEFAULT '',
    approval_id      uuid,
    posted_at        timestamptz NOT NULL,
    by_account       uuid        NOT NULL,
    by_name          text        NOT NULL,
    PRIMARY KEY (facility_id, charge_id),
    CHECK (CASE WHEN reverses IS NULL THEN amount_vnd >= 0 ELSE amount_vnd <= 0 AND reason <> '' END)
);
SELECT db_tenant_table('billing_charge');
SELECT db_append_only('billing_charge');
CREATE UNIQUE INDEX billing_charge_once ON billing_charge (facility_id, source, source_id, revision) WHERE reverses IS NULL;
CREATE UNIQUE INDEX billing_charge_reversed_once ON billing_charge (facility_id, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX billing_charge_encounter ON billing_charge (facility_id, encounter_id);
CREATE INDEX billing_charge_day ON billing_charge (facility_id, day);
ALTER TABLE billing_charge ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE billing_charge ADD FOREIGN KEY (facility_id, reverses) REFERENCES billing_charge (facility_id, charge_id);

CREATE TABLE billing_payment (
    facility_id  int         NOT NULL,
    payment_id   uuid        NOT NULL,
    encounter_id uuid        NOT NULL,
    receipt_id   uuid        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('payment', 'refund', 'reversal')),
    method       text        NOT NULL CHECK (method IN ('cash', 'transfer', 'card')),
    amount_vnd   bigint      NOT NULL CHECK (amount_vnd <> 0),
    -- Notes handed over; the change is given_vnd − amount_vnd.
    given_vnd    bigint      NOT NULL DEFAULT 0,
    -- Number of the card slip, or of the bank's movement.
    proof        text        NOT NULL DEFAULT '',
    shift_id     uuid,
    transfer_id  uuid,
    -- The payment that is given back.
    original_id  uuid,
    at           timestamptz NOT NULL,
    day          date        NOT NULL,
    by_account   uuid        NOT NULL,
    by_name      text        NOT NULL,
    PRIMARY KEY (facility_id, payment_id),
    CHECK (CASE kind WHEN 'payment' THEN amount_vnd > 0 AND original_id IS NULL ELSE amount_vnd < 0 AND original_id IS NOT NULL END),
    CHECK (method <> 'cash' OR shift_id IS NOT NULL)
);
SELECT db_tenant_table('billing_payment');
SELECT db_append_only('billing_payment');
CREATE UNIQUE INDEX billing_payment_transfer_once ON billing_payment (facility_id, transfer_id) WHERE transfer_id IS NOT NULL;
CREATE UNIQUE INDEX billing_payment_bank_ref_once ON billing_payment (facility_id, proof) WHERE method = 'transfer' AND kind = 'payment';
CREATE UNIQUE INDEX billing_payment_reversed_once ON billing_payment (facility_id, original_id) WHERE kind = 'reversal';
CREATE INDEX billing_payment_original ON billing_payment (facility_id, original_id) WHERE original_id IS NOT NULL;
CREATE INDEX billing_payment_encounter ON billing_payment (facility_id, encounter_id);
CREATE INDEX billing_payment_shift ON billing_payment (facility_id, shift_id) WHERE shift_id IS NOT NULL;
CREATE INDEX billing_payment_day ON billing_payment (facility_id, day);
ALTER TABLE billing_payment ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE billing_payment ADD FOREIGN KEY (facility_id, original_id) REFERENCES billing_payment (facility_id, payment_id);

-- Numbered papers about money. Void papers keep their number and gain a row in billing_receipt_void.
CREATE TABLE billing_receipt (
    facility_id  int         NOT NULL,
    receipt_id   uuid        NOT NULL,
    encounter_id uuid        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('receipt', 'deposit', 'refund')),
    series       text        NOT NULL,
    year         int         NOT NULL,
    number       bigint      NOT NULL CHECK (number > 0),
    -- Sum of the lines on it (receipt), or of the money (deposit, refund).
    total_vnd    bigint      NOT NULL CHECK (total_vnd >= 0),
    -- Paid ahead and used up by this receipt.
    deposit_vnd  bigint      NOT NULL DEFAULT 0 CHECK (deposit_vnd >= 0),
    -- Money that changed hands with this paper.
    amount_vnd   bigint      NOT NULL CHECK (amount_vnd >= 0),
    reason       text        NOT NULL DEFAULT '',
    shift_id     uuid,
    issued_at    timestamptz NOT NULL,
    day          date        NOT NULL,
    by_account   uuid        NOT NULL,
    by_name      text        NOT NULL,
    PRIMARY KEY (facility_id, receipt_id),
    UNIQUE (facility_id, series, year, number)
);
SELECT db_tenant_table('billing_receipt');
SELECT db_append_only('billing_receipt');
CREATE INDEX billing_receipt_encounter ON billing_receipt (facility_id, encounter_id);
CREATE INDEX billing_receipt_day ON billing_receipt (facility_id, day, issued_at);
ALTER TABLE billing_receipt ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE billing_payment ADD FOREIGN KEY (facility_id, receipt_id) REFERENCES billing_receipt (facility_id, receipt_id);

CREATE TABLE billing_receipt_line (
    facility_id int  NOT NULL,
    receipt_id  uuid NOT NULL,
    charge_id   uuid NOT NULL,
    PRIMARY KEY (facility_id, receipt_id, charge_id)
);
SELECT db_tenant_table('billing_receipt_line');
SELECT db_append_only('billing_receipt_line');
CREATE INDEX billing_receipt_line_charge ON billing_receipt_line (facility_id, charge_id);
ALTER TABLE billing_receipt_line ADD FOREIGN KEY (facility_id, receipt_id) REFERENCES billing_receipt (facility_id, receipt_id);
ALTER TABLE billing_receipt_line ADD FOREIGN KEY (facility_id, charge_id) REFERENCES billing_charge (facility_id, charge_id);

CREATE TABLE billing_receipt_void (
    facility_id int         NOT NULL,
    receipt_id  uuid        NOT NULL,
    approval_id uuid        NOT NULL,
    reason      text        NOT NULL CHECK (reason <> ''),
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, receipt_id)
);
SELECT db_tenant_table('billing_receipt_void');
SELECT db_append_only('billing_receipt_void');
ALTER TABLE billing_receipt_void ADD FOREIGN KEY (facility_id, receipt_id) REFERENCES billing_receipt (facility_id, receipt_id);

-- Every print of a paper, so that a second copy says so.
CREATE TABLE billing_receipt_print (
    facility_id int         NOT NULL,
    receipt_id  uuid        NOT NULL,
    copy        int         NOT NULL CHECK (copy > 0),
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    PRIMARY KEY (facility_id, receipt_id, copy)
);
SELECT db_tenant_table('billing_receipt_print');
SELECT db_append_only('billing_receipt_print');
ALTER TABLE billing_receipt_print ADD FOREIGN KEY (facility_id, receipt_id) REFERENCES billing_receipt (facility_id, receipt_id);

-- The last number of each run. The row lock makes runs gapless: a transaction that fails gives its number back.
CREATE TABLE billing_number (
    facility_id int    NOT NULL,
    series      text   NOT NULL,
    -- The year, or the day as a number where a run starts anew each day.
    period      int    NOT NULL,
    last_number bigint NOT NULL CHECK (last_number > 0),
    PRIMARY KEY (facility_id, series, period)
);
SELECT db_tenant_table('billing_number');

-- Keeps the two sums of a visit equal to its rows, and the rows honest, whoever writes them.
CREATE FUNCTION billing_post_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reverses IS NOT NULL AND NOT EXISTS (
        SELECT FROM billing_charge c WHERE c.facility_id = NEW.facility_id AND c.charge_id = NEW.reverses
            AND c.encounter_id = NEW.encounter_id AND c.reverses IS NULL AND c.amount_vnd = -NEW.amount_vnd
    ) THEN
        RAISE EXCEPTION 'charge % does not take back a charge of the same visit in full', NEW.charge_id USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO billing_account AS a (facility_id, encounter_id, day, opened_at, charged_vnd, movements)
    VALUES (NEW.facility_id, NEW.encounter_id, NEW.day, NEW.posted_at, NEW.amount_vnd, 1)
    ON CONFLICT (facility_id, encounter_id)
    DO UPDATE SET charged_vnd = a.charged_vnd + excluded.charged_vnd, movements = a.movements + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER post AFTER INSERT ON billing_charge FOR EACH ROW EXECUTE FUNCTION billing_post_charge();

CREATE FUNCTION billing_post_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_account AS a (facility_id, encounter_id, day, opened_at, paid_vnd, movements)
    VALUES (NEW.facility_id, NEW.encounter_id, NEW.day, NEW.at, NEW.amount_vnd, 1)
    ON CONFLICT (facility_id, encounter_id)
    DO UPDATE SET paid_vnd = a.paid_vnd + excluded.paid_vnd, movements = a.movements + 1;
    -- After the account is locked, so that two refunds cannot both see the same money.
    IF NEW.original_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM billing_payment p WHERE p.facility_id = NEW.facility_id AND p.payment_id = NEW.original_id
            AND p.encounter_id = NEW.encounter_id AND p.kind = 'payment'
            AND p.amount_vnd + (SELECT sum(b.amount_vnd) FROM billing_payment b
                                WHERE b.facility_id = NEW.facility_id AND b.original_id = NEW.original_id) >= 0
    ) THEN
        RAISE EXCEPTION 'payment % gives back more than was paid', NEW.payment_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER post AFTER INSERT ON billing_payment FOR EACH ROW EXECUTE FUNCTION billing_post_payment();

-- Orders, prescriptions and visits that were taken back. A charge that arrives after that adds nothing: events keep no order.
CREATE TABLE billing_withdrawn (
    facility_id int         NOT NULL,
    document_id uuid        NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (facility_id, document_id)
);
SELECT db_tenant_table('billing_withdrawn');
SELECT db_append_only('billing_withdrawn');

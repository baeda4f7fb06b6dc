-- Discounts: rules as data, the acts of giving, and the rows under the lines that they lower.

-- A row that lowers a line names the line, and the act it came from.
ALTER TABLE billing_charge ADD COLUMN discount_of uuid, ADD COLUMN discount_id uuid;
ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_check;
ALTER TABLE billing_charge ADD CONSTRAINT billing_charge_sign CHECK (
    (discount_of IS NOT NULL) = (source IN ('discount', 'cover'))
    AND CASE WHEN (reverses IS NULL) = (discount_of IS NULL) THEN amount_vnd >= 0 ELSE amount_vnd <= 0 END
    AND (reverses IS NULL OR reason <> ''));
ALTER TABLE billing_charge ADD FOREIGN KEY (facility_id, discount_of) REFERENCES billing_charge (facility_id, charge_id);
CREATE INDEX billing_charge_discount_of ON billing_charge (facility_id, discount_of) WHERE discount_of IS NOT NULL;
CREATE UNIQUE INDEX billing_charge_discount_once ON billing_charge (facility_id, discount_id, discount_of)
    WHERE reverses IS NULL AND discount_id IS NOT NULL;

-- No line is ever lowered below nothing, whoever writes.
CREATE FUNCTION billing_keep_above_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(c.amount_vnd) FROM billing_charge c WHERE c.facility_id = NEW.facility_id
        AND (c.charge_id = NEW.discount_of OR c.discount_of = NEW.discount_of OR c.reverses = NEW.discount_of)) < 0 THEN
        RAISE EXCEPTION 'charge % would be lowered below nothing', NEW.discount_of USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "2_above_zero" AFTER INSERT ON billing_charge FOR EACH ROW
    WHEN (NEW.discount_of IS NOT NULL AND NEW.reverses IS NULL) EXECUTE FUNCTION billing_keep_above_zero();

-- A rule of the house: what is lowered, by how much, for whom, from when to when. Ended, never changed.
CREATE TABLE billing_discount_rule (
    facility_id  int         NOT NULL,
    rule_id      uuid        NOT NULL,
    name         text        NOT NULL CHECK (name <> ''),
    basis        text        NOT NULL CHECK (basis IN ('percent', 'fixed')),
    -- Hundredths of a percent, or đồng.
    value        bigint      NOT NULL CHECK (value > 0 AND (basis <> 'percent' OR value <= 10000)),
    -- The whole bill, one block of it, or one service.
    scope        text        NOT NULL CHECK (scope IN ('bill', 'group', 'service')),
    group_key    text        CHECK ((scope = 'group') = (group_key IS NOT NULL)),
    service_id   uuid        CHECK ((scope = 'service') = (service_id IS NOT NULL)),
    -- For people of these ages (completed years), or who were here this often in the last year.
    age_from     int         CHECK (age_from >= 0),
    age_to       int         CHECK (age_to >= 0),
    visits_from  int         CHECK (visits_from >= 1),
    -- The cashier looks at a paper (staff card, voucher) and writes which.
    needs_proof  bool        NOT NULL DEFAULT false,
    -- Only a role that holds the right to approve may give it.
    for_managers bool        NOT NULL DEFAULT false,
    valid_from   date        NOT NULL,
    valid_to     date        CHECK (valid_to >= valid_from),
    made_at      timestamptz NOT NULL,
    made_by      uuid        NOT NULL,
    by_name      text        NOT NULL,
    PRIMARY KEY (facility_id, rule_id)
);
SELECT db_tenant_table('billing_discount_rule');
REVOKE DELETE ON billing_discount_rule FROM yba_app;

-- Somebody gives a discount on a bill. Over their limit it waits for a second person.
CREATE TABLE billing_discount (
    facility_id  int         NOT NULL,
    discount_id  uuid        NOT NULL,
    bill_id      uuid        NOT NULL,
    rule_id      uuid,
    name         text        NOT NULL CHECK (name <> ''),
    basis        text        NOT NULL CHECK (basis IN ('percent', 'fixed')),
    value        bigint      NOT NULL CHECK (value > 0),
    scope        text        NOT NULL CHECK (scope IN ('bill', 'group', 'service', 'line')),
    group_key    text,
    target_id    uuid,
    -- What it came to when it was given; never more is taken off.
    amount_vnd   bigint      NOT NULL CHECK (amount_vnd > 0),
    reason       text        NOT NULL,
    step         text        NOT NULL CHECK (step IN ('waiting', 'applied', 'refused', 'taken_back')),
    given_at     timestamptz NOT NULL,
    by_account   uuid        NOT NULL,
    by_name      text        NOT NULL,
    ended_at     timestamptz,
    ended_by     text        NOT NULL DEFAULT '',
    ended_reason text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, discount_id),
    CHECK (rule_id IS NOT NULL OR reason <> '')
);
SELECT db_tenant_table('billing_discount');
REVOKE DELETE ON billing_discount FROM yba_app;
CREATE INDEX billing_discount_bill ON billing_discount (facility_id, bill_id);
ALTER TABLE billing_discount ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_discount ADD FOREIGN KEY (facility_id, rule_id) REFERENCES billing_discount_rule (facility_id, rule_id);

ALTER TABLE billing_approval DROP CONSTRAINT billing_approval_matter_check;
ALTER TABLE billing_approval ADD CONSTRAINT billing_approval_matter_check
    CHECK (matter IN ('charge_void', 'receipt_void', 'refund', 'discount', 'package_end', 'debt'));

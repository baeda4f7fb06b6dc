-- From the visit to the bill: money hangs on a bill, which is a visit's, a counter sale's or a bought service package's.
-- A visit's bill has the visit's id, so nothing that was written moves.

ALTER TABLE billing_account DROP CONSTRAINT billing_account_facility_id_encounter_id_fkey;
ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_facility_id_encounter_id_fkey;
ALTER TABLE billing_payment DROP CONSTRAINT billing_payment_facility_id_encounter_id_fkey;
ALTER TABLE billing_receipt DROP CONSTRAINT billing_receipt_facility_id_encounter_id_fkey;
ALTER TABLE billing_approval DROP CONSTRAINT billing_approval_facility_id_encounter_id_fkey;
ALTER TABLE billing_transfer_code DROP CONSTRAINT billing_transfer_code_facility_id_encounter_id_fkey;

DROP VIEW billing_report_revenue, billing_report_payment, billing_report_ledger;

ALTER TABLE billing_account RENAME COLUMN encounter_id TO bill_id;
ALTER TABLE billing_charge RENAME COLUMN encounter_id TO bill_id;
ALTER TABLE billing_payment RENAME COLUMN encounter_id TO bill_id;
ALTER TABLE billing_receipt RENAME COLUMN encounter_id TO bill_id;
ALTER TABLE billing_approval RENAME COLUMN encounter_id TO bill_id;
ALTER TABLE billing_transfer_code RENAME COLUMN encounter_id TO bill_id;
ALTER TABLE billing_transfer_resolution RENAME COLUMN encounter_id TO bill_id;
ALTER INDEX billing_charge_encounter RENAME TO billing_charge_bill;
ALTER INDEX billing_payment_encounter RENAME TO billing_payment_bill;
ALTER INDEX billing_receipt_encounter RENAME TO billing_receipt_bill;
ALTER INDEX billing_approval_encounter RENAME TO billing_approval_bill;
ALTER INDEX billing_transfer_code_encounter RENAME TO billing_transfer_code_bill;

-- The account is the bill's head. Whoever comes to the counter without a visit may stay unnamed.
ALTER TABLE billing_account
    ADD COLUMN kind         text NOT NULL DEFAULT 'visit' CHECK (kind IN ('visit', 'sale', 'package')),
    ADD COLUMN encounter_id uuid,
    ADD COLUMN patient_id   uuid,
    ADD COLUMN buyer_name   text NOT NULL DEFAULT '',
    ADD COLUMN buyer_phone  text NOT NULL DEFAULT '';
UPDATE billing_account SET encounter_id = bill_id;
ALTER TABLE billing_account
    ADD CONSTRAINT billing_account_of_visit CHECK (CASE kind WHEN 'visit' THEN encounter_id IS NOT NULL AND encounter_id = bill_id AND patient_id IS NULL
                                                        ELSE encounter_id IS NULL END),
    ADD CONSTRAINT billing_account_of_buyer CHECK (kind <> 'package' OR patient_id IS NOT NULL);
ALTER TABLE billing_account ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE billing_account ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);
CREATE INDEX billing_account_patient ON billing_account (facility_id, patient_id) WHERE patient_id IS NOT NULL;

-- A sold medicine without a prescription line, or another brand than prescribed, is charged by the line of its dispense;
-- a bought package by its own bill; a discount and the cover by a package stand under the line they lower.
ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_source_check;
ALTER TABLE billing_charge ADD CONSTRAINT billing_charge_source_check
    CHECK (source IN ('exam', 'order', 'drug', 'dispense', 'package', 'discount', 'cover'));
ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_group_key_check;
ALTER TABLE billing_charge ADD CONSTRAINT billing_charge_group_key_check
    CHECK (group_key IN ('exam', 'lab', 'imaging', 'procedure', 'other', 'drug', 'package'));
-- The day on which the row was written: what a day's book holds never changes after that day.
ALTER TABLE billing_charge ADD COLUMN posted_day date GENERATED ALWAYS AS ((posted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) STORED;
CREATE INDEX billing_charge_posted ON billing_charge (facility_id, posted_day);

-- The first movement of a visit opens its bill; other bills are opened by whoever sells. An unknown id is refused,
-- because a visit's bill must point at a visit. The names of these triggers sort before those of foreign keys, so that
-- the bill stands before a row is asked whether it has one.
CREATE OR REPLACE FUNCTION billing_post_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reverses IS NOT NULL AND NOT EXISTS (
        SELECT FROM billing_charge c WHERE c.facility_id = NEW.facility_id AND c.charge_id = NEW.reverses
            AND c.bill_id = NEW.bill_id AND c.reverses IS NULL AND c.amount_vnd = -NEW.amount_vnd
    ) THEN
        RAISE EXCEPTION 'charge % does not take back a charge of the same bill in full', NEW.charge_id USING ERRCODE = 'check_violation';
    END IF;
    UPDATE billing_account SET charged_vnd = charged_vnd + NEW.amount_vnd, movements = movements + 1
    WHERE facility_id = NEW.facility_id AND bill_id = NEW.bill_id;
    IF NOT FOUND THEN
        INSERT INTO billing_account AS a (facility_id, bill_id, encounter_id, day, opened_at, charged_vnd, movements)
        VALUES (NEW.facility_id, NEW.bill_id, NEW.bill_id, NEW.day, NEW.posted_at, NEW.amount_vnd, 1)
        ON CONFLICT (facility_id, bill_id)
        DO UPDATE SET charged_vnd = a.charged_vnd + excluded.charged_vnd, movements = a.movements + 1;
    END IF;
    RETURN NULL;
END $$;
ALTER TRIGGER post ON billing_charge RENAME TO "1_post";

CREATE OR REPLACE FUNCTION billing_post_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_account SET paid_vnd = paid_vnd + NEW.amount_vnd, movements = movements + 1
    WHERE facility_id = NEW.facility_id AND bill_id = NEW.bill_id;
    IF NOT FOUND THEN
        INSERT INTO billing_account AS a (facility_id, bill_id, encounter_id, day, opened_at, paid_vnd, movements)
        VALUES (NEW.facility_id, NEW.bill_id, NEW.bill_id, NEW.day, NEW.at, NEW.amount_vnd, 1)
        ON CONFLICT (facility_id, bill_id)
        DO UPDATE SET paid_vnd = a.paid_vnd + excluded.paid_vnd, movements = a.movements + 1;
    END IF;
    -- After the account is locked, so that two refunds cannot both see the same money.
    IF NEW.original_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM billing_payment p WHERE p.facility_id = NEW.facility_id AND p.payment_id = NEW.original_id
            AND p.bill_id = NEW.bill_id AND p.kind = 'payment'
            AND p.amount_vnd + (SELECT sum(b.amount_vnd) FROM billing_payment b
                                WHERE b.facility_id = NEW.facility_id AND b.original_id = NEW.original_id) >= 0
    ) THEN
        RAISE EXCEPTION 'payment % gives back more than was paid', NEW.payment_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
ALTER TRIGGER post ON billing_payment RENAME TO "1_post";

CREATE FUNCTION billing_open_bill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_account (facility_id, bill_id, encounter_id, day, opened_at)
    SELECT e.facility_id, e.encounter_id, e.encounter_id, e.day, NEW.issued_at FROM encounter_encounter e
    WHERE e.facility_id = NEW.facility_id AND e.encounter_id = NEW.bill_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER "1_open" AFTER INSERT ON billing_receipt FOR EACH ROW EXECUTE FUNCTION billing_open_bill();

-- Bills on which only a code was shown or a request made, and no money moved yet.
INSERT INTO billing_account (facility_id, bill_id, encounter_id, day, opened_at)
SELECT e.facility_id, e.encounter_id, e.encounter_id, e.day, e.opened_at FROM encounter_encounter e
JOIN (SELECT facility_id, bill_id FROM billing_transfer_code UNION SELECT facility_id, bill_id FROM billing_approval
      UNION SELECT facility_id, bill_id FROM billing_receipt) x ON x.facility_id = e.facility_id AND x.bill_id = e.encounter_id
ON CONFLICT DO NOTHING;
ALTER TABLE billing_charge ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_payment ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_receipt ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_approval ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_transfer_code ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);

-- Whose bill it is, for lists: the person as kept after merges, the buyer's name, or nobody known.
CREATE VIEW billing_bill WITH (security_invoker = true) AS
SELECT a.facility_id, a.bill_id, a.kind, a.day, a.opened_at, a.charged_vnd, a.paid_vnd, a.encounter_id, p.patient_id, e.practitioner_id,
       coalesce(e.payer, 'self') AS payer, coalesce(p.name, nullif(a.buyer_name, ''), 'Khách lẻ') AS name
FROM billing_account a
LEFT JOIN encounter_encounter e ON e.facility_id = a.facility_id AND e.encounter_id = a.encounter_id
LEFT JOIN patient_patient own ON own.facility_id = a.facility_id AND own.patient_id = coalesce(e.patient_id, a.patient_id)
LEFT JOIN patient_patient p ON p.facility_id = a.facility_id AND p.patient_id = coalesce(own.merged_into, own.patient_id);
GRANT SELECT ON billing_bill TO yba_app;

CREATE VIEW billing_report_revenue WITH (security_invoker = true) AS
SELECT c.facility_id, c.day, a.encounter_id, c.charge_id, coalesce(e.patient_id, a.patient_id) AS patient_id, e.practitioner_id, e.room_id,
       c.source, c.group_key, c.service_id, c.drug_id, c.name, c.unit,
       CASE WHEN c.reverses IS NULL THEN c.quantity_milli ELSE -c.quantity_milli END AS quantity_milli,
       c.unit_price_vnd, c.amount_vnd, c.reverses IS NOT NULL AS is_reversal, c.posted_at, c.posted_day, c.bill_id, a.kind AS bill_kind
FROM billing_charge c
LEFT JOIN billing_account a ON a.facility_id = c.facility_id AND a.bill_id = c.bill_id
LEFT JOIN encounter_encounter e ON e.facility_id = c.facility_id AND e.encounter_id = c.bill_id;
GRANT SELECT ON billing_report_revenue TO yba_app;

CREATE VIEW billing_report_payment WITH (security_invoker = true) AS
SELECT p.facility_id, p.day, p.at, a.encounter_id, p.payment_id, coalesce(e.patient_id, a.patient_id) AS patient_id, e.practitioner_id,
       p.kind, p.method, p.amount_vnd, p.shift_id, p.by_account AS cashier_account, p.by_name AS cashier_name,
       r.receipt_id, r.kind AS receipt_kind,
       r.series || lpad((r.year % 100)::text, 2, '0') || '-' || lpad(r.number::text, 6, '0') AS receipt_no, p.bill_id, a.kind AS bill_kind
FROM billing_payment p
JOIN billing_receipt r ON r.facility_id = p.facility_id AND r.receipt_id = p.receipt_id
LEFT JOIN billing_account a ON a.facility_id = p.facility_id AND a.bill_id = p.bill_id
LEFT JOIN encounter_encounter e ON e.facility_id = p.facility_id AND e.encounter_id = p.bill_id;
GRANT SELECT ON billing_report_payment TO yba_app;

CREATE VIEW billing_report_ledger WITH (security_invoker = true) AS
SELECT facility_id, day, bill_id AS encounter_id, 'charge'::text AS document, charge_id AS document_id, side.account,
       greatest(side.amount, 0) AS debit_vnd, greatest(-side.amount, 0) AS credit_vnd, bill_id
FROM billing_charge, LATERAL (VALUES ('patient', amount_vnd), ('revenue', -amount_vnd)) AS side(account, amount)
UNION ALL
SELECT facility_id, day, bill_id, 'payment', payment_id, side.account,
       greatest(side.amount, 0), greatest(-side.amount, 0), bill_id
FROM billing_payment, LATERAL (VALUES (method, amount_vnd), ('patient', -amount_vnd)) AS side(account, amount);
GRANT SELECT ON billing_report_ledger TO yba_app;

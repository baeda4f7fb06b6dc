-- What reports may read. Row security of the tables underneath holds, because the views run as whoever asks.

-- One row per charge and per taking back, signed: revenue by day, doctor, service, group.
CREATE VIEW billing_report_revenue WITH (security_invoker = true) AS
SELECT c.facility_id, c.day, c.encounter_id, c.charge_id, e.patient_id, e.practitioner_id, e.room_id,
       c.source, c.group_key, c.service_id, c.drug_id, c.name, c.unit,
       CASE WHEN c.reverses IS NULL THEN c.quantity_milli ELSE -c.quantity_milli END AS quantity_milli,
       c.unit_price_vnd, c.amount_vnd, c.reverses IS NOT NULL AS is_reversal, c.posted_at
FROM billing_charge c
JOIN encounter_encounter e ON e.facility_id = c.facility_id AND e.encounter_id = c.encounter_id;
GRANT SELECT ON billing_report_revenue TO yba_app;

-- One row per movement of money, signed: takings by day, cashier, method, kind of paper.
CREATE VIEW billing_report_payment WITH (security_invoker = true) AS
SELECT p.facility_id, p.day, p.at, p.encounter_id, p.payment_id, e.patient_id, e.practitioner_id,
       p.kind, p.method, p.amount_vnd, p.shift_id, p.by_account AS cashier_account, p.by_name AS cashier_name,
       r.receipt_id, r.kind AS receipt_kind,
       r.series || lpad((r.year % 100)::text, 2, '0') || '-' || lpad(r.number::text, 6, '0') AS receipt_no
FROM billing_payment p
JOIN billing_receipt r ON r.facility_id = p.facility_id AND r.receipt_id = p.receipt_id
JOIN encounter_encounter e ON e.facility_id = p.facility_id AND e.encounter_id = p.encounter_id;
GRANT SELECT ON billing_report_payment TO yba_app;

-- Both sides of every movement: the sum of debits equals the sum of credits on any day and for any visit.
CREATE VIEW billing_report_ledger WITH (security_invoker = true) AS
SELECT facility_id, day, encounter_id, 'charge'::text AS document, charge_id AS document_id, side.account,
       greatest(side.amount, 0) AS debit_vnd, greatest(-side.amount, 0) AS credit_vnd
FROM billing_charge, LATERAL (VALUES ('patient', amount_vnd), ('revenue', -amount_vnd)) AS side(account, amount)
UNION ALL
SELECT facility_id, day, encounter_id, 'payment', payment_id, side.account,
       greatest(side.amount, 0), greatest(-side.amount, 0)
FROM billing_payment, LATERAL (VALUES (method, amount_vnd), ('patient', -amount_vnd)) AS side(account, amount);
GRANT SELECT ON billing_report_ledger TO yba_app;

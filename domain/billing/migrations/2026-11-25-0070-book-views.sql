-- What the book of a day, the list of debts and the profit of medicines are made of.

-- Both sides of every movement by the day on which it was written. Nothing is ever written into a day that has passed,
-- so a past day asked for again gives the same figures, also when the clock passed midnight between an order and its charge.
CREATE VIEW billing_report_book WITH (security_invoker = true) AS
SELECT c.facility_id, c.posted_day AS day, c.bill_id, side.account, side.amount AS debit_vnd
FROM billing_charge c,
     LATERAL (VALUES ('patient', c.amount_vnd), (CASE WHEN c.group_key = 'package' THEN 'prepaid' ELSE 'revenue' END, -c.amount_vnd)) AS side(account, amount)
UNION ALL
SELECT u.facility_id, u.posted_day, u.bill_id, side.account, side.amount
FROM billing_package_use u, LATERAL (VALUES ('prepaid', u.earned_vnd), ('revenue', -u.earned_vnd)) AS side(account, amount)
UNION ALL
SELECT p.facility_id, p.day, p.bill_id, side.account, side.amount
FROM billing_payment p, LATERAL (VALUES (p.method, p.amount_vnd), ('patient', -p.amount_vnd)) AS side(account, amount);
GRANT SELECT ON billing_report_book TO yba_app;

-- A cashier's shift with the day it began on and, once it was counted, the day it ended on.
CREATE VIEW billing_report_shift WITH (security_invoker = true) AS
SELECT s.facility_id, s.shift_id, 'CA' || lpad((s.year % 100)::text, 2, '0') || '-' || lpad(s.number::text, 6, '0') AS shift_no,
       s.cashier_name, s.desk, s.opened_at, s.closed_at, s.float_vnd, s.expected_vnd, s.counted_vnd,
       s.counted_vnd - s.expected_vnd AS difference_vnd, s.reason, s.handed_over_vnd, s.handed_to,
       (s.opened_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS opened_day, (s.closed_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS closed_day
FROM billing_shift s;
GRANT SELECT ON billing_report_shift TO yba_app;

-- Whoever owes money: since when, how much, what was promised.
CREATE VIEW billing_report_debt WITH (security_invoker = true) AS
SELECT b.facility_id, b.bill_id, b.kind, b.day, b.patient_id, b.name, b.charged_vnd, b.paid_vnd, b.charged_vnd - b.paid_vnd AS owed_vnd,
       coalesce(nullif(d.phone, ''), p.phone, '') AS phone, coalesce(p.record_no, '') AS record_no, d.promised_on, coalesce(d.reason, '') AS reason,
       coalesce(d.by_name, '') AS granted_by
FROM billing_bill b
LEFT JOIN patient_patient p ON p.facility_id = b.facility_id AND p.patient_id = b.patient_id
LEFT JOIN LATERAL (SELECT x.promised_on, x.reason, x.phone, x.by_name FROM billing_debt x
                   WHERE x.facility_id = b.facility_id AND x.bill_id = b.bill_id AND x.step = 'granted'
                   ORDER BY x.noted_at DESC LIMIT 1) d ON true
WHERE b.charged_vnd > b.paid_vnd;
GRANT SELECT ON billing_report_debt TO yba_app;

-- What one line of a prescription or of a sale brought, once discounts and what was taken back are off: the money side of
-- a lot's profit. The line's id is the one under which the stock ledger took the goods.
CREATE VIEW billing_report_drug_line WITH (security_invoker = true) AS
SELECT c.facility_id, c.source_id AS line_id, c.drug_id, c.quantity_milli,
       c.amount_vnd + coalesce((SELECT sum(x.amount_vnd) FROM billing_charge x
                                WHERE x.facility_id = c.facility_id AND x.discount_of = c.charge_id), 0)::bigint AS net_vnd
FROM billing_charge c
WHERE c.source IN ('drug', 'dispense') AND c.reverses IS NULL
  AND NOT EXISTS (SELECT FROM billing_charge b WHERE b.facility_id = c.facility_id AND b.reverses = c.charge_id);
GRANT SELECT ON billing_report_drug_line TO yba_app;

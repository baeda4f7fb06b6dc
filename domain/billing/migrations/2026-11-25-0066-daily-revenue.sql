-- The day's book for the owner, by the day on which a row was written: rows of a past day never change, so the day read again says
-- the same. Revenue by group, doctor and whoever wrote it; takings by cashier and method; receipts by group, doctor and cashier.

-- What was earned and given away on a day. gross − discount − cover + package = earned.
CREATE VIEW billing_report_daily_revenue WITH (security_invoker = true) AS
SELECT r.facility_id, r.posted_day AS day, r.group_key, r.practitioner_id, r.service_id, r.drug_id, r.name, r.bill_id, r.encounter_id, r.patient_id,
       CASE WHEN r.bill_kind = 'package' THEN 'package' WHEN r.bill_kind = 'sale' THEN 'sale' ELSE 'visit' END AS kind,
       r.quantity_milli,
       CASE WHEN r.source IN ('discount', 'cover', 'package') THEN 0 ELSE r.amount_vnd END AS gross_vnd,
       CASE WHEN r.source = 'discount' THEN -r.amount_vnd ELSE 0 END AS discount_vnd,
       CASE WHEN r.source = 'cover' THEN -r.amount_vnd ELSE 0 END AS cover_vnd,
       CASE WHEN r.source = 'package' THEN r.amount_vnd ELSE 0 END AS package_vnd,
       r.amount_vnd AS earned_vnd, r.is_reversal
FROM billing_report_revenue r;
GRANT SELECT ON billing_report_daily_revenue TO yba_app;

-- Money in and out on a day, by cashier and method, with the kind of bill it was for. A payment's day is the day it was written.
CREATE VIEW billing_report_daily_takings WITH (security_invoker = true) AS
SELECT p.facility_id, p.day, p.by_account AS cashier_account, p.by_name AS cashier_name, p.method, p.shift_id, p.kind AS movement, a.kind, p.bill_id,
       p.receipt_id, greatest(p.amount_vnd, 0) AS received_vnd, greatest(-p.amount_vnd, 0) AS returned_vnd, p.amount_vnd,
       -- Paid on a later day than its bill's: a debt, or an old bill, that was collected.
       p.amount_vnd > 0 AND p.day > a.day AS is_late
FROM billing_payment p
JOIN billing_account a ON a.facility_id = p.facility_id AND a.bill_id = p.bill_id;
GRANT SELECT ON billing_report_daily_takings TO yba_app;

-- What receipts of a day were for, line by line; a void counts against on the day of the void.
CREATE VIEW billing_report_daily_receipt WITH (security_invoker = true) AS
SELECT x.facility_id, x.day, x.cashier_account, x.cashier_name, c.group_key, e.practitioner_id, c.name, x.receipt_id, c.bill_id, x.sign * c.amount_vnd AS amount_vnd
FROM (SELECT r.facility_id, r.receipt_id, r.day, r.by_account AS cashier_account, r.by_name AS cashier_name, 1 AS sign FROM billing_receipt r
      UNION ALL
      SELECT v.facility_id, v.receipt_id, (v.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, r.by_account, r.by_name, -1
      FROM billing_receipt_void v JOIN billing_receipt r ON r.facility_id = v.facility_id AND r.receipt_id = v.receipt_id) x
JOIN billing_receipt_line l ON l.facility_id = x.facility_id AND l.receipt_id = x.receipt_id
JOIN billing_charge c ON c.facility_id = x.facility_id AND c.charge_id = l.charge_id
LEFT JOIN encounter_encounter e ON e.facility_id = x.facility_id AND e.encounter_id = c.bill_id;
GRANT SELECT ON billing_report_daily_receipt TO yba_app;

-- What reports may read of the ledger. A reversal counts as the thing it takes back, on its own day.

CREATE VIEW inventory_report_drug_use WITH (security_invoker = true) AS
SELECT m.facility_id,
       (m.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
       m.item_id AS drug_id,
       -sum(m.quantity_milli)::bigint AS quantity_milli,
       -sum(m.cost_vnd)::bigint AS cost_vnd
FROM inventory_movement m
LEFT JOIN inventory_movement o ON o.facility_id = m.facility_id AND o.movement_id = m.reverses
WHERE coalesce(o.kind, m.kind) IN ('dispense', 'return', 'issue')
GROUP BY 1, 2, 3;
GRANT SELECT ON inventory_report_drug_use TO yba_app;

-- For the profit of a lot: what each line of a dispense took of it (negative: came back) and what that had cost. The
-- line is the one that the charge names, so the price side joins to it.
CREATE VIEW inventory_report_lot_use WITH (security_invoker = true) AS
SELECT m.facility_id,
       (m.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
       m.item_id AS drug_id,
       m.lot_id,
       l.lot_no,
       l.expires,
       m.document_id,
       m.line_id,
       m.returns_of,
       -m.quantity_milli AS quantity_milli,
       -m.cost_vnd AS cost_vnd
FROM inventory_movement m
JOIN inventory_lot l ON l.facility_id = m.facility_id AND l.lot_id = m.lot_id
LEFT JOIN inventory_movement o ON o.facility_id = m.facility_id AND o.movement_id = m.reverses
WHERE coalesce(o.kind, m.kind) IN ('dispense', 'return');
GRANT SELECT ON inventory_report_lot_use TO yba_app;

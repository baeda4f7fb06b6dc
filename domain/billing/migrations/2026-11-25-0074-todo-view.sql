-- What waits for a decision about money: for the owner's telephone.
CREATE VIEW billing_report_todo WITH (security_invoker = true) AS
SELECT facility_id, 'approval'::text AS kind, count(*) AS count, coalesce(sum(amount_vnd), 0)::bigint AS amount_vnd
FROM billing_approval WHERE step = 'waiting' GROUP BY facility_id
UNION ALL
SELECT facility_id, 'einvoice', count(*), coalesce(sum(total_vnd), 0)::bigint FROM billing_einvoice WHERE status = 'failed' GROUP BY facility_id;
GRANT SELECT ON billing_report_todo TO yba_app;

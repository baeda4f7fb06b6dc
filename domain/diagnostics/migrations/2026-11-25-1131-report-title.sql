-- What a released report is called, for the medical record: the services it answers.
CREATE VIEW diagnostics_report_title WITH (security_invoker = true) AS
SELECT r.facility_id, r.report_id,
       (SELECT string_agg(DISTINCT o.service_name, ', ') FROM diagnostics_order o
        WHERE o.facility_id = r.facility_id AND o.order_id = ANY (r.order_ids)) AS title
FROM diagnostics_lab_report r
UNION ALL
SELECT r.facility_id, r.report_id, o.service_name
FROM diagnostics_imaging_report r
JOIN diagnostics_study s ON s.facility_id = r.facility_id AND s.study_id = r.study_id
JOIN diagnostics_order o ON o.facility_id = s.facility_id AND o.order_id = s.order_id;
GRANT SELECT ON diagnostics_report_title TO yba_app;

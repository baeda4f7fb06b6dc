-- Who was asked to come again, and whether they did: the person's next visit here that was not cancelled.
CREATE VIEW encounter_report_follow_up WITH (security_invoker = true) AS
SELECT s.facility_id, s.encounter_id, s.follow_up_on, e.day, e.patient_id, p.record_no, p.name, p.birth_date, p.birth_year_only, p.sex, p.phone,
       e.practitioner_id, nullif(concat_ws(' ', nullif(d.title, ''), d.name), '') AS doctor,
       (SELECT string_agg(g.code || ' ' || g.name, '; ' ORDER BY g.place) FROM encounter_diagnosis g
        WHERE g.facility_id = e.facility_id AND g.encounter_id = e.encounter_id AND g.ended_at IS NULL) AS diagnoses,
       (SELECT min(n.day) FROM encounter_encounter n
        WHERE n.facility_id = e.facility_id AND n.patient_id = e.patient_id AND n.day > e.day AND n.status <> 'cancelled') AS came_on
FROM encounter_disposition s
JOIN encounter_encounter e ON e.facility_id = s.facility_id AND e.encounter_id = s.encounter_id
JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
LEFT JOIN practitioner_practitioner d ON d.facility_id = e.facility_id AND d.practitioner_id = e.practitioner_id
WHERE s.follow_up_on IS NOT NULL AND e.status = 'finished';
GRANT SELECT ON encounter_report_follow_up TO yba_app;

-- What reports may read about visits: the register ("sổ khám bệnh"), one row per visit. Row security of the tables
-- underneath holds, because the view runs as whoever asks. Diagnoses are asked per row, so that a page of a hundred
-- visits asks a hundred times and never for the whole year.

CREATE VIEW encounter_report_visit WITH (security_invoker = true) AS
SELECT e.facility_id, e.encounter_id, e.day, e.opened_at, e.called_at, e.started_at, e.finished_at, e.status,
       e.patient_id, p.record_no, p.name, p.birth_date, p.birth_year_only, p.sex, p.phone, p.address_text,
       e.practitioner_id, nullif(concat_ws(' ', nullif(d.title, ''), d.name), '') AS doctor,
       e.room_id, coalesce(nullif(r.short_name, ''), r.name) AS room,
       e.payer, e.priority_class, e.reason, s.kind AS disposition, s.follow_up_on,
       (SELECT t.number FROM encounter_ticket t
        WHERE t.facility_id = e.facility_id AND t.encounter_id = e.encounter_id
        ORDER BY t.issued_at DESC LIMIT 1) AS ticket,
       (SELECT string_agg(g.code || ' ' || g.name, '; ' ORDER BY g.place) FROM encounter_diagnosis g
        WHERE g.facility_id = e.facility_id AND g.encounter_id = e.encounter_id AND g.ended_at IS NULL) AS diagnoses
FROM encounter_encounter e
JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
JOIN organization_room r ON r.facility_id = e.facility_id AND r.room_id = e.room_id
LEFT JOIN practitioner_practitioner d ON d.facility_id = e.facility_id AND d.practitioner_id = e.practitioner_id
LEFT JOIN encounter_disposition s ON s.facility_id = e.facility_id AND s.encounter_id = e.encounter_id;
GRANT SELECT ON encounter_report_visit TO yba_app;
CREATE INDEX encounter_encounter_register ON encounter_encounter (facility_id, day, opened_at, encounter_id);

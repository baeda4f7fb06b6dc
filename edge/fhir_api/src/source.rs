//! Where each kind of resource comes from: one SQL body per kind, giving the same columns for all, wrapped once by id, once
//! by search, and once together for everything about a patient or an encounter. Every wrapped text is one statement.
//!
//! Columns: `id` and `part` (together the FHIR id), `patient_id`, `encounter_id`, `at` (what `date` asks for), `updated`,
//! `codes`, `category`, `status`, `ids` (kind of number and number), `words` (folded name), `is_special` (kept apart by its
//! sensitivity: invariant I20) and `row`, what the builder needs.

use crate::kind::Kind;
use web::sql;

/// Whether the record of an encounter is of special sensitivity.
macro_rules! special {
    ($table:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM record_record rr WHERE rr.facility_id = ", $table, ".facility_id AND rr.encounter_id = ", $table,
            ".encounter_id AND rr.sensitivity <> 'ordinary')"
        )
    };
}

macro_rules! patient {
    () => {
        "SELECT p.facility_id, p.patient_id AS id, ''::text AS part, p.patient_id, NULL::uuid AS encounter_id, p.birth_date::timestamptz AS at,
            greatest(p.created_at, (SELECT max(v.at) FROM patient_revision v WHERE v.facility_id = p.facility_id AND v.patient_id = p.patient_id)) AS updated,
            '{}'::text[] AS codes, ''::text AS category, p.sex AS status, '{}'::text[] AS ids, ' ' || p.name_folded AS words, false AS is_special,
            jsonb_build_object('name', p.name, 'birth', p.birth_date, 'year_only', p.birth_year_only, 'sex', p.sex, 'phone', p.phone, 'cccd', p.cccd,
                'record_no', p.record_no, 'ethnic', p.ethnic_code, 'nationality', p.nationality, 'address', p.address_text, 'line', p.address_line,
                'commune', p.commune_code, 'merged_into', p.merged_into,
                'merged_from', (SELECT jsonb_agg(g.patient_id) FROM patient_merge m JOIN patient_patient g ON g.facility_id = m.facility_id AND g.patient_id = m.gone_id
                    WHERE m.facility_id = p.facility_id AND m.kept_id = p.patient_id AND m.undone_at IS NULL),
                'numbers', (SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value) ORDER BY i.kind, i.value) FROM patient_identifier i
                    WHERE i.facility_id = p.facility_id AND i.patient_id = p.patient_id AND i.ended_at IS NULL AND i.kind <> 'cccd'),
                'cards', (SELECT jsonb_agg(DISTINCT c.card_no) FROM patient_coverage c
                    WHERE c.facility_id = p.facility_id AND c.patient_id = p.patient_id AND c.ended_at IS NULL),
                'contacts', (SELECT jsonb_agg(jsonb_build_object('relation', c.relation, 'name', c.name, 'phone', c.phone) ORDER BY c.recorded_at)
                    FROM patient_contact c WHERE c.facility_id = p.facility_id AND c.patient_id = p.patient_id AND c.ended_at IS NULL)) AS row
         FROM patient_patient p"
    };
}

macro_rules! encounter {
    () => {
        concat!(
            "SELECT e.facility_id, e.encounter_id AS id, ''::text AS part, e.patient_id, e.encounter_id, coalesce(e.started_at, e.opened_at) AS at,
                greatest(e.opened_at, e.called_at, e.started_at, e.finished_at, e.cancelled_at) AS updated, '{}'::text[] AS codes, e.class AS category,
                e.status, ARRAY['visit|' || e.encounter_id] AS ids, ''::text AS words, ", special!("e"), " AS is_special,
                jsonb_build_object('class', e.class, 'status', e.status, 'opened', e.opened_at, 'started', e.started_at, 'finished', e.finished_at,
                    'cancelled', e.cancelled_at, 'reason', e.reason, 'type', e.visit_type, 'from', e.from_encounter_id, 'room', e.room_id,
                    'doctor', e.practitioner_id, 'doctor_name', (SELECT trim(d.title || ' ' || d.name) FROM practitioner_practitioner d
                        WHERE d.facility_id = e.facility_id AND d.practitioner_id = e.practitioner_id),
                    'steps', (SELECT jsonb_agg(jsonb_build_object('to', s.to_status, 'room', s.room_id, 'at', s.at) ORDER BY s.step)
                        FROM encounter_status s WHERE s.facility_id = e.facility_id AND s.encounter_id = e.encounter_id),
                    'diagnoses', (SELECT jsonb_agg(jsonb_build_object('id', d.id, 'code', d.code, 'place', d.place) ORDER BY d.place) FROM (
                        SELECT diagnosis_id AS id, code, place FROM encounter_diagnosis WHERE facility_id = e.facility_id AND encounter_id = e.encounter_id AND ended_at IS NULL
                        UNION ALL SELECT diagnosis_id, code, CASE WHEN is_main THEN 0 ELSE 1 END FROM exchange_diagnosis
                            WHERE facility_id = e.facility_id AND encounter_id = e.encounter_id) d),
                    'archive_no', r.archive_no, 'outcome', r.outcome) AS row
             FROM encounter_encounter e
             LEFT JOIN record_record r ON r.facility_id = e.facility_id AND r.encounter_id = e.encounter_id"
        )
    };
}

macro_rules! condition {
    () => {
        concat!(
            "SELECT d.facility_id, d.diagnosis_id AS id, ''::text AS part, d.patient_id, d.encounter_id, d.recorded_at AS at, d.recorded_at AS updated,
                ARRAY[d.code] AS codes, ''::text AS category, 'active'::text AS status, '{}'::text[] AS ids, ''::text AS words, ", special!("d"), " AS is_special,
                jsonb_build_object('code', d.code, 'name', d.name, 'remark', d.remark, 'at', d.recorded_at) AS row
             FROM encounter_diagnosis d WHERE d.ended_at IS NULL
             UNION ALL
             SELECT d.facility_id, d.diagnosis_id, '', d.patient_id, d.encounter_id, d.told_at, d.told_at, ARRAY[d.code], '', 'active', '{}', '', ", special!("d"), ",
                jsonb_build_object('code', d.code, 'name', d.name, 'at', d.told_at)
             FROM exchange_diagnosis d"
        )
    };
}

macro_rules! observation {
    () => {
        concat!(
            "SELECT v.facility_id, v.vitals_id AS id, m.part, v.patient_id, v.encounter_id, v.measured_at AS at, v.measured_at AS updated,
                ARRAY[m.part] AS codes, 'vital-signs'::text AS category, 'final'::text AS status, '{}'::text[] AS ids, ''::text AS words, ", special!("v"), " AS is_special,
                jsonb_build_object('from', 'vital', 'sign', m.part, 'value', m.value, 'second', m.second, 'at', v.measured_at, 'by', v.recorded_by_name) AS row
             FROM encounter_vitals v CROSS JOIN LATERAL (VALUES
                ('bp', v.systolic_mmhg::numeric, v.diastolic_mmhg), ('pulse', v.pulse_bpm, NULL), ('temperature', round(v.temperature_tenths / 10.0, 1), NULL),
                ('spo2', v.spo2_percent, NULL), ('breaths', v.breaths_per_min, NULL), ('weight', round(v.weight_g / 1000.0, 3), NULL),
                ('height', round(v.height_mm / 10.0, 1), NULL), ('head', round(v.head_mm / 10.0, 1), NULL), ('pain', v.pain, NULL)) AS m(part, value, second)
             WHERE v.ended_at IS NULL AND m.value IS NOT NULL
             UNION ALL
             SELECT r.facility_id, r.result_id, '', r.patient_id, r.encounter_id, r.released_at, r.released_at, array_remove(ARRAY[r.loinc, r.code], ''), 'laboratory',
                CASE WHEN r.correct_reason = '' THEN 'final' ELSE 'corrected' END, '{}', '', ", special!("r"), ",
                jsonb_build_object('from', 'lab', 'loinc', r.loinc, 'code', r.code, 'name', r.name, 'value', r.value, 'comparator', r.comparator, 'shown', r.shown,
                    'unit', r.unit, 'ucum', a.ucum, 'flag', r.flag, 'low', r.low, 'high', r.high, 'normal', r.normal_text, 'method', r.method,
                    'at', r.released_at, 'taken', s.collected_at, 'by', r.technical_name, 'orders', r.order_ids)
             FROM diagnostics_result r
             JOIN diagnostics_specimen s ON s.facility_id = r.facility_id AND s.specimen_id = r.specimen_id
             JOIN diagnostics_analyte a ON a.facility_id = r.facility_id AND a.analyte_id = r.analyte_id
             WHERE r.status = 'released'
             UNION ALL
             SELECT x.facility_id, x.result_id, '', x.patient_id, x.encounter_id, x.observed_at, x.received_at, array_remove(ARRAY[x.loinc, x.code], ''), 'laboratory',
                CASE x.status WHEN 'P' THEN 'preliminary' WHEN 'C' THEN 'corrected' ELSE 'final' END, '{}', '', ", special!("x"), ",
                jsonb_build_object('from', 'told', 'loinc', x.loinc, 'code', x.code, 'name', x.name, 'shown', x.value, 'unit', x.unit, 'range', x.range,
                    'flag', x.flag, 'taken', x.observed_at, 'at', x.received_at)
             FROM exchange_result x WHERE x.replaced_at IS NULL"
        )
    };
}

macro_rules! report {
    () => {
        concat!(
            "SELECT r.facility_id, r.report_id AS id, ''::text AS part, r.patient_id, r.encounter_id, r.released_at AS at, r.released_at AS updated,
                v.codes, 'LAB'::text AS category, CASE WHEN r.corrects IS NULL THEN 'final' ELSE 'corrected' END AS status, '{}'::text[] AS ids, ''::text AS words,
                ", special!("r"), " AS is_special,
                jsonb_build_object('from', 'lab', 'title', v.title, 'at', r.released_at, 'taken', v.taken, 'by', r.released_name, 'orders', r.order_ids,
                    'results', v.results) AS row
             FROM diagnostics_lab_report r
             CROSS JOIN LATERAL (SELECT array_agg(l.code) || array_agg(nullif(l.loinc, '')) AS codes, jsonb_agg(l.result_id ORDER BY l.place) AS results,
                    string_agg(DISTINCT o.service_name, ', ') AS title, min(s.collected_at) AS taken
                FROM diagnostics_lab_value l
                JOIN diagnostics_specimen s ON s.facility_id = l.facility_id AND s.specimen_id = l.specimen_id
                LEFT JOIN diagnostics_order o ON o.facility_id = l.facility_id AND o.order_id = l.order_id
                WHERE l.facility_id = r.facility_id AND l.report_id = r.report_id) v
             WHERE NOT EXISTS (SELECT 1 FROM diagnostics_lab_report n WHERE n.facility_id = r.facility_id AND n.corrects = r.report_id)
             UNION ALL
             SELECT r.facility_id, r.report_id, '', o.patient_id, o.encounter_id, r.released_at, r.released_at, ARRAY[o.service_code], 'RAD',
                CASE WHEN r.version = 1 THEN 'final' ELSE 'amended' END, '{}', '', ", special!("o"), ",
                jsonb_build_object('from', 'imaging', 'title', o.service_name, 'at', r.released_at, 'taken', s.started_at, 'by', r.released_name,
                    'orders', jsonb_build_array(o.order_id), 'accession', s.accession, 'conclusion', r.conclusion)
             FROM diagnostics_order o
             JOIN diagnostics_study s ON s.facility_id = o.facility_id AND s.order_id = o.order_id
             JOIN diagnostics_imaging_report r ON r.facility_id = s.facility_id AND r.study_id = s.study_id
             WHERE NOT EXISTS (SELECT 1 FROM diagnostics_imaging_report n
                WHERE n.facility_id = r.facility_id AND n.study_id = r.study_id AND n.version > r.version)
             UNION ALL
             SELECT d.facility_id, d.document_id, '', d.patient_id, d.encounter_id, d.made_at, d.changed_at, x.codes, 'LAB', 'final', '{}', '',
                d.sensitivity <> 'ordinary' OR ", special!("d"), ",
                jsonb_build_object('from', 'told', 'title', d.title, 'at', d.changed_at, 'taken', d.made_at, 'by', d.author_name, 'number', x.report_no, 'results', x.results,
                    'document', d.document_id, 'version', d.version)
             FROM record_document d
             CROSS JOIN LATERAL (SELECT jsonb_agg(e.result_id ORDER BY e.code, e.sub) AS results, array_agg(e.code) || array_agg(nullif(e.loinc, '')) AS codes,
                    min(e.report_no) AS report_no
                FROM exchange_result e WHERE e.facility_id = d.facility_id AND e.encounter_id = d.encounter_id AND e.document_id = d.document_id AND e.replaced_at IS NULL) x
             WHERE d.kind = 'incoming' AND d.status <> 'entered_in_error' AND x.results IS NOT NULL"
        )
    };
}

macro_rules! request {
    () => {
        concat!(
            "SELECT o.facility_id, o.order_id AS id, ''::text AS part, o.patient_id, o.encounter_id, o.ordered_at AS at,
                greatest(o.ordered_at, o.collected_at, o.done_at, o.cancelled_at) AS updated, ARRAY[o.service_code] AS codes, o.kind AS category,
                CASE o.status WHEN 'done' THEN 'completed' WHEN 'cancelled' THEN 'revoked' ELSE 'active' END AS status, ARRAY['order|' || o.slip_code] AS ids,
                ''::text AS words, ", special!("o"), " AS is_special,
                jsonb_build_object('status', o.status, 'slip', o.slip_code, 'kind', o.kind, 'code', o.service_code, 'name', o.service_name, 'quantity', o.quantity,
                    'priority', o.priority, 'note', o.note, 'at', o.ordered_at, 'by', o.ordered_name) AS row
             FROM diagnostics_order o WHERE o.status <> 'draft'"
        )
    };
}

macro_rules! medication {
    () => {
        concat!(
            "SELECT l.facility_id, l.line_id AS id, ''::text AS part, p.patient_id, p.encounter_id, p.issued_at AS at, greatest(p.issued_at, p.ended_at) AS updated,
                '{}'::text[] AS codes, e.class AS category, CASE p.status WHEN 'issued' THEN 'active' WHEN 'replaced' THEN 'stopped' ELSE 'cancelled' END AS status,
                ARRAY['prescription|' || p.code] AS ids, ''::text AS words, ", special!("p"), " AS is_special,
                jsonb_build_object('status', p.status, 'prescription', p.code, 'class', e.class, 'brand', l.brand, 'ingredient', l.ingredient, 'strength', l.strength,
                    'form', l.form, 'route', l.route, 'unit', l.unit, 'instruction', l.instruction, 'quantity_milli', l.quantity_milli, 'ends_on', l.ends_on,
                    'at', p.issued_at, 'day', p.day, 'doctor', p.practitioner_id, 'doctor_name', p.prescriber ->> 'name', 'end_reason', p.end_reason,
                    'national', (SELECT d.national_ingredient_code FROM organization_drug d WHERE d.facility_id = l.facility_id AND d.drug_id = l.drug_id)) AS row
             FROM medication_prescription p
             JOIN medication_line l ON l.facility_id = p.facility_id AND l.prescription_id = p.prescription_id
             JOIN encounter_encounter e ON e.facility_id = p.facility_id AND e.encounter_id = p.encounter_id
             WHERE p.issued_at IS NOT NULL"
        )
    };
}

macro_rules! allergy {
    () => {
        "SELECT a.facility_id, a.allergy_id AS id, ''::text AS part, a.patient_id, NULL::uuid AS encounter_id, a.recorded_at AS at,
            greatest(a.recorded_at, a.ended_at) AS updated, '{}'::text[] AS codes,
            CASE a.kind WHEN 'food' THEN 'food' WHEN 'other' THEN 'environment' ELSE 'medication' END AS category,
            coalesce(a.end_reason, 'active') AS status, '{}'::text[] AS ids, ''::text AS words, false AS is_special,
            jsonb_build_object('substance', a.substance, 'kind', a.kind, 'reaction', a.reaction, 'severity', a.severity, 'certainty', a.certainty,
                'at', a.recorded_at, 'ended', a.end_reason, 'ingredient', a.ingredient_code) AS row
         FROM patient_allergy a"
    };
}

macro_rules! document {
    () => {
        concat!(
            "SELECT d.facility_id, d.document_id AS id, ''::text AS part, d.patient_id, d.encounter_id, d.made_at AS at, greatest(d.changed_at, v.made_at) AS updated,
                array_remove(ARRAY[d.form], '') AS codes, d.kind AS category, CASE d.status WHEN 'entered_in_error' THEN 'entered-in-error' ELSE 'current' END AS status,
                ARRAY['document|' || d.document_id] AS ids, ''::text AS words, d.sensitivity <> 'ordinary' OR ", special!("d"), " AS is_special,
                jsonb_build_object('status', d.status, 'kind', d.kind, 'form', d.form, 'title', d.title, 'version', d.version, 'author', d.author_name,
                    'doctor', d.practitioner_id, 'made', d.made_at, 'at', v.made_at, 'media', v.media_type, 'size', v.size_bytes, 'sha256', v.sha256, 'source', d.source,
                    'data', CASE WHEN d.kind = 'form' THEN v.data END, 'form_version', v.form_version) AS row
             FROM record_document d
             JOIN record_version v ON v.facility_id = d.facility_id AND v.document_id = d.document_id AND v.version = d.version
             WHERE d.status IN ('done', 'signing', 'signed', 'entered_in_error')"
        )
    };
}

/// The bytes of one version of a document: `part` is the version.
macro_rules! binary {
    () => {
        concat!(
            "SELECT d.facility_id, d.document_id AS id, v.version::text AS part, d.patient_id, d.encounter_id, v.made_at AS at, v.made_at AS updated, '{}'::text[] AS codes,
                ''::text AS category, ''::text AS status, '{}'::text[] AS ids, ''::text AS words, d.sensitivity <> 'ordinary' OR ", special!("d"), " AS is_special,
                jsonb_build_object('media', v.media_type, 'sha256', v.sha256, 'document', d.document_id) AS row
             FROM record_version v JOIN record_document d ON d.facility_id = v.facility_id AND d.document_id = v.document_id
             WHERE d.status IN ('done', 'signing', 'signed')"
        )
    };
}

macro_rules! consent {
    () => {
        "SELECT g.facility_id, g.grant_id AS id, ''::text AS part, g.patient_id, NULL::uuid AS encounter_id, g.valid_from AS at,
            greatest(g.valid_from, g.revoked_at) AS updated, '{}'::text[] AS codes, ''::text AS category,
            CASE WHEN g.revoked_at IS NULL THEN 'active' ELSE 'inactive' END AS status, ARRAY['consent|' || g.grant_id] AS ids, ''::text AS words, false AS is_special,
            jsonb_build_object('basis', g.basis, 'purpose', g.purpose, 'from', g.valid_from, 'until', g.valid_until, 'revoked', g.revoked_at, 'by', g.granted_by,
                'documents', (SELECT jsonb_agg(d.document_id ORDER BY d.place) FROM sharing_grant_document d
                    JOIN record_document rd ON rd.facility_id = d.facility_id AND rd.document_id = d.document_id AND rd.sensitivity = 'ordinary'
                    WHERE d.facility_id = g.facility_id AND d.grant_id = g.grant_id),
                'asker', (SELECT r.asker_name FROM sharing_request r WHERE r.facility_id = g.facility_id AND r.request_id = g.request_id)) AS row
         FROM sharing_grant g"
    };
}

macro_rules! provenance {
    () => {
        concat!(
            "SELECT s.facility_id, s.document_id AS id, s.version || '.' || s.place AS part, d.patient_id, d.encounter_id, s.signed_at AS at, s.signed_at AS updated,
                '{}'::text[] AS codes, ''::text AS category, ''::text AS status, '{}'::text[] AS ids, ''::text AS words,
                d.sensitivity <> 'ordinary' OR ", special!("d"), " AS is_special,
                jsonb_build_object('version', s.version, 'place', s.place, 'role', s.role, 'method', s.method, 'holder', s.holder, 'issuer', s.issuer, 'serial', s.serial,
                    'doctor', s.practitioner_id, 'sha256', s.sha256, 'at', s.signed_at, 'media', v.media_type, 'kind', d.kind) AS row
             FROM record_signature s
             JOIN record_document d ON d.facility_id = s.facility_id AND d.document_id = s.document_id
             JOIN record_version v ON v.facility_id = s.facility_id AND v.document_id = s.document_id AND v.version = s.version
             WHERE d.status <> 'entered_in_error'"
        )
    };
}

macro_rules! audit {
    () => {
        "SELECT a.facility_id, a.audit_id AS id, ''::text AS part, a.patient_id, NULL::uuid AS encounter_id, a.at, a.at AS updated, '{}'::text[] AS codes,
            ''::text AS category, CASE a.action WHEN 'read' THEN 'R' WHEN 'search' THEN 'E' ELSE 'U' END AS status, '{}'::text[] AS ids, ''::text AS words,
            false AS is_special,
            jsonb_build_object('at', a.at, 'who', a.actor_name, 'account', a.account_id, 'via', a.via, 'action', a.action, 'entity', a.entity) AS row
         FROM db_audit a WHERE a.patient_id IS NOT NULL"
    };
}

macro_rules! practitioner {
    () => {
        "SELECT d.facility_id, d.practitioner_id AS id, ''::text AS part, NULL::uuid AS patient_id, NULL::uuid AS encounter_id, d.changed_at AS at, d.changed_at AS updated,
            '{}'::text[] AS codes, ''::text AS category, ''::text AS status, array_remove(ARRAY['licence|' || nullif(d.licence_no, '')], NULL) AS ids,
            ' ' || d.name_folded AS words, false AS is_special,
            jsonb_build_object('practitioner', d.practitioner_id, 'name', d.name, 'title', d.title, 'position', d.position, 'licence', d.licence_no, 'scope', d.licence_scope,
                'from', d.active_from, 'to', d.active_to) AS row
         FROM practitioner_practitioner d"
    };
}

macro_rules! location {
    () => {
        "SELECT r.facility_id, r.room_id AS id, ''::text AS part, NULL::uuid AS patient_id, NULL::uuid AS encounter_id, r.changed_at AS at, r.changed_at AS updated,
            '{}'::text[] AS codes, r.kind AS category, ''::text AS status, ARRAY['room|' || r.code] AS ids, ' ' || lower(r.name) AS words, false AS is_special,
            jsonb_build_object('code', r.code, 'name', r.name, 'kind', r.kind, 'department', r.department, 'to', r.active_to) AS row
         FROM organization_room r"
    };
}

macro_rules! by_id {
    ($body:expr) => {
        sql!(concat!(
            "SELECT x.id, x.part, x.patient_id, x.encounter_id, x.updated, x.codes, x.status, x.row FROM (", $body,
            ") x WHERE x.facility_id = $1 AND x.id = ANY($2) AND NOT x.is_special"
        ))
    };
}

macro_rules! by_search {
    ($body:expr) => {
        sql!(concat!(
            "SELECT x.id, x.part, x.patient_id, x.encounter_id, x.updated, x.codes, x.status, x.row FROM (", $body, ") x
             WHERE x.facility_id = $1 AND NOT x.is_special
               AND ($2::uuid[] IS NULL OR x.id = ANY($2)) AND ($3::uuid[] IS NULL OR x.patient_id = ANY($3)) AND ($4::uuid[] IS NULL OR x.encounter_id = ANY($4))
               AND ($5::text[] IS NULL OR x.codes && $5) AND ($6::text[] IS NULL OR x.category = ANY($6)) AND ($7::text[] IS NULL OR x.status = ANY($7))
               AND ($8::text[] IS NULL OR x.ids && $8)
               AND ($9::text[] IS NULL OR NOT EXISTS (SELECT 1 FROM unnest($9) w WHERE strpos(x.words, ' ' || w) = 0))
               AND ($10::timestamptz IS NULL OR x.at >= $10) AND ($11::timestamptz IS NULL OR x.at < $11)
               AND ($12::timestamptz IS NULL OR x.updated >= $12) AND ($13::timestamptz IS NULL OR x.updated < $13)
               AND ($14::timestamptz IS NULL OR (x.updated, x.id, x.part) < ($14, $15::uuid, $16::text))
             ORDER BY x.updated DESC, x.id DESC, x.part DESC LIMIT $17"
        ))
    };
}

/// The statement that reads some rows of a kind by their ids: `$1` facility, `$2` ids.
pub fn by_id(kind: Kind) -> &'static str {
    match kind {
        Kind::Patient => by_id!(patient!()),
        Kind::Encounter => by_id!(encounter!()),
        Kind::Condition => by_id!(condition!()),
        Kind::Observation => by_id!(observation!()),
        Kind::DiagnosticReport => by_id!(report!()),
        Kind::ServiceRequest => by_id!(request!()),
        Kind::MedicationRequest => by_id!(medication!()),
        Kind::AllergyIntolerance => by_id!(allergy!()),
        Kind::DocumentReference | Kind::Composition => by_id!(document!()),
        Kind::Binary => by_id!(binary!()),
        Kind::Consent => by_id!(consent!()),
        Kind::Provenance => by_id!(provenance!()),
        Kind::AuditEvent => by_id!(audit!()),
        Kind::Practitioner | Kind::PractitionerRole | Kind::Organization => by_id!(practitioner!()),
        Kind::Location => by_id!(location!()),
    }
}

/// The statement that searches a kind; the parameters stand in [`crate::search::Asked`] in this order.
pub fn by_search(kind: Kind) -> &'static str {
    match kind {
        Kind::Patient => by_search!(patient!()),
        Kind::Encounter => by_search!(encounter!()),
        Kind::Condition => by_search!(condition!()),
        Kind::Observation => by_search!(observation!()),
        Kind::DiagnosticReport => by_search!(report!()),
        Kind::ServiceRequest => by_search!(request!()),
        Kind::MedicationRequest => by_search!(medication!()),
        Kind::AllergyIntolerance => by_search!(allergy!()),
        Kind::DocumentReference | Kind::Composition | Kind::Binary => by_search!(document!()),
        Kind::Consent => by_search!(consent!()),
        Kind::Provenance => by_search!(provenance!()),
        Kind::AuditEvent => by_search!(audit!()),
        Kind::Practitioner | Kind::PractitionerRole | Kind::Organization => by_search!(practitioner!()),
        Kind::Location => by_search!(location!()),
    }
}

macro_rules! part {
    ($kind:literal, $body:expr, $where:literal) => {
        concat!("SELECT '", $kind, "' AS kind, x.id, x.part, x.patient_id, x.encounter_id, x.updated, x.codes, x.status, x.row FROM (", $body, ") x WHERE x.facility_id = $1 AND NOT x.is_special AND ", $where)
    };
}

macro_rules! everything {
    ($patient:literal, $other:literal, $without_encounter:literal) => {
        sql!(concat!(
            part!("Patient", patient!(), $patient), " UNION ALL ", part!("Encounter", encounter!(), $other), " UNION ALL ",
            part!("Condition", condition!(), $other), " UNION ALL ", part!("Observation", observation!(), $other), " UNION ALL ",
            part!("DiagnosticReport", report!(), $other), " UNION ALL ", part!("ServiceRequest", request!(), $other), " UNION ALL ",
            part!("MedicationRequest", medication!(), $other), " UNION ALL ", part!("AllergyIntolerance", allergy!(), $without_encounter), " UNION ALL ",
            part!("DocumentReference", document!(), $other), " UNION ALL ", part!("Provenance", provenance!(), $other), " UNION ALL ",
            part!("Consent", consent!(), $without_encounter), " LIMIT 5001"
        ))
    };
}

/// Everything about a patient, in one statement: `$1` facility, `$2` the patient.
pub fn everything_of_patient() -> &'static str {
    everything!("x.id = $2", "x.patient_id = $2", "x.patient_id = $2")
}

/// Everything about an encounter, with its patient and their allergies: `$1` facility, `$2` the encounter.
pub fn everything_of_encounter() -> &'static str {
    everything!(
        "x.id = (SELECT patient_id FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2)",
        "x.encounter_id = $2",
        "x.patient_id = (SELECT patient_id FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2)"
    )
}

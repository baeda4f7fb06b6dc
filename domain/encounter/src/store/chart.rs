//! Everything a chart shows, in few questions: the visit with the person and the draft, the booklet of earlier visits,
//! and what is being watched.

use super::note::{self, Draft};
use super::visit::Visit;
use base::{EncounterId, PatientId};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

/// The person and the visit as the banner shows them.
#[derive(Clone, Debug, FromRow)]
pub struct Front {
    pub person_id: Uuid,
    pub name: String,
    pub birth_year_only: bool,
    pub record_no: String,
    pub cccd: String,
    pub phone: String,
    pub address_text: String,
    pub commune: Option<String>,
    pub allergy_state: String,
    /// Substances, severe ones first.
    pub allergies: Json<Vec<String>>,
    pub flags: Json<Vec<Flag>>,
    pub payer: String,
    pub room_name: String,
    pub room_short: String,
    pub doctor_name: Option<String>,
    pub doctor_title: Option<String>,
    pub number: Option<i32>,
    pub visit_type: String,
    pub opened_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub note_versions: i64,
}

/// An alert on the person.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Flag {
    pub kind: String,
    pub text: String,
    pub level: String,
}

/// The visit, the person and the draft in one question. `RowNotFound` when it is not of this facility.
pub async fn get(tx: &mut Tx, id: EncounterId) -> Result<(Visit, Front, Option<Draft>), sqlx::Error> {
    let facility = tx.facility().0;
    let row = sqlx::query(db::sql!(
        "SELECT e.encounter_id, e.patient_id, e.practitioner_id, e.status, e.day, e.reason, e.payer, e.visit_type,
                e.opened_at, e.finished_at, p.person_id, p.name, p.sex, p.birth_date, p.birth_year_only, p.record_no,
                p.cccd, p.phone, p.address_text, p.allergy_state, c.full_name AS commune, r.name AS room_name, r.short_name AS room_short,
                w.name AS doctor_name, w.title AS doctor_title,
                (SELECT t.number FROM encounter_ticket t WHERE t.facility_id = e.facility_id
                    AND t.encounter_id = e.encounter_id ORDER BY t.issued_at DESC LIMIT 1) AS number,
                (SELECT count(*) FROM encounter_note n WHERE n.facility_id = e.facility_id
                    AND n.encounter_id = e.encounter_id) AS note_versions,
                (SELECT coalesce(jsonb_agg(a.substance ORDER BY a.severity <> 'severe', a.recorded_at), '[]')
                    FROM patient_allergy a WHERE a.facility_id = e.facility_id AND a.patient_id = e.patient_id
                    AND a.ended_at IS NULL) AS allergies,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', f.kind, 'text', f.text, 'level', f.level)
                    ORDER BY f.recorded_at), '[]')
                    FROM patient_flag f WHERE f.facility_id = e.facility_id AND f.patient_id = e.patient_id
                    AND f.ended_at IS NULL AND coalesce(f.valid_to, e.day) >= e.day) AS flags,
                d.version, d.template, d.sections, d.diagnoses, d.amends, d.amend_reason, d.edited_by,
                d.edited_by_name, d.edited_at
         FROM encounter_encounter e
         JOIN patient_patient p USING (facility_id, patient_id)
         JOIN organization_room r USING (facility_id, room_id)
         LEFT JOIN practitioner_practitioner w USING (facility_id, practitioner_id)
         LEFT JOIN codes_commune c ON c.code = p.commune_code
         LEFT JOIN encounter_note_draft d USING (facility_id, encounter_id)
         WHERE e.facility_id = $1 AND e.encounter_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    Ok((Visit::from_row(&row)?, Front::from_row(&row)?, note::read_draft(&row)?))
}

/// An earlier visit in the booklet.
#[derive(Clone, Debug, FromRow)]
pub struct Earlier {
    pub encounter_id: Uuid,
    pub day: NaiveDate,
    pub opened_at: DateTime<Utc>,
    pub status: String,
    pub reason: String,
    pub room_name: String,
    pub doctor_name: Option<String>,
    pub code: Option<String>,
    pub name: Option<String>,
    pub others: Option<i64>,
}

/// The person's visits before `before` (exclusive, by opening time and id), newest first, at most `limit`. Each row
/// carries its main diagnosis; the cost does not depend on how many visits there are.
pub async fn list_earlier(
    tx: &mut Tx,
    patient: PatientId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Earlier>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT e.encounter_id, e.day, e.opened_at, e.status, e.reason, r.short_name AS room_name, w.name AS doctor_name,
                d.code, d.name, d.others
         FROM (SELECT * FROM encounter_encounter
               WHERE facility_id = $1 AND patient_id = $2 AND (opened_at, encounter_id) < ($3, $4) AND status <> 'cancelled'
               ORDER BY opened_at DESC, encounter_id DESC LIMIT $5) e
         JOIN organization_room r USING (facility_id, room_id)
         LEFT JOIN practitioner_practitioner w USING (facility_id, practitioner_id)
         LEFT JOIN LATERAL (
             SELECT min(x.code) FILTER (WHERE x.place = 0) AS code, min(x.name) FILTER (WHERE x.place = 0) AS name,
                    count(*) FILTER (WHERE x.place > 0) AS others
             FROM encounter_diagnosis x
             WHERE x.facility_id = e.facility_id AND x.encounter_id = e.encounter_id AND x.ended_at IS NULL) d ON true
         ORDER BY e.opened_at DESC, e.encounter_id DESC"
    ))
    .bind(facility)
    .bind(patient.0)
    .bind(before.0)
    .bind(before.1)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// A disease that is being watched.
#[derive(Clone, Debug, FromRow)]
pub struct Watched {
    pub code: String,
    pub name: String,
    pub since: NaiveDate,
}

/// The long-term diseases among the person's diagnoses before this visit: codes on the list of diseases that may be
/// treated for more than 30 days at a time (TT 26/2025/TT-BYT, annex VII), latest first.
pub async fn list_watched(tx: &mut Tx, visit: &Visit) -> Result<Vec<Watched>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT d.code, min(d.name) AS name, min(d.recorded_at AT TIME ZONE INTERVAL '07:00')::date AS since
         FROM encounter_diagnosis d JOIN codes_icd10 c ON c.code = d.code AND c.over_30_days
         WHERE d.facility_id = $1 AND d.patient_id = $2 AND d.encounter_id <> $3 AND d.ended_at IS NULL
         GROUP BY d.code ORDER BY max(d.recorded_at) DESC LIMIT 6"
    ))
    .bind(facility)
    .bind(visit.patient_id)
    .bind(visit.encounter_id)
    .fetch_all(tx.conn())
    .await
}

/// Somebody in a doctor's list of the day.
#[derive(Clone, Debug, FromRow)]
pub struct Queued {
    pub encounter_id: Uuid,
    pub name: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub record_no: String,
    pub reason: String,
    pub status: String,
    pub priority_class: String,
    pub number: Option<i32>,
    pub ticket_status: Option<String>,
    pub called_at: Option<DateTime<Utc>>,
    pub opened_at: DateTime<Utc>,
    pub queued_at: Option<DateTime<Utc>>,
    pub is_alarm: Option<bool>,
    pub score_name: Option<String>,
    pub score_total: Option<i32>,
    pub code: Option<String>,
    pub is_draft: bool,
}

/// The visits of a room on a day, with the latest warning score: in the room first, then who waits, then done.
pub async fn list_room_day(tx: &mut Tx, room: base::RoomId, day: NaiveDate) -> Result<Vec<Queued>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT e.encounter_id, p.name, p.sex, p.birth_date, p.record_no, e.reason, e.status, e.priority_class,
                t.number, t.status AS ticket_status, t.called_at, e.opened_at, t.queued_at,
                v.is_alarm, v.score_name, v.score_total, d.code, n.encounter_id IS NOT NULL AS is_draft
         FROM encounter_encounter e
         JOIN patient_patient p USING (facility_id, patient_id)
         LEFT JOIN LATERAL (SELECT number, status, called_at, queued_at FROM encounter_ticket t
             WHERE t.facility_id = e.facility_id AND t.encounter_id = e.encounter_id
             ORDER BY issued_at DESC LIMIT 1) t ON true
         LEFT JOIN LATERAL (SELECT is_alarm, score_name, score_total FROM encounter_vitals v
             WHERE v.facility_id = e.facility_id AND v.encounter_id = e.encounter_id AND v.ended_at IS NULL
             ORDER BY measured_at DESC LIMIT 1) v ON true
         LEFT JOIN LATERAL (SELECT code FROM encounter_diagnosis d WHERE d.facility_id = e.facility_id
             AND d.encounter_id = e.encounter_id AND d.ended_at IS NULL AND d.place = 0 LIMIT 1) d ON true
         LEFT JOIN encounter_note_draft n USING (facility_id, encounter_id)
         WHERE e.facility_id = $1 AND e.room_id = $2 AND e.day = $3 AND e.status <> 'cancelled'
         ORDER BY e.status = 'finished', e.status <> 'in_progress', t.queued_at, e.opened_at LIMIT 400"
    ))
    .bind(facility)
    .bind(room.0)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

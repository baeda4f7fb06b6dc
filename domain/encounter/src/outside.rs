//! A visit that another system tells of: it was received, called and billed there, so it has no queue ticket here and
//! gives rise to no charge; it exists so that its papers and results have a place.

use base::{EncounterId, PatientId, PersonId, PractitionerId, Problem, RoomId};
use chrono::{DateTime, Utc};
use db::Tx;
use uuid::Uuid;
use web::Failure;

/// What is known of a visit elsewhere.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub person: PersonId,
    pub room: RoomId,
    pub practitioner: Option<PractitionerId>,
    /// `"AMB"` or `"EMER"`.
    pub class: &'a str,
    pub reason: &'a str,
    pub at: DateTime<Utc>,
}

/// Writes the visit, going on since `at`. Gives false when it is there already. Refuses a room that the facility does not have.
pub async fn open(tx: &mut Tx, told: &Told<'_>) -> Result<bool, Failure> {
    let done = sqlx::query(db::sql!(
        "WITH visit AS (
             INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id,
                 reason, status, class, day, opened_at, started_at, opened_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'in_progress', $8, $9, $10, $10, $11)
             ON CONFLICT (facility_id, encounter_id) DO NOTHING
             RETURNING encounter_id)
         INSERT INTO encounter_status (facility_id, encounter_id, step, to_status, room_id, at, by_account)
         SELECT $1, encounter_id, 1, 'in_progress', $5, $10, $11 FROM visit"
    ))
    .bind(tx.facility().0)
    .bind(told.encounter.0)
    .bind(told.patient.0)
    .bind(told.person.0)
    .bind(told.room.0)
    .bind(told.practitioner.map(|p| p.0))
    .bind(told.reason)
    .bind(told.class)
    .bind(base::local_date(told.at))
    .bind(told.at)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await
    .map_err(refusal)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    tx.audit("open", "encounter", told.encounter, Some(told.patient), serde_json::json!({ "room": told.room, "told": true }));
    Ok(true)
}

/// Ends a visit that was opened by [`open`]. Gives false when it had ended before, or is not of that kind.
pub async fn finish(tx: &mut Tx, encounter: EncounterId, at: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let patient: Option<Uuid> = sqlx::query_scalar(db::sql!(
        "WITH ended AS (
             UPDATE encounter_encounter SET status = 'finished', finished_at = greatest($3, opened_at), version = version + 1
             WHERE facility_id = $1 AND encounter_id = $2 AND class <> 'IMP' AND status = 'in_progress' RETURNING patient_id, room_id),
         step AS (
             INSERT INTO encounter_status (facility_id, encounter_id, step, from_status, to_status, room_id, at, by_account)
             SELECT $1, $2, (SELECT coalesce(max(step), 0) + 1 FROM encounter_status WHERE facility_id = $1 AND encounter_id = $2),
                    'in_progress', 'finished', room_id, $3, $4 FROM ended)
         SELECT patient_id FROM ended"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(at)
    .bind(tx.actor.account.0)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(patient) = patient {
        tx.audit("finish", "encounter", encounter, Some(PatientId(patient)), serde_json::Value::Null);
    }
    Ok(patient.is_some())
}

fn refusal(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("encounter_encounter_room_fk") => Problem::at("ward", "Phòng này không còn trong danh mục. Chọn lại phòng ứng với mã của bên gửi.").into(),
        Some("encounter_encounter_patient_fk") => Failure::NotFound,
        _ => error.into(),
    }
}

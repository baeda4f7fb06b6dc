//! A visit or stay from before: known from paper only, ended long ago. It is written once, as it ended; nothing waits for
//! it, nothing is charged and nobody is told, because everything it set in motion is over.

use base::{EncounterId, PatientId, RoomId};
use chrono::{DateTime, Utc};
use db::Tx;
use web::Failure;

/// What the old paper says.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    pub encounter: EncounterId,
    pub patient: PatientId,
    /// The ward or room of today that stands for the one of then.
    pub room: RoomId,
    /// A stay (IMP), otherwise a visit (AMB).
    pub is_stay: bool,
    pub reason: &'a str,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// Writes a past visit or stay. The same id twice writes it once. `NotFound` when the facility has no such patient or room.
pub async fn write(tx: &mut Tx, past: &Past<'_>) -> Result<(), Failure> {
    let (facility, account) = (tx.facility().0, tx.actor.account.0);
    let (class, visit_type) = if past.is_stay { ("IMP", "03") } else { ("AMB", "01") };
    let found: i64 = sqlx::query_scalar(db::sql!(
        "WITH known AS (
             SELECT p.facility_id, p.person_id FROM patient_patient p
             JOIN organization_room r ON r.facility_id = p.facility_id AND r.room_id = $4
             WHERE p.facility_id = $1 AND p.patient_id = $3),
         visit AS (
             INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, visit_type, reason, status, class,
                 day, opened_at, started_at, finished_at, opened_by)
             SELECT facility_id, $2, $3, person_id, $4, $5, $6, 'finished', $7, $8, $9, $9, $10, $11 FROM known
             ON CONFLICT (facility_id, encounter_id) DO NOTHING
             RETURNING encounter_id),
         step AS (
             INSERT INTO encounter_status (facility_id, encounter_id, step, to_status, room_id, at, by_account)
             SELECT $1, encounter_id, 1, 'finished', $4, $10, $11 FROM visit)
         SELECT count(*) FROM known"
    ))
    .bind(facility)
    .bind(past.encounter.0)
    .bind(past.patient.0)
    .bind(past.room.0)
    .bind(visit_type)
    .bind(past.reason)
    .bind(class)
    .bind(base::local_date(past.from))
    .bind(past.from)
    .bind(past.to)
    .bind(account)
    .fetch_one(tx.conn())
    .await?;
    if found == 0 { Err(Failure::NotFound) } else { Ok(()) }
}

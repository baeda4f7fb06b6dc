//! A stay as the spine knows it: an encounter of class IMP that moves from ward to ward and ends once. Beds, sheets and
//! orders of the ward belong to `inpatient`; a stay that another hospital system told us of is written here just the same.

use base::{EncounterId, Event, PatientId, PersonId, PractitionerId, Problem, RoomId};
use chrono::{DateTime, Utc};
use db::Tx;
use sqlx::Row;
use uuid::Uuid;
use web::Failure;

/// What is known when a stay begins.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub person: PersonId,
    pub ward: RoomId,
    pub practitioner: Option<PractitionerId>,
    pub reason: &'a str,
    /// `"self"` or `"insurance"`.
    pub payer: &'a str,
    pub coverage: Option<Uuid>,
    /// The visit or stay that led here.
    pub from: Option<EncounterId>,
    /// `"ward"` when it was typed here, `"his"` when another system told.
    pub origin: &'a str,
    pub at: DateTime<Utc>,
}

/// A stay, locked for a change.
#[derive(Clone, Debug)]
pub struct Stay {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub ward: RoomId,
    pub status: String,
    pub opened_at: DateTime<Utc>,
}

impl Stay {
    /// The patient is still in the house.
    pub fn is_open(&self) -> bool {
        self.status == "in_progress"
    }
}

/// Opens a stay. Gives false when this very stay exists already (a second click, a message sent twice). Refuses a ward
/// or a patient that the facility does not have. The day of service is the Vietnamese day of `at`.
pub async fn open(tx: &mut Tx, opening: &Opening<'_>) -> Result<bool, Failure> {
    let done = sqlx::query(db::sql!(
        "WITH visit AS (
             INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id, visit_type,
                 reason, payer, coverage_id, status, class, from_encounter_id, day, opened_at, started_at, opened_by)
             VALUES ($1, $2, $3, $4, $5, $6, '03', $7, $8, $9, 'in_progress', 'IMP', $10, $11, $12, $12, $13)
             ON CONFLICT (facility_id, encounter_id) DO NOTHING
             RETURNING encounter_id)
         INSERT INTO encounter_status (facility_id, encounter_id, step, to_status, room_id, at, by_account)
         SELECT $1, encounter_id, 1, 'in_progress', $5, $12, $13 FROM visit"
    ))
    .bind(tx.facility().0)
    .bind(opening.encounter.0)
    .bind(opening.patient.0)
    .bind(opening.person.0)
    .bind(opening.ward.0)
    .bind(opening.practitioner.map(|p| p.0))
    .bind(opening.reason)
    .bind(opening.payer)
    .bind(opening.coverage)
    .bind(opening.from.map(|f| f.0))
    .bind(base::local_date(opening.at))
    .bind(opening.at)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await
    .map_err(refusal)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    tx.emit(Event::StayOpened {
        encounter: opening.encounter,
        patient: opening.patient,
        ward: opening.ward,
        from: opening.from,
        origin: opening.origin.to_owned(),
        at: opening.at,
    });
    tx.audit("admit", "encounter", opening.encounter, Some(opening.patient), serde_json::json!({ "ward": opening.ward }));
    tx.notify("wards");
    Ok(true)
}

/// The stay, locked until the end of the transaction. `RowNotFound` when it is not a stay of this facility.
pub async fn lock(tx: &mut Tx, id: EncounterId) -> Result<Stay, sqlx::Error> {
    let row = sqlx::query(db::sql!(
        "SELECT patient_id, room_id, status, opened_at FROM encounter_encounter
         WHERE facility_id = $1 AND encounter_id = $2 AND class = 'IMP' FOR UPDATE"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    Ok(Stay {
        encounter: id,
        patient: PatientId(row.try_get("patient_id")?),
        ward: RoomId(row.try_get("room_id")?),
        status: row.try_get("status")?,
        opened_at: row.try_get("opened_at")?,
    })
}

/// Moves the patient to another ward. Refuses a stay that has ended; the same ward again changes nothing.
pub async fn move_ward(tx: &mut Tx, stay: &mut Stay, to: RoomId, at: DateTime<Utc>) -> Result<(), Failure> {
    if !stay.is_open() {
        return Err(Problem::of("Đợt điều trị đã kết thúc nên không chuyển khoa được.").into());
    }
    if stay.ward == to {
        return Ok(());
    }
    sqlx::query(db::sql!(
        "WITH moved AS (
             UPDATE encounter_encounter SET room_id = $3, version = version + 1 WHERE facility_id = $1 AND encounter_id = $2)
         INSERT INTO encounter_status (facility_id, encounter_id, step, from_status, to_status, room_id, at, by_account)
         SELECT $1, $2, (SELECT coalesce(max(step), 0) + 1 FROM encounter_status WHERE facility_id = $1 AND encounter_id = $2),
                'in_progress', 'in_progress', $3, $4, $5"
    ))
    .bind(tx.facility().0)
    .bind(stay.encounter.0)
    .bind(to.0)
    .bind(at)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await
    .map_err(refusal)?;
    tx.emit(Event::WardChanged { encounter: stay.encounter, patient: stay.patient, from: stay.ward, to, at });
    tx.audit("transfer", "encounter", stay.encounter, Some(stay.patient), serde_json::json!({ "from": stay.ward, "to": to }));
    tx.notify("wards");
    stay.ward = to;
    Ok(())
}

/// Ends the stay; `outcome` and `way` are the keys of [`Event::StayClosed`]. Gives false when it had ended before.
/// Refuses an end before the beginning. What must be done before a patient may leave is the ward's own rule.
pub async fn close(tx: &mut Tx, stay: &mut Stay, outcome: &str, way: &str, at: DateTime<Utc>) -> Result<bool, Failure> {
    if !stay.is_open() {
        return Ok(false);
    }
    if at < stay.opened_at {
        return Err(Problem::at("at", "Giờ ra viện sớm hơn giờ vào viện. Kiểm tra lại ngày giờ.").into());
    }
    sqlx::query(db::sql!(
        "WITH closed AS (
             UPDATE encounter_encounter SET status = 'finished', finished_at = $3, version = version + 1
             WHERE facility_id = $1 AND encounter_id = $2)
         INSERT INTO encounter_status (facility_id, encounter_id, step, from_status, to_status, room_id, at, by_account)
         SELECT $1, $2, (SELECT coalesce(max(step), 0) + 1 FROM encounter_status WHERE facility_id = $1 AND encounter_id = $2),
                'in_progress', 'finished', $4, $3, $5"
    ))
    .bind(tx.facility().0)
    .bind(stay.encounter.0)
    .bind(at)
    .bind(stay.ward.0)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    stay.status = "finished".into();
    tx.emit(Event::StayClosed { encounter: stay.encounter, patient: stay.patient, outcome: outcome.into(), way: way.into(), at });
    tx.audit("discharge", "encounter", stay.encounter, Some(stay.patient), serde_json::json!({ "outcome": outcome, "way": way }));
    tx.notify("wards");
    Ok(true)
}

/// Turns what the database refuses into words; everything else stays a fault.
fn refusal(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("encounter_encounter_room_fk") => Problem::at("ward", "Khoa này không còn trong danh mục. Tải lại trang và chọn khoa khác.").into(),
        Some("encounter_encounter_patient_fk") => Failure::NotFound,
        _ => error.into(),
    }
}

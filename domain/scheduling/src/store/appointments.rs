//! Reading bookings. Writing is in [`crate::book`] and [`crate::change`].

use crate::Appointment;
use base::{AppointmentId, EncounterId, FacilityId};
use chrono::NaiveDate;
use db::Tx;

/// All columns of an [`Appointment`] from `scheduling_appointment a`, joined with offer, session and room.
macro_rules! select_appointments {
    ($rest:literal) => {
        db::sql!(concat!(
            "SELECT a.*, o.name AS offer_name, o.specialty, o.preparation, o.cutoff_minutes, o.service_id, s.doctor, r.short_name AS room_name
             FROM scheduling_appointment a
             JOIN scheduling_offer o ON o.facility_id = a.facility_id AND o.offer_id = a.offer_id
             JOIN scheduling_session s ON s.facility_id = a.facility_id AND s.session_id = a.session_id
             JOIN organization_room r ON r.facility_id = a.facility_id AND r.room_id = a.room_id
             WHERE a.facility_id = $1 ",
            $rest
        ))
    };
}

/// One booking of the facility of this transaction; `RowNotFound` when it has none with this id.
pub async fn get(tx: &mut Tx, id: AppointmentId) -> Result<Appointment, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!("AND a.appointment_id = $2")).bind(facility).bind(id.0).fetch_one(tx.conn()).await
}

/// The same, held until the transaction ends, so that two who decide at once decide one after the other.
pub async fn lock(tx: &mut Tx, id: AppointmentId) -> Result<Appointment, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!("AND a.appointment_id = $2 FOR UPDATE OF a")).bind(facility).bind(id.0).fetch_one(tx.conn()).await
}

/// Where a code leads, whatever the facility; the caller opens that facility and asks for a second proof (a phone number).
pub async fn find_code(tx: &mut Tx, code: &str) -> Result<Option<(FacilityId, AppointmentId)>, sqlx::Error> {
    let found: Option<(i32, uuid::Uuid)> =
        sqlx::query_as(db::sql!("SELECT facility_id, appointment_id FROM scheduling_find_code($1)")).bind(code).fetch_optional(tx.conn()).await?;
    Ok(found.map(|(facility, id)| (FacilityId(facility), AppointmentId(id))))
}

/// The booking that led to a visit.
pub async fn of_encounter(tx: &mut Tx, encounter: EncounterId) -> Result<Option<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!("AND a.encounter_id = $2 ORDER BY a.made_at DESC LIMIT 1")).bind(facility).bind(encounter.0).fetch_optional(tx.conn()).await
}

/// Bookings of one day in the order of their time, at most 500.
pub async fn list_day(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!("AND a.day = $2 ORDER BY a.starts_at, a.queue_no NULLS LAST, a.appointment_id LIMIT 500"))
        .bind(facility)
        .bind(day)
        .fetch_all(tx.conn())
        .await
}

/// What somebody booked from one phone here, newest time first, at most 20.
pub async fn list_of_phone(tx: &mut Tx, phone: &str) -> Result<Vec<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!("AND a.booker_phone = $2 ORDER BY a.starts_at DESC LIMIT 20")).bind(facility).bind(phone).fetch_all(tx.conn()).await
}

/// Bookings by their ids, in the order of their time.
pub async fn list(tx: &mut Tx, ids: &[AppointmentId]) -> Result<Vec<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as(select_appointments!("AND a.appointment_id = ANY($2) ORDER BY a.starts_at")).bind(facility).bind(&ids).fetch_all(tx.conn()).await
}

/// One page of the desk's list: bookings of a day in these statuses, in the order of their time, after the one named.
/// At most 101, so that the caller sees whether more follow.
pub async fn list_desk(tx: &mut Tx, day: NaiveDate, statuses: &[&str], after: Option<AppointmentId>) -> Result<Vec<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!(
        "AND a.day = $2 AND a.status = ANY($3)
         AND ($4::uuid IS NULL OR (a.starts_at, a.appointment_id) > (SELECT b.starts_at, b.appointment_id FROM scheduling_appointment b
              WHERE b.facility_id = $1 AND b.appointment_id = $4))
         ORDER BY a.starts_at, a.appointment_id LIMIT 101"
    ))
    .bind(facility)
    .bind(day)
    .bind(statuses)
    .bind(after.map(|id| id.0))
    .fetch_all(tx.conn())
    .await
}

/// How many bookings of a day stand in each status.
pub async fn count_day(tx: &mut Tx, day: NaiveDate) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!("SELECT status, count(*) FROM scheduling_appointment WHERE facility_id = $1 AND day = $2 GROUP BY status"))
        .bind(facility)
        .bind(day)
        .fetch_all(tx.conn())
        .await
}

/// Bookings from `from` on of a phone number (the patient's or the booker's), or whose name holds these words without
/// accents; soonest first, at most 50.
pub async fn search(tx: &mut Tx, phone: &str, folded_name: &str, from: NaiveDate) -> Result<Vec<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!(
        "AND a.day >= $4 AND a.status <> 'held'
         AND (($2 <> '' AND (a.phone = $2 OR a.booker_phone = $2)) OR ($3 <> '' AND a.name_folded LIKE '%' || $3 || '%'))
         ORDER BY a.starts_at, a.appointment_id LIMIT 50"
    ))
    .bind(facility)
    .bind(phone)
    .bind(folded_name)
    .bind(from)
    .fetch_all(tx.conn())
    .await
}

/// What happened to a booking, in the order in which it did.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Step {
    pub from_status: String,
    pub to_status: String,
    pub at: chrono::DateTime<chrono::Utc>,
    pub by_name: String,
    pub reason: String,
}

impl Step {
    /// The step in words.
    pub fn shown(&self) -> String {
        if self.reason == "screening" {
            return "Ghi kết quả sàng lọc".into();
        }
        crate::Status::from_key(&self.to_status).map(|s| s.shown().to_owned()).unwrap_or_default()
    }

    /// Why, where somebody wrote it.
    pub fn why(&self) -> &str {
        if self.reason == "screening" { "" } else { &self.reason }
    }
}

/// The steps of a booking, oldest first.
pub async fn list_steps(tx: &mut Tx, id: AppointmentId) -> Result<Vec<Step>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT from_status, to_status, at, by_name, reason FROM scheduling_step WHERE facility_id = $1 AND appointment_id = $2 ORDER BY version LIMIT 200"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_all(tx.conn())
    .await
}

/// The living booking that a visit's doctor asked for.
pub async fn following(tx: &mut Tx, visit: EncounterId) -> Result<Option<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!("AND a.follows = $2 AND a.status IN ('held', 'pending', 'confirmed', 'arrived', 'fulfilled') ORDER BY a.made_at DESC LIMIT 1"))
        .bind(facility)
        .bind(visit.0)
        .fetch_optional(tx.conn())
        .await
}

/// Bookings that still keep a place in a stretch of time, of one doctor or room where named; soonest first, at most 300.
pub async fn list_kept(
    tx: &mut Tx,
    from: chrono::DateTime<chrono::Utc>,
    to: chrono::DateTime<chrono::Utc>,
    practitioner: Option<uuid::Uuid>,
    room: Option<uuid::Uuid>,
) -> Result<Vec<Appointment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_appointments!(
        "AND a.status IN ('held', 'pending', 'confirmed') AND a.starts_at < $3 AND a.ends_at > $2
         AND ($4::uuid IS NULL OR a.practitioner_id = $4) AND ($5::uuid IS NULL OR a.room_id = $5)
         ORDER BY a.starts_at, a.appointment_id LIMIT 300"
    ))
    .bind(facility)
    .bind(from)
    .bind(to)
    .bind(practitioner)
    .bind(room)
    .fetch_all(tx.conn())
    .await
}

/// Today's bookings of a citizen number, of a record of the house, or of a phone, soonest first, at most 20: for doors
/// without staff. Empty words ask for nothing.
pub async fn list_today(tx: &mut Tx, cccd: &str, patient: Option<base::PatientId>, phone: &str) -> Result<Vec<Appointment>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    sqlx::query_as(select_appointments!(
        "AND a.day = $2 AND a.status IN ('confirmed', 'noshow', 'arrived', 'pending')
         AND (($3 <> '' AND a.cccd = $3) OR a.patient_id = $4::uuid OR ($5 <> '' AND (a.phone = $5 OR a.booker_phone = $5)))
         ORDER BY a.starts_at LIMIT 20"
    ))
    .bind(facility)
    .bind(today)
    .bind(cccd)
    .bind(patient.map(|p| p.0))
    .bind(phone)
    .fetch_all(tx.conn())
    .await
}

/// Keeps a held place until another moment than its offer says: for somebody who waited for it.
pub async fn keep_until(tx: &mut Tx, id: AppointmentId, until: chrono::DateTime<chrono::Utc>) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(db::sql!("UPDATE scheduling_appointment SET held_until = $3 WHERE facility_id = $1 AND appointment_id = $2 AND status = 'held'"))
        .bind(facility)
        .bind(id.0)
        .bind(until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

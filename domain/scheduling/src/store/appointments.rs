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

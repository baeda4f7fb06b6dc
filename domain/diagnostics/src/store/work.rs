//! What waits where, and what was ordered for a person lately.

use crate::order::Status;
use base::{EncounterId, FacilityId, PatientId, RoomId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::sql;
use sqlx::PgConnection;
use uuid::Uuid;

/// A line of a room's list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    pub order_id: Uuid,
    pub encounter_id: Uuid,
    pub slip_code: String,
    pub service_name: String,
    pub kind: String,
    pub quantity: i32,
    pub priority: String,
    pub note: String,
    pub specimen: String,
    pub status: String,
    pub ordered_at: DateTime<Utc>,
    pub ordered_name: String,
    pub room_name: Option<String>,
    pub patient_name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
}

/// What waits to be carried out, urgent first, then in the order in which it was asked for: in one room, or anywhere.
///
/// With `pay_first` only what is paid or costs nothing is shown.
pub async fn list_waiting(
    conn: &mut PgConnection,
    facility: FacilityId,
    room: Option<RoomId>,
    pay_first: bool,
    most: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT o.order_id, o.encounter_id, o.slip_code, o.service_name, o.kind, o.quantity, o.priority, o.note, s.specimen,
                o.status, o.ordered_at, o.ordered_name, r.short_name AS room_name, p.name AS patient_name, p.record_no,
                p.sex, p.birth_date
         FROM diagnostics_order o
         JOIN organization_service s ON s.facility_id = o.facility_id AND s.service_id = o.service_id
         JOIN patient_patient p ON p.facility_id = o.facility_id AND p.patient_id = o.patient_id
         LEFT JOIN organization_room r ON r.facility_id = o.facility_id AND r.room_id = o.room_id
         WHERE o.facility_id = $1 AND o.status IN ('placed', 'collected') AND ($2::uuid IS NULL OR o.room_id = $2)
           AND (NOT $3 OR o.paid_at IS NOT NULL OR o.price_vnd = 0)
         ORDER BY o.priority = 'urgent' DESC, o.ordered_at, o.slip_code, o.drafted_at
         LIMIT $4"
    ))
    .bind(facility.0)
    .bind(room.map(|r| r.0))
    .bind(pay_first)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// How many visits wait in each room that has something to do.
pub async fn count_waiting(
    conn: &mut PgConnection,
    facility: FacilityId,
    pay_first: bool,
) -> Result<Vec<(Option<Uuid>, i64)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT room_id, count(DISTINCT encounter_id) FROM diagnostics_order
         WHERE facility_id = $1 AND status IN ('placed', 'collected') AND (NOT $2 OR paid_at IS NOT NULL OR price_vnd = 0)
         GROUP BY room_id"
    ))
    .bind(facility.0)
    .bind(pay_first)
    .fetch_all(conn)
    .await
}

/// One line of what was ordered lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    pub name: String,
    pub day: NaiveDate,
    pub status: Status,
    pub price: Option<Vnd>,
}

/// What was ordered for a person lately, newest first.
pub async fn list_recent(
    conn: &mut PgConnection,
    facility: FacilityId,
    patient: PatientId,
    most: i64,
) -> Result<Vec<Recent>, sqlx::Error> {
    let rows: Vec<(String, NaiveDate, String, Option<i64>)> = sqlx::query_as(sql!(
        "SELECT service_name, day, status, price_vnd FROM diagnostics_order
         WHERE facility_id = $1 AND status <> 'draft'
           AND patient_id = $2
         ORDER BY ordered_at DESC, service_name LIMIT $3"
    ))
    .bind(facility.0)
    .bind(patient.0)
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(name, day, status, price)| Recent {
            name,
            day,
            status: Status::from_key(&status).unwrap_or(Status::Placed),
            price: price.map(Vnd),
        })
        .collect())
}

/// Who a slip is for, as the paper names them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OnPaper {
    pub name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub phone: String,
    pub address_text: String,
}

/// The person of a slip.
pub async fn get_on_paper(
    conn: &mut PgConnection,
    facility: FacilityId,
    patient: PatientId,
) -> Result<OnPaper, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT name, record_no, sex, birth_date, phone, address_text FROM patient_patient
         WHERE facility_id = $1 AND patient_id = $2"
    ))
    .bind(facility.0)
    .bind(patient.0)
    .fetch_one(conn)
    .await
}

/// The diagnoses of a visit as they stand, the main one first: code and name.
pub async fn list_diagnoses(
    conn: &mut PgConnection,
    facility: FacilityId,
    encounter: EncounterId,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT code, name FROM encounter_diagnosis
         WHERE facility_id = $1 AND encounter_id = $2 AND ended_at IS NULL ORDER BY place"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .fetch_all(conn)
    .await
}

/// The visit and the kind of a slip that still stands; `None` when this facility printed no such slip.
pub async fn visit_of_slip(
    conn: &mut PgConnection,
    facility: FacilityId,
    slip_code: &str,
) -> Result<Option<(EncounterId, String)>, sqlx::Error> {
    let row: Option<(Uuid, String)> = sqlx::query_as(sql!(
        "SELECT encounter_id, kind FROM diagnostics_order WHERE facility_id = $1 AND slip_code = $2 ORDER BY status = 'cancelled' LIMIT 1"
    ))
    .bind(facility.0)
    .bind(slip_code)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(encounter, kind)| (EncounterId(encounter), kind)))
}

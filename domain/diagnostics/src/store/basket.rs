//! The basket of a visit: whose visit it is, what lies in it, what was done before, what this clinician often orders.

use crate::order::{Priority, Status};
use crate::repeat::Earlier;
use base::{EncounterId, FacilityId, OrderId, PatientId, RoomId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use organization::service::{Kind, Service};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// The visit that orders belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub day: NaiveDate,
    /// Whether something may still be ordered in it.
    pub is_open: bool,
}

/// The visit; `None` when this facility has no such visit.
pub async fn find_visit(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: EncounterId,
) -> Result<Option<Visit>, sqlx::Error> {
    let row: Option<(Uuid, NaiveDate, bool)> = sqlx::query_as(sql!(
        "SELECT patient_id, day, status IN ('arrived', 'triaged', 'in_progress')
         FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(patient, day, is_open)| Visit { encounter: id, patient: PatientId(patient), day, is_open }))
}

/// The same, held until the transaction ends, so that nobody finishes the visit while something is ordered in it.
pub async fn visit_to_order(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: EncounterId,
) -> Result<Option<Visit>, sqlx::Error> {
    let row: Option<(Uuid, NaiveDate, bool)> = sqlx::query_as(sql!(
        "SELECT patient_id, day, status IN ('arrived', 'triaged', 'in_progress')
         FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2 FOR SHARE"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(patient, day, is_open)| Visit { encounter: id, patient: PatientId(patient), day, is_open }))
}

/// An order as the basket and the slips show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub service: Uuid,
    pub code: String,
    pub name: String,
    pub kind: Kind,
    pub quantity: i32,
    pub room: Option<RoomId>,
    pub room_name: String,
    /// As it stands on boards and in lists.
    pub room_short: String,
    pub price: Option<Vnd>,
    pub day: NaiveDate,
    pub priority: Priority,
    pub note: String,
    pub status: Status,
    pub slip_code: Option<String>,
    pub ordered_at: Option<DateTime<Utc>>,
    pub ordered_name: String,
    pub is_paid: bool,
    pub cancel_reason: String,
    /// What the person must prepare and the specimen, as the service says today.
    pub preparation: String,
    pub specimen: String,
}

impl Order {
    pub fn amount(&self) -> Option<Vnd> {
        self.price.map(|price| price * i64::from(self.quantity))
    }
}

pub(super) fn order(row: &PgRow) -> Result<Order, sqlx::Error> {
    Ok(Order {
        id: OrderId(row.try_get("order_id")?),
        encounter: EncounterId(row.try_get("encounter_id")?),
        patient: PatientId(row.try_get("patient_id")?),
        service: row.try_get("service_id")?,
        code: row.try_get("service_code")?,
        name: row.try_get("service_name")?,
        kind: Kind::from_key(row.try_get("kind")?).unwrap_or(Kind::Other),
        quantity: row.try_get("quantity")?,
        room: row.try_get::<Option<Uuid>, _>("room_id")?.map(RoomId),
        room_name: row.try_get::<Option<String>, _>("room_name")?.unwrap_or_default(),
        room_short: row.try_get::<Option<String>, _>("room_short")?.unwrap_or_default(),
        price: row.try_get::<Option<i64>, _>("price_vnd")?.map(Vnd),
        day: row.try_get("day")?,
        priority: Priority::from_key(row.try_get("priority")?).unwrap_or_default(),
        note: row.try_get("note")?,
        status: Status::from_key(row.try_get("status")?).unwrap_or(Status::Draft),
        slip_code: row.try_get("slip_code")?,
        ordered_at: row.try_get("ordered_at")?,
        ordered_name: row.try_get("ordered_name")?,
        is_paid: row.try_get::<Option<DateTime<Utc>>, _>("paid_at")?.is_some(),
        cancel_reason: row.try_get("cancel_reason")?,
        preparation: row.try_get("preparation")?,
        specimen: row.try_get("specimen")?,
    })
}

/// Everything ordered in a visit, drafts included, in the order in which it was added.
pub async fn list_of_visit(
    conn: &mut PgConnection,
    facility: FacilityId,
    encounter: EncounterId,
) -> Result<Vec<Order>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT o.order_id, o.encounter_id, o.patient_id, o.service_id, o.service_code, o.service_name, o.kind, o.quantity,
                o.room_id, r.name AS room_name, r.short_name AS room_short, o.price_vnd, o.day, o.priority, o.note, o.status, o.slip_code,
                o.ordered_at, o.ordered_name, o.paid_at, o.cancel_reason, s.preparation, s.specimen
         FROM diagnostics_order o
         JOIN organization_service s ON s.facility_id = o.facility_id AND s.service_id = o.service_id
         LEFT JOIN organization_room r ON r.facility_id = o.facility_id AND r.room_id = o.room_id
         WHERE o.facility_id = $1 AND o.encounter_id = $2
         ORDER BY o.drafted_at, o.order_id"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .fetch_all(conn)
    .await?
    .iter()
    .map(order)
    .collect()
}

/// Puts services into the basket under ids that the page made; an id that is there already changes nothing. Name,
/// room and price are those of the service on the day of the visit.
pub async fn insert_drafts(
    tx: &mut Tx,
    visit: &Visit,
    lines: &[(OrderId, &Service, i32)],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = lines.iter().map(|(id, ..)| id.0).collect();
    let services: Vec<Uuid> = lines.iter().map(|(_, service, _)| service.id).collect();
    let codes: Vec<&str> = lines.iter().map(|(_, service, _)| service.facts.code.as_str()).collect();
    let names: Vec<&str> = lines.iter().map(|(_, service, _)| service.facts.name.as_str()).collect();
    let kinds: Vec<&str> = lines.iter().map(|(_, service, _)| service.facts.kind.key()).collect();
    let rooms: Vec<Option<Uuid>> = lines.iter().map(|(_, service, _)| service.facts.room.map(|r| r.0)).collect();
    let prices: Vec<Option<i64>> = lines.iter().map(|(_, service, _)| service.price.map(|p| p.0)).collect();
    let quantities: Vec<i32> = lines.iter().map(|(.., quantity)| *quantity).collect();
    sqlx::query(sql!(
        "INSERT INTO diagnostics_order
             (facility_id, order_id, encounter_id, patient_id, service_id, service_code, service_name, kind, quantity,
              room_id, price_vnd, day, drafted_by, drafted_at)
         SELECT $1, l.id, $2, $3, l.service, l.code, l.name, l.kind, l.quantity, l.room, l.price, $4, $5, $6
         FROM unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::int[], $13::uuid[], $14::bigint[])
              AS l(id, service, code, name, kind, quantity, room, price)
         ON CONFLICT (facility_id, order_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(visit.encounter.0)
    .bind(visit.patient.0)
    .bind(visit.day)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .bind(ids)
    .bind(services)
    .bind(codes)
    .bind(names)
    .bind(kinds)
    .bind(quantities)
    .bind(rooms)
    .bind(prices)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a draft out of the basket. What was sent stays.
pub async fn delete_draft(tx: &mut Tx, encounter: EncounterId, id: OrderId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "DELETE FROM diagnostics_order
         WHERE facility_id = $1 AND encounter_id = $2 AND order_id = $3 AND status = 'draft'"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes how many times a draft is to be done.
pub async fn set_quantity(
    tx: &mut Tx,
    encounter: EncounterId,
    id: OrderId,
    quantity: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_order SET quantity = $4
         WHERE facility_id = $1 AND encounter_id = $2 AND order_id = $3 AND status = 'draft'"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(id.0)
    .bind(quantity)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The last time each of these services was ordered for the person outside this visit.
pub async fn earlier(
    conn: &mut PgConnection,
    facility: FacilityId,
    visit: &Visit,
    services: &[Uuid],
) -> Result<HashMap<Uuid, Earlier>, sqlx::Error> {
    let rows: Vec<(Uuid, NaiveDate, String)> = sqlx::query_as(sql!(
        "SELECT DISTINCT ON (o.service_id) o.service_id, o.day, o.status
         FROM diagnostics_order o
         WHERE o.facility_id = $1
           AND o.patient_id = $2
           AND o.service_id = ANY($3) AND o.encounter_id <> $4 AND o.status IN ('placed', 'collected', 'done')
         ORDER BY o.service_id, o.ordered_at DESC"
    ))
    .bind(facility.0)
    .bind(visit.patient.0)
    .bind(services)
    .bind(visit.encounter.0)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(service, day, status)| {
            let status = Status::from_key(&status).unwrap_or(Status::Placed);
            (service, Earlier { day, status, is_this_visit: false })
        })
        .collect())
}

/// The services this clinician orders most, most used first.
pub async fn favourites(tx: &mut Tx, most: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT service_id FROM diagnostics_favourite
         WHERE facility_id = $1 AND account_id = $2 ORDER BY uses DESC, last_used_at DESC LIMIT $3"
    ))
    .bind(tx.facility().0)
    .bind(tx.actor.account.0)
    .bind(most)
    .fetch_all(tx.conn())
    .await
}

/// The services of the person's last visit with orders before this one.
pub async fn last_ordered(
    conn: &mut PgConnection,
    facility: FacilityId,
    visit: &Visit,
) -> Result<Vec<(Uuid, i32)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT o.service_id, o.quantity FROM diagnostics_order o
         WHERE o.facility_id = $1 AND o.status IN ('placed', 'collected', 'done') AND o.encounter_id =
             (SELECT l.encounter_id FROM diagnostics_order l
              WHERE l.facility_id = $1 AND l.encounter_id <> $3 AND l.status IN ('placed', 'collected', 'done')
                AND l.patient_id = $2
              ORDER BY l.ordered_at DESC LIMIT 1)
         ORDER BY o.drafted_at, o.order_id"
    ))
    .bind(facility.0)
    .bind(visit.patient.0)
    .bind(visit.encounter.0)
    .fetch_all(conn)
    .await
}

//! Rooms in the database.

use super::{Kind, Room, RoomFacts};
use base::{FacilityId, RoomId};
use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

fn room(row: &PgRow) -> Result<Room, sqlx::Error> {
    Ok(Room {
        id: RoomId(row.try_get("room_id")?),
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        short_name: row.try_get("short_name")?,
        kind: Kind::from_key(row.try_get("kind")?).unwrap_or(Kind::Exam),
        department: row.try_get("department")?,
        active_from: row.try_get("active_from")?,
        active_to: row.try_get("active_to")?,
    })
}

/// All rooms of the facility by kind and code, those that are closed as well.
pub async fn list_all(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<Room>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT room_id, code, name, short_name, kind, department, active_from, active_to
         FROM organization_room WHERE facility_id = $1 ORDER BY active_to IS NOT NULL, kind, code"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await?
    .iter()
    .map(room)
    .collect()
}

/// The rooms that are in use on that day, of one kind or of all.
pub async fn list(
    conn: &mut PgConnection,
    facility: FacilityId,
    day: NaiveDate,
    kind: Option<Kind>,
) -> Result<Vec<Room>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT room_id, code, name, short_name, kind, department, active_from, active_to
         FROM organization_room
         WHERE facility_id = $1 AND active_from <= $2 AND (active_to IS NULL OR active_to >= $2)
           AND ($3::text IS NULL OR kind = $3)
         ORDER BY kind, code"
    ))
    .bind(facility.0)
    .bind(day)
    .bind(kind.map(Kind::key))
    .fetch_all(conn)
    .await?
    .iter()
    .map(room)
    .collect()
}

/// One room; `None` when the facility has no such room.
pub async fn find(conn: &mut PgConnection, facility: FacilityId, id: RoomId) -> Result<Option<Room>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT room_id, code, name, short_name, kind, department, active_from, active_to
         FROM organization_room WHERE facility_id = $1 AND room_id = $2"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(room)
    .transpose()
}

/// Opens a room under an id that the page made; a second time changes nothing. Gives false when the code is taken by
/// another room.
pub async fn insert(tx: &mut Tx, id: RoomId, facts: &RoomFacts, from: NaiveDate) -> Result<bool, sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO organization_room
             (facility_id, room_id, code, name, short_name, kind, department, active_from, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(&facts.code)
    .bind(&facts.name)
    .bind(&facts.short_name)
    .bind(facts.kind.key())
    .bind(&facts.department)
    .bind(from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    let facility = tx.facility();
    Ok(code_owner(tx.conn(), facility, &facts.code).await? == Some(id.0))
}

/// Which room has that code.
pub async fn code_owner(conn: &mut PgConnection, facility: FacilityId, code: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT room_id FROM organization_room WHERE facility_id = $1 AND code = $2"))
        .bind(facility.0)
        .bind(code)
        .fetch_optional(conn)
        .await
}

/// Changes a room's facts.
pub async fn update(tx: &mut Tx, id: RoomId, facts: &RoomFacts) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_room SET code = $3, name = $4, short_name = $5, kind = $6, department = $7,
                changed_by = $8, changed_at = $9
         WHERE facility_id = $1 AND room_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(&facts.code)
    .bind(&facts.name)
    .bind(&facts.short_name)
    .bind(facts.kind.key())
    .bind(&facts.department)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets or lifts the last day of a room.
pub async fn set_last_day(tx: &mut Tx, id: RoomId, last_day: Option<NaiveDate>) -> Result<(), sqlx::Error> {
    // A room that was opened today and closed at once has today as its only day.
    sqlx::query(sql!(
        "UPDATE organization_room
         SET active_to = CASE WHEN $3::date IS NULL THEN NULL ELSE greatest($3, active_from) END,
             changed_by = $4, changed_at = $5
         WHERE facility_id = $1 AND room_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(last_day)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

//! Stores: where goods lie.

use base::{StoreId, local_date};
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A store with the name of the room it is in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Store {
    pub store_id: Uuid,
    pub code: String,
    pub name: String,
    /// `main`, `counter` or `cabinet`.
    pub kind: String,
    pub serves_patients: bool,
    pub room_id: Option<Uuid>,
    pub room_name: Option<String>,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
}

impl Store {
    pub fn id(&self) -> StoreId {
        StoreId(self.store_id)
    }
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.active_from <= day && self.active_to.is_none_or(|to| to >= day)
    }
    pub fn kind_name(&self) -> &'static str {
        kind_name(&self.kind)
    }
}

/// What people call a kind of store.
pub fn kind_name(kind: &str) -> &'static str {
    match kind {
        "main" => "Kho chẵn",
        "counter" => "Quầy cấp phát",
        _ => "Tủ trực",
    }
}

/// The facility's stores, the main one first, closed ones last.
pub async fn list(tx: &mut Tx) -> Result<Vec<Store>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, local_date(tx.now));
    sqlx::query_as(sql!(
        "SELECT s.store_id, s.code, s.name, s.kind, s.serves_patients, s.room_id, r.name AS room_name, s.active_from, s.active_to
         FROM inventory_store s LEFT JOIN organization_room r ON r.facility_id = s.facility_id AND r.room_id = s.room_id
         WHERE s.facility_id = $1
         ORDER BY coalesce(s.active_to, 'infinity') < $2, array_position(ARRAY['main', 'counter', 'cabinet'], s.kind), s.code"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// A store by its id.
pub async fn find(tx: &mut Tx, store: StoreId) -> Result<Option<Store>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT s.store_id, s.code, s.name, s.kind, s.serves_patients, s.room_id, r.name AS room_name, s.active_from, s.active_to
         FROM inventory_store s LEFT JOIN organization_room r ON r.facility_id = s.facility_id AND r.room_id = s.room_id
         WHERE s.facility_id = $1 AND s.store_id = $2"
    ))
    .bind(facility)
    .bind(store.0)
    .fetch_optional(tx.conn())
    .await
}

/// A store as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFacts {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub serves_patients: bool,
    pub room: Option<Uuid>,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
}

/// Writes a new store or the new facts of a known one. Gives whether another store has this code.
pub async fn save(tx: &mut Tx, id: StoreId, facts: &StoreFacts) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let taken: Option<Uuid> =
        sqlx::query_scalar(sql!("SELECT store_id FROM inventory_store WHERE facility_id = $1 AND code = $2 AND store_id <> $3"))
            .bind(facility)
            .bind(&facts.code)
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    if taken.is_some() {
        return Ok(true);
    }
    sqlx::query(sql!(
        "INSERT INTO inventory_store (facility_id, store_id, code, name, kind, serves_patients, room_id, active_from, active_to, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (facility_id, store_id) DO UPDATE SET code = excluded.code, name = excluded.name, kind = excluded.kind,
             serves_patients = excluded.serves_patients, room_id = excluded.room_id, active_from = excluded.active_from,
             active_to = excluded.active_to, changed_by = excluded.changed_by, changed_at = excluded.changed_at"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(&facts.code)
    .bind(&facts.name)
    .bind(&facts.kind)
    .bind(facts.serves_patients)
    .bind(facts.room)
    .bind(facts.active_from)
    .bind(facts.active_to)
    .bind(me)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(false)
}

/// Whether anything lies in a store.
pub async fn is_empty(tx: &mut Tx, store: StoreId) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT NOT EXISTS (SELECT FROM inventory_shelf WHERE facility_id = $1 AND store_id = $2 AND quantity_milli > 0)"
    ))
    .bind(facility)
    .bind(store.0)
    .fetch_one(tx.conn())
    .await
}

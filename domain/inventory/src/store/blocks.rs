//! Blocks of lots: set them, tell their history, list who got the goods.

use crate::lot::Block;
use crate::recall::Decision;
use base::LotId;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// The stores in which an item ever lay.
pub async fn stores_with_shelf(tx: &mut Tx, item: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT store_id FROM inventory_shelf WHERE facility_id = $1 AND item_id = $2 ORDER BY store_id"))
        .bind(facility)
        .bind(item)
        .fetch_all(tx.conn())
        .await
}

/// Blocks or releases all lots of a batch number; gives those that changed.
pub async fn set_blocked(tx: &mut Tx, item: Uuid, lot_no: &str, blocked: bool) -> Result<Vec<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "UPDATE inventory_lot SET blocked = $4 WHERE facility_id = $1 AND item_id = $2 AND lot_no = $3 AND blocked <> $4 RETURNING lot_id"
    ))
    .bind(facility)
    .bind(item)
    .bind(lot_no)
    .bind(blocked)
    .fetch_all(tx.conn())
    .await
}

/// Writes the decision for these lots, with what lies where at this moment.
pub async fn insert(tx: &mut Tx, id: Uuid, lots: &[Uuid], decision: &Decision) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "WITH told AS (
             INSERT INTO inventory_lot_block (facility_id, block_id, lot_id, blocked, cause, reason, paper, at, by_account, by_name)
             SELECT $1, $2, l.lot, $4, $5, $6, $7, $8, $9, $10 FROM unnest($3::uuid[]) AS l(lot))
         INSERT INTO inventory_lot_block_place (facility_id, block_id, lot_id, store_id, quantity_milli, after_seq)
         SELECT $1, $2, b.lot_id, b.store_id, b.quantity_milli, s.last_seq
         FROM unnest($3::uuid[]) AS l(lot)
         JOIN inventory_balance b ON b.facility_id = $1 AND b.lot_id = l.lot
         JOIN inventory_shelf s ON s.facility_id = $1 AND s.store_id = b.store_id AND s.item_id = b.item_id"
    ))
    .bind(facility)
    .bind(id)
    .bind(lots)
    .bind(decision.blocked)
    .bind(&decision.cause)
    .bind(&decision.reason)
    .bind(&decision.paper)
    .bind(now)
    .bind(me)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The history of a lot, newest first.
pub async fn list(tx: &mut Tx, lot: LotId) -> Result<Vec<Block>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT block_id, blocked, cause, reason, paper, at, by_name FROM inventory_lot_block
         WHERE facility_id = $1 AND lot_id = $2 ORDER BY at DESC, block_id DESC"
    ))
    .bind(facility)
    .bind(lot.0)
    .fetch_all(tx.conn())
    .await
}

/// A person who got something of a batch.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Recipient {
    pub patient_id: Uuid,
    pub name: String,
    pub record_no: String,
    pub birth_date: NaiveDate,
    pub birth_year_only: bool,
    pub phone: String,
    pub address_text: String,
    /// Given less what came back.
    pub quantity_milli: i64,
    pub last_at: DateTime<Utc>,
}

/// Everybody who holds something of a batch, the latest first; merged records count as the one they became.
pub async fn list_recipients(tx: &mut Tx, item: Uuid, lot_no: &str) -> Result<Vec<Recipient>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT p.patient_id, p.name, p.record_no, p.birth_date, p.birth_year_only, p.phone, p.address_text,
                g.quantity::bigint AS quantity_milli, g.last_at
         FROM (SELECT coalesce(own.merged_into, own.patient_id) AS patient_id, -sum(m.quantity_milli) AS quantity, max(m.at) AS last_at
               FROM inventory_lot l
               JOIN inventory_movement m ON m.facility_id = $1 AND m.lot_id = l.lot_id AND m.patient_id IS NOT NULL
               JOIN patient_patient own ON own.facility_id = $1 AND own.patient_id = m.patient_id
               WHERE l.facility_id = $1 AND l.item_id = $2 AND l.lot_no = $3
               GROUP BY 1) g
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = g.patient_id
         WHERE g.quantity > 0 ORDER BY g.last_at DESC, p.patient_id LIMIT 2000"
    ))
    .bind(facility)
    .bind(item)
    .bind(lot_no)
    .fetch_all(tx.conn())
    .await
}

/// What of a batch went to people whose names nobody wrote down (counter sales), and to rooms and wards.
pub async fn nameless(tx: &mut Tx, item: Uuid, lot_no: &str) -> Result<(i64, i64), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT coalesce(-sum(m.quantity_milli) FILTER (WHERE m.patient_id IS NULL AND m.kind IN ('dispense', 'return')), 0)::bigint,
                coalesce(-sum(m.quantity_milli) FILTER (WHERE m.kind = 'issue'), 0)::bigint
         FROM inventory_lot l
         JOIN inventory_shelf s ON s.facility_id = $1 AND s.item_id = l.item_id
         JOIN inventory_movement m ON m.facility_id = $1 AND m.store_id = s.store_id AND m.item_id = s.item_id AND m.lot_id = l.lot_id
         WHERE l.facility_id = $1 AND l.item_id = $2 AND l.lot_no = $3"
    ))
    .bind(facility)
    .bind(item)
    .bind(lot_no)
    .fetch_one(tx.conn())
    .await
}

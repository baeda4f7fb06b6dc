//! Lots: find the same one again or put a new one on the books.

use crate::lot::{Lot, NewLot};
use base::LotId;
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// The lot of this item, number, expiry, cost and supplier; put on the books when it is new. Two receipts of one batch
/// at different prices are two lots with the same number: each is valued by what it cost, a recall blocks both.
pub async fn find_or_insert(tx: &mut Tx, new: &NewLot) -> Result<LotId, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    // The price in lowest terms, so that 10 for 150.000 and 20 for 300.000 are the same lot.
    let shrink = gcd(new.cost.0, new.cost_milli).max(1);
    let (cost, cost_milli) = if new.cost.0 == 0 { (0, 1000) } else { (new.cost.0 / shrink, new.cost_milli / shrink) };
    let known: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT lot_id FROM inventory_lot
         WHERE facility_id = $1 AND item_id = $2 AND lot_no = $3 AND expires = $4 AND cost_vnd = $5 AND cost_milli = $6
           AND supplier_id IS NOT DISTINCT FROM $7"
    ))
    .bind(facility)
    .bind(new.item)
    .bind(&new.lot_no)
    .bind(new.expires)
    .bind(cost)
    .bind(cost_milli)
    .bind(new.supplier)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(lot) = known {
        return Ok(LotId(lot));
    }
    let label: i64 = sqlx::query_scalar(sql!(
        "INSERT INTO inventory_label_number AS n (facility_id, last_number) VALUES ($1, 1)
         ON CONFLICT (facility_id) DO UPDATE SET last_number = n.last_number + 1 RETURNING last_number"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await?;
    // A new receipt of a batch under recall is under recall too.
    sqlx::query_scalar(sql!(
        "INSERT INTO inventory_lot AS l (facility_id, lot_id, item_id, lot_no, expires, cost_vnd, cost_milli, supplier_id, label_no, blocked,
             created_by, created_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9,
                EXISTS (SELECT FROM inventory_lot o WHERE o.facility_id = $1 AND o.item_id = $3 AND o.lot_no = $4 AND o.blocked), $10, $11
         ON CONFLICT (facility_id, item_id, lot_no, expires, cost_vnd, cost_milli, coalesce(supplier_id, '00000000-0000-0000-0000-000000000000'))
         DO UPDATE SET blocked = l.blocked
         RETURNING lot_id"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(new.item)
    .bind(&new.lot_no)
    .bind(new.expires)
    .bind(cost)
    .bind(cost_milli)
    .bind(new.supplier)
    .bind(label)
    .bind(me)
    .bind(now)
    .fetch_one(tx.conn())
    .await
    .map(LotId)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// A lot by its id.
pub async fn find(tx: &mut Tx, lot: LotId) -> Result<Option<Lot>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT lot_id, item_id, lot_no, expires, cost_vnd, cost_milli, label_no, blocked FROM inventory_lot WHERE facility_id = $1 AND lot_id = $2"
    ))
    .bind(facility)
    .bind(lot.0)
    .fetch_optional(tx.conn())
    .await
}

/// The lot that a label of ours is stuck on.
pub async fn find_by_label(tx: &mut Tx, label: i64) -> Result<Option<Lot>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT lot_id, item_id, lot_no, expires, cost_vnd, cost_milli, label_no, blocked FROM inventory_lot WHERE facility_id = $1 AND label_no = $2"
    ))
    .bind(facility)
    .bind(label)
    .fetch_optional(tx.conn())
    .await
}

/// The lot of an item by the batch number on the box; of several, one that still lies somewhere, then the newest.
pub async fn find_by_number(tx: &mut Tx, item: Uuid, lot_no: &str, expires: Option<NaiveDate>) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT l.lot_id FROM inventory_lot l
         WHERE l.facility_id = $1 AND l.item_id = $2 AND l.lot_no = $3 AND ($4::date IS NULL OR l.expires = $4)
         ORDER BY EXISTS (SELECT FROM inventory_balance b WHERE b.facility_id = $1 AND b.lot_id = l.lot_id AND b.quantity_milli > 0) DESC,
                  l.lot_id DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(item)
    .bind(lot_no)
    .bind(expires)
    .fetch_optional(tx.conn())
    .await
}

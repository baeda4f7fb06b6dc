//! What can be given: by drug over all counters, and lot by lot in one store.

use crate::ledger::OnShelf;
use base::{PrescriptionId, StoreId, local_date};
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// What all counters together have of one item.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LevelRow {
    pub item_id: Uuid,
    pub on_hand_milli: i64,
    pub unusable_milli: i64,
    pub next_expiry: Option<NaiveDate>,
    /// Kept aside for others.
    pub held_milli: i64,
}

/// Levels of those of these items that are kept in stock; what is aside for `holder` does not count as held.
pub async fn levels(tx: &mut Tx, items: &[Uuid], holder: Option<PrescriptionId>) -> Result<Vec<LevelRow>, sqlx::Error> {
    let (facility, now, today) = (tx.facility().0, tx.now, local_date(tx.now));
    sqlx::query_as(sql!(
        "SELECT i.item_id, coalesce(b.on_hand, 0)::bigint AS on_hand_milli, coalesce(b.unusable, 0)::bigint AS unusable_milli,
                b.next_expiry, coalesce(h.held, 0)::bigint AS held_milli
         FROM inventory_item i
         LEFT JOIN LATERAL (
             SELECT sum(b.quantity_milli) FILTER (WHERE NOT l.blocked AND l.expires >= $3) AS on_hand,
                    sum(b.quantity_milli) FILTER (WHERE l.blocked OR l.expires < $3) AS unusable,
                    min(l.expires) FILTER (WHERE NOT l.blocked AND l.expires >= $3) AS next_expiry
             FROM inventory_store s
             JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = s.store_id AND b.item_id = i.item_id AND b.quantity_milli > 0
             JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = b.lot_id
             WHERE s.facility_id = $1 AND s.serves_patients AND s.active_from <= $3 AND coalesce(s.active_to, 'infinity') >= $3) b ON true
         LEFT JOIN LATERAL (
             SELECT sum(h.open_milli) AS held FROM inventory_hold h
             WHERE h.facility_id = $1 AND h.item_id = i.item_id AND h.until > $4 AND h.open_milli > 0
               AND h.prescription_id IS DISTINCT FROM $5) h ON true
         WHERE i.facility_id = $1 AND i.item_id = ANY($2) AND i.kept_from <= $3 AND coalesce(i.kept_to, 'infinity') >= $3"
    ))
    .bind(facility)
    .bind(items)
    .bind(today)
    .bind(now)
    .bind(holder.map(|h| h.0))
    .fetch_all(tx.conn())
    .await
}

/// A lot on a shelf, and what must stay on that shelf for others.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Giving {
    #[sqlx(flatten)]
    pub shelf: OnShelf,
    /// What others keep aside of the item beyond what the other counters could give them.
    pub must_stay_milli: i64,
    /// The document stands in the ledger already.
    pub posted: bool,
}

/// Every lot of these items that lies in `store`, and of the named `lots` also those that lay there once, earliest
/// expiry first. `document` is the dispense that asks, if one does.
pub async fn giving(
    tx: &mut Tx,
    store: StoreId,
    items: &[Uuid],
    lots: &[Uuid],
    holder: Option<PrescriptionId>,
    document: Option<Uuid>,
) -> Result<Vec<Giving>, sqlx::Error> {
    let (facility, now, today) = (tx.facility().0, tx.now, local_date(tx.now));
    sqlx::query_as(sql!(
        "SELECT b.store_id, b.item_id, b.lot_id, l.lot_no, l.expires, l.blocked, b.quantity_milli, d.name, d.unit, d.controlled_class,
                s.name AS store_name, NOT (s.active_from <= $8 AND coalesce(s.active_to, 'infinity') >= $8) AS store_closed,
                CASE WHEN h.held IS NULL THEN 0 ELSE greatest(0, h.held - (
                    SELECT coalesce(sum(o.quantity_milli), 0) FROM inventory_store c
                    JOIN inventory_balance o ON o.facility_id = $1 AND o.store_id = c.store_id AND o.item_id = b.item_id AND o.quantity_milli > 0
                    JOIN inventory_lot k ON k.facility_id = $1 AND k.lot_id = o.lot_id AND NOT k.blocked AND k.expires >= $8
                    WHERE c.facility_id = $1 AND c.serves_patients AND c.store_id <> $2
                      AND c.active_from <= $8 AND coalesce(c.active_to, 'infinity') >= $8)) END::bigint AS must_stay_milli,
                EXISTS (SELECT FROM inventory_movement m WHERE m.facility_id = $1 AND m.document_id = $6) AS posted
         FROM inventory_balance b
         JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = b.lot_id
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = b.item_id
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = $2
         LEFT JOIN (SELECT item_id, sum(open_milli) AS held FROM inventory_hold
                    WHERE facility_id = $1 AND item_id = ANY($3) AND until > $7 AND open_milli > 0 AND prescription_id IS DISTINCT FROM $5
                    GROUP BY item_id) h ON h.item_id = b.item_id
         WHERE b.facility_id = $1 AND b.store_id = $2 AND b.item_id = ANY($3) AND (b.quantity_milli > 0 OR b.lot_id = ANY($4))
         ORDER BY b.item_id, l.expires, b.lot_id"
    ))
    .bind(facility)
    .bind(store.0)
    .bind(items)
    .bind(lots)
    .bind(holder.map(|h| h.0))
    .bind(document)
    .bind(now)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// The stores from which patients are served today: counters first, then by code.
pub async fn counters(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, local_date(tx.now));
    sqlx::query_as(sql!(
        "SELECT store_id, name FROM inventory_store
         WHERE facility_id = $1 AND serves_patients AND active_from <= $2 AND coalesce(active_to, 'infinity') >= $2
         ORDER BY kind <> 'counter', code"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

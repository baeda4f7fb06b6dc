//! What the screens of the stores show: balances, the stock card, warnings. Long lists go by keyset.

use base::{StoreId, local_date};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// Rows on one screen.
pub const SCREEN: i64 = 50;

/// One item in the list of balances.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct BalanceRow {
    pub item_id: Uuid,
    pub code: String,
    pub name: String,
    pub name_folded: String,
    pub strength: String,
    pub ingredient: String,
    pub unit: String,
    pub controlled_class: String,
    pub min_milli: Option<i64>,
    pub max_milli: Option<i64>,
    pub usable_milli: i64,
    pub unusable_milli: i64,
    pub lots: i64,
    pub next_expiry: Option<NaiveDate>,
    pub held_milli: i64,
}

impl BalanceRow {
    pub fn is_out(&self) -> bool {
        self.usable_milli == 0
    }
    pub fn is_low(&self) -> bool {
        self.min_milli.is_some_and(|min| self.usable_milli < min)
    }
}

/// Where a list goes on: the last row's folded name and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct After {
    pub name: String,
    pub id: Uuid,
}

/// Items in the order of their names after `after`, whose code, name or ingredient holds all words of `typed`, accents or
/// not; in one store or in all.
pub async fn balances(tx: &mut Tx, store: Option<StoreId>, typed: &str, after: &After) -> Result<Vec<BalanceRow>, sqlx::Error> {
    let (facility, now, today) = (tx.facility().0, tx.now, local_date(tx.now));
    let words = organization::search::patterns(typed);
    sqlx::query_as(sql!(
        "SELECT i.item_id, d.code, d.name, d.name_folded, d.strength, d.ingredient, d.unit, d.controlled_class, i.min_milli, i.max_milli,
                coalesce(q.usable, 0)::bigint AS usable_milli, coalesce(q.unusable, 0)::bigint AS unusable_milli, coalesce(q.lots, 0) AS lots,
                q.next_expiry, coalesce(h.held, 0)::bigint AS held_milli
         FROM inventory_item i
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = i.item_id
         LEFT JOIN LATERAL (
             SELECT sum(b.quantity_milli) FILTER (WHERE NOT l.blocked AND l.expires >= $6) AS usable,
                    sum(b.quantity_milli) FILTER (WHERE l.blocked OR l.expires < $6) AS unusable,
                    count(*) AS lots, min(l.expires) FILTER (WHERE NOT l.blocked AND l.expires >= $6) AS next_expiry
             FROM inventory_shelf s
             JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = s.store_id AND b.item_id = s.item_id AND b.quantity_milli > 0
             JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = b.lot_id
             WHERE s.facility_id = $1 AND s.item_id = i.item_id AND ($2::uuid IS NULL OR s.store_id = $2)) q ON true
         LEFT JOIN LATERAL (
             SELECT sum(h.open_milli) AS held FROM inventory_hold h
             WHERE h.facility_id = $1 AND h.item_id = i.item_id AND h.until > $7 AND h.open_milli > 0) h ON true
         WHERE i.facility_id = $1 AND coalesce(i.kept_to, 'infinity') >= $6 AND (d.name_folded, i.item_id) > ($4, $5)
           AND d.search_folded LIKE ALL ($3::text[])
           AND ($2::uuid IS NULL OR EXISTS (SELECT FROM inventory_shelf s WHERE s.facility_id = $1 AND s.store_id = $2 AND s.item_id = i.item_id))
         ORDER BY d.name_folded, i.item_id LIMIT 51"
    ))
    .bind(facility)
    .bind(store.map(|s| s.0))
    .bind(&words)
    .bind(&after.name)
    .bind(after.id)
    .bind(today)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// One lot of an item in one store.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LotRow {
    pub store_id: Uuid,
    pub store_name: String,
    pub lot_id: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub blocked: bool,
    pub label_no: i64,
    pub quantity_milli: i64,
    pub value_vnd: i64,
}

/// What lies of an item, store by store, earliest expiry first.
pub async fn lots_of_item(tx: &mut Tx, item: Uuid) -> Result<Vec<LotRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT s.store_id, s.name AS store_name, l.lot_id, l.lot_no, l.expires, l.blocked, l.label_no, b.quantity_milli,
                round(b.quantity_milli::numeric * l.cost_vnd / l.cost_milli)::bigint AS value_vnd
         FROM inventory_shelf h
         JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = h.store_id AND b.item_id = h.item_id AND b.quantity_milli > 0
         JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = b.lot_id
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = h.store_id
         WHERE h.facility_id = $1 AND h.item_id = $2
         ORDER BY array_position(ARRAY['main', 'counter', 'cabinet'], s.kind), s.code, l.expires, l.lot_id"
    ))
    .bind(facility)
    .bind(item)
    .fetch_all(tx.conn())
    .await
}

/// Where a lot lies.
pub async fn places_of_lot(tx: &mut Tx, lot: Uuid) -> Result<Vec<LotRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT s.store_id, s.name AS store_name, l.lot_id, l.lot_no, l.expires, l.blocked, l.label_no, b.quantity_milli,
                round(b.quantity_milli::numeric * l.cost_vnd / l.cost_milli)::bigint AS value_vnd
         FROM inventory_balance b
         JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = b.lot_id
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = b.store_id
         WHERE b.facility_id = $1 AND b.lot_id = $2 ORDER BY b.quantity_milli DESC, s.code"
    ))
    .bind(facility)
    .bind(lot)
    .fetch_all(tx.conn())
    .await
}

/// One row of the stock card.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CardRow {
    pub seq: i64,
    pub movement_id: Uuid,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub document_id: Uuid,
    pub document_no: String,
    /// The dispense whose goods came back.
    pub returns_of: Option<Uuid>,
    pub quantity_milli: i64,
    pub shelf_milli: i64,
    pub lot_milli: i64,
    pub lot_id: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub cost_vnd: i64,
    pub reason: String,
    pub by_name: String,
    pub second_name: String,
}

/// The card of an item in a store before place `before`, newest first. The balances stand on the rows: one page costs
/// the same whether ten movements came before it or a hundred thousand.
pub async fn card(tx: &mut Tx, store: StoreId, item: Uuid, before: i64) -> Result<Vec<CardRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT m.seq, m.movement_id, m.at, m.kind, m.document_id, m.document_no, m.returns_of, m.quantity_milli,
                m.shelf_milli, m.lot_milli, m.lot_id,
                l.lot_no, l.expires, m.cost_vnd, m.reason, m.by_name, m.second_name
         FROM inventory_movement m JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = m.lot_id
         WHERE m.facility_id = $1 AND m.store_id = $2 AND m.item_id = $3 AND m.seq < $4 ORDER BY m.seq DESC LIMIT 51"
    ))
    .bind(facility)
    .bind(store.0)
    .bind(item)
    .bind(before)
    .fetch_all(tx.conn())
    .await
}

/// The place on the card just after the last movement before `until`; 1 when nothing moved before.
pub async fn place_at(tx: &mut Tx, store: StoreId, item: Uuid, until: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    let seq: Option<i64> = sqlx::query_scalar(sql!(
        "SELECT seq FROM inventory_movement WHERE facility_id = $1 AND store_id = $2 AND item_id = $3 AND at < $4 ORDER BY seq DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(store.0)
    .bind(item)
    .bind(until)
    .fetch_optional(tx.conn())
    .await?;
    Ok(seq.unwrap_or(0) + 1)
}

/// The shelves of an item: store, its name, what lies there.
pub async fn shelves_of_item(tx: &mut Tx, item: Uuid) -> Result<Vec<(Uuid, String, i64)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT s.store_id, s.name, h.quantity_milli FROM inventory_shelf h
         JOIN inventory_store s ON s.facility_id = h.facility_id AND s.store_id = h.store_id
         WHERE h.facility_id = $1 AND h.item_id = $2 ORDER BY h.quantity_milli = 0, array_position(ARRAY['main', 'counter', 'cabinet'], s.kind), s.code"
    ))
    .bind(facility)
    .bind(item)
    .fetch_all(tx.conn())
    .await
}

/// A lot that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LotAlert {
    pub item_id: Uuid,
    pub name: String,
    pub unit: String,
    pub lot_id: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub blocked: bool,
    pub stores: String,
    pub quantity_milli: i64,
    pub value_vnd: i64,
}

/// Lots that still lie somewhere and are blocked, expired, or expire by `limit`; blocked first, then by expiry.
pub async fn lot_alerts(tx: &mut Tx, limit: NaiveDate) -> Result<Vec<LotAlert>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT l.item_id, d.name, d.unit, l.lot_id, l.lot_no, l.expires, l.blocked, string_agg(s.name, ', ' ORDER BY s.code) AS stores,
                sum(b.quantity_milli)::bigint AS quantity_milli,
                round(sum(b.quantity_milli) * l.cost_vnd / l.cost_milli)::bigint AS value_vnd
         FROM inventory_lot l
         JOIN inventory_balance b ON b.facility_id = $1 AND b.lot_id = l.lot_id AND b.quantity_milli > 0
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = b.store_id
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = l.item_id
         WHERE l.facility_id = $1 AND (l.blocked OR l.expires <= $2)
         GROUP BY l.facility_id, l.lot_id, d.facility_id, d.drug_id
         ORDER BY l.blocked DESC, l.expires, l.lot_id LIMIT 300"
    ))
    .bind(facility)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// An item of which too little can be given.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ItemAlert {
    pub item_id: Uuid,
    pub name: String,
    pub strength: String,
    pub unit: String,
    pub usable_milli: i64,
    pub min_milli: Option<i64>,
    pub max_milli: Option<i64>,
}

impl ItemAlert {
    /// What to buy to reach the maximum (or the minimum, where no maximum is set).
    pub fn missing_milli(&self) -> i64 {
        (self.max_milli.or(self.min_milli).unwrap_or(0) - self.usable_milli).max(0)
    }
}

/// Items that have run out or lie below their minimum, over all stores; run out first.
pub async fn item_alerts(tx: &mut Tx) -> Result<Vec<ItemAlert>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, local_date(tx.now));
    sqlx::query_as(sql!(
        "SELECT i.item_id, d.name, d.strength, d.unit, coalesce(q.usable, 0)::bigint AS usable_milli, i.min_milli, i.max_milli
         FROM inventory_item i
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = i.item_id
         LEFT JOIN LATERAL (
             SELECT sum(b.quantity_milli) AS usable FROM inventory_shelf s
             JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = s.store_id AND b.item_id = s.item_id AND b.quantity_milli > 0
             JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = b.lot_id AND NOT l.blocked AND l.expires >= $2
             WHERE s.facility_id = $1 AND s.item_id = i.item_id) q ON true
         WHERE i.facility_id = $1 AND coalesce(i.kept_to, 'infinity') >= $2
           AND (coalesce(q.usable, 0) = 0 OR coalesce(q.usable, 0) < i.min_milli)
         ORDER BY coalesce(q.usable, 0) > 0, d.name_folded, i.item_id LIMIT 300"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

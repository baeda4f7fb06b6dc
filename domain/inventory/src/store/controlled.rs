//! The books of controlled medicines, read from the ledger; their second signatures.

use base::dates::start_of_day;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A controlled medicine of the stock with what lies there and what waits for a signature.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Book {
    pub item_id: Uuid,
    pub code: String,
    pub name: String,
    pub strength: String,
    pub unit: String,
    pub controlled_class: String,
    pub on_hand_milli: i64,
    pub unsigned: i64,
}

/// All controlled medicines that are or were kept.
pub async fn list(tx: &mut Tx) -> Result<Vec<Book>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT i.item_id, d.code, d.name, d.strength, d.unit, d.controlled_class,
                coalesce((SELECT sum(s.quantity_milli) FROM inventory_shelf s WHERE s.facility_id = $1 AND s.item_id = i.item_id), 0)::bigint AS on_hand_milli,
                (SELECT count(*) FROM inventory_shelf s JOIN inventory_movement m ON m.facility_id = $1 AND m.store_id = s.store_id AND m.item_id = s.item_id
                 WHERE s.facility_id = $1 AND s.item_id = i.item_id AND m.second_account IS NULL
                   AND NOT EXISTS (SELECT FROM inventory_countersignature c WHERE c.facility_id = $1 AND c.movement_id = m.movement_id)) AS unsigned
         FROM inventory_item i JOIN organization_drug d ON d.facility_id = i.facility_id AND d.drug_id = i.item_id
         WHERE i.facility_id = $1 AND d.controlled_class <> 'none' ORDER BY d.controlled_class, d.name_folded"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// One line of the book.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    pub movement_id: Uuid,
    pub at: DateTime<Utc>,
    pub store_name: String,
    pub kind: String,
    pub document_no: String,
    pub patient_name: Option<String>,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub quantity_milli: i64,
    pub shelf_milli: i64,
    pub reason: String,
    pub by_account: Uuid,
    pub by_name: String,
    pub second_name: String,
}

impl Entry {
    pub fn is_signed(&self) -> bool {
        !self.second_name.is_empty()
    }
    pub fn kind_name(&self) -> &'static str {
        crate::ledger::Kind::from_key(&self.kind).map_or("", |k| k.name())
    }
}

/// The book of one medicine over a period, store by store, in the order of booking.
pub async fn entries(tx: &mut Tx, item: Uuid, from: NaiveDate, to: NaiveDate) -> Result<Vec<Entry>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT m.movement_id, m.at, s.name AS store_name, m.kind, m.document_no, p.name AS patient_name, l.lot_no, l.expires,
                m.quantity_milli, m.shelf_milli, m.reason, m.by_account, m.by_name,
                CASE WHEN m.second_account IS NOT NULL THEN m.second_name ELSE coalesce(c.by_name, '') END AS second_name
         FROM inventory_shelf h
         JOIN inventory_movement m ON m.facility_id = $1 AND m.store_id = h.store_id AND m.item_id = h.item_id
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = h.store_id
         JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = m.lot_id
         LEFT JOIN inventory_countersignature c ON c.facility_id = $1 AND c.movement_id = m.movement_id
         LEFT JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = m.patient_id
         WHERE h.facility_id = $1 AND h.item_id = $2 AND m.at >= $3 AND m.at < $4
         ORDER BY s.code, m.seq LIMIT 2000"
    ))
    .bind(facility)
    .bind(item)
    .bind(start_of_day(from))
    .bind(start_of_day(to.succ_opt().unwrap_or(to)))
    .fetch_all(tx.conn())
    .await
}

/// A movement that may want a second signature.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unsigned {
    pub movement_id: Uuid,
    pub item_id: Uuid,
    pub by_account: Uuid,
}

/// A movement of a controlled medicine that was booked by one person alone.
pub async fn find(tx: &mut Tx, movement: Uuid) -> Result<Option<Unsigned>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT m.movement_id, m.item_id, m.by_account FROM inventory_movement m
         JOIN organization_drug d ON d.facility_id = m.facility_id AND d.drug_id = m.item_id
         WHERE m.facility_id = $1 AND m.movement_id = $2 AND d.controlled_class <> 'none' AND m.second_account IS NULL"
    ))
    .bind(facility)
    .bind(movement)
    .fetch_optional(tx.conn())
    .await
}

/// Signs, if nobody has yet; gives who signed in the end.
pub async fn insert_signature(tx: &mut Tx, movement: Uuid, account: Uuid, name: &str) -> Result<Uuid, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO inventory_countersignature (facility_id, movement_id, at, by_account, by_name) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(movement)
    .bind(now)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    sqlx::query_scalar(sql!("SELECT by_account FROM inventory_countersignature WHERE facility_id = $1 AND movement_id = $2"))
        .bind(facility)
        .bind(movement)
        .fetch_one(tx.conn())
        .await
}

//! Counting sheets: frozen lines, counts by two people, reasons.

use crate::stocktake::{Count, Outcome, outcome};
use crate::store::documents::Document;
use base::StoreId;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A line of the sheet with the last count of each round and what the books say now.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CountLine {
    pub line_id: Uuid,
    pub item_id: Uuid,
    pub code: String,
    pub name: String,
    pub strength: String,
    pub unit: String,
    pub controlled_class: String,
    pub lot_id: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub label_no: i64,
    pub cost_vnd: i64,
    pub cost_milli: i64,
    pub frozen_milli: i64,
    pub book_milli: i64,
    pub reason: String,
    pub first_counted: Option<i64>,
    pub first_book: Option<i64>,
    pub first_by: Option<Uuid>,
    pub first_name: Option<String>,
    pub first_at: Option<DateTime<Utc>>,
    pub second_counted: Option<i64>,
    pub second_book: Option<i64>,
    pub second_by: Option<Uuid>,
    pub second_name: Option<String>,
    pub second_at: Option<DateTime<Utc>>,
}

impl CountLine {
    pub fn first(&self) -> Option<Count> {
        Some(Count { counted_milli: self.first_counted?, book_milli: self.first_book?, by: self.first_by? })
    }
    pub fn second(&self) -> Option<Count> {
        Some(Count { counted_milli: self.second_counted?, book_milli: self.second_book?, by: self.second_by? })
    }
    pub fn outcome(&self) -> Outcome {
        outcome(self.first(), self.second())
    }
    pub fn title(&self) -> String {
        crate::item::with_strength(&self.name, &self.strength)
    }
    /// What the difference is worth by the lot's cost.
    pub fn value(&self, difference: i64) -> i64 {
        let exact = i128::from(difference) * i128::from(self.cost_vnd);
        i64::try_from(exact / i128::from(self.cost_milli)).unwrap_or(0)
    }
}

/// Freezes the sheet: one line for every lot that lies in the store, in the order of the shelves' names.
pub async fn freeze(tx: &mut Tx, document: Uuid, store: StoreId) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO inventory_count_line (facility_id, document_id, line_id, position, item_id, lot_id, frozen_milli)
         SELECT $1, $2, gen_random_uuid(), row_number() OVER (ORDER BY d.name_folded, l.expires, l.lot_id), b.item_id, b.lot_id, b.quantity_milli
         FROM inventory_balance b
         JOIN inventory_lot l ON l.facility_id = b.facility_id AND l.lot_id = b.lot_id
         JOIN organization_drug d ON d.facility_id = b.facility_id AND d.drug_id = b.item_id
         WHERE b.facility_id = $1 AND b.store_id = $3 AND b.quantity_milli > 0"
    ))
    .bind(facility)
    .bind(document)
    .bind(store.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a lot that was found although the books know nothing of it there. Gives whether there is such a lot.
pub async fn add_found(tx: &mut Tx, doc: &Document, line: Uuid, lot: Uuid) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!(
        "INSERT INTO inventory_count_line (facility_id, document_id, line_id, position, item_id, lot_id, frozen_milli)
         SELECT $1, $2, $3, 1 + coalesce((SELECT max(position) FROM inventory_count_line WHERE facility_id = $1 AND document_id = $2), 0),
                l.item_id, l.lot_id, coalesce(b.quantity_milli, 0)
         FROM inventory_lot l
         LEFT JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = $5 AND b.item_id = l.item_id AND b.lot_id = l.lot_id
         WHERE l.facility_id = $1 AND l.lot_id = $4
         ON CONFLICT (facility_id, document_id, lot_id) DO UPDATE SET frozen_milli = inventory_count_line.frozen_milli"
    ))
    .bind(facility)
    .bind(doc.document_id)
    .bind(line)
    .bind(lot)
    .bind(doc.store_id)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The sheet.
pub async fn list(tx: &mut Tx, document: Uuid) -> Result<Vec<CountLine>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT c.line_id, c.item_id, g.code, g.name, g.strength, g.unit, g.controlled_class, c.lot_id, l.lot_no, l.expires, l.label_no,
                l.cost_vnd, l.cost_milli, c.frozen_milli, coalesce(b.quantity_milli, 0) AS book_milli, c.reason,
                f.counted_milli AS first_counted, f.book_milli AS first_book, f.by_account AS first_by, f.by_name AS first_name, f.at AS first_at,
                s.counted_milli AS second_counted, s.book_milli AS second_book, s.by_account AS second_by, s.by_name AS second_name, s.at AS second_at
         FROM inventory_document d
         JOIN inventory_count_line c ON c.facility_id = d.facility_id AND c.document_id = d.document_id
         JOIN organization_drug g ON g.facility_id = d.facility_id AND g.drug_id = c.item_id
         JOIN inventory_lot l ON l.facility_id = d.facility_id AND l.lot_id = c.lot_id
         LEFT JOIN inventory_balance b ON b.facility_id = d.facility_id AND b.store_id = d.store_id AND b.item_id = c.item_id AND b.lot_id = c.lot_id
         LEFT JOIN (SELECT DISTINCT ON (line_id) line_id, counted_milli, book_milli, by_account, by_name, at FROM inventory_count
                    WHERE facility_id = $1 AND document_id = $2 AND round = 1 ORDER BY line_id, count_id DESC) f ON f.line_id = c.line_id
         LEFT JOIN (SELECT DISTINCT ON (line_id) line_id, counted_milli, book_milli, by_account, by_name, at FROM inventory_count
                    WHERE facility_id = $1 AND document_id = $2 AND round = 2 ORDER BY line_id, count_id DESC) s ON s.line_id = c.line_id
         WHERE d.facility_id = $1 AND d.document_id = $2 ORDER BY c.position, c.line_id"
    ))
    .bind(facility)
    .bind(document)
    .fetch_all(tx.conn())
    .await
}

/// Writes counts `(line, round, counted)` with what the books say at this moment; the shelves are held still while
/// that is read.
pub async fn insert(tx: &mut Tx, doc: &Document, counted: &[(Uuid, i32, i64)]) -> Result<(), sqlx::Error> {
    if counted.is_empty() {
        return Ok(());
    }
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, my_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let lines: Vec<Uuid> = counted.iter().map(|c| c.0).collect();
    let items: Vec<Uuid> = sqlx::query_scalar(sql!(
        "SELECT DISTINCT item_id FROM inventory_count_line WHERE facility_id = $1 AND document_id = $2 AND line_id = ANY($3)"
    ))
    .bind(facility)
    .bind(doc.document_id)
    .bind(&lines)
    .fetch_all(tx.conn())
    .await?;
    let stores = vec![doc.store_id; items.len()];
    super::ledger::lock_shelves(tx, &stores, &items).await?;
    sqlx::query(sql!(
        "INSERT INTO inventory_count (facility_id, document_id, line_id, count_id, round, counted_milli, book_milli, at, by_account, by_name)
         SELECT $1, $2, n.line, n.id, n.round, n.counted, coalesce(b.quantity_milli, 0), $7, $8, $9
         FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::bigint[]) AS n(line, id, round, counted)
         JOIN inventory_count_line c ON c.facility_id = $1 AND c.document_id = $2 AND c.line_id = n.line
         LEFT JOIN inventory_balance b ON b.facility_id = $1 AND b.store_id = $10 AND b.item_id = c.item_id AND b.lot_id = c.lot_id"
    ))
    .bind(facility)
    .bind(doc.document_id)
    .bind(&lines)
    .bind(counted.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(counted.iter().map(|c| c.1).collect::<Vec<i32>>())
    .bind(counted.iter().map(|c| c.2).collect::<Vec<i64>>())
    .bind(now)
    .bind(me)
    .bind(my_name)
    .bind(doc.store_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes why lines differ.
pub async fn set_reasons(tx: &mut Tx, document: Uuid, reasons: &[(Uuid, String)]) -> Result<(), sqlx::Error> {
    if reasons.is_empty() {
        return Ok(());
    }
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE inventory_count_line c SET reason = n.reason FROM unnest($3::uuid[], $4::text[]) AS n(line, reason)
         WHERE c.facility_id = $1 AND c.document_id = $2 AND c.line_id = n.line"
    ))
    .bind(facility)
    .bind(document)
    .bind(reasons.iter().map(|r| r.0).collect::<Vec<Uuid>>())
    .bind(reasons.iter().map(|r| r.1.clone()).collect::<Vec<String>>())
    .execute(tx.conn())
    .await?;
    Ok(())
}

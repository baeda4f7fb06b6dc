//! Sums of the ledger over a period.

use base::dates::start_of_day;
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// One lot in one store over a period.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub store_name: String,
    pub item_id: Uuid,
    pub code: String,
    pub name: String,
    pub unit: String,
    pub lot_id: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub opening_milli: i64,
    pub opening_vnd: i64,
    pub in_milli: i64,
    pub in_vnd: i64,
    pub out_milli: i64,
    pub out_vnd: i64,
    pub closing_milli: i64,
    pub closing_vnd: i64,
}

/// Every lot that lay somewhere or moved from `from` to the end of `to`, in one store or in all.
pub async fn list(tx: &mut Tx, from: NaiveDate, to: NaiveDate, store: Option<Uuid>) -> Result<Vec<Row>, sqlx::Error> {
    let facility = tx.facility().0;
    let end = to.succ_opt().unwrap_or(to);
    sqlx::query_as(sql!(
        "SELECT s.name AS store_name, x.item_id, d.code, d.name, d.unit, x.lot_id, l.lot_no, l.expires,
                x.opening_milli, x.opening_vnd, x.in_milli, x.in_vnd, x.out_milli, x.out_vnd, x.closing_milli, x.closing_vnd
         FROM (SELECT m.store_id, m.item_id, m.lot_id,
                      coalesce(sum(m.quantity_milli) FILTER (WHERE m.at < $2), 0)::bigint AS opening_milli,
                      coalesce(sum(m.cost_vnd) FILTER (WHERE m.at < $2), 0)::bigint AS opening_vnd,
                      coalesce(sum(m.quantity_milli) FILTER (WHERE m.at >= $2 AND m.quantity_milli > 0), 0)::bigint AS in_milli,
                      coalesce(sum(m.cost_vnd) FILTER (WHERE m.at >= $2 AND m.quantity_milli > 0), 0)::bigint AS in_vnd,
                      coalesce(-sum(m.quantity_milli) FILTER (WHERE m.at >= $2 AND m.quantity_milli < 0), 0)::bigint AS out_milli,
                      coalesce(-sum(m.cost_vnd) FILTER (WHERE m.at >= $2 AND m.quantity_milli < 0), 0)::bigint AS out_vnd,
                      sum(m.quantity_milli)::bigint AS closing_milli, sum(m.cost_vnd)::bigint AS closing_vnd, bool_or(m.at >= $2) AS moved
               FROM inventory_movement m
               WHERE m.facility_id = $1 AND m.at < $3 AND ($4::uuid IS NULL OR m.store_id = $4)
               GROUP BY m.store_id, m.item_id, m.lot_id) x
         JOIN inventory_store s ON s.facility_id = $1 AND s.store_id = x.store_id
         JOIN inventory_lot l ON l.facility_id = $1 AND l.lot_id = x.lot_id
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = x.item_id
         WHERE x.moved OR x.opening_milli <> 0
         ORDER BY s.code, d.name_folded, l.expires, l.lot_id"
    ))
    .bind(facility)
    .bind(start_of_day(from))
    .bind(start_of_day(end))
    .bind(store)
    .fetch_all(tx.conn())
    .await
}

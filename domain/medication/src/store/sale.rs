//! Sale at the counter: the basket, and which drugs may go over the counter without a prescription.

use base::{BillId, FacilityId, LotId};
use chrono::NaiveDate;
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// One drug in the basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InBasket {
    pub drug: Uuid,
    /// The lot that was scanned, when the code said so.
    pub lot: Option<LotId>,
    pub quantity_milli: i64,
}

/// The open basket of this account; `None` when nothing was scanned yet.
pub async fn find_basket(tx: &mut Tx) -> Result<Option<(BillId, Vec<InBasket>)>, sqlx::Error> {
    let (facility, account) = (tx.facility().0, tx.actor.account.0);
    let row: Option<(Uuid, Json<Vec<InBasket>>)> = sqlx::query_as(sql!(
        "SELECT bill_id, lines FROM medication_basket WHERE facility_id = $1 AND account_id = $2 AND sold_at IS NULL FOR UPDATE"
    ))
    .bind(facility)
    .bind(account)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|(bill, lines)| (BillId(bill), lines.0)))
}

/// Keeps the basket.
pub async fn save_basket(tx: &mut Tx, bill: BillId, lines: &[InBasket]) -> Result<(), sqlx::Error> {
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO medication_basket AS b (facility_id, bill_id, account_id, lines, changed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (facility_id, bill_id) DO UPDATE SET lines = excluded.lines, changed_at = excluded.changed_at WHERE b.sold_at IS NULL"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(account)
    .bind(Json(lines))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The basket is sold.
pub async fn close_basket(tx: &mut Tx, bill: BillId) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE medication_basket SET sold_at = $3 WHERE facility_id = $1 AND bill_id = $2"))
        .bind(facility)
        .bind(bill.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Which of these drugs may be sold without a prescription on a day; without a decision none may.
pub async fn list_over_counter(conn: &mut PgConnection, facility: FacilityId, drugs: &[Uuid], day: NaiveDate) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT drug_id FROM (SELECT DISTINCT ON (drug_id) drug_id, allowed FROM medication_over_counter
                              WHERE facility_id = $1 AND drug_id = ANY ($2) AND valid_from <= $3 ORDER BY drug_id, valid_from DESC) latest
         WHERE allowed"
    ))
    .bind(facility.0)
    .bind(drugs)
    .bind(day)
    .fetch_all(conn)
    .await
}

/// Decides from `day` on; a second decision of the same day takes the place of the first.
pub async fn set_over_counter(tx: &mut Tx, drug: Uuid, allowed: bool, day: NaiveDate) -> Result<(), sqlx::Error> {
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO medication_over_counter (facility_id, drug_id, valid_from, allowed, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (facility_id, drug_id, valid_from) DO UPDATE SET allowed = excluded.allowed, set_by = excluded.set_by, set_at = excluded.set_at"
    ))
    .bind(facility)
    .bind(drug)
    .bind(day)
    .bind(allowed)
    .bind(account)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

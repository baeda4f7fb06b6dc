//! All SQL of the module, one function per question; every statement names the facility, so that it stays on one
//! shard and row security has nothing to correct.

pub mod approvals;
pub mod bank;
pub mod bills;
pub mod charges;
pub mod debts;
pub mod discounts;
pub mod dispensed;
pub mod handovers;
pub mod offers;
pub mod packages;
pub mod einvoices;
pub mod payers;
pub mod payouts;
pub mod receipts;
pub mod shifts;

use db::{Tx, sql};

/// The next number of a gapless run; `period` is a year, or a day as `yymmdd` for runs that start anew each day.
/// Others wait until this transaction ends; when it fails, the number is free again.
pub async fn next_number(tx: &mut Tx, series: &str, period: i32) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "INSERT INTO billing_number AS n (facility_id, series, period, last_number) VALUES ($1, $2, $3, 1)
         ON CONFLICT (facility_id, series, period) DO UPDATE SET last_number = n.last_number + 1
         RETURNING last_number"
    ))
    .bind(facility)
    .bind(series)
    .bind(period)
    .fetch_one(tx.conn())
    .await
}

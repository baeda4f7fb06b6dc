//! Cash shifts and their counts.

use crate::shift::{Closing, Count, DENOMINATIONS};
use base::Vnd;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A shift with what the ledger knows about its drawer.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Shift {
    pub shift_id: Uuid,
    pub number: i64,
    pub year: i32,
    pub account_id: Uuid,
    pub cashier_name: String,
    pub desk: String,
    pub opened_at: DateTime<Utc>,
    pub float_vnd: i64,
    pub closed_at: Option<DateTime<Utc>>,
    pub count_id: Option<Uuid>,
    pub counted_vnd: Option<i64>,
    pub expected_vnd: Option<i64>,
    pub reason: String,
    pub handed_over_vnd: i64,
    pub handed_to: String,
    /// Cash in and out so far, signed.
    pub cash_vnd: i64,
    /// Taken over from colleagues' drawers.
    pub received_vnd: i64,
}

impl Shift {
    pub fn show_number(&self) -> String {
        crate::receipt::show_number("CT", self.year, self.number)
    }
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
    /// What should lie in the drawer now, or lay in it when it was closed.
    pub fn expected(&self) -> Vnd {
        Vnd(self.expected_vnd.unwrap_or(self.float_vnd + self.cash_vnd + self.received_vnd))
    }
}

macro_rules! shifts_where {
    ($rest:expr) => {
        concat!(
            "SELECT s.shift_id, s.number, s.year, s.account_id, s.cashier_name, s.desk, s.opened_at, s.float_vnd, s.closed_at, s.count_id,
                s.counted_vnd, s.expected_vnd, s.reason, s.handed_over_vnd, s.handed_to,
                coalesce((SELECT sum(p.amount_vnd) FROM billing_payment p
                          WHERE p.facility_id = $1 AND p.shift_id = s.shift_id AND p.method = 'cash'), 0)::bigint AS cash_vnd,
                coalesce((SELECT sum(h.amount_vnd) FROM billing_handover h
                          WHERE h.facility_id = $1 AND h.to_shift = s.shift_id AND h.step = 'accepted'), 0)::bigint AS received_vnd
             FROM billing_shift s WHERE s.facility_id = $1 AND ",
            $rest
        )
    };
}

/// The open shift of the actor.
pub async fn find_mine(tx: &mut Tx) -> Result<Option<Shift>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(shifts_where!("s.account_id = $2 AND s.closed_at IS NULL")))
        .bind(facility)
        .bind(me)
        .fetch_optional(tx.conn())
        .await
}

/// The same, held open: it cannot be closed before the transaction ends.
pub async fn hold_mine(tx: &mut Tx) -> Result<Option<Shift>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    let held: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT shift_id FROM billing_shift WHERE facility_id = $1 AND account_id = $2 AND closed_at IS NULL FOR KEY SHARE"
    ))
    .bind(facility)
    .bind(me)
    .fetch_optional(tx.conn())
    .await?;
    match held {
        Some(id) => find(tx, id).await,
        None => Ok(None),
    }
}

/// Holds somebody's shift open if it still is; gives whether it is.
pub async fn hold(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let held: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT shift_id FROM billing_shift WHERE facility_id = $1 AND shift_id = $2 AND closed_at IS NULL FOR KEY SHARE"
    ))
    .bind(facility)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(held.is_some())
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Shift>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(shifts_where!("s.shift_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// The same, and no cash moves into or out of it until the transaction ends (payments point at this row).
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Shift>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("SELECT FROM billing_shift WHERE facility_id = $1 AND shift_id = $2 FOR UPDATE"))
        .bind(facility)
        .bind(id)
        .execute(tx.conn())
        .await?;
    find(tx, id).await
}

/// Opens a shift unless the actor has one open already; gives the open one.
pub async fn open(tx: &mut Tx, id: Uuid, float: Vnd, desk: &str) -> Result<Shift, sqlx::Error> {
    if let Some(open) = find_mine(tx).await? {
        return Ok(open);
    }
    let (facility, now) = (tx.facility().0, tx.now);
    let (me, name) = (tx.actor.account.0, tx.actor.name.to_string());
    let year = crate::receipt::year_of(base::local_date(now));
    let number = super::next_number(tx, "CT", year).await?;
    sqlx::query(sql!(
        "INSERT INTO billing_shift (facility_id, shift_id, number, year, account_id, cashier_name, desk, opened_at, float_vnd)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    ))
    .bind(facility)
    .bind(id)
    .bind(number)
    .bind(year)
    .bind(me)
    .bind(name)
    .bind(desk)
    .bind(now)
    .bind(float.0)
    .execute(tx.conn())
    .await?;
    find(tx, id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Writes a count beside what the ledger expects at this moment.
pub async fn insert_count(tx: &mut Tx, id: Uuid, shift: &Shift, count: &Count) -> Result<(), sqlx::Error> {
    let pieces: serde_json::Map<String, serde_json::Value> = DENOMINATIONS
        .iter()
        .zip(count.0)
        .filter(|(_, pieces)| *pieces > 0)
        .map(|(face, pieces)| (face.to_string(), pieces.into()))
        .collect();
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO billing_shift_count (facility_id, count_id, shift_id, pieces, total_vnd, expected_vnd, at, by_account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(shift.shift_id)
    .bind(serde_json::Value::Object(pieces))
    .bind(count.total().0)
    .bind(shift.expected().0)
    .bind(now)
    .bind(me)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A written count.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CountRow {
    pub count_id: Uuid,
    pub pieces: serde_json::Value,
    pub total_vnd: i64,
    pub expected_vnd: i64,
    pub at: DateTime<Utc>,
}

/// The last count of a shift.
pub async fn find_last_count(tx: &mut Tx, shift: Uuid) -> Result<Option<CountRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT count_id, pieces, total_vnd, expected_vnd, at FROM billing_shift_count
         WHERE facility_id = $1 AND shift_id = $2 ORDER BY at DESC, count_id DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(shift)
    .fetch_optional(tx.conn())
    .await
}

/// Closes a shift with its last count.
pub async fn close(tx: &mut Tx, shift: Uuid, count: Uuid, closing: &Closing) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE billing_shift SET closed_at = $3, count_id = $4, counted_vnd = $5, expected_vnd = $6, reason = $7,
             handed_over_vnd = $8, handed_to = $9
         WHERE facility_id = $1 AND shift_id = $2 AND closed_at IS NULL"
    ))
    .bind(facility)
    .bind(shift)
    .bind(now)
    .bind(count)
    .bind(closing.counted.0)
    .bind(closing.expected.0)
    .bind(closing.reason.trim())
    .bind(closing.handed_over.0)
    .bind(closing.handed_to.trim())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takings of a shift by method: count, received, given back (as a positive number).
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Takings {
    pub method: String,
    pub count: i64,
    pub received_vnd: i64,
    pub returned_vnd: i64,
}

pub async fn takings(tx: &mut Tx, shift: Uuid) -> Result<Vec<Takings>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT method, count(*) AS count, coalesce(sum(amount_vnd) FILTER (WHERE amount_vnd > 0), 0)::bigint AS received_vnd,
                coalesce(-sum(amount_vnd) FILTER (WHERE amount_vnd < 0), 0)::bigint AS returned_vnd
         FROM billing_payment WHERE facility_id = $1 AND shift_id = $2 GROUP BY method ORDER BY method"
    ))
    .bind(facility)
    .bind(shift)
    .fetch_all(tx.conn())
    .await
}

/// The last shifts of the facility, or only the actor's, newest first.
pub async fn list_recent(tx: &mut Tx, everybody: bool) -> Result<Vec<Shift>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(shifts_where!("($3 OR s.account_id = $2) ORDER BY s.opened_at DESC LIMIT 30")))
        .bind(facility)
        .bind(me)
        .bind(everybody)
        .fetch_all(tx.conn())
        .await
}

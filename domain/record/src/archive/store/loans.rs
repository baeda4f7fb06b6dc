//! Records that were lent.

use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Loan {
    pub loan_id: Uuid,
    pub record_id: Uuid,
    pub borrower: String,
    pub purpose: String,
    pub lent_at: DateTime<Utc>,
    pub lent_by: String,
    pub due_on: NaiveDate,
    pub returned_at: Option<DateTime<Utc>>,
    pub returned_to: String,
    pub archive_no: String,
    pub patient_name: String,
}

impl Loan {
    pub fn is_out(&self) -> bool {
        self.returned_at.is_none()
    }
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.is_out() && self.due_on < today
    }
}

macro_rules! loans_where {
    ($rest:expr) => {
        concat!(
            "SELECT l.loan_id, l.record_id, l.borrower, l.purpose, l.lent_at, l.lent_by, l.due_on, l.returned_at, l.returned_to, r.archive_no,
                p.name AS patient_name
             FROM record_loan l JOIN record_record r ON r.facility_id = $1 AND r.record_id = l.record_id
             JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = r.patient_id
             WHERE l.facility_id = $1 AND ",
            $rest
        )
    };
}

/// What is out, by the day it is due.
pub async fn list_out(tx: &mut Tx) -> Result<Vec<Loan>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(loans_where!("l.returned_at IS NULL ORDER BY l.due_on, l.loan_id LIMIT 200"))).bind(facility).fetch_all(tx.conn()).await
}

/// The loans of a record, newest first.
pub async fn of_record(tx: &mut Tx, record: Uuid) -> Result<Vec<Loan>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(loans_where!("l.record_id = $2 ORDER BY l.lent_at DESC LIMIT 30"))).bind(facility).bind(record).fetch_all(tx.conn()).await
}

/// Lends a record; gives false when it is out. The same id twice lends once.
pub async fn insert(tx: &mut Tx, id: Uuid, record: Uuid, borrower: &str, purpose: &str, due_on: NaiveDate) -> Result<bool, sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    let out: Option<Uuid> = sqlx::query_scalar(sql!(
        "WITH lent AS (
             INSERT INTO record_loan (facility_id, loan_id, record_id, borrower, purpose, lent_at, lent_by, due_on)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING loan_id)
         SELECT loan_id FROM lent UNION ALL
         SELECT loan_id FROM record_loan WHERE facility_id = $1 AND record_id = $3 AND returned_at IS NULL LIMIT 1"
    ))
    .bind(facility)
    .bind(id)
    .bind(record)
    .bind(borrower)
    .bind(purpose)
    .bind(now)
    .bind(&*actor.name)
    .bind(due_on)
    .fetch_optional(tx.conn())
    .await?;
    Ok(out == Some(id))
}

/// Takes a loan back; gives whether this facility's record has such a loan.
pub async fn take_back(tx: &mut Tx, record: Uuid, id: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    let done = sqlx::query(sql!(
        "UPDATE record_loan SET returned_at = coalesce(returned_at, $4), returned_to = CASE WHEN returned_at IS NULL THEN $5 ELSE returned_to END
         WHERE facility_id = $1 AND record_id = $2 AND loan_id = $3"
    ))
    .bind(facility)
    .bind(record)
    .bind(id)
    .bind(now)
    .bind(&*actor.name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

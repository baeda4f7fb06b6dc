//! Debts as they were promised, and reminders.

use base::{BillId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A written debt with what its bill owes now.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Debt {
    pub debt_id: Uuid,
    pub bill_id: Uuid,
    pub amount_vnd: i64,
    pub reason: String,
    pub promised_on: NaiveDate,
    pub phone: String,
    pub step: String,
    pub noted_at: DateTime<Utc>,
    pub by_name: String,
    pub name: String,
    pub bill_kind: String,
    pub owed_vnd: i64,
    /// First time the bill left unpaid.
    pub since: DateTime<Utc>,
    pub reminded_at: Option<DateTime<Utc>>,
    pub reminder: Option<String>,
}

impl Debt {
    pub fn owed(&self) -> Vnd {
        Vnd(self.owed_vnd.max(0))
    }
}

macro_rules! debts_where {
    ($rest:expr) => {
        concat!(
            "SELECT d.debt_id, d.bill_id, d.amount_vnd, d.reason, d.promised_on, coalesce(nullif(d.phone, ''), pp.phone, '') AS phone, d.step,
                d.noted_at, d.by_name, b.name, b.kind AS bill_kind, b.charged_vnd - b.paid_vnd AS owed_vnd,
                (SELECT min(f.noted_at) FROM billing_debt f WHERE f.facility_id = $1 AND f.bill_id = d.bill_id) AS since,
                m.at AS reminded_at, m.note AS reminder
             FROM billing_debt d
             JOIN billing_bill b ON b.facility_id = $1 AND b.bill_id = d.bill_id
             LEFT JOIN patient_patient pp ON pp.facility_id = $1 AND pp.patient_id = b.patient_id
             LEFT JOIN LATERAL (SELECT r.at, r.note FROM billing_debt_reminder r WHERE r.facility_id = $1 AND r.bill_id = d.bill_id
                                ORDER BY r.at DESC LIMIT 1) m ON true
             WHERE d.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Debt>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(debts_where!("d.debt_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// The last word about a bill's debt that was not refused.
pub async fn find_of_bill(tx: &mut Tx, bill: BillId) -> Result<Option<Debt>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(debts_where!("d.bill_id = $2 AND d.step <> 'refused' ORDER BY d.noted_at DESC, d.debt_id DESC LIMIT 1")))
        .bind(facility)
        .bind(bill.0)
        .fetch_optional(tx.conn())
        .await
}

/// Everybody who left owing money and still owes, oldest promise first; at most 300.
pub async fn list_open(tx: &mut Tx) -> Result<Vec<Debt>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(debts_where!(
        "d.step = 'granted' AND b.charged_vnd > b.paid_vnd
         AND NOT EXISTS (SELECT FROM billing_debt l WHERE l.facility_id = $1 AND l.bill_id = d.bill_id AND l.step = 'granted'
                         AND (l.noted_at, l.debt_id) > (d.noted_at, d.debt_id))
         ORDER BY d.promised_on, d.noted_at LIMIT 300"
    )))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

#[allow(clippy::too_many_arguments)]
pub async fn insert(
    tx: &mut Tx,
    id: Uuid,
    bill: BillId,
    amount: Vnd,
    reason: &str,
    promised_on: NaiveDate,
    phone: &str,
    step: &'static str,
) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_debt (facility_id, debt_id, bill_id, amount_vnd, reason, promised_on, phone, step, noted_at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    ))
    .bind(facility)
    .bind(id)
    .bind(bill.0)
    .bind(amount.0)
    .bind(reason)
    .bind(promised_on)
    .bind(phone)
    .bind(step)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Decides a waiting debt, once.
pub async fn step(tx: &mut Tx, id: Uuid, to: &'static str) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!("UPDATE billing_debt SET step = $3 WHERE facility_id = $1 AND debt_id = $2 AND step = 'waiting'"))
        .bind(facility)
        .bind(id)
        .bind(to)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes down that somebody was reminded; the form's id makes a second click the same reminder.
pub async fn insert_reminder(tx: &mut Tx, id: Uuid, bill: BillId, note: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_debt_reminder (facility_id, reminder_id, bill_id, note, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(bill.0)
    .bind(note)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

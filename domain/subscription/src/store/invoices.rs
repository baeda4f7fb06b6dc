//! Invoices of the platform and the money that came for them. Every question needs the purpose `subscription`.

use crate::invoice::{Buyer, Invoice, Kind, Line, Reason};
use base::Vnd;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

macro_rules! invoices_where {
    ($rest:expr) => {
        concat!(
            "SELECT i.invoice_id, i.number, i.reference, i.kind, i.sign_up_id, i.facility_id, i.package, i.months, i.amount_vnd, i.lines,
                i.buyer, i.created_at, i.pay_before, p.paid_at
             FROM subscription_invoice i LEFT JOIN subscription_payment p ON p.invoice_id = i.invoice_id AND p.outcome = 'paid'
             WHERE ",
            $rest
        )
    };
}

fn invoice(row: &PgRow) -> Result<Invoice, sqlx::Error> {
    Ok(Invoice {
        id: row.try_get("invoice_id")?,
        number: row.try_get("number")?,
        reference: row.try_get("reference")?,
        kind: Kind::from_key(row.try_get("kind")?),
        sign_up: row.try_get("sign_up_id")?,
        facility: row.try_get("facility_id")?,
        package: row.try_get("package")?,
        months: row.try_get("months")?,
        amount: Vnd(row.try_get("amount_vnd")?),
        lines: row.try_get::<Json<Vec<Line>>, _>("lines")?.0,
        buyer: row.try_get::<Json<Buyer>, _>("buyer")?.0,
        created_at: row.try_get("created_at")?,
        pay_before: row.try_get("pay_before")?,
        paid_at: row.try_get("paid_at")?,
    })
}

/// An invoice of the facility of the transaction.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Invoice>, sqlx::Error> {
    let facility = tx.facility().0;
    let row = sqlx::query(sql!(invoices_where!("i.invoice_id = $1 AND i.facility_id = $2"))).bind(id).bind(facility).fetch_optional(tx.conn()).await?;
    row.as_ref().map(invoice).transpose()
}

/// The invoices of the facility of the transaction, newest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Invoice>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(invoices_where!("i.facility_id = $1 ORDER BY i.created_at DESC LIMIT 60")))
        .bind(facility)
        .fetch_all(tx.conn())
        .await?
        .iter()
        .map(invoice)
        .collect()
}

/// The newest invoice of a clinic on its way in.
pub async fn find_of_sign_up(tx: &mut Tx, sign_up: Uuid) -> Result<Option<Invoice>, sqlx::Error> {
    let row = sqlx::query(sql!(invoices_where!("i.sign_up_id = $1 ORDER BY p.paid_at IS NULL, i.created_at DESC LIMIT 1"))).bind(sign_up).fetch_optional(tx.conn()).await?;
    row.as_ref().map(invoice).transpose()
}

/// The invoice with these words, whoever it is for.
pub async fn find_by_reference(tx: &mut Tx, reference: &str) -> Result<Option<Invoice>, sqlx::Error> {
    let row = sqlx::query(sql!(invoices_where!("i.reference = $1"))).bind(reference).fetch_optional(tx.conn()).await?;
    row.as_ref().map(invoice).transpose()
}

/// What is to be paid, about to be written.
pub struct NewInvoice<'a> {
    pub id: Uuid,
    pub kind: Kind,
    pub sign_up: Option<Uuid>,
    pub facility: Option<i32>,
    pub package: &'a str,
    pub months: i32,
    pub amount: Vnd,
    pub lines: Vec<Line>,
    pub buyer: Buyer,
}

/// Writes an invoice under a fresh number; a second time under the same id changes nothing.
pub async fn insert(tx: &mut Tx, new: &NewInvoice<'_>) -> Result<(), sqlx::Error> {
    let (now, by) = (tx.now, tx.actor.account.0);
    let day = base::local_date(now);
    let number: i64 = sqlx::query_scalar(sql!("SELECT nextval('subscription_number')")).fetch_one(tx.conn()).await?;
    sqlx::query(sql!(
        "INSERT INTO subscription_invoice (invoice_id, number, reference, kind, sign_up_id, facility_id, package, months, amount_vnd,
             lines, buyer, created_at, pay_before, by_account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (invoice_id) DO NOTHING"
    ))
    .bind(new.id)
    .bind(format!("YBP{number:07}"))
    .bind(crate::invoice::reference(day, number))
    .bind(new.kind.key())
    .bind(new.sign_up)
    .bind(new.facility)
    .bind(new.package)
    .bind(new.months)
    .bind(new.amount.0)
    .bind(Json(&new.lines))
    .bind(Json(&new.buyer))
    .bind(now)
    .bind(crate::invoice::pay_before(new.kind, now))
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets nobody else decide about these words until the transaction ends.
pub async fn lock_words(tx: &mut Tx, words: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("SELECT pg_advisory_xact_lock(7928010, hashtext($1))")).bind(words).execute(tx.conn()).await?;
    Ok(())
}

/// Money as the bank told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub bank_tx_id: String,
    pub account_no: String,
    pub amount: Vnd,
    pub content: String,
    pub paid_at: DateTime<Utc>,
}

/// The amount told before under this number of the bank, if it was.
pub async fn told_before(tx: &mut Tx, bank_tx_id: &str) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT amount_vnd FROM subscription_payment WHERE bank_tx_id = $1")).bind(bank_tx_id).fetch_optional(tx.conn()).await
}

/// Keeps the money with what became of it. False: the bank told of it before.
pub async fn insert_payment(tx: &mut Tx, arrival: &Arrival, invoice: Option<Uuid>, outcome: Result<(), Reason>) -> Result<bool, sqlx::Error> {
    let now = tx.now;
    let made = sqlx::query(sql!(
        "INSERT INTO subscription_payment (payment_id, bank_tx_id, account_no, amount_vnd, content, paid_at, received_at, invoice_id, outcome, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (bank_tx_id) DO NOTHING"
    ))
    .bind(Uuid::now_v7())
    .bind(&arrival.bank_tx_id)
    .bind(&arrival.account_no)
    .bind(arrival.amount.0)
    .bind(&arrival.content)
    .bind(arrival.paid_at)
    .bind(now)
    .bind(invoice)
    .bind(if outcome.is_ok() { "paid" } else { "unmatched" })
    .bind(outcome.err().map_or("", Reason::key))
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Money on the operator's desk.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unmatched {
    pub payment_id: Uuid,
    pub bank_tx_id: String,
    pub amount_vnd: i64,
    pub content: String,
    pub paid_at: DateTime<Utc>,
    pub reason: String,
}

/// Money nobody has looked at yet, oldest first.
pub async fn list_unmatched(tx: &mut Tx) -> Result<Vec<Unmatched>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT p.payment_id, p.bank_tx_id, p.amount_vnd, p.content, p.paid_at, p.reason FROM subscription_payment p
         WHERE p.outcome = 'unmatched' AND NOT EXISTS (SELECT FROM subscription_payment_note n WHERE n.payment_id = p.payment_id)
         ORDER BY p.received_at LIMIT 100"
    ))
    .fetch_all(tx.conn())
    .await
}

/// Notes what was done about such money; false when there is none or somebody was quicker.
pub async fn note_payment(tx: &mut Tx, id: Uuid, note: &str) -> Result<bool, sqlx::Error> {
    let (now, by) = (tx.now, tx.actor.name.to_string());
    let made = sqlx::query(sql!(
        "INSERT INTO subscription_payment_note (payment_id, note, by_name, at)
         SELECT payment_id, $2, $3, $4 FROM subscription_payment WHERE payment_id = $1 AND outcome = 'unmatched' ON CONFLICT DO NOTHING"
    ))
    .bind(id)
    .bind(note)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

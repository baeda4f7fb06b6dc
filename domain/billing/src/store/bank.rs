//! Transfer codes that were shown, bank movements that arrived, and what was decided about the rest.

use crate::transfer::{Outcome, Reason};
use base::{BillId, FacilityId, Vnd};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// Where the facility receives money.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct OwnAccount {
    pub bank_bin: String,
    pub bank_account: String,
    pub bank_holder: String,
}

impl OwnAccount {
    pub fn is_set(&self) -> bool {
        !self.bank_bin.is_empty() && !self.bank_account.is_empty()
    }
}

pub async fn own_account(tx: &mut Tx) -> Result<OwnAccount, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT bank_bin, bank_account, bank_holder FROM organization_facility WHERE facility_id = $1"))
        .bind(facility)
        .fetch_one(tx.conn())
        .await
}

/// A code that was shown.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Code {
    pub code_id: Uuid,
    pub bill_id: Uuid,
    pub reference: String,
    pub amount_vnd: i64,
    pub bank_bin: String,
    pub account_no: String,
    pub shown_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub shift_id: Option<Uuid>,
    /// How the transfer that came for it was taken: "settled", "deposit", "unmatched"; empty while none came.
    pub answer: String,
    pub answer_reason: String,
}

macro_rules! codes_where {
    ($rest:expr) => {
        concat!(
            "SELECT c.code_id, c.bill_id, c.reference, c.amount_vnd, c.bank_bin, c.account_no, c.shown_at, c.expires_at, c.shift_id,
                coalesce(t.outcome, '') AS answer, coalesce(t.reason, '') AS answer_reason
             FROM billing_transfer_code c
             LEFT JOIN LATERAL (SELECT outcome, reason FROM billing_bank_transfer b WHERE b.facility_id = $1 AND b.code_id = c.code_id
                                ORDER BY b.outcome = 'unmatched', b.received_at LIMIT 1) t ON true
             WHERE c.facility_id = $1 AND ",
            $rest
        )
    };
}

/// The last code shown for a visit.
pub async fn find_last_code(tx: &mut Tx, bill: BillId) -> Result<Option<Code>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(codes_where!("c.bill_id = $2 ORDER BY c.shown_at DESC, c.code_id DESC LIMIT 1")))
        .bind(facility)
        .bind(bill.0)
        .fetch_optional(tx.conn())
        .await
}

pub async fn find_code_by_reference(tx: &mut Tx, reference: &str) -> Result<Option<Code>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(codes_where!("c.reference = $2"))).bind(facility).bind(reference).fetch_optional(tx.conn()).await
}

/// Writes a code under a fresh reference of the day.
pub async fn insert_code(
    tx: &mut Tx,
    id: Uuid,
    bill: BillId,
    amount: Vnd,
    own: &OwnAccount,
    shift: Option<Uuid>,
) -> Result<(), sqlx::Error> {
    let day = base::local_date(tx.now);
    let period = chrono::Datelike::year(&day).rem_euclid(100) * 10_000
        + chrono::Datelike::month(&day) as i32 * 100
        + chrono::Datelike::day(&day) as i32;
    let number = super::next_number(tx, "QR", period).await?;
    let reference = crate::transfer::reference(day, i32::try_from(number % 10_000).unwrap_or_default());
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_transfer_code (facility_id, code_id, bill_id, reference, amount_vnd, bank_bin, account_no, shown_at,
             expires_at, shift_id, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    ))
    .bind(facility)
    .bind(id)
    .bind(bill.0)
    .bind(reference)
    .bind(amount.0)
    .bind(&own.bank_bin)
    .bind(&own.bank_account)
    .bind(now)
    .bind(now + crate::transfer::GOOD_FOR)
    .bind(shift)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A movement the bank reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub bank_tx_id: String,
    pub account_no: String,
    pub amount: Vnd,
    pub content: String,
    pub paid_at: DateTime<Utc>,
}

/// A movement as it lies in the table.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Transfer {
    pub transfer_id: Uuid,
    pub bank_tx_id: String,
    pub account_no: String,
    pub amount_vnd: i64,
    pub content: String,
    pub paid_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub outcome: String,
    pub reason: String,
    /// Visit of the code it names, if it names one.
    pub bill_id: Option<Uuid>,
    pub patient_name: Option<String>,
    pub reference: Option<String>,
    pub how: Option<String>,
    pub note: Option<String>,
    pub resolved_by: Option<String>,
}

impl Transfer {
    pub fn reason_title(&self) -> &'static str {
        Reason::title(&self.reason)
    }
}

macro_rules! transfers_where {
    ($rest:expr) => {
        concat!(
            "SELECT t.transfer_id, t.bank_tx_id, t.account_no, t.amount_vnd, t.content, t.paid_at, t.received_at, t.outcome, t.reason,
                c.bill_id, p.name AS patient_name, c.reference, x.how, x.note, x.by_name AS resolved_by
             FROM billing_bank_transfer t
             LEFT JOIN billing_transfer_code c ON c.facility_id = $1 AND c.code_id = t.code_id
             LEFT JOIN billing_bill p ON p.facility_id = $1 AND p.bill_id = c.bill_id
             LEFT JOIN billing_transfer_resolution x ON x.facility_id = $1 AND x.transfer_id = t.transfer_id
             WHERE t.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find_transfer(tx: &mut Tx, id: Uuid) -> Result<Option<Transfer>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(transfers_where!("t.transfer_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

pub async fn find_transfer_by_bank_id(tx: &mut Tx, bank_tx_id: &str) -> Result<Option<Transfer>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(transfers_where!("t.bank_tx_id = $2"))).bind(facility).bind(bank_tx_id).fetch_optional(tx.conn()).await
}

/// Money nobody has placed yet, oldest first.
pub async fn list_unmatched(tx: &mut Tx) -> Result<Vec<Transfer>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(transfers_where!("t.outcome = 'unmatched' AND x.transfer_id IS NULL ORDER BY t.received_at LIMIT 200")))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

/// The last movements a person placed, newest first.
pub async fn list_resolved(tx: &mut Tx) -> Result<Vec<Transfer>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(transfers_where!("x.transfer_id IS NOT NULL ORDER BY x.at DESC LIMIT 30")))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

/// How many wait on the unmatched desk.
pub async fn count_unmatched(tx: &mut Tx) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT count(*) FROM billing_bank_transfer t WHERE t.facility_id = $1 AND t.outcome = 'unmatched'
         AND NOT EXISTS (SELECT FROM billing_transfer_resolution x WHERE x.facility_id = $1 AND x.transfer_id = t.transfer_id)"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await
}

/// Keeps arrived money with what becomes of it. `None`: the bank told us about this movement before.
pub async fn insert_transfer(
    tx: &mut Tx,
    arrival: &Arrival,
    code: Option<Uuid>,
    outcome: Outcome,
) -> Result<Option<Uuid>, sqlx::Error> {
    let (outcome, reason) = match outcome {
        Outcome::Settle => ("settled", ""),
        Outcome::Deposit => ("deposit", ""),
        Outcome::Unmatched(reason) => ("unmatched", reason.key()),
    };
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_scalar(sql!(
        "INSERT INTO billing_bank_transfer (facility_id, transfer_id, bank_tx_id, account_no, amount_vnd, content, paid_at, received_at,
             code_id, outcome, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (facility_id, bank_tx_id) DO NOTHING RETURNING transfer_id"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(&arrival.bank_tx_id)
    .bind(&arrival.account_no)
    .bind(arrival.amount.0)
    .bind(&arrival.content)
    .bind(arrival.paid_at)
    .bind(now)
    .bind(code)
    .bind(outcome)
    .bind(reason)
    .fetch_optional(tx.conn())
    .await
}

/// Writes what a person decided about unmatched money, once.
pub async fn insert_resolution(
    tx: &mut Tx,
    transfer: Uuid,
    how: &str,
    bill: Option<BillId>,
    note: &str,
) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO billing_transfer_resolution (facility_id, transfer_id, how, bill_id, note, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(transfer)
    .bind(how)
    .bind(bill.map(|e| e.0))
    .bind(note)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The facility behind a code in a webhook address, and the key its bank signs with. The transaction must serve the
/// purpose `bank-webhook`. Two facilities with one code are told apart by nobody, so neither is believed.
pub async fn find_channel(tx: &mut Tx, facility_code: &str) -> Result<Option<(FacilityId, String)>, sqlx::Error> {
    let rows: Vec<(i32, String)> =
        sqlx::query_as(sql!("SELECT facility_id, secret FROM billing_bank_channel WHERE facility_code = $1 LIMIT 2"))
            .bind(facility_code)
            .fetch_all(tx.conn())
            .await?;
    match <[_; 1]>::try_from(rows) {
        Ok([(facility, secret)]) => Ok(Some((FacilityId(facility), secret))),
        Err(_) => Ok(None),
    }
}

/// The own channel: code in the address and key.
pub async fn own_channel(tx: &mut Tx) -> Result<Option<(String, String, DateTime<Utc>)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT facility_code, secret, made_at FROM billing_bank_channel WHERE facility_id = $1"))
        .bind(facility)
        .fetch_optional(tx.conn())
        .await
}

/// Makes, or replaces, the key with which the facility's bank signs its messages.
pub async fn set_channel(tx: &mut Tx, secret: &str) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO billing_bank_channel (facility_id, facility_code, secret, made_at, made_by)
         SELECT facility_id, code, $2, $3, $4 FROM organization_facility WHERE facility_id = $1
         ON CONFLICT (facility_id) DO UPDATE SET facility_code = excluded.facility_code, secret = excluded.secret,
             made_at = excluded.made_at, made_by = excluded.made_by"
    ))
    .bind(facility)
    .bind(secret)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

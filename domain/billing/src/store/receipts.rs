//! Receipts, their lines, payments, prints and voids.

use crate::collection::Part;
use crate::receipt::{self, Kind};
use base::{BillId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A receipt to be written.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    pub id: Uuid,
    pub bill: BillId,
    pub kind: Kind,
    pub total: Vnd,
    pub deposit: Vnd,
    pub amount: Vnd,
    pub reason: String,
    pub shift: Option<Uuid>,
}

/// Money to be written with a receipt. A negative amount names the payment that it gives back.
#[derive(Clone, Debug)]
pub struct NewPayment {
    pub part: Part,
    pub kind: &'static str,
    pub original: Option<Uuid>,
    pub transfer: Option<Uuid>,
    pub shift: Option<Uuid>,
}

impl NewPayment {
    pub fn received(part: Part, shift: Option<Uuid>) -> NewPayment {
        NewPayment { part, kind: "payment", original: None, transfer: None, shift }
    }
}

/// Writes a receipt under the next number of its run.
pub async fn insert(tx: &mut Tx, new: &NewReceipt) -> Result<i64, sqlx::Error> {
    let day = base::local_date(tx.now);
    let year = receipt::year_of(day);
    let number = super::next_number(tx, new.kind.series(), year).await?;
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_receipt (facility_id, receipt_id, bill_id, kind, series, year, number, total_vnd, deposit_vnd,
             amount_vnd, reason, shift_id, issued_at, day, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.bill.0)
    .bind(new.kind.key())
    .bind(new.kind.series())
    .bind(year)
    .bind(number)
    .bind(new.total.0)
    .bind(new.deposit.0)
    .bind(new.amount.0)
    .bind(&new.reason)
    .bind(new.shift)
    .bind(now)
    .bind(day)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(number)
}

/// Names the charges that a receipt is about.
pub async fn insert_lines(tx: &mut Tx, receipt: Uuid, charges: &[Uuid]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO billing_receipt_line (facility_id, receipt_id, charge_id) SELECT $1, $2, c FROM unnest($3::uuid[]) AS c"
    ))
    .bind(facility)
    .bind(receipt)
    .bind(charges)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes one movement of money and gives its id.
pub async fn insert_payment(tx: &mut Tx, bill: BillId, receipt: Uuid, new: &NewPayment) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_payment (facility_id, payment_id, bill_id, receipt_id, kind, method, amount_vnd, given_vnd, proof,
             shift_id, transfer_id, original_id, at, day, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    ))
    .bind(facility)
    .bind(id)
    .bind(bill.0)
    .bind(receipt)
    .bind(new.kind)
    .bind(new.part.method.key())
    .bind(new.part.amount.0)
    .bind(new.part.given.0)
    .bind(&new.part.proof)
    .bind(new.shift)
    .bind(new.transfer)
    .bind(new.original)
    .bind(now)
    .bind(base::local_date(now))
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// A receipt as lists and papers show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Receipt {
    pub receipt_id: Uuid,
    pub bill_id: Uuid,
    pub kind: String,
    pub series: String,
    pub year: i32,
    pub number: i64,
    pub total_vnd: i64,
    pub deposit_vnd: i64,
    pub amount_vnd: i64,
    pub reason: String,
    pub shift_id: Option<Uuid>,
    pub shift_closed: bool,
    pub issued_at: DateTime<Utc>,
    pub by_name: String,
    pub void_reason: Option<String>,
    pub patient_name: String,
    /// Methods with money on it, e.g. "cash,card".
    pub methods: String,
    pub refunded: bool,
    pub used_later: bool,
}

impl Receipt {
    pub fn kind(&self) -> Kind {
        Kind::from_key(&self.kind).unwrap_or(Kind::Receipt)
    }
    pub fn show_number(&self) -> String {
        receipt::show_number(&self.series, self.year, self.number)
    }
    pub fn is_void(&self) -> bool {
        self.void_reason.is_some()
    }
    /// What decides whether it may be voided.
    pub fn void_facts(&self) -> receipt::VoidFacts {
        receipt::VoidFacts {
            is_void: self.is_void(),
            shift_closed: self.shift_closed,
            by_transfer: self.methods.contains("transfer"),
            refunded: self.refunded,
            is_refund: self.kind() == Kind::Refund,
            used_later: self.used_later,
        }
    }
}

macro_rules! receipts_where {
    ($rest:expr) => {
        concat!(
            "SELECT r.receipt_id, r.bill_id, r.kind, r.series, r.year, r.number, r.total_vnd, r.deposit_vnd, r.amount_vnd, r.reason,
                r.shift_id, coalesce(s.closed_at IS NOT NULL, false) AS shift_closed, r.issued_at, r.by_name,
                v.reason AS void_reason, p.name AS patient_name,
                coalesce((SELECT string_agg(DISTINCT m.method, ',') FROM billing_payment m
                          WHERE m.facility_id = $1 AND m.receipt_id = r.receipt_id), '') AS methods,
                EXISTS (SELECT FROM billing_payment o JOIN billing_payment b ON b.facility_id = $1 AND b.original_id = o.payment_id
                        WHERE o.facility_id = $1 AND o.receipt_id = r.receipt_id) AS refunded,
                r.kind = 'deposit' AND EXISTS (SELECT FROM billing_receipt u WHERE u.facility_id = $1 AND u.bill_id = r.bill_id
                    AND u.kind = 'receipt' AND u.deposit_vnd > 0 AND u.issued_at >= r.issued_at
                    AND NOT EXISTS (SELECT FROM billing_receipt_void uv WHERE uv.facility_id = $1 AND uv.receipt_id = u.receipt_id)) AS used_later
             FROM billing_receipt r
             JOIN billing_bill p ON p.facility_id = $1 AND p.bill_id = r.bill_id
             LEFT JOIN billing_shift s ON s.facility_id = $1 AND s.shift_id = r.shift_id
             LEFT JOIN billing_receipt_void v ON v.facility_id = $1 AND v.receipt_id = r.receipt_id
             WHERE r.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Receipt>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(receipts_where!("r.receipt_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

pub async fn list_of_bill(tx: &mut Tx, bill: BillId) -> Result<Vec<Receipt>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(receipts_where!("r.bill_id = $2 ORDER BY r.issued_at DESC, r.receipt_id DESC")))
        .bind(facility)
        .bind(bill.0)
        .fetch_all(tx.conn())
        .await
}

/// The papers of a day, newest first, at most 200 before `before`.
pub async fn list_of_day(tx: &mut Tx, day: NaiveDate, before: DateTime<Utc>) -> Result<Vec<Receipt>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(receipts_where!("r.day = $2 AND r.issued_at < $3 ORDER BY r.issued_at DESC, r.receipt_id DESC LIMIT 200")))
        .bind(facility)
        .bind(day)
        .bind(before)
        .fetch_all(tx.conn())
        .await
}

/// The papers of a shift, oldest first.
pub async fn list_of_shift(tx: &mut Tx, shift: Uuid) -> Result<Vec<Receipt>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(receipts_where!("r.shift_id = $2 ORDER BY r.issued_at, r.receipt_id")))
        .bind(facility)
        .bind(shift)
        .fetch_all(tx.conn())
        .await
}

/// A movement of money as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Payment {
    pub payment_id: Uuid,
    pub receipt_id: Uuid,
    pub receipt_no: String,
    pub kind: String,
    pub method: String,
    pub amount_vnd: i64,
    pub given_vnd: i64,
    pub proof: String,
    pub shift_id: Option<Uuid>,
    pub at: DateTime<Utc>,
    /// Given back or taken back from it so far, as a positive number.
    pub returned_vnd: i64,
    /// Promised by requests that are not paid out yet.
    pub promised_vnd: i64,
}

impl Payment {
    pub fn method_title(&self) -> &'static str {
        crate::ledger::Method::from_key(&self.method).map_or("", |m| m.title())
    }
}

macro_rules! payments_where {
    ($rest:expr) => {
        concat!(
            "SELECT m.payment_id, m.receipt_id, m.kind, m.method, m.amount_vnd, m.given_vnd, m.proof, m.shift_id, m.at,
                r.series || lpad((r.year % 100)::text, 2, '0') || '-' || lpad(r.number::text, 6, '0') AS receipt_no,
                coalesce((SELECT -sum(b.amount_vnd) FROM billing_payment b
                          WHERE b.facility_id = $1 AND b.original_id = m.payment_id), 0)::bigint AS returned_vnd,
                coalesce((SELECT sum(a.amount_vnd) FROM billing_approval a WHERE a.facility_id = $1 AND a.matter = 'refund'
                          AND a.target_id = m.payment_id AND a.step IN ('waiting', 'approved')), 0)::bigint AS promised_vnd
             FROM billing_payment m
             JOIN billing_receipt r ON r.facility_id = $1 AND r.receipt_id = m.receipt_id
             WHERE m.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find_payment(tx: &mut Tx, id: Uuid) -> Result<Option<(Uuid, Payment)>, sqlx::Error> {
    let facility = tx.facility().0;
    let Some(payment) = sqlx::query_as::<_, Payment>(sql!(payments_where!("m.payment_id = $2")))
        .bind(facility)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?
    else {
        return Ok(None);
    };
    let bill = sqlx::query_scalar(sql!("SELECT bill_id FROM billing_payment WHERE facility_id = $1 AND payment_id = $2"))
        .bind(facility)
        .bind(id)
        .fetch_one(tx.conn())
        .await?;
    Ok(Some((bill, payment)))
}

pub async fn payments_of_bill(tx: &mut Tx, bill: BillId) -> Result<Vec<Payment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(payments_where!("m.bill_id = $2 ORDER BY m.at, m.payment_id")))
        .bind(facility)
        .bind(bill.0)
        .fetch_all(tx.conn())
        .await
}

pub async fn payments_of_receipt(tx: &mut Tx, receipt: Uuid) -> Result<Vec<Payment>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(payments_where!("m.receipt_id = $2 ORDER BY m.at, m.payment_id")))
        .bind(facility)
        .bind(receipt)
        .fetch_all(tx.conn())
        .await
}

/// The number of the paper whose money a refund gives back.
pub async fn original_no(tx: &mut Tx, refund: Uuid) -> Result<Option<String>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT r.series || lpad((r.year % 100)::text, 2, '0') || '-' || lpad(r.number::text, 6, '0')
         FROM billing_payment b
         JOIN billing_payment o ON o.facility_id = $1 AND o.payment_id = b.original_id
         JOIN billing_receipt r ON r.facility_id = $1 AND r.receipt_id = o.receipt_id
         WHERE b.facility_id = $1 AND b.payment_id = $2"
    ))
    .bind(facility)
    .bind(refund)
    .fetch_optional(tx.conn())
    .await
}

/// Whether a bank's number stands on a payment already.
pub async fn bank_ref_used(tx: &mut Tx, bank_ref: &str) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT EXISTS (SELECT FROM billing_payment WHERE facility_id = $1 AND proof = $2 AND method = 'transfer' AND kind = 'payment')"
    ))
    .bind(facility)
    .bind(bank_ref)
    .fetch_one(tx.conn())
    .await
}

/// A line of a paper: what it names, with what lowered it on the same paper already taken off.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PaperLine {
    pub group_key: String,
    pub name: String,
    pub unit: String,
    pub quantity_milli: i64,
    pub unit_price_vnd: i64,
    /// Taken off, as a positive number, and by what.
    pub discount_vnd: i64,
    pub discount: String,
    pub amount_vnd: i64,
}

/// The charges a receipt names, as they were when it was issued. A discount stands under its line; alone only where an earlier paper
/// names the line.
pub async fn charges_of(tx: &mut Tx, receipt: Uuid) -> Result<Vec<PaperLine>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "WITH named AS (
             SELECT c.* FROM billing_receipt_line l JOIN billing_charge c ON c.facility_id = $1 AND c.charge_id = l.charge_id
             WHERE l.facility_id = $1 AND l.receipt_id = $2)
         SELECT c.group_key, c.name, c.unit, c.quantity_milli, c.unit_price_vnd, coalesce(-d.amount, 0)::bigint AS discount_vnd,
                coalesce(d.names, '') AS discount, (c.amount_vnd + coalesce(d.amount, 0))::bigint AS amount_vnd
         FROM named c
         LEFT JOIN LATERAL (SELECT sum(x.amount_vnd) AS amount, string_agg(DISTINCT x.name, ', ') AS names FROM named x
                            WHERE x.discount_of = c.charge_id) d ON true
         WHERE c.discount_of IS NULL OR NOT EXISTS (SELECT FROM named m WHERE m.charge_id = c.discount_of)
         ORDER BY c.posted_at, c.charge_id"
    ))
    .bind(facility)
    .bind(receipt)
    .fetch_all(tx.conn())
    .await
}

pub async fn insert_void(tx: &mut Tx, receipt: Uuid, approval: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_receipt_void (facility_id, receipt_id, approval_id, reason, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    ))
    .bind(facility)
    .bind(receipt)
    .bind(approval)
    .bind(reason)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts one more print and gives its number: 1 is the original.
pub async fn count_print(tx: &mut Tx, receipt: Uuid) -> Result<i32, sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query_scalar(sql!(
        "INSERT INTO billing_receipt_print (facility_id, receipt_id, copy, at, by_account)
         SELECT $1, $2, coalesce(max(copy), 0) + 1, $3, $4 FROM billing_receipt_print WHERE facility_id = $1 AND receipt_id = $2
         RETURNING copy"
    ))
    .bind(facility)
    .bind(receipt)
    .bind(now)
    .bind(by)
    .fetch_one(tx.conn())
    .await
}

/// The heading of the facility's papers as `edge/documents` expects it, and whether its partners are stand-ins.
pub async fn paper_head(tx: &mut Tx) -> Result<serde_json::Value, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT jsonb_build_object('name', coalesce(nullif(legal_name, ''), name), 'parent', nullif(governing_body, ''),
             'address', address, 'phone', phone, 'licence_no', nullif(licence_no, ''), 'code', code,
             'tax_code', nullif(tax_code, ''), 'logo_svg', print_header->'logo_svg')
         FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await
}

//! Electronic invoices: what they tell, where they stand, what the courier claims.

use crate::einvoice::{self, Buyer, History, Issued, Kind, Line, Status};
use base::Vnd;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// An invoice as pages and the courier see it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Einvoice {
    pub einvoice_id: Uuid,
    pub kind: String,
    pub about_id: Option<Uuid>,
    pub basis: String,
    pub bill_id: Option<Uuid>,
    pub day: NaiveDate,
    pub status: String,
    #[sqlx(flatten)]
    pub buyer: Buyer,
    pub reason: String,
    pub vat_vnd: i64,
    pub total_vnd: i64,
    pub attempts: i32,
    pub next_try_at: Option<DateTime<Utc>>,
    pub last_error: String,
    pub serial: String,
    pub number: Option<i64>,
    pub lookup_code: String,
    pub authority_code: String,
    pub issued_at: Option<DateTime<Utc>>,
    pub made_at: DateTime<Utc>,
    pub by_name: String,
}

impl Einvoice {
    pub fn kind(&self) -> Kind {
        Kind::from_key(&self.kind).unwrap_or(Kind::Original)
    }
    pub fn status(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Failed)
    }
    pub fn is_of_day(&self) -> bool {
        self.basis == "day"
    }
    pub fn total(&self) -> Vnd {
        Vnd(self.total_vnd)
    }
    pub fn vat(&self) -> Vnd {
        Vnd(self.vat_vnd)
    }
    /// `C26MYB-0000123`; empty before it has one.
    pub fn show_number(&self) -> String {
        self.number.map_or(String::new(), |number| format!("{}-{number:07}", self.serial))
    }
}

macro_rules! einvoices_where {
    ($rest:expr) => {
        concat!(
            "SELECT einvoice_id, kind, about_id, basis, bill_id, day, status, buyer_name, buyer_company, buyer_tax_code, buyer_address, buyer_email,
                reason, vat_vnd, total_vnd, attempts, next_try_at, last_error, serial, number, lookup_code, authority_code, issued_at, made_at, by_name
             FROM billing_einvoice WHERE facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Einvoice>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(einvoices_where!("einvoice_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Einvoice>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(einvoices_where!("einvoice_id = $2 FOR UPDATE"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// Invoices newest first, at most `limit`, after the one that the page before ended with.
pub async fn list(tx: &mut Tx, status: Option<Status>, after: Option<(DateTime<Utc>, Uuid)>, limit: i64) -> Result<Vec<Einvoice>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(einvoices_where!(
        "($2::text IS NULL OR status = $2) AND ($3::timestamptz IS NULL OR (made_at, einvoice_id) < ($3, $4))
         ORDER BY made_at DESC, einvoice_id DESC LIMIT $5"
    )))
    .bind(facility)
    .bind(status.map(Status::key))
    .bind(after.map(|a| a.0))
    .bind(after.map(|a| a.1))
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// What was done about an invoice: corrections of it, oldest first.
pub async fn list_about(tx: &mut Tx, id: Uuid) -> Result<Vec<Einvoice>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(einvoices_where!("about_id = $2 ORDER BY made_at, einvoice_id"))).bind(facility).bind(id).fetch_all(tx.conn()).await
}

/// What decides whether it may be corrected.
pub fn history(invoice: &Einvoice, about: &[Einvoice]) -> History {
    let issued = |kind: Kind| about.iter().any(|e| e.kind() == kind && e.status() == Status::Issued);
    History {
        is_issued: invoice.status() == Status::Issued,
        is_adjustment: invoice.kind() == Kind::Adjust,
        adjusted: issued(Kind::Adjust),
        replaced: issued(Kind::Replace),
        correction_open: about.iter().any(|e| matches!(e.status(), Status::Draft | Status::Sending | Status::Failed)),
    }
}

pub async fn lines(tx: &mut Tx, id: Uuid) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT place, charge_id, group_key, name, unit, quantity_milli, amount_vnd, treatment, rate_permille, vat_vnd
         FROM billing_einvoice_line WHERE facility_id = $1 AND einvoice_id = $2 ORDER BY place"
    ))
    .bind(facility)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// What an invoice and its issued adjustments told so far.
pub async fn told(tx: &mut Tx, id: Uuid) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT l.place, l.charge_id, l.group_key, l.name, l.unit, l.quantity_milli, l.amount_vnd, l.treatment, l.rate_permille, l.vat_vnd
         FROM billing_einvoice e JOIN billing_einvoice_line l ON l.facility_id = $1 AND l.einvoice_id = e.einvoice_id
         WHERE e.facility_id = $1 AND e.status = 'issued' AND (e.einvoice_id = $2 OR (e.about_id = $2 AND e.kind = 'adjust'))
         ORDER BY e.made_at, l.place"
    ))
    .bind(facility)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

#[derive(sqlx::FromRow)]
struct Fact {
    charge_id: Uuid,
    group_key: String,
    name: String,
    unit: String,
    quantity_milli: i64,
    amount_vnd: i64,
    treatment: String,
    rate_permille: i32,
}

/// What the ledger says now about the receipts of an invoice, charge by charge, discounts taken off: charges that were taken back and
/// receipts that are void count nothing. The tax of an item is the one in force on the day of service.
pub async fn facts(tx: &mut Tx, receipts: &[Uuid]) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    let facts: Vec<Fact> = sqlx::query_as(sql!(
        "SELECT c.charge_id, c.group_key, c.name, c.unit, c.quantity_milli,
                (c.amount_vnd + coalesce((SELECT sum(x.amount_vnd) FROM billing_charge x
                                          WHERE x.facility_id = $1 AND x.discount_of = c.charge_id), 0))::bigint AS amount_vnd,
                coalesce(v.treatment, 'KCT') AS treatment, coalesce(v.rate_permille, 0) AS rate_permille
         FROM billing_receipt_line l
         JOIN billing_charge c ON c.facility_id = $1 AND c.charge_id = l.charge_id AND c.discount_of IS NULL
         LEFT JOIN billing_vat_rule v ON v.group_key = c.group_key AND v.valid_from <= c.day AND (v.valid_to IS NULL OR v.valid_to >= c.day)
         WHERE l.facility_id = $1 AND l.receipt_id = ANY($2)
           AND NOT EXISTS (SELECT FROM billing_receipt_void b WHERE b.facility_id = $1 AND b.receipt_id = l.receipt_id)
           AND NOT EXISTS (SELECT FROM billing_charge b WHERE b.facility_id = $1 AND b.reverses = c.charge_id)
         ORDER BY array_position(ARRAY['exam', 'lab', 'imaging', 'procedure', 'other', 'package', 'drug'], c.group_key), c.posted_at, c.charge_id"
    ))
    .bind(facility)
    .bind(receipts)
    .fetch_all(tx.conn())
    .await?;
    // What a bought package covers, or a discount took off whole, costs nothing and is not told.
    let told = facts.into_iter().filter(|f| f.amount_vnd != 0).enumerate().map(|(i, f)| Line {
        place: i as i32 + 1,
        charge_id: Some(f.charge_id),
        vat_vnd: einvoice::vat_inside(Vnd(f.amount_vnd), f.rate_permille).0,
        group_key: f.group_key,
        name: f.name,
        unit: f.unit,
        quantity_milli: f.quantity_milli,
        amount_vnd: f.amount_vnd,
        treatment: f.treatment,
        rate_permille: f.rate_permille,
    });
    Ok(told.collect())
}

/// The receipts that an original invoice tells of.
pub async fn receipts_of(tx: &mut Tx, id: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT receipt_id FROM billing_einvoice_receipt WHERE facility_id = $1 AND einvoice_id = $2 ORDER BY receipt_id"))
        .bind(facility)
        .bind(id)
        .fetch_all(tx.conn())
        .await
}

/// The invoice on which a receipt stands.
pub async fn of_receipt(tx: &mut Tx, receipt: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT einvoice_id FROM billing_einvoice_receipt WHERE facility_id = $1 AND receipt_id = $2"))
        .bind(facility)
        .bind(receipt)
        .fetch_optional(tx.conn())
        .await
}

/// Receipts of a day, in force, that stand on no invoice yet; their rows are locked, so that two desks do not take the same.
pub async fn receipts_without(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT r.receipt_id FROM billing_receipt r
         WHERE r.facility_id = $1 AND r.day = $2 AND r.kind = 'receipt'
           AND NOT EXISTS (SELECT FROM billing_receipt_void v WHERE v.facility_id = $1 AND v.receipt_id = r.receipt_id)
           AND NOT EXISTS (SELECT FROM billing_einvoice_receipt e WHERE e.facility_id = $1 AND e.receipt_id = r.receipt_id)
         ORDER BY r.issued_at, r.receipt_id"
    ))
    .bind(facility)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

/// An invoice to be written.
pub struct New<'a> {
    pub id: Uuid,
    pub kind: Kind,
    pub about: Option<Uuid>,
    pub basis: &'static str,
    pub bill: Option<Uuid>,
    pub day: NaiveDate,
    pub buyer: &'a Buyer,
    pub reason: &'a str,
    pub lines: &'a [Line],
    /// Handed to the courier at once, or kept as a draft.
    pub send: bool,
}

/// Writes an invoice with its lines; the same id twice changes nothing and gives false.
pub async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO billing_einvoice (facility_id, einvoice_id, kind, about_id, basis, bill_id, day, status, buyer_name, buyer_company,
             buyer_tax_code, buyer_address, buyer_email, reason, vat_vnd, total_vnd, next_try_at, made_at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         ON CONFLICT (facility_id, einvoice_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.kind.key())
    .bind(new.about)
    .bind(new.basis)
    .bind(new.bill)
    .bind(new.day)
    .bind(if new.send { Status::Sending } else { Status::Draft }.key())
    .bind(&new.buyer.name)
    .bind(&new.buyer.company)
    .bind(&new.buyer.tax_code)
    .bind(&new.buyer.address)
    .bind(&new.buyer.email)
    .bind(new.reason)
    .bind(new.lines.iter().map(|l| l.vat_vnd).sum::<i64>())
    .bind(new.lines.iter().map(|l| l.amount_vnd).sum::<i64>())
    .bind(new.send.then_some(now))
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let column = |pick: fn(&Line) -> i64| new.lines.iter().map(pick).collect::<Vec<_>>();
    let words = |pick: fn(&Line) -> &String| new.lines.iter().map(|l| pick(l).clone()).collect::<Vec<_>>();
    sqlx::query(sql!(
        "INSERT INTO billing_einvoice_line (facility_id, einvoice_id, place, charge_id, group_key, name, unit, quantity_milli, amount_vnd,
             treatment, rate_permille, vat_vnd)
         SELECT $1, $2, u.ord, u.charge, u.grp, u.name, u.unit, u.milli, u.amount, u.treatment, u.rate, u.vat
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::int[], $11::bigint[])
              WITH ORDINALITY AS u(charge, grp, name, unit, milli, amount, treatment, rate, vat, ord)"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.lines.iter().map(|l| l.charge_id).collect::<Vec<_>>())
    .bind(words(|l| &l.group_key))
    .bind(words(|l| &l.name))
    .bind(words(|l| &l.unit))
    .bind(column(|l| l.quantity_milli))
    .bind(column(|l| l.amount_vnd))
    .bind(words(|l| &l.treatment))
    .bind(new.lines.iter().map(|l| l.rate_permille).collect::<Vec<_>>())
    .bind(column(|l| l.vat_vnd))
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Names the receipts that an invoice tells of. The database refuses a receipt that stands on another one.
pub async fn take_receipts(tx: &mut Tx, id: Uuid, receipts: &[Uuid]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO billing_einvoice_receipt (facility_id, receipt_id, einvoice_id) SELECT $1, r, $2 FROM unnest($3::uuid[]) AS r ORDER BY r"
    ))
    .bind(facility)
    .bind(id)
    .bind(receipts)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Hands a draft or a failed one to the courier, with the buyer as corrected.
pub async fn queue(tx: &mut Tx, id: Uuid, buyer: &Buyer) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "UPDATE billing_einvoice SET status = 'sending', next_try_at = $3, last_error = '',
             buyer_name = $4, buyer_company = $5, buyer_tax_code = $6, buyer_address = $7, buyer_email = $8
         WHERE facility_id = $1 AND einvoice_id = $2 AND status IN ('draft', 'failed')"
    ))
    .bind(facility)
    .bind(id)
    .bind(now)
    .bind(&buyer.name)
    .bind(&buyer.company)
    .bind(&buyer.tax_code)
    .bind(&buyer.address)
    .bind(&buyer.email)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives up a draft that was never handed over; its receipts are free again. One that the provider may know is not given up.
pub async fn drop_draft(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!(
        "UPDATE billing_einvoice SET status = 'dropped' WHERE facility_id = $1 AND einvoice_id = $2 AND status = 'draft' AND attempts = 0"
    ))
    .bind(facility)
    .bind(id)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(sql!("DELETE FROM billing_einvoice_receipt WHERE facility_id = $1 AND einvoice_id = $2"))
        .bind(facility)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(true)
}

/// How long the courier has for one invoice before another may try it.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);

/// Takes the invoice that waits longest, for the courier alone until the lease ends. `attempts` counts this one already.
pub async fn claim(tx: &mut Tx) -> Result<Option<Einvoice>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let id: Option<Uuid> = sqlx::query_scalar(sql!(
        "UPDATE billing_einvoice SET attempts = attempts + 1, next_try_at = $3
         WHERE facility_id = $1 AND einvoice_id = (
             SELECT e.einvoice_id FROM billing_einvoice e WHERE e.facility_id = $1 AND e.status = 'sending' AND e.next_try_at <= $2
             ORDER BY e.next_try_at, e.einvoice_id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING einvoice_id"
    ))
    .bind(facility)
    .bind(now)
    .bind(now + LEASE)
    .fetch_optional(tx.conn())
    .await?;
    match id {
        Some(id) => find(tx, id).await,
        None => Ok(None),
    }
}

/// Writes down the number. A second answer for the same invoice changes nothing.
pub async fn mark_issued(tx: &mut Tx, id: Uuid, issued: &Issued, provider: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "UPDATE billing_einvoice SET status = 'issued', next_try_at = NULL, last_error = '', serial = $3, number = $4, lookup_code = $5,
             authority_code = $6, issued_at = $7, provider = $8
         WHERE facility_id = $1 AND einvoice_id = $2 AND status IN ('sending', 'failed')"
    ))
    .bind(facility)
    .bind(id)
    .bind(&issued.serial)
    .bind(issued.number)
    .bind(&issued.lookup_code)
    .bind(&issued.authority_code)
    .bind(now)
    .bind(provider)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Puts it back for a later try, or before a person when `again` is none.
pub async fn mark_failed(tx: &mut Tx, id: Uuid, error: &str, again: Option<DateTime<Utc>>) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE billing_einvoice SET status = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE 'sending' END, next_try_at = $4, last_error = $3
         WHERE facility_id = $1 AND einvoice_id = $2 AND status = 'sending'"
    ))
    .bind(facility)
    .bind(id)
    .bind(error.chars().take(500).collect::<String>())
    .bind(again)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who sells, as the invoice names them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Seller {
    pub name: String,
    pub tax_code: String,
    pub address: String,
    pub phone: String,
    pub bank_account: String,
}

pub async fn seller(tx: &mut Tx) -> Result<Seller, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT coalesce(nullif(legal_name, ''), name) AS name, tax_code, address, phone, bank_account FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await
}

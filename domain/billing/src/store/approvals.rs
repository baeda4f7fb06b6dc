//! Requests that a second person decides.

use crate::approval::{Matter, Request, Step};
use base::{AccountId, BillId, Vnd};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A request with what the desk shows about it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Approval {
    pub approval_id: Uuid,
    pub bill_id: Uuid,
    pub matter: String,
    pub target_id: Uuid,
    pub amount_vnd: i64,
    pub reason: String,
    pub requested_at: DateTime<Utc>,
    pub requested_by: Uuid,
    pub requester: String,
    pub step: String,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<Uuid>,
    pub decider: String,
    pub decision_note: String,
    pub patient_name: String,
    /// The name of the charge, or the number of the paper.
    pub about: String,
}

impl Approval {
    pub fn matter(&self) -> Matter {
        Matter::from_key(&self.matter).unwrap_or(Matter::ChargeVoid)
    }
    pub fn step(&self) -> Step {
        match self.step.as_str() {
            "waiting" => Step::Waiting,
            "refused" => Step::Refused,
            "paid_out" => Step::PaidOut,
            _ => Step::Approved,
        }
    }
    pub fn request(&self) -> Request {
        Request {
            matter: self.matter(),
            step: self.step(),
            requested_by: AccountId(self.requested_by),
            decided_by: self.decided_by.map(AccountId),
        }
    }
    pub fn bill(&self) -> BillId {
        BillId(self.bill_id)
    }
}

macro_rules! approvals_where {
    ($rest:expr) => {
        concat!(
            "SELECT a.approval_id, a.bill_id, a.matter, a.target_id, a.amount_vnd, a.reason, a.requested_at, a.requested_by, a.requester,
                a.step, a.decided_at, a.decided_by, a.decider, a.decision_note, p.name AS patient_name,
                coalesce(CASE a.matter
                    WHEN 'charge_void' THEN (SELECT c.name FROM billing_charge c WHERE c.facility_id = $1 AND c.charge_id = a.target_id)
                    WHEN 'receipt_void' THEN (SELECT r.series || lpad((r.year % 100)::text, 2, '0') || '-' || lpad(r.number::text, 6, '0')
                        FROM billing_receipt r WHERE r.facility_id = $1 AND r.receipt_id = a.target_id)
                    WHEN 'discount' THEN (SELECT d.name FROM billing_discount d WHERE d.facility_id = $1 AND d.discount_id = a.target_id)
                    WHEN 'package_end' THEN (SELECT s.name FROM billing_package_sale s WHERE s.facility_id = $1 AND s.bill_id = a.target_id)
                    WHEN 'debt' THEN (SELECT 'Hẹn trả ' || to_char(d.promised_on, 'DD/MM/YYYY') FROM billing_debt d
                        WHERE d.facility_id = $1 AND d.debt_id = a.target_id)
                    ELSE (SELECT r.series || lpad((r.year % 100)::text, 2, '0') || '-' || lpad(r.number::text, 6, '0')
                        FROM billing_payment m JOIN billing_receipt r ON r.facility_id = $1 AND r.receipt_id = m.receipt_id
                        WHERE m.facility_id = $1 AND m.payment_id = a.target_id) END, '') AS about
             FROM billing_approval a
             JOIN billing_bill p ON p.facility_id = $1 AND p.bill_id = a.bill_id
             WHERE a.facility_id = $1 AND ",
            $rest
        )
    };
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewApproval {
    pub id: Uuid,
    pub bill: BillId,
    pub matter: Matter,
    pub target: Uuid,
    pub amount: Vnd,
    pub reason: String,
}

/// Puts a request on the desk; one that is open already for the same charge or receipt stands for both.
pub async fn insert(tx: &mut Tx, new: &NewApproval) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_approval (facility_id, approval_id, bill_id, matter, target_id, amount_vnd, reason,
             requested_at, requested_by, requester)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.bill.0)
    .bind(new.matter.key())
    .bind(new.target)
    .bind(new.amount.0)
    .bind(&new.reason)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Approval>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(approvals_where!("a.approval_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// What waits: undecided requests and approved refunds that nobody has paid out, oldest first.
pub async fn list_open(tx: &mut Tx) -> Result<Vec<Approval>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(approvals_where!(
        "(a.step = 'waiting' OR a.step = 'approved' AND a.matter = 'refund') ORDER BY a.requested_at LIMIT 100"
    )))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// The last decided requests, newest first.
pub async fn list_decided(tx: &mut Tx) -> Result<Vec<Approval>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(approvals_where!("a.decided_at IS NOT NULL ORDER BY a.decided_at DESC LIMIT 30")))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

pub async fn list_of_bill(tx: &mut Tx, bill: BillId) -> Result<Vec<Approval>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(approvals_where!("a.bill_id = $2 ORDER BY a.requested_at")))
        .bind(facility)
        .bind(bill.0)
        .fetch_all(tx.conn())
        .await
}

/// A refund that follows from what a second person approved already: granted with that decision, waiting for a hand that pays out.
pub async fn insert_granted(tx: &mut Tx, from: &Approval, payment: Uuid, amount: Vnd) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_approval (facility_id, approval_id, bill_id, matter, target_id, amount_vnd, reason, requested_at, requested_by, requester,
             step, decided_at, decided_by, decider)
         VALUES ($1, $2, $3, 'refund', $4, $5, $6, $7, $8, $9, 'approved', $7, $10, $11)"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(from.bill_id)
    .bind(payment)
    .bind(amount.0)
    .bind(&from.reason)
    .bind(now)
    .bind(from.requested_by)
    .bind(&from.requester)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a decision, if nobody decided meanwhile.
pub async fn decide(tx: &mut Tx, id: Uuid, step: Step, note: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "UPDATE billing_approval SET step = $3, decided_at = $4, decided_by = $5, decider = $6, decision_note = $7
         WHERE facility_id = $1 AND approval_id = $2 AND step = 'waiting'"
    ))
    .bind(facility)
    .bind(id)
    .bind(if step == Step::Refused { "refused" } else { "approved" })
    .bind(now)
    .bind(by)
    .bind(by_name)
    .bind(note)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Marks an approved refund as handed out, once.
pub async fn mark_paid_out(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!(
        "UPDATE billing_approval SET step = 'paid_out' WHERE facility_id = $1 AND approval_id = $2 AND step = 'approved' AND matter = 'refund'"
    ))
    .bind(facility)
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Promised by open refund requests of a visit.
pub async fn promised(tx: &mut Tx, bill: BillId) -> Result<Vnd, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT coalesce(sum(amount_vnd), 0)::bigint FROM billing_approval
         WHERE facility_id = $1 AND bill_id = $2 AND matter = 'refund' AND step IN ('waiting', 'approved')"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_one(tx.conn())
    .await
    .map(Vnd)
}

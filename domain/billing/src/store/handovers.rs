//! Money on its way from one cashier to the next.

use crate::store::shifts::Shift;
use base::Vnd;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A handover as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Handover {
    pub handover_id: Uuid,
    pub from_shift: Uuid,
    pub from_account: Uuid,
    pub from_name: String,
    pub to_account: Uuid,
    pub to_name: String,
    pub amount_vnd: i64,
    pub given_at: DateTime<Utc>,
    pub step: String,
    pub to_shift: Option<Uuid>,
    pub decided_at: Option<DateTime<Utc>>,
    pub counted_vnd: Option<i64>,
    pub note: String,
    pub from_number: i64,
    pub from_year: i32,
}

impl Handover {
    pub fn amount(&self) -> Vnd {
        Vnd(self.amount_vnd)
    }
    pub fn is_waiting(&self) -> bool {
        self.step == "waiting"
    }
    pub fn shift_no(&self) -> String {
        crate::receipt::show_number("CT", self.from_year, self.from_number)
    }
    /// The word on lists.
    pub fn word(&self) -> &'static str {
        match self.step.as_str() {
            "accepted" => "Đã nhận",
            "declined" => "Không nhận",
            _ => "Chờ nhận",
        }
    }
}

macro_rules! handovers_where {
    ($rest:expr) => {
        concat!(
            "SELECT h.handover_id, h.from_shift, h.from_account, h.from_name, h.to_account, h.to_name, h.amount_vnd, h.given_at, h.step, h.to_shift,
                h.decided_at, h.counted_vnd, h.note, s.number AS from_number, s.year AS from_year
             FROM billing_handover h JOIN billing_shift s ON s.facility_id = $1 AND s.shift_id = h.from_shift
             WHERE h.facility_id = $1 AND ",
            $rest
        )
    };
}

/// Colleagues who may hold a drawer: account and name, the actor left out.
pub async fn list_receivers(tx: &mut Tx, roles: &[&str]) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(
        "SELECT account_id, display_name FROM practitioner_account
         WHERE facility_id = $1 AND account_id <> $2 AND roles && $3 AND kind <> 'machine' AND disabled_at IS NULL ORDER BY display_name LIMIT 200"
    ))
    .bind(facility)
    .bind(me)
    .bind(roles)
    .fetch_all(tx.conn())
    .await
}

pub async fn insert(tx: &mut Tx, shift: &Shift, to: (Uuid, &str), amount: Vnd) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO billing_handover (facility_id, handover_id, from_shift, from_account, from_name, to_account, to_name, amount_vnd, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(shift.shift_id)
    .bind(shift.account_id)
    .bind(&shift.cashier_name)
    .bind(to.0)
    .bind(to.1)
    .bind(amount.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Handover>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(handovers_where!("h.handover_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// What waits for the actor, oldest first.
pub async fn list_for_me(tx: &mut Tx) -> Result<Vec<Handover>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(handovers_where!("h.to_account = $2 AND h.step = 'waiting' ORDER BY h.given_at")))
        .bind(facility)
        .bind(me)
        .fetch_all(tx.conn())
        .await
}

/// The last handovers from or to the actor, or of everybody, newest first.
pub async fn list_recent(tx: &mut Tx, everybody: bool) -> Result<Vec<Handover>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(handovers_where!("($3 OR h.to_account = $2 OR h.from_account = $2) ORDER BY h.given_at DESC LIMIT 20")))
        .bind(facility)
        .bind(me)
        .bind(everybody)
        .fetch_all(tx.conn())
        .await
}

/// Takes the money into a drawer, once.
pub async fn accept(tx: &mut Tx, id: Uuid, into: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let done = sqlx::query(sql!(
        "UPDATE billing_handover SET step = 'accepted', to_shift = $4, decided_at = $5, counted_vnd = amount_vnd
         WHERE facility_id = $1 AND handover_id = $2 AND to_account = $3 AND step = 'waiting'"
    ))
    .bind(facility)
    .bind(id)
    .bind(me)
    .bind(into)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Says that the sum is another one; the money stays the giver's to explain.
pub async fn decline(tx: &mut Tx, id: Uuid, counted: Vnd, note: &str) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let done = sqlx::query(sql!(
        "UPDATE billing_handover SET step = 'declined', decided_at = $4, counted_vnd = $5, note = $6
         WHERE facility_id = $1 AND handover_id = $2 AND to_account = $3 AND step = 'waiting'"
    ))
    .bind(facility)
    .bind(id)
    .bind(me)
    .bind(now)
    .bind(counted.0)
    .bind(note)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

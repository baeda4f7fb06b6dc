//! Calls to be made, and who has which.

use crate::task::{Act, CLAIM, Held, Kind, Outcome, State};
use base::AppointmentId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use scheduling::{Appointment, Channel};
use sqlx::FromRow;
use uuid::Uuid;
use web::Failure;

/// The topic of the desk's list.
pub const TOPIC: &str = "care-desk";

/// One call to be made.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Task {
    pub task_id: Uuid,
    kind: String,
    appointment_id: Option<Uuid>,
    pub phone: String,
    pub name: String,
    pub offer: String,
    channel: String,
    pub wants_at: Option<DateTime<Utc>>,
    pub has_red_flag: bool,
    pub due_at: DateTime<Utc>,
    pub ready_at: DateTime<Utc>,
    state: String,
    pub outcome: String,
    pub tries: i32,
    pub claimed_by: Option<Uuid>,
    pub claimed_name: String,
    pub claimed_until: Option<DateTime<Utc>>,
    pub done_at: Option<DateTime<Utc>>,
}

impl Task {
    pub fn kind(&self) -> Kind {
        Kind::from_key(&self.kind).unwrap_or(Kind::Screening)
    }

    pub fn appointment(&self) -> Option<AppointmentId> {
        self.appointment_id.map(AppointmentId)
    }

    pub fn channel(&self) -> Option<Channel> {
        Channel::from_key(&self.channel)
    }

    pub fn held(&self) -> Held {
        Held { state: State::from_key(&self.state).unwrap_or(State::Gone), by: self.claimed_by, until: self.claimed_until }
    }

    /// Whether anything is still to be done.
    pub fn is_live(&self) -> bool {
        matches!(self.held().state, State::Open | State::Claimed)
    }

    /// Whether `me` has it now.
    pub fn is_mine(&self, me: Uuid) -> bool {
        self.held().state == State::Claimed && self.claimed_by == Some(me)
    }
}

macro_rules! select_tasks {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT task_id, kind, appointment_id, phone, name, offer, channel, wants_at, has_red_flag, due_at, ready_at, state, outcome, tries,
                    claimed_by, claimed_name, claimed_until, done_at
             FROM care_desk_task WHERE facility_id = $1 ",
            $rest
        ))
    };
}

/// One call; `RowNotFound` when the facility has none with this id.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Task, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_tasks!("AND task_id = $2")).bind(facility).bind(id).fetch_one(tx.conn()).await
}

/// The same, held until the transaction ends.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Task, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_tasks!("AND task_id = $2 FOR UPDATE")).bind(facility).bind(id).fetch_one(tx.conn()).await
}

/// What is to be called within the next day, most urgent first, at most 200.
pub async fn list_due(tx: &mut Tx) -> Result<Vec<Task>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_as(select_tasks!("AND state IN ('open', 'claimed') AND ready_at <= $2::timestamptz + interval '24 hours' ORDER BY (ready_at > $2), due_at, task_id LIMIT 200"))
        .bind(facility)
        .bind(now)
        .fetch_all(tx.conn())
        .await
}

/// What somebody has in hand.
pub async fn find_mine(tx: &mut Tx) -> Result<Option<Task>, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query_as(select_tasks!("AND state = 'claimed' AND claimed_by = $2 AND claimed_until > $3 ORDER BY claimed_until DESC LIMIT 1"))
        .bind(facility)
        .bind(me)
        .bind(now)
        .fetch_optional(tx.conn())
        .await
}

/// Takes the most urgent call that nobody has. Rows that somebody else is taking at this moment are passed over, so two
/// who press the key at once never get the same one.
pub async fn claim_next(tx: &mut Tx) -> Result<Option<Uuid>, sqlx::Error> {
    let (facility, now, me, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let taken: Option<Uuid> = sqlx::query_scalar(sql!(
        "WITH next AS MATERIALIZED (
             SELECT task_id FROM care_desk_task
             WHERE facility_id = $1 AND state IN ('open', 'claimed') AND ready_at <= $2 AND (state = 'open' OR claimed_until <= $2)
             ORDER BY due_at, task_id LIMIT 1 FOR UPDATE SKIP LOCKED)
         UPDATE care_desk_task t SET state = 'claimed', claimed_by = $3, claimed_name = $4, claimed_until = $5, changed_at = $2
         FROM next WHERE t.facility_id = $1 AND t.task_id = next.task_id RETURNING t.task_id"
    ))
    .bind(facility)
    .bind(now)
    .bind(me)
    .bind(name)
    .bind(now + CLAIM)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(taken) = taken {
        free_others(tx, taken).await?;
        tx.notify(TOPIC);
    }
    Ok(taken)
}

/// Takes this call, or renews it for another ten minutes. Refuses one that somebody else has, or that is over.
pub async fn claim(tx: &mut Tx, id: Uuid) -> Result<Task, Failure> {
    let known = lock(tx, id).await?;
    let (facility, now, me, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    known.held().after(Act::Claim, me, now)?;
    sqlx::query(sql!(
        "UPDATE care_desk_task SET state = 'claimed', claimed_by = $3, claimed_name = $4, claimed_until = $5, changed_at = $6
         WHERE facility_id = $1 AND task_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(me)
    .bind(name)
    .bind(now + CLAIM)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if !known.is_mine(me) {
        free_others(tx, id).await?;
        tx.notify(TOPIC);
    }
    Ok(get(tx, id).await?)
}

/// One person calls one number at a time: what else they had goes back to the list.
async fn free_others(tx: &mut Tx, keep: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE care_desk_task SET state = 'open', claimed_by = NULL, claimed_name = '', claimed_until = NULL, changed_at = $4
         WHERE facility_id = $1 AND claimed_by = $2 AND state = 'claimed' AND task_id <> $3"
    ))
    .bind(facility)
    .bind(me)
    .bind(keep)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a call back to the list.
pub async fn release(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let known = lock(tx, id).await?;
    known.held().after(Act::Release, tx.actor.account.0, tx.now)?;
    let at = known.ready_at;
    reopen(tx, &known, at, known.due_at, known.tries, "").await
}

/// Puts a call back for a later time.
pub async fn postpone(tx: &mut Tx, known: &Task, ready_at: DateTime<Utc>, due_at: DateTime<Utc>, tries: i32, outcome: Outcome) -> Result<(), Failure> {
    known.held().after(Act::Postpone, tx.actor.account.0, tx.now)?;
    reopen(tx, known, ready_at, due_at, tries, outcome.key()).await
}

async fn reopen(tx: &mut Tx, known: &Task, ready_at: DateTime<Utc>, due_at: DateTime<Utc>, tries: i32, outcome: &str) -> Result<(), Failure> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE care_desk_task SET state = 'open', claimed_by = NULL, claimed_name = '', claimed_until = NULL, ready_at = $3, due_at = $4, tries = $5,
             outcome = CASE WHEN $6::text = '' THEN outcome ELSE $6 END, changed_at = $7,
             first_contact_at = CASE WHEN $6::text = '' THEN first_contact_at ELSE coalesce(first_contact_at, $7) END
         WHERE facility_id = $1 AND task_id = $2"
    ))
    .bind(facility)
    .bind(known.task_id)
    .bind(ready_at)
    .bind(due_at)
    .bind(tries)
    .bind(outcome)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.notify(TOPIC);
    Ok(())
}

/// Ends a call with its outcome.
pub async fn finish(tx: &mut Tx, known: &Task, outcome: Outcome) -> Result<(), Failure> {
    known.held().after(Act::Finish, tx.actor.account.0, tx.now)?;
    end(tx, known.task_id, State::Done, outcome.key(), true).await?;
    Ok(())
}

async fn end(tx: &mut Tx, id: Uuid, state: State, outcome: &str, was_contact: bool) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE care_desk_task SET state = $3, outcome = CASE WHEN $4::text = '' THEN outcome ELSE $4 END, claimed_by = NULL, claimed_until = NULL,
             done_at = $5, changed_at = $5, first_contact_at = CASE WHEN $6::boolean THEN coalesce(first_contact_at, $5) ELSE first_contact_at END
         WHERE facility_id = $1 AND task_id = $2 AND state IN ('open', 'claimed')"
    ))
    .bind(facility)
    .bind(id)
    .bind(state.key())
    .bind(outcome)
    .bind(now)
    .bind(was_contact)
    .execute(tx.conn())
    .await?;
    tx.notify(TOPIC);
    Ok(())
}

/// A call to be put on the list.
#[derive(Clone, Debug)]
pub struct NewTask {
    pub kind: Kind,
    pub appointment: Option<AppointmentId>,
    pub phone: String,
    pub name: String,
    pub offer: String,
    pub channel: String,
    pub wants_at: Option<DateTime<Utc>>,
    pub has_red_flag: bool,
    pub due_at: DateTime<Utc>,
    pub ready_at: DateTime<Utc>,
}

impl NewTask {
    /// A call about a booking.
    pub fn about(a: &Appointment, kind: Kind, ready_at: DateTime<Utc>, due_at: DateTime<Utc>) -> NewTask {
        NewTask {
            kind,
            appointment: Some(a.id),
            phone: a.reach().to_owned(),
            name: a.name.clone(),
            offer: a.offer_name.clone(),
            channel: a.channel.key().to_owned(),
            wants_at: Some(a.starts_at),
            has_red_flag: a.has_red_flag,
            due_at,
            ready_at,
        }
    }

    /// A call to a number.
    pub fn to(phone: &str, name: &str, kind: Kind, ready_at: DateTime<Utc>, due_at: DateTime<Utc>) -> NewTask {
        NewTask {
            kind,
            appointment: None,
            phone: phone.to_owned(),
            name: name.to_owned(),
            offer: String::new(),
            channel: String::new(),
            wants_at: None,
            has_red_flag: false,
            due_at,
            ready_at,
        }
    }
}

/// Puts a call on the list, once: the same booking and kind, or the same missed number, is not listed twice.
pub async fn add(tx: &mut Tx, new: &NewTask) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO care_desk_task (facility_id, task_id, kind, appointment_id, phone, name, offer, channel, wants_at, has_red_flag, due_at, ready_at, made_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(new.kind.key())
    .bind(new.appointment.map(|a| a.0))
    .bind(&new.phone)
    .bind(&new.name)
    .bind(&new.offer)
    .bind(&new.channel)
    .bind(new.wants_at)
    .bind(new.has_red_flag)
    .bind(new.due_at)
    .bind(new.ready_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.notify(TOPIC);
    Ok(())
}

/// Takes the calls of a booking off the list: all of them, or those of some kinds.
pub async fn vanish(tx: &mut Tx, appointment: AppointmentId, kinds: &[Kind]) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let kinds: Vec<&str> = kinds.iter().map(|k| k.key()).collect();
    let gone = sqlx::query(sql!(
        "UPDATE care_desk_task SET state = 'gone', claimed_by = NULL, claimed_until = NULL, done_at = $4, changed_at = $4
         WHERE facility_id = $1 AND appointment_id = $2 AND kind = ANY($3) AND state IN ('open', 'claimed')"
    ))
    .bind(facility)
    .bind(appointment.0)
    .bind(&kinds)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if gone.rows_affected() > 0 {
        tx.notify(TOPIC);
    }
    Ok(())
}

/// Takes calls to a number off the list that no booking stands behind: it was reached in another way.
pub async fn vanish_phone(tx: &mut Tx, phone: &str, kind: Kind) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE care_desk_task SET state = 'gone', claimed_by = NULL, claimed_until = NULL, done_at = $4, changed_at = $4
         WHERE facility_id = $1 AND phone = $2 AND kind = $3 AND state IN ('open', 'claimed')"
    ))
    .bind(facility)
    .bind(phone)
    .bind(kind.key())
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.notify(TOPIC);
    Ok(())
}

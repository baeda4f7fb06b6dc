//! Wishes to open an archived record again.

use crate::archive::approval::{Agreed, Side};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Reopening {
    pub reopening_id: Uuid,
    pub record_id: Uuid,
    pub reason: String,
    pub asked_by: Uuid,
    pub asked_name: String,
    pub asked_at: DateTime<Utc>,
    pub planner_by: Option<Uuid>,
    pub planner_name: String,
    pub planner_at: Option<DateTime<Utc>>,
    pub director_by: Option<Uuid>,
    pub director_name: String,
    pub director_at: Option<DateTime<Utc>>,
    pub refused_name: String,
    pub refused_at: Option<DateTime<Utc>>,
    pub refused_why: String,
    pub opened_at: Option<DateTime<Utc>>,
}

impl Reopening {
    pub fn is_open(&self) -> bool {
        self.opened_at.is_none() && self.refused_at.is_none()
    }
    pub fn agreed(&self) -> Agreed {
        Agreed { planner: self.planner_by, director: self.director_by, asked_by: self.asked_by, is_closed: !self.is_open() }
    }
}

macro_rules! reopenings_where {
    ($rest:expr) => {
        concat!(
            "SELECT reopening_id, record_id, reason, asked_by, asked_name, asked_at, planner_by, planner_name, planner_at, director_by, director_name,
                director_at, refused_name, refused_at, refused_why, opened_at
             FROM record_reopening WHERE facility_id = $1 AND ",
            $rest
        )
    };
}

/// The wishes about a record, newest first.
pub async fn of_record(tx: &mut Tx, record: Uuid) -> Result<Vec<Reopening>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(reopenings_where!("record_id = $2 ORDER BY asked_at DESC LIMIT 20"))).bind(facility).bind(record).fetch_all(tx.conn()).await
}

/// What waits for an agreement: id, record, archive number, reason, who asked.
pub async fn list_waiting(tx: &mut Tx) -> Result<Vec<(Uuid, Uuid, String, String, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT o.reopening_id, o.record_id, r.archive_no, o.reason, o.asked_name FROM record_reopening o
         JOIN record_record r ON r.facility_id = $1 AND r.record_id = o.record_id
         WHERE o.facility_id = $1 AND o.opened_at IS NULL AND o.refused_at IS NULL ORDER BY o.asked_at LIMIT 50"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

pub async fn lock(tx: &mut Tx, record: Uuid, id: Uuid) -> Result<Option<Reopening>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(reopenings_where!("record_id = $2 AND reopening_id = $3 FOR UPDATE")))
        .bind(facility)
        .bind(record)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// Asks; the same id twice asks once, and one wish at a time is open.
pub async fn insert(tx: &mut Tx, id: Uuid, record: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    sqlx::query(sql!(
        "INSERT INTO record_reopening (facility_id, reopening_id, record_id, reason, asked_by, asked_name, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(record)
    .bind(reason)
    .bind(actor.account.0)
    .bind(&*actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn agree(tx: &mut Tx, id: Uuid, side: Side) -> Result<(), sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    let query = match side {
        Side::Planner => sqlx::query(sql!(
            "UPDATE record_reopening SET planner_by = $3, planner_name = $4, planner_at = $5 WHERE facility_id = $1 AND reopening_id = $2 AND planner_by IS NULL"
        )),
        Side::Director => sqlx::query(sql!(
            "UPDATE record_reopening SET director_by = $3, director_name = $4, director_at = $5 WHERE facility_id = $1 AND reopening_id = $2 AND director_by IS NULL"
        )),
    };
    query.bind(facility).bind(id).bind(actor.account.0).bind(&*actor.name).bind(now).execute(tx.conn()).await?;
    Ok(())
}

pub async fn refuse(tx: &mut Tx, id: Uuid, why: &str) -> Result<(), sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    sqlx::query(sql!("UPDATE record_reopening SET refused_name = $3, refused_at = $4, refused_why = $5 WHERE facility_id = $1 AND reopening_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(&*actor.name)
        .bind(now)
        .bind(why)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn set_opened(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE record_reopening SET opened_at = $3 WHERE facility_id = $1 AND reopening_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

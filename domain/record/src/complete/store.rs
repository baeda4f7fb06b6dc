//! All SQL of completing: happenings, covers on their way, what was sent back.

use crate::archive::status::Status;
use base::{PersonId, RecordId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// Notes that something happened in a stay; the same news twice is noted once. Nothing for an encounter of elsewhere.
pub async fn note(tx: &mut Tx, encounter: Uuid, kind: &str, source: &str, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO record_happening (facility_id, encounter_id, kind, source, at)
         SELECT $1, encounter_id, $3, $4, $5 FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2 ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(encounter)
    .bind(kind)
    .bind(source)
    .bind(at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What happened in these stays: encounter, kind, time.
pub async fn happenings(tx: &mut Tx, encounters: &[Uuid]) -> Result<Vec<(Uuid, String, DateTime<Utc>)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT encounter_id, kind, at FROM record_happening WHERE facility_id = $1 AND encounter_id = ANY($2) ORDER BY at"))
        .bind(facility)
        .bind(encounters)
        .fetch_all(tx.conn())
        .await
}

/// A record on its way to the archive.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Cover {
    pub record_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub form: String,
    pub kind: String,
    pub room_id: Option<Uuid>,
    pub room: Option<String>,
    pub room_code: Option<String>,
    pub practitioner_id: Option<Uuid>,
    pub doctor: Option<String>,
    pub opened_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub outcome: String,
    pub status: String,
    pub archive_no: String,
    pub archived_at: Option<DateTime<Utc>>,
    pub retention_class: String,
    pub retention_until: Option<chrono::NaiveDate>,
    pub sensitivity: String,
    pub hold_reason: String,
    pub patient_name: String,
    pub patient_record_no: String,
}

impl Cover {
    pub fn id(&self) -> RecordId {
        RecordId(self.record_id)
    }
    pub fn spine(&self) -> u8 {
        PersonId(self.person_id).spine()
    }
    pub fn status(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Open)
    }
    /// The end of the stay, or its beginning while it goes on.
    pub fn ended_on(&self) -> chrono::NaiveDate {
        base::local_date(self.ended_at.unwrap_or(self.opened_at))
    }
}

macro_rules! covers_where {
    ($rest:expr) => {
        concat!(
            "SELECT r.record_id, r.encounter_id, r.patient_id, r.person_id, r.form, r.kind, r.room_id, o.short_name AS room, o.code AS room_code,
                r.practitioner_id, trim(w.title || ' ' || w.name) AS doctor, r.opened_at, r.ended_at, r.outcome, r.status, r.archive_no, r.archived_at,
                r.retention_class, r.retention_until, r.sensitivity, r.hold_reason, p.name AS patient_name, p.record_no AS patient_record_no
             FROM record_record r JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = r.patient_id
             LEFT JOIN organization_room o ON o.facility_id = $1 AND o.room_id = r.room_id
             LEFT JOIN practitioner_practitioner w ON w.facility_id = $1 AND w.practitioner_id = r.practitioner_id
             WHERE r.facility_id = $1 AND ",
            $rest
        )
    };
}
pub(crate) use covers_where;

/// Whose records are listed.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub all: bool,
    pub practitioner: Option<Uuid>,
    pub account: Uuid,
    /// The wards this person leads or works in.
    pub rooms: Vec<Uuid>,
}

/// The wards that the actor leads, and the one they work in.
pub async fn my_rooms(tx: &mut Tx, here: Option<Uuid>) -> Result<Vec<Uuid>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.practitioner.map(|p| p.0));
    let mut rooms: Vec<Uuid> = sqlx::query_scalar(sql!("SELECT room_id FROM record_head WHERE facility_id = $1 AND practitioner_id = $2"))
        .bind(facility)
        .bind(me)
        .fetch_all(tx.conn())
        .await?;
    rooms.extend(here);
    Ok(rooms)
}

/// Records in these steps, the oldest end first, as far as the scope reaches: one's own, one's ward's, those in which
/// one's own paper lies.
pub async fn list(tx: &mut Tx, statuses: &[&str], scope: &Scope, limit: i64) -> Result<Vec<Cover>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(covers_where!(
        "r.status = ANY($2) AND ($3 OR r.practitioner_id = $4 OR r.room_id = ANY($5) OR EXISTS (
             SELECT 1 FROM record_document d WHERE d.facility_id = $1 AND d.record_id = r.record_id AND d.status <> 'entered_in_error'
                AND (d.author_account = $6 OR d.practitioner_id = $4)))
         ORDER BY r.ended_at, r.record_id LIMIT $7"
    )))
    .bind(facility)
    .bind(statuses)
    .bind(scope.all)
    .bind(scope.practitioner)
    .bind(&scope.rooms)
    .bind(scope.account)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// One record. `RowNotFound` for another facility's.
pub async fn get(tx: &mut Tx, record: Uuid) -> Result<Cover, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(covers_where!("r.record_id = $2"))).bind(facility).bind(record).fetch_one(tx.conn()).await
}

/// The record of a stay, when there is one.
pub async fn of_encounter(tx: &mut Tx, encounter: Uuid) -> Result<Option<Cover>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(covers_where!("r.encounter_id = $2"))).bind(facility).bind(encounter).fetch_optional(tx.conn()).await
}

/// Locks a record for a step; whoever writes into it waits.
pub async fn lock(tx: &mut Tx, record: Uuid) -> Result<Cover, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("SELECT 1 FROM record_record WHERE facility_id = $1 AND record_id = $2 FOR UPDATE"))
        .bind(facility)
        .bind(record)
        .execute(tx.conn())
        .await?;
    get(tx, record).await
}

/// Whether this record is the actor's to hand in: they answer for it, their paper lies in it, or it is their ward's.
pub async fn is_in_scope(tx: &mut Tx, record: Uuid, scope: &Scope) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT $3 OR coalesce(r.practitioner_id = $4, false) OR coalesce(r.room_id = ANY($5), false) OR EXISTS (
             SELECT 1 FROM record_document d WHERE d.facility_id = $1 AND d.record_id = r.record_id AND d.status <> 'entered_in_error'
                AND (d.author_account = $6 OR d.practitioner_id = $4))
         FROM record_record r WHERE r.facility_id = $1 AND r.record_id = $2"
    ))
    .bind(facility)
    .bind(record)
    .bind(scope.all)
    .bind(scope.practitioner)
    .bind(&scope.rooms)
    .bind(scope.account)
    .fetch_one(tx.conn())
    .await
}

/// Papers that have no version yet: nobody finished them, or another module made them and nobody has looked.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Draft {
    pub record_id: Uuid,
    pub document_id: Uuid,
    pub form: String,
    pub title: String,
    pub author_name: String,
    pub doctor: Option<String>,
    pub made_at: DateTime<Utc>,
    /// Made by another module; only its signature is missing.
    pub is_made: bool,
}

pub async fn drafts(tx: &mut Tx, records: &[Uuid]) -> Result<Vec<Draft>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT d.record_id, d.document_id, d.form, d.title, d.author_name, trim(w.title || ' ' || w.name) AS doctor, d.made_at,
                d.kind = 'paper' AS is_made FROM record_document d
         LEFT JOIN practitioner_practitioner w ON w.facility_id = $1 AND w.practitioner_id = d.practitioner_id
         WHERE d.facility_id = $1 AND d.record_id = ANY($2) AND d.version = 0
             AND (d.status = 'draft' OR d.kind = 'paper' AND d.status = 'done') ORDER BY d.made_at"
    ))
    .bind(facility)
    .bind(records)
    .fetch_all(tx.conn())
    .await
}

/// What was sent back and is not answered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Return {
    pub return_id: Uuid,
    pub record_id: Uuid,
    pub document_id: Option<Uuid>,
    pub reason: String,
    pub by_name: String,
    pub returned_at: DateTime<Utc>,
    pub version: i32,
}

pub async fn returns(tx: &mut Tx, records: &[Uuid]) -> Result<Vec<Return>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT return_id, record_id, document_id, reason, by_name, returned_at, version FROM record_return
         WHERE facility_id = $1 AND record_id = ANY($2) AND done_at IS NULL ORDER BY returned_at, return_id"
    ))
    .bind(facility)
    .bind(records)
    .fetch_all(tx.conn())
    .await
}

/// Sends back a document (or the record as a whole) with a reason.
pub async fn insert_return(tx: &mut Tx, record: Uuid, document: Option<Uuid>, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    sqlx::query(sql!(
        "INSERT INTO record_return (facility_id, return_id, record_id, document_id, form, reason, by_name, returned_at, version)
         SELECT $1, $2, $3, $4, coalesce(d.form, ''), $5, $6, $7, coalesce(d.version, 0)
         FROM (SELECT 1) AS one LEFT JOIN record_document d ON d.facility_id = $1 AND d.document_id = $4 AND d.record_id = $3"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(record)
    .bind(document)
    .bind(reason)
    .bind(&*actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Answers what was sent back, with a word. Gives false when it is answered or not of this record.
pub async fn answer_return(tx: &mut Tx, record: Uuid, id: Uuid, note: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "UPDATE record_return SET done_at = $4, done_note = $5 WHERE facility_id = $1 AND record_id = $2 AND return_id = $3 AND done_at IS NULL"
    ))
    .bind(facility)
    .bind(record)
    .bind(id)
    .bind(now)
    .bind(note)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Closes what a newer version has answered, and what was said about the record as a whole.
pub async fn close_answered(tx: &mut Tx, record: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE record_return t SET done_at = $3, done_note = 'Đã có bản mới' FROM record_document d
         WHERE t.facility_id = $1 AND t.record_id = $2 AND t.done_at IS NULL AND d.facility_id = $1 AND d.document_id = t.document_id AND d.version > t.version"
    ))
    .bind(facility)
    .bind(record)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves a record on; the caller holds it locked and notes the step.
pub async fn set_status(tx: &mut Tx, record: Uuid, to: Status) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE record_record SET status = $3, version = version + 1 WHERE facility_id = $1 AND record_id = $2"))
        .bind(facility)
        .bind(record)
        .bind(to.key())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The steps of a record, oldest first: from, to, when, who, note.
pub async fn steps(tx: &mut Tx, record: Uuid) -> Result<Vec<(String, String, DateTime<Utc>, String, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT from_status, to_status, at, by_name, note FROM record_step WHERE facility_id = $1 AND record_id = $2 ORDER BY step"))
        .bind(facility)
        .bind(record)
        .fetch_all(tx.conn())
        .await
}

//! Messages kept as they came, and what became of them.

use crate::apply::Done;
use crate::command::{Content, Delivery, Door, State};
use crate::person::{Line, key_of};
use base::{EncounterId, PatientId};
use chrono::{DateTime, Utc};
use db::Tx;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use web::sql;

/// What is written when a message is kept for the first time.
pub struct New<'a> {
    pub message: Uuid,
    pub partner: Uuid,
    pub door: Door,
    pub kind: &'a str,
    pub control_id: &'a str,
    pub body_hash: &'a [u8],
    pub raw: &'a [u8],
    pub subject_key: &'a str,
    pub subject_name: &'a str,
    pub visit: &'a str,
    pub state: State,
    pub words: &'a str,
    pub words_en: &'a str,
    pub content: Option<Vec<u8>>,
    pub done: Done,
    pub sent_at: Option<DateTime<Utc>>,
    pub wait_until: Option<DateTime<Utc>>,
}

impl<'a> New<'a> {
    /// A message that was read, as it stands before anything was decided about it.
    pub fn of(delivery: &'a Delivery, message: Uuid, subject_key: &'a str, body_hash: &'a [u8]) -> New<'a> {
        New {
            message,
            partner: delivery.partner,
            door: delivery.door,
            kind: &delivery.kind,
            control_id: &delivery.control_id,
            body_hash,
            raw: &delivery.raw,
            subject_key,
            subject_name: &delivery.content.subject.name,
            visit: crate::apply::visit_of(&delivery.content),
            state: State::Applied,
            words: "",
            words_en: "",
            content: None,
            done: Done::default(),
            sent_at: delivery.sent_at,
            wait_until: None,
        }
    }
}

/// Keeps a message. Gives false when one with this number is there already.
pub async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<bool, sqlx::Error> {
    let settled = (new.state == State::Applied).then_some(tx.now);
    let done = sqlx::query(sql!(
        "INSERT INTO exchange_message (facility_id, message_id, partner_id, door, kind, control_id, body_hash, raw, subject_key,
             subject_name, visit, state, words, words_en, content, patient_id, encounter_id, documents, sent_at, received_at,
             wait_until, settled_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
         ON CONFLICT (facility_id, partner_id, control_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(new.message)
    .bind(new.partner)
    .bind(new.door.key())
    .bind(clean(new.kind, 60))
    .bind(new.control_id)
    .bind(new.body_hash)
    .bind(new.raw)
    .bind(clean(new.subject_key, 200))
    .bind(clean(new.subject_name, 120))
    .bind(clean(new.visit, 120))
    .bind(new.state.key())
    .bind(clean(new.words, 2000))
    .bind(clean(new.words_en, 500))
    .bind(&new.content)
    .bind(new.done.patient.map(|p| p.0))
    .bind(new.done.encounter.map(|e| e.0))
    .bind(new.done.documents.iter().map(|d| d.0).collect::<Vec<_>>())
    .bind(new.sent_at)
    .bind(tx.now)
    .bind(new.wait_until)
    .bind(settled)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Text that a column takes: no U+0000, not longer than this many characters.
pub fn clean(text: &str, longest: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(longest).collect()
}

/// A message as its own page and the repeat need it.
#[derive(Clone, Debug)]
pub struct Kept {
    pub message: Uuid,
    pub partner: Uuid,
    pub partner_name: String,
    pub door: Door,
    pub kind: String,
    pub control_id: String,
    pub subject_key: String,
    pub subject_name: String,
    pub visit: String,
    pub state: State,
    pub words: String,
    pub words_en: String,
    pub attempts: i32,
    pub content: Option<Content>,
    pub patient: Option<PatientId>,
    pub patient_name: Option<String>,
    pub encounter: Option<EncounterId>,
    pub documents: Vec<Uuid>,
    pub sent_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
    pub reason: String,
    pub size: i32,
}

impl Kept {
    fn read(row: &PgRow) -> Result<Kept, sqlx::Error> {
        let content: Option<Vec<u8>> = row.try_get("content")?;
        Ok(Kept {
            message: row.try_get("message_id")?,
            partner: row.try_get("partner_id")?,
            partner_name: row.try_get::<Option<String>, _>("partner_name")?.unwrap_or_else(|| "Bên gửi chưa khai báo".into()),
            door: Door::from_key(row.try_get("door")?).unwrap_or(Door::Hl7),
            kind: row.try_get("kind")?,
            control_id: row.try_get("control_id")?,
            subject_key: row.try_get("subject_key")?,
            subject_name: row.try_get("subject_name")?,
            visit: row.try_get("visit")?,
            state: State::from_key(row.try_get("state")?).unwrap_or(State::Dead),
            words: row.try_get("words")?,
            words_en: row.try_get("words_en")?,
            attempts: row.try_get("attempts")?,
            content: content.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            patient: row.try_get::<Option<Uuid>, _>("patient_id")?.map(PatientId),
            patient_name: row.try_get("patient_name")?,
            encounter: row.try_get::<Option<Uuid>, _>("encounter_id")?.map(EncounterId),
            documents: row.try_get("documents")?,
            sent_at: row.try_get("sent_at")?,
            received_at: row.try_get("received_at")?,
            settled_at: row.try_get("settled_at")?,
            reason: row.try_get("reason")?,
            size: row.try_get("size")?,
        })
    }

    /// `09:41 24/11/2026`.
    pub fn when(&self) -> String {
        show(self.received_at)
    }
    pub fn settled(&self) -> String {
        self.settled_at.map(show).unwrap_or_default()
    }
    /// `812 byte`, `1.204 KB`.
    pub fn shown_size(&self) -> String {
        if self.size < 2000 { format!("{} byte", self.size) } else { format!("{} KB", self.size / 1000) }
    }
    /// It can be applied again: nothing of it was done yet and it could be read.
    pub fn may_retry(&self) -> bool {
        matches!(self.state, State::Dead | State::Early) && self.content.is_some()
    }
    pub fn may_discard(&self) -> bool {
        !matches!(self.state, State::Applied | State::Discarded)
    }
}

/// A time as lists show it.
pub fn show(at: DateTime<Utc>) -> String {
    format!("{} {}", base::show_time(at), base::show_date(base::local_date(at)))
}

/// One message, locked until the end of the transaction. `RowNotFound` for another facility's id.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Kept, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT m.*, p.name AS partner_name, (SELECT name FROM patient_patient q WHERE q.facility_id = $1 AND q.patient_id = m.patient_id) AS patient_name,
                length(m.raw) AS size
         FROM exchange_message m
         LEFT JOIN exchange_partner p ON p.facility_id = $1 AND p.partner_id = m.partner_id
         WHERE m.facility_id = $1 AND m.message_id = $2 FOR UPDATE OF m"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .fetch_one(tx.conn())
    .await?;
    Kept::read(&row)
}

/// One message for its page.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Kept, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT m.*, p.name AS partner_name, (SELECT name FROM patient_patient q WHERE q.facility_id = $1 AND q.patient_id = m.patient_id) AS patient_name,
                length(m.raw) AS size
         FROM exchange_message m
         LEFT JOIN exchange_partner p ON p.facility_id = $1 AND p.partner_id = m.partner_id
         WHERE m.facility_id = $1 AND m.message_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .fetch_one(tx.conn())
    .await?;
    Kept::read(&row)
}

/// The bytes as they came.
pub async fn raw(tx: &mut Tx, id: Uuid) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT raw FROM exchange_message WHERE facility_id = $1 AND message_id = $2"))
        .bind(tx.facility().0)
        .bind(id)
        .fetch_one(tx.conn())
        .await
}

/// What another attempt came to.
pub struct Settled<'a> {
    pub state: State,
    pub words: &'a str,
    pub words_en: &'a str,
    pub done: &'a Done,
    pub wait_until: Option<DateTime<Utc>>,
}

/// Writes what another attempt came to; what was read is forgotten once it is done.
pub async fn settle(tx: &mut Tx, id: Uuid, settled: &Settled<'_>) -> Result<(), sqlx::Error> {
    let is_done = settled.state == State::Applied;
    sqlx::query(sql!(
        "UPDATE exchange_message SET state = $3, words = $4, words_en = $5, attempts = attempts + 1,
             patient_id = coalesce($6, patient_id), encounter_id = coalesce($7, encounter_id), documents = $8, wait_until = $9,
             content = CASE WHEN $10 THEN NULL ELSE content END,
             settled_at = CASE WHEN $10 THEN $11 ELSE settled_at END, settled_by = CASE WHEN $10 THEN $12 ELSE settled_by END
         WHERE facility_id = $1 AND message_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(settled.state.key())
    .bind(clean(settled.words, 2000))
    .bind(settled.words_en)
    .bind(settled.done.patient.map(|p| p.0))
    .bind(settled.done.encounter.map(|e| e.0))
    .bind(settled.done.documents.iter().map(|d| d.0).collect::<Vec<_>>())
    .bind(settled.wait_until)
    .bind(is_done)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Somebody decided that the message is not to be applied. Gives false when it is settled already.
pub async fn discard(tx: &mut Tx, id: Uuid, reason: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "UPDATE exchange_message SET state = 'discarded', reason = $3, settled_at = $4, settled_by = $5, content = NULL
         WHERE facility_id = $1 AND message_id = $2 AND state NOT IN ('applied', 'discarded')"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(clean(reason, 300))
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A message that waited in vain becomes a dead letter. Gives false when it does not wait any more.
pub async fn give_up(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "UPDATE exchange_message SET state = 'dead', wait_until = NULL,
             words = 'Hết giờ chờ mà chưa có thông điệp nhập viện của số lượt ' || visit || '. Yêu cầu bên gửi gửi nhập viện rồi bấm Ghi lại.'
         WHERE facility_id = $1 AND message_id = $2 AND state = 'early' AND wait_until <= $3"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What waits of one person, oldest first.
pub async fn list_waiting(tx: &mut Tx, partner: Uuid, subject_key: &str) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT message_id FROM exchange_message
         WHERE facility_id = $1 AND partner_id = $2 AND subject_key = $3 AND state IN ('behind', 'early')
         ORDER BY received_at, message_id LIMIT 500"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(subject_key)
    .fetch_all(tx.conn())
    .await
}

/// Which messages a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A state's key, `"open"` for all that is not settled, or "".
    pub state: String,
    pub partner: Option<Uuid>,
    /// Control id, record number at the sender, visit number or the person's name.
    pub q: String,
    /// The last row of the page before.
    pub before: Option<Uuid>,
}

/// Messages, newest first, at most `limit`.
pub async fn list(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<Vec<Kept>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT m.facility_id, m.message_id, m.partner_id, m.door, m.kind, m.control_id, m.subject_key, m.subject_name, m.visit, m.state,
                m.words, m.words_en, m.attempts, NULL::bytea AS content, m.patient_id, m.encounter_id, m.documents, m.sent_at, m.received_at,
                m.settled_at, m.reason, length(m.raw) AS size, p.name AS partner_name,
                (SELECT name FROM patient_patient q WHERE q.facility_id = $1 AND q.patient_id = m.patient_id) AS patient_name
         FROM exchange_message m
         LEFT JOIN exchange_partner p ON p.facility_id = $1 AND p.partner_id = m.partner_id
         WHERE m.facility_id = $1
           AND ($2 = '' OR m.state = $2 OR ($2 = 'open' AND m.state NOT IN ('applied', 'discarded')))
           AND ($3::uuid IS NULL OR m.partner_id = $3)
           AND ($4 = '' OR m.control_id = $4 OR m.subject_key = $4 OR m.visit = $4 OR m.subject_name ILIKE '%' || $4 || '%')
           AND ($5::uuid IS NULL OR m.message_id < $5)
         ORDER BY m.message_id DESC LIMIT $6"
    ))
    .bind(tx.facility().0)
    .bind(&filter.state)
    .bind(filter.partner)
    .bind(&filter.q)
    .bind(filter.before)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(Kept::read).collect()
}

/// How many messages stand where, for the heads of the lists. Settled ones are not counted.
pub async fn count_open(tx: &mut Tx) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT state, count(*) FROM exchange_message WHERE facility_id = $1 AND state NOT IN ('applied', 'discarded') GROUP BY state"
    ))
    .bind(tx.facility().0)
    .fetch_all(tx.conn())
    .await
}

/// Messages whose person a clerk must name, oldest first, with how many wait behind each.
pub async fn list_doubtful(tx: &mut Tx) -> Result<Vec<(Kept, i64)>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT m.*, length(m.raw) AS size, p.name AS partner_name, NULL::text AS patient_name,
                (SELECT count(*) FROM exchange_message b WHERE b.facility_id = $1 AND b.partner_id = m.partner_id
                 AND b.subject_key = m.subject_key AND b.state = 'behind') AS behind
         FROM exchange_message m
         LEFT JOIN exchange_partner p ON p.facility_id = $1 AND p.partner_id = m.partner_id
         WHERE m.facility_id = $1 AND m.state = 'clerk' ORDER BY m.received_at, m.message_id LIMIT 100"
    ))
    .bind(tx.facility().0)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(|row| Ok((Kept::read(row)?, row.try_get("behind")?))).collect()
}

/// A difference between what a sender and we know of a person.
#[derive(Clone, Debug)]
pub struct Difference {
    pub message: Uuid,
    pub patient: PatientId,
    pub patient_name: String,
    pub record_no: String,
    pub partner_name: String,
    pub lines: Vec<Line>,
    pub noted_at: DateTime<Utc>,
    pub is_open: bool,
}

impl Difference {
    fn read(row: &PgRow) -> Result<Difference, sqlx::Error> {
        Ok(Difference {
            message: row.try_get("message_id")?,
            patient: PatientId(row.try_get("patient_id")?),
            patient_name: row.try_get("name")?,
            record_no: row.try_get("record_no")?,
            partner_name: row.try_get::<Option<String>, _>("partner_name")?.unwrap_or_default(),
            lines: row.try_get::<sqlx::types::Json<Vec<Line>>, _>("lines")?.0,
            noted_at: row.try_get("noted_at")?,
            is_open: row.try_get("is_open")?,
        })
    }
    pub fn when(&self) -> String {
        show(self.noted_at)
    }
}

/// Differences that nobody decided yet, oldest first.
pub async fn list_differences(tx: &mut Tx) -> Result<Vec<Difference>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT d.message_id, d.patient_id, d.lines, d.noted_at, d.decided_at IS NULL AS is_open, q.name, q.record_no, p.name AS partner_name
         FROM exchange_difference d
         JOIN exchange_message m ON m.facility_id = $1 AND m.message_id = d.message_id
         JOIN patient_patient q ON q.facility_id = $1 AND q.patient_id = d.patient_id
         LEFT JOIN exchange_partner p ON p.facility_id = $1 AND p.partner_id = m.partner_id
         WHERE d.facility_id = $1 AND d.decided_at IS NULL ORDER BY d.noted_at, d.message_id LIMIT 100"
    ))
    .bind(tx.facility().0)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(Difference::read).collect()
}

/// One difference. `RowNotFound` for another facility's id.
pub async fn get_difference(tx: &mut Tx, message: Uuid) -> Result<Difference, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT d.message_id, d.patient_id, d.lines, d.noted_at, d.decided_at IS NULL AS is_open, q.name, q.record_no, p.name AS partner_name
         FROM exchange_difference d
         JOIN exchange_message m ON m.facility_id = $1 AND m.message_id = d.message_id
         JOIN patient_patient q ON q.facility_id = $1 AND q.patient_id = d.patient_id
         LEFT JOIN exchange_partner p ON p.facility_id = $1 AND p.partner_id = m.partner_id
         WHERE d.facility_id = $1 AND d.message_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(message)
    .fetch_one(tx.conn())
    .await?;
    Difference::read(&row)
}

/// Writes a clerk's decision. Gives false when somebody decided before.
pub async fn decide_difference(tx: &mut Tx, message: Uuid, taken: &[&str]) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "UPDATE exchange_difference SET decided_at = $3, decided_by = $4, taken = $5
         WHERE facility_id = $1 AND message_id = $2 AND decided_at IS NULL"
    ))
    .bind(tx.facility().0)
    .bind(message)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(taken)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The person's name among the messages of its partner; of the message itself where the message names nobody.
pub fn line_of(delivery: &Delivery) -> String {
    let key = key_of(&delivery.content.subject);
    if key.is_empty() { format!("message:{}", delivery.control_id).chars().take(200).collect() } else { key }
}

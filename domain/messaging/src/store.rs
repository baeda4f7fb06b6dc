//! Rows of messages, replies, refusals, wordings and settings.

use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Queued,
    /// Kept back because the month's money is spent.
    Held,
    Sent,
    Delivered,
    Failed,
    /// Not sent: what it spoke of is no longer so, or the receiver wants no reminders.
    Dropped,
}

impl Status {
    pub const ALL: [Status; 6] = [Status::Queued, Status::Held, Status::Sent, Status::Delivered, Status::Failed, Status::Dropped];

    pub fn key(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Held => "held",
            Status::Sent => "sent",
            Status::Delivered => "delivered",
            Status::Failed => "failed",
            Status::Dropped => "dropped",
        }
    }

    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.key() == key)
    }

    pub fn shown(self) -> &'static str {
        match self {
            Status::Queued => "Chờ gửi",
            Status::Held => "Giữ lại",
            Status::Sent => "Đã gửi",
            Status::Delivered => "Đã nhận",
            Status::Failed => "Không tới",
            Status::Dropped => "Đã bỏ",
        }
    }

    /// Whether `next` may follow. A receipt that comes late never takes anything back.
    pub fn may_become(self, next: Status) -> bool {
        use Status::*;
        matches!(
            (self, next),
            (Queued, Held | Sent | Failed | Dropped) | (Held, Queued | Dropped) | (Sent, Delivered | Failed) | (Failed, Queued | Delivered)
        )
    }
}

/// A message as it is read.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Message {
    pub message_id: Uuid,
    pub template: String,
    pub to_phone: String,
    pub words: String,
    pub parts: i32,
    pub appointment_id: Option<Uuid>,
    pub starts_at: Option<DateTime<Utc>>,
    pub due_at: DateTime<Utc>,
    pub status: String,
    pub reason: String,
    pub made_at: DateTime<Utc>,
}

impl Message {
    pub fn state(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Failed)
    }
}

/// A message about to be written.
pub struct NewMessage<'a> {
    pub key: &'a str,
    pub template: &'a str,
    pub to: &'a str,
    pub words: &'a str,
    pub parts: i32,
    pub appointment: Option<Uuid>,
    pub starts_at: Option<DateTime<Utc>>,
    pub due_at: DateTime<Utc>,
}

/// Writes a message and remembers the way back from its receiver; `None` when the occasion was written before.
pub async fn insert(tx: &mut Tx, new: &NewMessage<'_>) -> Result<Option<Uuid>, sqlx::Error> {
    let (facility, now, id) = (tx.facility().0, tx.now, Uuid::now_v7());
    let made = sqlx::query(sql!(
        "INSERT INTO messaging_message (facility_id, message_id, key, template, to_phone, words, parts, appointment_id, starts_at, due_at, made_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT ON CONSTRAINT messaging_message_once DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(new.key)
    .bind(new.template)
    .bind(new.to)
    .bind(new.words)
    .bind(new.parts)
    .bind(new.appointment)
    .bind(new.starts_at)
    .bind(new.due_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok((made.rows_affected() == 1).then_some(id))
}

/// One message, held until the transaction ends; `RowNotFound` when the house has none with this id.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Message, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT message_id, template, to_phone, words, parts, appointment_id, starts_at, due_at, status, reason, made_at
         FROM messaging_message WHERE facility_id = $1 AND message_id = $2 FOR UPDATE"
    ))
    .bind(facility)
    .bind(id)
    .fetch_one(tx.conn())
    .await
}

/// Moves a message on where the rule allows it; gives whether it moved.
pub async fn step(tx: &mut Tx, message: &Message, next: Status, provider_no: &str, reason: &str) -> Result<bool, sqlx::Error> {
    if !message.state().may_become(next) {
        return Ok(false);
    }
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE messaging_message SET status = $3, provider_no = CASE WHEN $4 = '' THEN provider_no ELSE $4 END, reason = left($5, 300), changed_at = $6
         WHERE facility_id = $1 AND message_id = $2"
    ))
    .bind(facility)
    .bind(message.message_id)
    .bind(next.key())
    .bind(provider_no)
    .bind(reason)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.notify("messages");
    Ok(true)
}

/// Remembers which house wrote to a phone last; needs no tenant but the purpose `message-route`, which it opens.
pub async fn remember_route(tx: &mut Tx, message: Uuid, phone: &str) -> Result<(), sqlx::Error> {
    tx.purpose("message-route").await?;
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("INSERT INTO messaging_route (message_id, facility_id, to_phone, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"))
        .bind(message)
        .bind(facility)
        .bind(phone)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The house of a message; needs the purpose `message-route`.
pub async fn house_of_message(tx: &mut Tx, message: Uuid) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT facility_id FROM messaging_route WHERE message_id = $1")).bind(message).fetch_optional(tx.conn()).await
}

/// The house that wrote to a phone last; needs the purpose `message-route`.
pub async fn house_of_phone(tx: &mut Tx, phone: &str) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT facility_id FROM messaging_route WHERE to_phone = $1 ORDER BY at DESC LIMIT 1")).bind(phone).fetch_optional(tx.conn()).await
}

/// Whether a phone wants no reminders from this house.
pub async fn refuses(tx: &mut Tx, phone: &str) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<i32> = sqlx::query_scalar(sql!("SELECT 1 FROM messaging_refusal WHERE facility_id = $1 AND phone = $2")).bind(facility).bind(phone).fetch_optional(tx.conn()).await?;
    Ok(found.is_some())
}

/// Notes that a phone wants no reminders.
pub async fn refuse(tx: &mut Tx, phone: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("INSERT INTO messaging_refusal (facility_id, phone, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")).bind(facility).bind(phone).bind(now).execute(tx.conn()).await?;
    Ok(())
}

/// What a house decided about its messages; the usual where it decided nothing.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Setting {
    pub price_vnd: i64,
    pub cap_vnd: Option<i64>,
    pub day_before: bool,
    pub hours_before: bool,
}

pub async fn setting(tx: &mut Tx) -> Result<Setting, sqlx::Error> {
    let facility = tx.facility().0;
    let found = sqlx::query_as(sql!("SELECT price_vnd, cap_vnd, day_before, hours_before FROM messaging_setting WHERE facility_id = $1")).bind(facility).fetch_optional(tx.conn()).await?;
    Ok(found.unwrap_or(Setting { price_vnd: 850, cap_vnd: None, day_before: true, hours_before: true }))
}

pub async fn save_setting(tx: &mut Tx, s: &Setting) -> Result<(), sqlx::Error> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO messaging_setting (facility_id, price_vnd, cap_vnd, day_before, hours_before, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (facility_id) DO UPDATE SET price_vnd = excluded.price_vnd, cap_vnd = excluded.cap_vnd, day_before = excluded.day_before,
             hours_before = excluded.hours_before, changed_by = excluded.changed_by, changed_at = excluded.changed_at"
    ))
    .bind(facility)
    .bind(s.price_vnd)
    .bind(s.cap_vnd)
    .bind(s.day_before)
    .bind(s.hours_before)
    .bind(account)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Parts that left the house in the month of a day.
pub async fn parts_of_month(tx: &mut Tx, day: NaiveDate) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    let first = base::dates::start_of_day(chrono::Datelike::with_day(&day, 1).unwrap_or(day));
    sqlx::query_scalar(sql!(
        "SELECT coalesce(sum(parts), 0)::bigint FROM messaging_message WHERE facility_id = $1 AND made_at >= $2 AND status IN ('sent', 'delivered', 'failed')"
    ))
    .bind(facility)
    .bind(first)
    .fetch_one(tx.conn())
    .await
}

/// The house's own words for an occasion, where it has some.
pub async fn own_words(tx: &mut Tx, template: &str) -> Result<Option<String>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT words FROM messaging_wording WHERE facility_id = $1 AND template = $2 ORDER BY made_at DESC LIMIT 1"))
        .bind(facility)
        .bind(template)
        .fetch_optional(tx.conn())
        .await
}

/// All of the house's own words, the newest of each.
pub async fn list_own_words(tx: &mut Tx) -> Result<Vec<(String, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT DISTINCT ON (template) template, words FROM messaging_wording WHERE facility_id = $1 ORDER BY template, made_at DESC")).bind(facility).fetch_all(tx.conn()).await
}

pub async fn add_words(tx: &mut Tx, template: &str, words: &str) -> Result<(), sqlx::Error> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!("INSERT INTO messaging_wording (facility_id, template, made_at, words, made_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"))
        .bind(facility)
        .bind(template)
        .bind(now)
        .bind(words)
        .bind(account)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Messages newest first: of one status (all when `""`), of one phone (all when `""`), older than the one named; at most 101.
pub async fn list(tx: &mut Tx, status: &str, phone: &str, before: Option<Uuid>) -> Result<Vec<Message>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT message_id, template, to_phone, words, parts, appointment_id, starts_at, due_at, status, reason, made_at
         FROM messaging_message m
         WHERE facility_id = $1 AND ($2 = '' OR status = $2) AND ($3 = '' OR to_phone = $3)
           AND ($4::uuid IS NULL OR (made_at, message_id) < (SELECT b.made_at, b.message_id FROM messaging_message b WHERE b.facility_id = $1 AND b.message_id = $4))
         ORDER BY made_at DESC, message_id DESC LIMIT 101"
    ))
    .bind(facility)
    .bind(status)
    .bind(phone)
    .bind(before)
    .fetch_all(tx.conn())
    .await
}

/// How many messages made since a moment stand in each status.
pub async fn count_since(tx: &mut Tx, since: DateTime<Utc>) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT status, count(*) FROM messaging_message WHERE facility_id = $1 AND made_at >= $2 GROUP BY status")).bind(facility).bind(since).fetch_all(tx.conn()).await
}

/// Writes a reply down; false when the provider told it before.
pub async fn insert_reply(tx: &mut Tx, id: Uuid, provider_no: &str, from: &str, words: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let made = sqlx::query(sql!(
        "INSERT INTO messaging_reply (facility_id, reply_id, provider_no, from_phone, words, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT messaging_reply_once DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(provider_no)
    .bind(from)
    .bind(words)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Notes what was understood of a reply.
pub async fn note_reply(tx: &mut Tx, id: Uuid, understood: &str, appointment: Option<Uuid>) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE messaging_reply SET understood = $3, appointment_id = $4 WHERE facility_id = $1 AND reply_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(understood)
        .bind(appointment)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A reply as it is read.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct ReplyRow {
    pub from_phone: String,
    pub words: String,
    pub understood: String,
    pub appointment_id: Option<Uuid>,
    pub at: DateTime<Utc>,
}

/// Replies, newest first, at most 50.
pub async fn list_replies(tx: &mut Tx) -> Result<Vec<ReplyRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT from_phone, words, understood, appointment_id, at FROM messaging_reply WHERE facility_id = $1 ORDER BY at DESC LIMIT 50")).bind(facility).fetch_all(tx.conn()).await
}

/// The booking of the last reminder (or confirmation) that reached a phone and whose time is still to come.
pub async fn last_booking(tx: &mut Tx, phone: &str) -> Result<Option<Uuid>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_scalar(sql!(
        "SELECT appointment_id FROM messaging_message
         WHERE facility_id = $1 AND to_phone = $2 AND appointment_id IS NOT NULL AND status IN ('sent', 'delivered') AND starts_at > $3
         ORDER BY (template = 'appointment.reminder') DESC, made_at DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(phone)
    .bind(now)
    .fetch_optional(tx.conn())
    .await
}

#[cfg(test)]
mod tests {
    use super::Status::*;

    #[test]
    fn a_late_receipt_takes_nothing_back() {
        assert!(Sent.may_become(Delivered) && Failed.may_become(Delivered));
        assert!(!Delivered.may_become(Failed) && !Delivered.may_become(Sent) && !Dropped.may_become(Queued) && !Sent.may_become(Queued));
    }
}

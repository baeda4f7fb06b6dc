//! The ledger of contacts.

use base::AppointmentId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// A contact to be written down.
#[derive(Clone, Debug, Default)]
pub struct NewContact<'a> {
    pub task: Option<Uuid>,
    pub appointment: Option<AppointmentId>,
    pub call_id: &'a str,
    pub phone: &'a str,
    pub is_incoming: bool,
    pub outcome: &'a str,
    pub seconds: Option<i32>,
    pub note: &'a str,
}

/// Writes a contact down for good.
pub async fn write(tx: &mut Tx, new: &NewContact<'_>) -> Result<(), sqlx::Error> {
    let (facility, now, by, by_name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let id = Uuid::now_v7();
    sqlx::query(sql!(
        "INSERT INTO care_desk_contact (facility_id, contact_id, task_id, appointment_id, call_id, phone, direction, outcome, seconds, note, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    ))
    .bind(facility)
    .bind(id)
    .bind(new.task)
    .bind(new.appointment.map(|a| a.0))
    .bind(new.call_id)
    .bind(new.phone)
    .bind(if new.is_incoming { "in" } else { "out" })
    .bind(new.outcome)
    .bind(new.seconds)
    .bind(new.note)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    tx.audit("contact", "care_desk_contact", id, None, serde_json::json!({ "outcome": new.outcome }));
    Ok(())
}

/// A contact as it is read.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Contact {
    pub direction: String,
    pub outcome: String,
    pub seconds: Option<i32>,
    pub note: String,
    /// Where the telephone system keeps the recording; empty without one.
    pub recording_url: String,
    pub at: DateTime<Utc>,
    pub by_name: String,
}

impl Contact {
    /// The outcome in words; a call that only the telephone system saw says so.
    pub fn shown(&self) -> &str {
        match (crate::task::Outcome::from_key(&self.outcome), self.outcome.as_str(), self.direction.as_str()) {
            (Some(outcome), _, _) => outcome.shown(),
            (None, "missed", "in") => "Gọi đến, nhỡ",
            (None, "missed", _) => "Gọi đi, không nghe máy",
            (None, _, "in") => "Gọi đến",
            _ => "Gọi đi",
        }
    }

    /// `1:48`, where it was measured.
    pub fn length(&self) -> String {
        self.seconds.map(|s| format!("{}:{:02}", s / 60, s % 60)).unwrap_or_default()
    }
}

/// Contacts with a number, newest first, at most 10.
pub async fn list_of_phone(tx: &mut Tx, phone: &str) -> Result<Vec<Contact>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT c.direction, c.outcome, c.seconds, c.note, coalesce(k.recording_url, '') AS recording_url, c.at, c.by_name
         FROM care_desk_contact c
         LEFT JOIN care_desk_call k ON k.facility_id = c.facility_id AND k.call_id = c.call_id
         WHERE c.facility_id = $1 AND c.phone = $2 ORDER BY c.at DESC, c.contact_id DESC LIMIT 10"
    ))
    .bind(facility)
    .bind(phone)
    .fetch_all(tx.conn())
    .await
}

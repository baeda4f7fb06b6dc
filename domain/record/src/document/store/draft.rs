//! Drafts: what is being typed.

use crate::document::draft::Draft;
use base::{DocumentId, RecordId};
use chrono::{DateTime, Utc};
use db::Tx;
use serde_json::Value;
use sqlx::{FromRow, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A document locked for writing. Two writers of one document wait for each other here and nowhere else.
#[derive(Clone, Debug, FromRow)]
pub struct Held {
    pub document_id: Uuid,
    pub record_id: Uuid,
    pub patient_id: Uuid,
    pub form: String,
    pub form_version: i32,
    pub title: String,
    pub kind: String,
    pub status: String,
    pub version: i32,
    pub practitioner_id: Option<Uuid>,
    pub author_account: Uuid,
}

impl Held {
    pub fn id(&self) -> DocumentId {
        DocumentId(self.document_id)
    }
    pub fn record(&self) -> RecordId {
        RecordId(self.record_id)
    }
}

/// Locks the document's row. `RowNotFound` when it is not of this facility.
pub async fn hold(tx: &mut Tx, id: DocumentId) -> Result<Held, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT document_id, record_id, patient_id, form, form_version, title, kind, status, version, practitioner_id, author_account
         FROM record_document WHERE facility_id = $1 AND document_id = $2 FOR UPDATE"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}

/// A stored draft and who wrote last.
#[derive(Clone, Debug)]
pub struct Stored {
    pub draft: Draft,
    /// Why a finished version is being amended; "" for the first one.
    pub reason: String,
    pub by: Uuid,
    pub by_name: String,
    pub at: DateTime<Utc>,
    /// Account → name and time (seconds) of those who have the page open.
    pub open: BTreeMap<Uuid, (String, i64)>,
}

/// The draft of a document, if something is being written.
pub async fn find(tx: &mut Tx, id: DocumentId) -> Result<Option<Stored>, sqlx::Error> {
    let facility = tx.facility().0;
    let row = sqlx::query(db::sql!(
        "SELECT data, revision, reason, marks, open_at, changed_by, changed_by_name, changed_at FROM record_draft
         WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let data: Value = row.try_get("data")?;
    Ok(Some(Stored {
        draft: Draft::read(row.try_get("revision")?, &data, row.try_get("marks")?),
        reason: row.try_get("reason")?,
        by: row.try_get("changed_by")?,
        by_name: row.try_get("changed_by_name")?,
        at: row.try_get("changed_at")?,
        open: serde_json::from_value(row.try_get("open_at")?).unwrap_or_default(),
    }))
}

/// Writes the draft, now changed by the actor; begins it when there was none.
pub async fn save(tx: &mut Tx, id: DocumentId, draft: &Draft, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now);
    sqlx::query(db::sql!(
        "INSERT INTO record_draft (facility_id, document_id, data, revision, marks, reason, changed_by, changed_by_name, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (facility_id, document_id) DO UPDATE SET data = excluded.data, revision = excluded.revision, marks = excluded.marks,
             reason = excluded.reason, changed_by = excluded.changed_by, changed_by_name = excluded.changed_by_name,
             changed_at = excluded.changed_at"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(draft.data())
    .bind(draft.revision.max(1))
    .bind(serde_json::to_value(&draft.marks).unwrap_or_default())
    .bind(reason)
    .bind(account)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the actor has the page open; entries older than ten minutes fall away.
pub async fn note_open(tx: &mut Tx, id: DocumentId, open: &BTreeMap<Uuid, (String, i64)>) -> Result<(), sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now.timestamp());
    let mut open: BTreeMap<Uuid, (String, i64)> = open.iter().filter(|(_, (_, at))| now - at < 600).map(|(k, v)| (*k, v.clone())).collect();
    open.insert(account, (name, now));
    sqlx::query(db::sql!("UPDATE record_draft SET open_at = $3 WHERE facility_id = $1 AND document_id = $2"))
        .bind(facility)
        .bind(id.0)
        .bind(serde_json::to_value(&open).unwrap_or_default())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Throws a draft away: it has become a version, or an amendment was given up.
pub async fn delete(tx: &mut Tx, id: DocumentId) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(db::sql!("DELETE FROM record_draft WHERE facility_id = $1 AND document_id = $2"))
        .bind(facility)
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

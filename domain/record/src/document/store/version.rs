//! Finished versions and the signatures under them.

use base::{DocumentId, RecordId};
use chrono::{DateTime, Utc};
use db::Tx;
use serde_json::Value;
use sqlx::{FromRow, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// A version as the history shows it.
#[derive(Clone, Debug, FromRow)]
pub struct Version {
    pub version: i32,
    pub form_version: i32,
    pub sha256: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub previous_sha256: String,
    pub reason: String,
    pub made_by_name: String,
    pub made_at: DateTime<Utc>,
}

/// All versions of a document, newest first.
pub async fn list(tx: &mut Tx, id: DocumentId) -> Result<Vec<Version>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT version, form_version, sha256, media_type, size_bytes, previous_sha256, reason, made_by_name, made_at
         FROM record_version WHERE facility_id = $1 AND document_id = $2 ORDER BY version DESC"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_all(tx.conn())
    .await
}

/// What was written in a version; `Null` when there is none.
pub async fn data_of(tx: &mut Tx, id: DocumentId, version: i32) -> Result<Value, sqlx::Error> {
    let facility = tx.facility().0;
    let data: Option<Value> =
        sqlx::query_scalar(db::sql!("SELECT data FROM record_version WHERE facility_id = $1 AND document_id = $2 AND version = $3"))
            .bind(facility)
            .bind(id.0)
            .bind(version)
            .fetch_optional(tx.conn())
            .await?;
    Ok(data.unwrap_or_default())
}

/// What was written in the newest version of each document of a record.
pub async fn data_of_record(tx: &mut Tx, record: RecordId) -> Result<HashMap<Uuid, Value>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows: Vec<(Uuid, Value)> = sqlx::query_as(db::sql!(
        "SELECT v.document_id, v.data FROM record_document d
         JOIN record_version v ON v.facility_id = d.facility_id AND v.document_id = d.document_id AND v.version = d.version
         WHERE d.facility_id = $1 AND d.record_id = $2"
    ))
    .bind(facility)
    .bind(record.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().collect())
}

/// The signatures under the newest version of each document of a record, in their order.
pub async fn signatures_of_record(tx: &mut Tx, record: RecordId) -> Result<HashMap<Uuid, Vec<Signature>>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows = sqlx::query(db::sql!(
        "SELECT s.document_id, s.version, s.place, s.role, s.method, s.holder, s.issuer, s.sha256, s.signed_at FROM record_document d
         JOIN record_signature s ON s.facility_id = d.facility_id AND s.document_id = d.document_id AND s.version = d.version
         WHERE d.facility_id = $1 AND d.record_id = $2 ORDER BY s.document_id, s.place"
    ))
    .bind(facility)
    .bind(record.0)
    .fetch_all(tx.conn())
    .await?;
    let mut all: HashMap<Uuid, Vec<Signature>> = HashMap::new();
    for row in rows {
        all.entry(row.try_get("document_id")?).or_default().push(Signature::from_row(&row)?);
    }
    Ok(all)
}

/// A signature as the history shows it.
#[derive(Clone, Debug, FromRow)]
pub struct Signature {
    pub version: i32,
    pub place: i32,
    pub role: String,
    pub method: String,
    pub holder: String,
    pub issuer: String,
    pub sha256: String,
    pub signed_at: DateTime<Utc>,
}

/// The signatures under all versions of a document, newest first.
pub async fn list_signatures(tx: &mut Tx, id: DocumentId) -> Result<Vec<Signature>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT version, place, role, method, holder, issuer, sha256, signed_at FROM record_signature
         WHERE facility_id = $1 AND document_id = $2 ORDER BY version DESC, place DESC"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_all(tx.conn())
    .await
}

/// What becomes a version.
#[derive(Clone, Debug)]
pub struct NewVersion<'a> {
    pub document: DocumentId,
    pub version: i32,
    pub form_version: i32,
    pub data: &'a Value,
    pub sha256: &'a str,
    pub media_type: &'a str,
    pub size_bytes: i64,
    pub reason: &'a str,
    pub made_by_name: &'a str,
    pub made_at: DateTime<Utc>,
    /// What the document is from now on: `"done"`, or `"signed"` where nobody has to sign.
    pub status: &'a str,
}

/// Lays a version under the document and makes it the newest. The chain names the file of the version before, as it was
/// before anybody signed it. The caller holds the document's row.
pub async fn insert(tx: &mut Tx, new: &NewVersion<'_>) -> Result<(), sqlx::Error> {
    let (facility, account, practitioner, now) = (tx.facility().0, tx.actor.account.0, tx.actor.practitioner.map(|p| p.0), tx.now);
    sqlx::query(db::sql!(
        "WITH laid AS (
             INSERT INTO record_version (facility_id, document_id, version, form_version, data, sha256, media_type, size_bytes, previous_sha256,
                 reason, made_by, made_by_name, practitioner_id, made_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8,
                    coalesce((SELECT sha256 FROM record_version WHERE facility_id = $1 AND document_id = $2 AND version = $3 - 1), ''),
                    $9, $10, $11, $12, $13)
         UPDATE record_document SET version = $3, status = $14, changed_at = $15 WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(new.document.0)
    .bind(new.version)
    .bind(new.form_version)
    .bind(new.data)
    .bind(new.sha256)
    .bind(new.media_type)
    .bind(new.size_bytes)
    .bind(new.reason)
    .bind(account)
    .bind(new.made_by_name)
    .bind(practitioner)
    .bind(new.made_at)
    .bind(new.status)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest finished version of the same form that the person has in an earlier record here, with its day; special
/// ones only where the viewer may see them.
pub async fn find_previous(
    tx: &mut Tx,
    viewer: &crate::document::viewer::Viewer,
    about: &crate::document::store::row::Row,
) -> Result<Option<(Value, DateTime<Utc>)>, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<(Value, DateTime<Utc>)> = sqlx::query_as(db::sql!(
        "SELECT v.data, v.made_at
         FROM record_document d
         JOIN record_record r USING (facility_id, record_id)
         JOIN record_version v ON v.facility_id = d.facility_id AND v.document_id = d.document_id AND v.version = d.version
         WHERE d.facility_id = $1 AND d.patient_id = $2 AND d.form = $3 AND d.document_id <> $4 AND d.status <> 'entered_in_error'
           AND record_may_see(d.sensitivity, d.author_account, d.practitioner_id, r.practitioner_id, r.room_id, $5, $6, $7::uuid[])
         ORDER BY v.made_at DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(about.patient_id)
    .bind(&about.form)
    .bind(about.document_id)
    .bind(viewer.account)
    .bind(viewer.practitioner)
    .bind(&viewer.wards)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found)
}

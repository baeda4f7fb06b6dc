//! What verifications found, the alerts that came of it, and the short codes of documents.

use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// The verdict about a content on a day, when it was judged already.
pub async fn find_verdict(tx: &mut Tx, sha256: &str, day: NaiveDate) -> Result<Option<Value>, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<Json<Value>> = sqlx::query_scalar(sql!("SELECT verdict FROM record_check WHERE facility_id = $1 AND sha256 = $2 AND day = $3"))
        .bind(facility)
        .bind(sha256)
        .bind(day)
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.map(|json| json.0))
}

/// Keeps a verdict and forgets those of earlier days about the same content.
pub async fn keep_verdict(tx: &mut Tx, sha256: &str, day: NaiveDate, verdict: &Value) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "WITH older AS (DELETE FROM record_check WHERE facility_id = $1 AND sha256 = $2 AND day < $3)
         INSERT INTO record_check (facility_id, sha256, day, verdict) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(sha256)
    .bind(day)
    .bind(Json(verdict))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A signature that does not hold.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Alert {
    pub document_id: Uuid,
    pub version: i32,
    pub found_at: DateTime<Utc>,
    pub seen_at: Option<DateTime<Utc>>,
    pub seen_name: String,
    pub note: String,
    pub record_id: Uuid,
    pub title: String,
    pub patient_name: String,
    pub patient_record_no: String,
}

/// Notes that a document's signature is broken; gives false when that is known and not yet looked into.
pub async fn insert_alert(tx: &mut Tx, document: Uuid, version: i32, at: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!(
        "INSERT INTO record_alert (facility_id, document_id, version, found_at)
         SELECT $1, document_id, $3, $4 FROM record_document WHERE facility_id = $1 AND document_id = $2 ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(document)
    .bind(version)
    .bind(at)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Alerts, those nobody looked into first.
pub async fn list_alerts(tx: &mut Tx) -> Result<Vec<Alert>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT a.document_id, a.version, a.found_at, a.seen_at, a.seen_name, a.note, d.record_id, d.title, p.name AS patient_name,
                p.record_no AS patient_record_no
         FROM record_alert a JOIN record_document d ON d.facility_id = $1 AND d.document_id = a.document_id
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = d.patient_id
         WHERE a.facility_id = $1 ORDER BY a.seen_at IS NOT NULL, a.found_at DESC LIMIT 100"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// Closes the open alert of a document with what was found out. Gives false when none is open.
pub async fn close_alert(tx: &mut Tx, document: Uuid, version: i32, note: &str) -> Result<bool, sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    let done = sqlx::query(sql!(
        "UPDATE record_alert SET seen_at = $4, seen_by = $5, seen_name = $6, note = $7
         WHERE facility_id = $1 AND document_id = $2 AND version = $3 AND seen_at IS NULL"
    ))
    .bind(facility)
    .bind(document)
    .bind(version)
    .bind(now)
    .bind(actor.account.0)
    .bind(&*actor.name)
    .bind(note)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The short code of a document, when it has one.
pub async fn find_code(tx: &mut Tx, document: Uuid) -> Result<Option<String>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT code FROM record_public_code WHERE facility_id = $1 AND document_id = $2"))
        .bind(facility)
        .bind(document)
        .fetch_optional(tx.conn())
        .await
}

/// Gives a document its code; false when the code is taken or the document has one.
pub async fn insert_code(tx: &mut Tx, document: Uuid, code: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!("INSERT INTO record_public_code (facility_id, document_id, code, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"))
        .bind(facility)
        .bind(document)
        .bind(code)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The facility and document behind a code. Needs the purpose `record-verify`.
pub async fn whose_code(tx: &mut Tx, code: &str) -> Result<Option<(i32, Uuid)>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT facility_id, document_id FROM record_public_code WHERE code = $1")).bind(code).fetch_optional(tx.conn()).await
}

/// The document and version of which a content is, or was, the kept file.
pub async fn find_by_content(tx: &mut Tx, document: Uuid, sha256: &str) -> Result<Option<i32>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT version FROM record_version WHERE facility_id = $1 AND document_id = $2 AND sha256 = $3
         UNION ALL SELECT version FROM record_signature WHERE facility_id = $1 AND document_id = $2 AND sha256 = $3 LIMIT 1"
    ))
    .bind(facility)
    .bind(document)
    .bind(sha256)
    .fetch_optional(tx.conn())
    .await
}

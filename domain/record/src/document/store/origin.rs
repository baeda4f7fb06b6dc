//! Papers that other modules make: which of their things lies in which document.

use base::{DocumentId, RecordId};
use db::Tx;
use sqlx::FromRow;
use uuid::Uuid;

/// One thing of another module, in the order in which it came.
#[derive(Clone, Debug, FromRow)]
pub struct Paper {
    pub origin: String,
    pub origin_id: Uuid,
    pub edition: i32,
    pub reason: String,
    pub version: Option<i32>,
}

/// The document in which a thing lies, and its record.
pub async fn find_document(tx: &mut Tx, origin: &str, id: Uuid) -> Result<Option<(DocumentId, RecordId)>, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<(Uuid, Uuid)> = sqlx::query_as(db::sql!(
        "SELECT p.document_id, d.record_id FROM record_paper p JOIN record_document d USING (facility_id, document_id)
         WHERE p.facility_id = $1 AND p.origin = $2 AND p.origin_id = $3 LIMIT 1"
    ))
    .bind(facility)
    .bind(origin)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|(document, record)| (DocumentId(document), RecordId(record))))
}

/// Lays a thing into a document. Gives false when this edition of it lies somewhere already.
pub async fn insert(tx: &mut Tx, document: DocumentId, paper: &Paper) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(db::sql!(
        "INSERT INTO record_paper (facility_id, origin, origin_id, edition, document_id, reason, filed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(&paper.origin)
    .bind(paper.origin_id)
    .bind(paper.edition)
    .bind(document.0)
    .bind(&paper.reason)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The document now shows this thing, and what was signed before does not cover it.
pub async fn point_at(tx: &mut Tx, document: DocumentId, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(db::sql!(
        "UPDATE record_document SET origin_id = $3, status = 'done', changed_at = $4 WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(document.0)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What waits to be drawn, oldest first.
pub async fn list_undrawn(tx: &mut Tx, document: DocumentId) -> Result<Vec<Paper>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT origin, origin_id, edition, reason, version FROM record_paper
         WHERE facility_id = $1 AND document_id = $2 AND version IS NULL ORDER BY filed_at, edition, origin_id"
    ))
    .bind(facility)
    .bind(document.0)
    .fetch_all(tx.conn())
    .await
}

/// Notes which version a thing became.
pub async fn set_version(tx: &mut Tx, paper: &Paper, version: i32) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(db::sql!(
        "UPDATE record_paper SET version = $5 WHERE facility_id = $1 AND origin = $2 AND origin_id = $3 AND edition <= $4 AND version IS NULL"
    ))
    .bind(facility)
    .bind(&paper.origin)
    .bind(paper.origin_id)
    .bind(paper.edition)
    .bind(version)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The title as the paper itself has it.
pub async fn set_title(tx: &mut Tx, document: DocumentId, title: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(db::sql!("UPDATE record_document SET title = $3 WHERE facility_id = $1 AND document_id = $2 AND title <> $3"))
        .bind(facility)
        .bind(document.0)
        .bind(title)
        .execute(tx.conn())
        .await?;
    Ok(())
}

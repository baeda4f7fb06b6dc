//! Which document of the record holds which sheet of the ward.

use base::{DocumentId, EncounterId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// The document for a form of a stay and what it is about; the same for every call, so that writing again adds to the
/// same paper.
pub async fn document(tx: &mut Tx, encounter: EncounterId, form: &str, about: &str) -> Result<DocumentId, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let id: Uuid = sqlx::query_scalar(sql!(
        "INSERT INTO inpatient_paper (facility_id, encounter_id, form, about, document_id, written_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (facility_id, encounter_id, form, about) DO UPDATE SET written_at = excluded.written_at RETURNING document_id"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(form)
    .bind(about)
    .bind(Uuid::now_v7())
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    Ok(DocumentId(id))
}

/// A paper of the stay: its form, what it is about, and the document that holds it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Paper {
    pub form: String,
    pub about: String,
    pub document_id: Uuid,
}

/// The papers of a stay, so that a page can lead to them.
pub async fn list(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Paper>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT form, about, document_id FROM inpatient_paper WHERE facility_id = $1 AND encounter_id = $2 ORDER BY form, about"))
        .bind(facility)
        .bind(encounter.0)
        .fetch_all(tx.conn())
        .await
}

/// The document and when it was last written to, where it was written before.
pub async fn find(tx: &mut Tx, encounter: EncounterId, form: &str, about: &str) -> Result<Option<(DocumentId, DateTime<Utc>)>, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<(Uuid, DateTime<Utc>)> = sqlx::query_as(sql!(
        "SELECT document_id, written_at FROM inpatient_paper WHERE facility_id = $1 AND encounter_id = $2 AND form = $3 AND about = $4"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(form)
    .bind(about)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|(id, written)| (DocumentId(id), written)))
}

//! Documents that wait for a signature from somebody's desk.

use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// One document of a batch.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    pub batch_id: Uuid,
    pub document_id: Uuid,
    pub version: i32,
    pub place: i32,
    pub role: String,
    /// The file that was to be signed.
    pub before: String,
    pub digest: Vec<u8>,
    pub state: Vec<u8>,
    /// The kept file with the empty place.
    pub content: String,
    pub certificate: Json<Value>,
    pub made_at: DateTime<Utc>,
}

pub async fn insert(tx: &mut Tx, w: &Waiting) -> Result<(), sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO record_prepared (facility_id, batch_id, document_id, version, place, role, account_id, before, digest, state, content, certificate, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(w.batch_id)
    .bind(w.document_id)
    .bind(w.version)
    .bind(w.place)
    .bind(&w.role)
    .bind(me)
    .bind(&w.before)
    .bind(&w.digest)
    .bind(&w.state)
    .bind(&w.content)
    .bind(&w.certificate)
    .bind(w.made_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The actor's own batch.
pub async fn list(tx: &mut Tx, batch: Uuid) -> Result<Vec<Waiting>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(
        "SELECT batch_id, document_id, version, place, role, before, digest, state, content, certificate, made_at FROM record_prepared
         WHERE facility_id = $1 AND batch_id = $2 AND account_id = $3 ORDER BY document_id"
    ))
    .bind(facility)
    .bind(batch)
    .bind(me)
    .fetch_all(tx.conn())
    .await
}

pub async fn delete(tx: &mut Tx, batch: Uuid) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("DELETE FROM record_prepared WHERE facility_id = $1 AND batch_id = $2")).bind(facility).bind(batch).execute(tx.conn()).await?;
    Ok(())
}

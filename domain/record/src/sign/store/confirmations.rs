//! Confirmations of patients and relatives on their way.

use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A confirmation that was begun.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Confirmation {
    pub confirmation_id: Uuid,
    pub document_id: Uuid,
    pub version: i32,
    pub role: String,
    pub signer_name: String,
    pub relation: String,
    pub phone: String,
    pub code_hash: String,
    pub code_until: DateTime<Utc>,
    pub tries: i32,
    pub sends: i32,
    pub witness: Uuid,
    pub witness_name: String,
    pub begun_at: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// Begins a confirmation, or sends another code for the same one. Gives how often a code was sent for it.
pub async fn begin(tx: &mut Tx, c: &Confirmation) -> Result<i32, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "INSERT INTO record_confirmation (facility_id, confirmation_id, document_id, version, role, signer_name, relation, phone, code_hash,
             code_until, witness, witness_name, begun_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (facility_id, confirmation_id) DO UPDATE SET signer_name = $6, relation = $7, phone = $8, code_hash = $9, code_until = $10,
             sends = record_confirmation.sends + 1 RETURNING sends"
    ))
    .bind(facility)
    .bind(c.confirmation_id)
    .bind(c.document_id)
    .bind(c.version)
    .bind(&c.role)
    .bind(&c.signer_name)
    .bind(&c.relation)
    .bind(&c.phone)
    .bind(&c.code_hash)
    .bind(c.code_until)
    .bind(c.witness)
    .bind(&c.witness_name)
    .bind(c.begun_at)
    .fetch_one(tx.conn())
    .await
}

/// A confirmation, locked until the end of the transaction.
pub async fn lock(tx: &mut Tx, document: Uuid, id: Uuid) -> Result<Option<Confirmation>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT confirmation_id, document_id, version, role, signer_name, relation, phone, code_hash, code_until, tries, sends, witness,
             witness_name, begun_at, confirmed_at FROM record_confirmation
         WHERE facility_id = $1 AND document_id = $2 AND confirmation_id = $3 FOR UPDATE"
    ))
    .bind(facility)
    .bind(document)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// Counts a wrong code.
pub async fn count_try(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE record_confirmation SET tries = tries + 1 WHERE facility_id = $1 AND confirmation_id = $2"))
        .bind(facility)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn set_confirmed(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE record_confirmation SET confirmed_at = $3 WHERE facility_id = $1 AND confirmation_id = $2 AND confirmed_at IS NULL"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

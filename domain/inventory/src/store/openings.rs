//! Uploaded sheets with the stock of the first day.

use base::StoreId;
use db::{Tx, sql};
use uuid::Uuid;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Upload {
    pub opening_id: Uuid,
    pub store_id: Uuid,
    pub store_name: String,
    pub file_name: String,
    pub file_sha256: String,
    pub file: Vec<u8>,
    pub document_id: Option<Uuid>,
}

/// Keeps a sheet under the id that the page made; a second time changes nothing.
pub async fn insert(tx: &mut Tx, id: Uuid, store: StoreId, file_name: &str, sha256: &str, file: &[u8]) -> Result<(), sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO inventory_opening (facility_id, opening_id, store_id, file_name, file_sha256, file, uploaded_at, uploaded_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(store.0)
    .bind(file_name)
    .bind(sha256)
    .bind(file)
    .bind(now)
    .bind(me)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An uploaded sheet, locked: nobody else applies it meanwhile.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Upload>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT o.opening_id, o.store_id, s.name AS store_name, o.file_name, o.file_sha256, o.file, o.document_id
         FROM inventory_opening o JOIN inventory_store s ON s.facility_id = o.facility_id AND s.store_id = o.store_id
         WHERE o.facility_id = $1 AND o.opening_id = $2 FOR UPDATE OF o"
    ))
    .bind(facility)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// The living paper that the same file became before for this store.
pub async fn find_same_file(tx: &mut Tx, upload: &Upload) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT document_id FROM inventory_opening WHERE facility_id = $1 AND store_id = $2 AND file_sha256 = $3 AND document_id IS NOT NULL LIMIT 1"
    ))
    .bind(facility)
    .bind(upload.store_id)
    .bind(&upload.file_sha256)
    .fetch_optional(tx.conn())
    .await
}

/// Notes which paper a sheet became.
pub async fn mark_applied(tx: &mut Tx, id: Uuid, document: Uuid) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inventory_opening SET document_id = $3 WHERE facility_id = $1 AND opening_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(document)
        .execute(tx.conn())
        .await?;
    Ok(())
}

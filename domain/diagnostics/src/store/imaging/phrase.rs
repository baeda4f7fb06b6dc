//! Each doctor's own ready sentences.

use base::{AccountId, FacilityId};
use db::{Tx, sql};
use sqlx::PgConnection;
use uuid::Uuid;

/// A sentence of one's own.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OwnPhrase {
    pub phrase_id: Uuid,
    pub section: String,
    pub label: String,
    pub body: String,
}

/// A doctor's own sentences for a template, oldest first so that their numbers stay.
pub async fn list_phrases(
    conn: &mut PgConnection,
    facility: FacilityId,
    account: AccountId,
    template: &str,
) -> Result<Vec<OwnPhrase>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT phrase_id, section, label, body FROM diagnostics_imaging_phrase
         WHERE facility_id = $1 AND account_id = $2 AND template = $3 AND ended_at IS NULL ORDER BY created_at, phrase_id LIMIT 200"
    ))
    .bind(facility.0)
    .bind(account.0)
    .bind(template)
    .fetch_all(conn)
    .await
}

/// Keeps a sentence under an id that the page minted; the same again changes nothing.
pub async fn insert_phrase(
    tx: &mut Tx,
    id: Uuid,
    template: &str,
    section: &str,
    label: &str,
    body: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO diagnostics_imaging_phrase (facility_id, phrase_id, account_id, template, section, label, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (facility_id, phrase_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(tx.actor.account.0)
    .bind(template)
    .bind(section)
    .bind(label)
    .bind(body)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether there is such a sentence of this person, ended or not; ends it.
pub async fn end_phrase(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "UPDATE diagnostics_imaging_phrase SET ended_at = coalesce(ended_at, $4)
         WHERE facility_id = $1 AND phrase_id = $2 AND account_id = $3"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

//! The door for analysers: messages kept byte by byte, and the list of those that nobody claimed.

use crate::lab::analyser::{Kept, RawDoor, RawMessage, check};
use base::{FacilityId, Problem};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// The door that keeps messages in the facility's own table.
pub struct TableDoor;

#[async_trait::async_trait]
impl RawDoor for TableDoor {
    async fn keep(&self, tx: &mut Tx, message: &RawMessage<'_>) -> Result<Kept, Problem> {
        if let Err(problems) = check(message) {
            return Err(problems.0.into_iter().next().unwrap_or_else(|| Problem::of("Bản tin không dùng được.")));
        }
        keep(tx, message).await.map_err(|_| Problem::of("Chưa giữ được bản tin. Gửi lại sau."))
    }
}

async fn keep(tx: &mut Tx, message: &RawMessage<'_>) -> Result<Kept, sqlx::Error> {
    let id = Uuid::now_v7();
    let row: (Uuid, Option<Uuid>) = sqlx::query_as(sql!(
        "INSERT INTO diagnostics_raw_message AS m (facility_id, message_id, received_at, account_id, source, protocol, content_hash, content,
             sample_code, specimen_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                 (SELECT specimen_id FROM diagnostics_specimen WHERE facility_id = $1 AND code = $9))
         ON CONFLICT (facility_id, source, content_hash) DO UPDATE SET source = m.source
         RETURNING message_id, specimen_id"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(message.source.trim())
    .bind(message.protocol.key())
    .bind(Sha256::digest(message.content).to_vec())
    .bind(message.content)
    .bind(message.sample_code.trim())
    .fetch_one(tx.conn())
    .await?;
    Ok(Kept { message: row.0, specimen: row.1, is_repeated: row.0 != id })
}

/// A message without its bytes.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Message {
    pub message_id: Uuid,
    pub received_at: DateTime<Utc>,
    pub source: String,
    pub protocol: String,
    pub sample_code: String,
    pub bytes: i32,
    /// The first bytes, printable ones only.
    pub beginning: String,
}

/// Messages that name none of our samples and that nobody settled, newest first.
pub async fn list_unmatched(conn: &mut PgConnection, facility: FacilityId, most: i64) -> Result<Vec<Message>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT message_id, received_at, source, protocol, sample_code, octet_length(content) AS bytes,
                regexp_replace(encode(substring(content FROM 1 FOR 160), 'escape'), '\\\\[0-9]{3}', ' ', 'g') AS beginning
         FROM diagnostics_raw_message
         WHERE facility_id = $1 AND specimen_id IS NULL AND settled_at IS NULL ORDER BY received_at DESC LIMIT $2"
    ))
    .bind(facility.0)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// The bytes of a message; `None` when this facility has no such.
pub async fn content(conn: &mut PgConnection, facility: FacilityId, id: Uuid) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT content FROM diagnostics_raw_message WHERE facility_id = $1 AND message_id = $2"))
        .bind(facility.0)
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Somebody looked at it: with the code of the sample it belongs to, or with a remark alone. Gives whether the code is
/// one of ours.
pub async fn settle(tx: &mut Tx, id: Uuid, sample_code: &str, note: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "UPDATE diagnostics_raw_message m
         SET specimen_id = s.specimen_id, settled_at = CASE WHEN $3 = '' OR s.specimen_id IS NOT NULL THEN $5::timestamptz END, settled_by = $6, settle_note = $4
         FROM (SELECT (SELECT specimen_id FROM diagnostics_specimen WHERE facility_id = $1 AND code = $3) AS specimen_id) AS s
         WHERE m.facility_id = $1 AND m.message_id = $2
         RETURNING $3 = '' OR m.specimen_id IS NOT NULL"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(sample_code)
    .bind(note)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .fetch_one(tx.conn())
    .await
}

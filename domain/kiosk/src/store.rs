//! Rows of screens and of what was done at them.

use base::{EncounterId, FacilityId};
use chrono::{DateTime, TimeDelta, Utc};
use db::{Tx, sql};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

/// A screen of the house.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Kiosk {
    pub facility_id: i32,
    pub kiosk_id: Uuid,
    pub name: String,
    pub made_at: DateTime<Utc>,
    pub wrong_since: Option<DateTime<Utc>>,
    pub wrong_count: i32,
}

impl Kiosk {
    pub fn facility(&self) -> FacilityId {
        FacilityId(self.facility_id)
    }
}

/// What is kept of the secret in the address.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The screen that a secret opens; needs the purpose `kiosk`.
pub async fn find(tx: &mut Tx, token: &str) -> Result<Option<Kiosk>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT facility_id, kiosk_id, name, made_at, wrong_since, wrong_count FROM kiosk_device WHERE token_hash = $1 AND ended_at IS NULL"))
        .bind(hash(token))
        .fetch_optional(tx.conn())
        .await
}

/// Living screens of the house, by name, at most 100.
pub async fn list(tx: &mut Tx) -> Result<Vec<Kiosk>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT facility_id, kiosk_id, name, made_at, wrong_since, wrong_count FROM kiosk_device WHERE facility_id = $1 AND ended_at IS NULL ORDER BY name LIMIT 100"))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

/// Sets a screen up; the same id twice changes nothing.
pub async fn insert(tx: &mut Tx, id: Uuid, name: &str, token: &str) -> Result<bool, sqlx::Error> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    let done = sqlx::query(sql!(
        "INSERT INTO kiosk_device (facility_id, kiosk_id, name, token_hash, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(name)
    .bind(hash(token))
    .bind(account)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes a screen; its address opens nothing afterwards. False when the house has no such living screen.
pub async fn end(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!("UPDATE kiosk_device SET ended_at = $3 WHERE facility_id = $1 AND kiosk_id = $2 AND ended_at IS NULL"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// How many wrong codes or numbers a screen takes within [`WINDOW`] before it sends everybody to the counter.
pub const WRONG: i32 = 10;
/// How long wrong tries are remembered.
pub const WINDOW: TimeDelta = TimeDelta::minutes(10);

/// Whether a screen still takes codes and numbers.
pub fn is_open(kiosk: &Kiosk, now: DateTime<Utc>) -> bool {
    kiosk.wrong_count < WRONG || kiosk.wrong_since.is_none_or(|since| now >= since + WINDOW)
}

/// Remembers a wrong try.
pub async fn count_wrong(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE kiosk_device SET wrong_count = CASE WHEN wrong_since IS NULL OR wrong_since <= $4 THEN 1 ELSE wrong_count + 1 END,
             wrong_since = CASE WHEN wrong_since IS NULL OR wrong_since <= $4 THEN $3 ELSE wrong_since END
         WHERE facility_id = $1 AND kiosk_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(now)
    .bind(now - WINDOW)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down what was done at a screen. The page mints the id of a call for help: a second touch calls once.
pub async fn note(tx: &mut Tx, id: Uuid, kiosk: Uuid, kind: &str, encounter: Option<EncounterId>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("INSERT INTO kiosk_use (facility_id, use_id, kiosk_id, kind, encounter_id, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"))
        .bind(facility)
        .bind(id)
        .bind(kiosk)
        .bind(kind)
        .bind(encounter.map(|e| e.0))
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Somebody at a screen who waits for help.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Call {
    pub use_id: Uuid,
    pub name: String,
    pub at: DateTime<Utc>,
}

/// Calls of the last hour that nobody answered, oldest first.
pub async fn list_calls(tx: &mut Tx) -> Result<Vec<Call>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_as(sql!(
        "SELECT u.use_id, d.name, u.at FROM kiosk_use u JOIN kiosk_device d ON d.facility_id = u.facility_id AND d.kiosk_id = u.kiosk_id
         WHERE u.facility_id = $1 AND u.kind = 'help' AND u.at > $2
           AND NOT EXISTS (SELECT 1 FROM kiosk_answer a WHERE a.facility_id = u.facility_id AND a.use_id = u.use_id) ORDER BY u.at LIMIT 20"
    ))
    .bind(facility)
    .bind(now - TimeDelta::hours(1))
    .fetch_all(tx.conn())
    .await
}

/// Notes who goes to help; false when the house has no such call.
pub async fn answer_call(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    let by_name = tx.actor.name.clone();
    let known: Option<i32> = sqlx::query_scalar(sql!("SELECT 1 FROM kiosk_use WHERE facility_id = $1 AND use_id = $2 AND kind = 'help'")).bind(facility).bind(id).fetch_optional(tx.conn()).await?;
    if known.is_none() {
        return Ok(false);
    }
    sqlx::query(sql!("INSERT INTO kiosk_answer (facility_id, use_id, by_account, by_name, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"))
        .bind(facility)
        .bind(id)
        .bind(account)
        .bind(by_name)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(true)
}

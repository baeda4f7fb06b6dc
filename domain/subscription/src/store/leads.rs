//! Who asked to be called. Every question needs the purpose `subscription`.

use crate::lead::Lead;
use chrono::{DateTime, TimeDelta, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A lead as the operator sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LeadRow {
    pub lead_id: Uuid,
    pub package: String,
    pub person: String,
    pub clinic: String,
    pub phone: String,
    pub email: String,
    pub message: String,
    pub facility_id: Option<i32>,
    pub state: String,
    pub note: String,
    pub created_at: DateTime<Utc>,
    pub changed_by: String,
}

/// Keeps a lead under the id that the page made; a second time changes nothing.
pub async fn insert(tx: &mut Tx, id: Uuid, lead: &Lead, facility: Option<i32>, remote: &str) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!(
        "INSERT INTO subscription_lead (lead_id, package, person, clinic, phone, email, message, facility_id, remote, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT DO NOTHING"
    ))
    .bind(id)
    .bind(&lead.package)
    .bind(&lead.person)
    .bind(&lead.clinic)
    .bind(&lead.phone)
    .bind(&lead.email)
    .bind(&lead.message)
    .bind(facility)
    .bind(remote)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many came from an address within the last hour.
pub async fn recent(tx: &mut Tx, remote: &str) -> Result<i64, sqlx::Error> {
    let since = tx.now - TimeDelta::hours(1);
    sqlx::query_scalar(sql!("SELECT count(*) FROM subscription_lead WHERE remote = $1 AND created_at > $2")).bind(remote).bind(since).fetch_one(tx.conn()).await
}

/// All leads, the open ones first, then the newest.
pub async fn list(tx: &mut Tx) -> Result<Vec<LeadRow>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT lead_id, package, person, clinic, phone, email, message, facility_id, state, note, created_at, changed_by
         FROM subscription_lead ORDER BY state IN ('won', 'lost'), created_at DESC LIMIT 200"
    ))
    .fetch_all(tx.conn())
    .await
}

/// Moves a lead on; false when there is none.
pub async fn update(tx: &mut Tx, id: Uuid, state: &str, note: &str) -> Result<bool, sqlx::Error> {
    let (now, by) = (tx.now, tx.actor.name.to_string());
    let done = sqlx::query(sql!("UPDATE subscription_lead SET state = $2, note = $3, changed_at = $4, changed_by = $5 WHERE lead_id = $1"))
        .bind(id)
        .bind(state)
        .bind(note)
        .bind(now)
        .bind(by)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

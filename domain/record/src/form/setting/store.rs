//! Decisions in the database.

use super::Known;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde_json::Value;
use std::collections::HashMap;

/// A decision and who took it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Decision {
    pub key: String,
    pub valid_from: NaiveDate,
    pub value: Value,
    pub note: String,
    pub set_by_name: String,
    pub set_at: DateTime<Utc>,
}

/// What was decided for a day; of two decisions for the same first day the later one counts.
pub(super) async fn value_on(tx: &mut Tx, key: &str, day: NaiveDate) -> Result<Option<Value>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT value FROM record_setting WHERE facility_id = $1 AND key = $2 AND valid_from <= $3
         ORDER BY valid_from DESC, decided DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(key)
    .bind(day)
    .fetch_optional(tx.conn())
    .await
}

/// Everything decided that holds on a day, by key; a key that is missing has its default.
pub async fn all_on(tx: &mut Tx, day: NaiveDate) -> Result<HashMap<String, String>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows: Vec<(String, Value)> = sqlx::query_as(sql!(
        "SELECT DISTINCT ON (key) key, value FROM record_setting WHERE facility_id = $1 AND valid_from <= $2
         ORDER BY key, valid_from DESC, decided DESC"
    ))
    .bind(facility)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())).collect())
}

/// All decisions, newest first: the history of every parameter.
pub async fn history(tx: &mut Tx) -> Result<Vec<Decision>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT key, valid_from, value, note, set_by_name, set_at FROM record_setting WHERE facility_id = $1
         ORDER BY key, valid_from DESC, decided DESC LIMIT 500"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// Decides a value from a day on. Writes nothing when that very value was the last word for that day: a second click
/// leaves one decision.
pub async fn decide(
    tx: &mut Tx,
    known: &Known,
    value: &Value,
    from: NaiveDate,
    note: &str,
    by: &str,
) -> Result<(), sqlx::Error> {
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    sqlx::query(sql!(
        "WITH last AS (
             SELECT value, decided FROM record_setting
             WHERE facility_id = $1 AND key = $2 AND valid_from = $3 ORDER BY decided DESC LIMIT 1)
         INSERT INTO record_setting (facility_id, key, valid_from, decided, value, note, set_by, set_by_name, set_at)
         SELECT $1, $2, $3, coalesce((SELECT decided FROM last), 0) + 1, $4::jsonb, $5, $6, $7, $8
         WHERE NOT EXISTS (SELECT 1 FROM last WHERE value = $4::jsonb)
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(known.key)
    .bind(from)
    .bind(value)
    .bind(note)
    .bind(account)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.audit("decide", "record-setting", known.key, None, serde_json::json!({ "from": from, "value": value }));
    Ok(())
}

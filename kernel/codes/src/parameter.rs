//! Figures of the law by date: days a prescription holds, ages with priority, years a record is kept.

use chrono::NaiveDate;
use db::{PgConnection, sql};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Parameter {
    pub key: String,
    pub value: String,
    pub unit: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    /// The legal document.
    pub source: String,
    /// `official` (read in the document), `secondary` (read in a digest) or `memory`.
    pub confidence: String,
}

impl Parameter {
    /// The value as a whole number, when it is one.
    pub fn whole(&self) -> Option<i64> {
        self.value.parse().ok()
    }
}

/// The value of a parameter on a day; `None` when no rule was in force.
pub async fn find(conn: &mut PgConnection, key: &str, on: NaiveDate) -> Result<Option<Parameter>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT key, value, unit, valid_from, valid_to, source, confidence FROM codes_parameter
         WHERE key = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
         ORDER BY valid_from DESC LIMIT 1"
    ))
    .bind(key)
    .bind(on)
    .fetch_optional(conn)
    .await
}

//! The facility's own decisions in the database.

use super::{Known, number};
use base::{FacilityId};
use chrono::NaiveDate;
use db::{Tx, sql};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// The whole number that holds on a day for the facility as a whole.
pub async fn number_on(
    conn: &mut PgConnection,
    facility: FacilityId,
    known: &Known,
    day: NaiveDate,
) -> Result<i64, sqlx::Error> {
    let value: Option<Value> = sqlx::query_scalar(sql!(
        "SELECT value FROM organization_parameter
         WHERE facility_id = $1 AND key = $2 AND subject = '' AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)"
    ))
    .bind(facility.0)
    .bind(known.key)
    .bind(day)
    .fetch_optional(conn)
    .await?;
    Ok(number(known, value.as_ref()))
}

/// What holds on a day, for the facility ('') and for each subject that has a value of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BySubject {
    pub general: i64,
    pub own: HashMap<Uuid, i64>,
}

impl BySubject {
    /// The number for one subject: its own, or the facility's.
    pub fn of(&self, subject: Uuid) -> i64 {
        self.own.get(&subject).copied().unwrap_or(self.general)
    }
}

/// A parameter with its exceptions for single services.
pub async fn numbers_on(
    conn: &mut PgConnection,
    facility: FacilityId,
    known: &Known,
    day: NaiveDate,
) -> Result<BySubject, sqlx::Error> {
    let rows: Vec<(String, Value)> = sqlx::query_as(sql!(
        "SELECT subject, value FROM organization_parameter
         WHERE facility_id = $1 AND key = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)"
    ))
    .bind(facility.0)
    .bind(known.key)
    .bind(day)
    .fetch_all(conn)
    .await?;
    let mut all = BySubject { general: known.default, own: HashMap::new() };
    for (subject, value) in &rows {
        match subject.parse() {
            Ok(id) => {
                all.own.insert(id, number(known, Some(value)));
            }
            Err(_) => all.general = number(known, Some(value)),
        }
    }
    Ok(all)
}

/// One value and its days, for the owner's page.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Dated {
    pub key: String,
    pub subject: String,
    /// The service's name when the value is for one service.
    pub subject_name: Option<String>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub value: Value,
}

/// Everything decided so far, newest first.
pub async fn list(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<Dated>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT p.key, p.subject, s.name AS subject_name, p.valid_from, p.valid_to, p.value
         FROM organization_parameter p
         LEFT JOIN organization_service s ON s.facility_id = p.facility_id AND s.service_id::text = p.subject
         WHERE p.facility_id = $1 ORDER BY p.key, p.subject, p.valid_from DESC"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await
}

/// Decides a value from a day on: what was in force ends the day before, what is planned for a later day stays, and a
/// value that begins the same day is corrected in place.
pub async fn set(tx: &mut Tx, known: &Known, subject: &str, value: i64, from: NaiveDate) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_parameter SET valid_to = $4
         WHERE facility_id = $1 AND key = $2 AND subject = $3 AND valid_from < $5
           AND (valid_to IS NULL OR valid_to >= $5)"
    ))
    .bind(tx.facility().0)
    .bind(known.key)
    .bind(subject)
    .bind(from.pred_opt())
    .bind(from)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO organization_parameter (facility_id, key, subject, valid_from, valid_to, value, set_by, set_at)
         VALUES ($1, $2, $3, $4,
                 (SELECT min(valid_from) - 1 FROM organization_parameter
                  WHERE facility_id = $1 AND key = $2 AND subject = $3 AND valid_from > $4),
                 $5, $6, $7)
         ON CONFLICT (facility_id, key, subject, valid_from)
         DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at"
    ))
    .bind(tx.facility().0)
    .bind(known.key)
    .bind(subject)
    .bind(from)
    .bind(Value::from(value))
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

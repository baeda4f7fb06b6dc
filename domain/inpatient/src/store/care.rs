//! The nurse's sheets.

use base::{EncounterId, PatientId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One sheet.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Care {
    pub care_id: Uuid,
    pub at: DateTime<Utc>,
    pub level: i32,
    pub findings: Json<BTreeMap<String, String>>,
    pub problem: String,
    pub goal: String,
    pub action: String,
    pub handover: String,
    pub by_name: String,
}

/// A sheet ready to be kept.
#[derive(Clone, Debug)]
pub struct NewCare<'a> {
    pub id: Uuid,
    pub level: i32,
    pub findings: &'a BTreeMap<String, String>,
    pub problem: &'a str,
    pub goal: &'a str,
    pub action: &'a str,
    pub handover: &'a str,
}

/// Writes a sheet; the same id twice is one.
pub async fn insert(tx: &mut Tx, encounter: EncounterId, patient: PatientId, new: &NewCare<'_>) -> Result<bool, sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_care (facility_id, care_id, encounter_id, patient_id, at, level, findings, problem, goal, action, handover, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (facility_id, care_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(now)
    .bind(new.level)
    .bind(Json(new.findings))
    .bind(new.problem)
    .bind(new.goal)
    .bind(new.action)
    .bind(new.handover)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The sheets of a stay, newest first; those marked as wrong are left out.
pub async fn list(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Care>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT care_id, at, level, findings, problem, goal, action, handover, by_name FROM inpatient_care
         WHERE facility_id = $1 AND encounter_id = $2 AND wrong_at IS NULL ORDER BY at DESC, care_id LIMIT 300"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await
}

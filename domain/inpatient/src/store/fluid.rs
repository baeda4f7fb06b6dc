//! Fluids in and out.

use base::{EncounterId, PatientId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// One entry.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Fluid {
    pub fluid_id: Uuid,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub is_out: bool,
    pub volume_ml: i32,
    pub note: String,
    pub by_name: String,
}

/// Writes an entry; the same id twice is one.
pub async fn insert(tx: &mut Tx, id: Uuid, encounter: EncounterId, patient: PatientId, at: DateTime<Utc>, kind: &str, is_out: bool, ml: i32, note: &str) -> Result<bool, sqlx::Error> {
    let (facility, account, name) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_fluid (facility_id, fluid_id, encounter_id, patient_id, at, kind, is_out, volume_ml, note, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (facility_id, fluid_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(at)
    .bind(kind)
    .bind(is_out)
    .bind(ml)
    .bind(note)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The entries of a stay between two instants, in order; those marked as wrong are left out.
pub async fn list(tx: &mut Tx, encounter: EncounterId, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Fluid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT fluid_id, at, kind, is_out, volume_ml, note, by_name FROM inpatient_fluid
         WHERE facility_id = $1 AND encounter_id = $2 AND at >= $3 AND at < $4 AND wrong_at IS NULL ORDER BY at, fluid_id LIMIT 2000"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await
}

/// Marks an entry as entered in error. `RowNotFound` when there is none that could be.
pub async fn mark_wrong(tx: &mut Tx, encounter: EncounterId, id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now, name) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    sqlx::query_scalar::<_, Uuid>(sql!(
        "UPDATE inpatient_fluid SET wrong_at = coalesce(wrong_at, $4), wrong_by_name = $5, wrong_reason = CASE WHEN wrong_at IS NULL THEN $6 ELSE wrong_reason END
         WHERE facility_id = $1 AND encounter_id = $2 AND fluid_id = $3 RETURNING fluid_id"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(id)
    .bind(now)
    .bind(name)
    .bind(reason)
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

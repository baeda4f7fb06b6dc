//! Allergies and alerts in the database.

use crate::safety::{AllergyEntry, FlagEntry};
use base::{PatientId, Problem};
use chrono::NaiveDate;
use uuid::Uuid;
use web::{Failure, Tx, sql};

/// Writes an allergy and marks the record as asked. The same `id` twice makes one row; the same substance while the
/// first is still living is refused.
pub async fn insert_allergy(tx: &mut Tx, patient: PatientId, id: Uuid, entry: &AllergyEntry) -> Result<(), Failure> {
    sqlx::query(sql!(
        "WITH asked AS (
             UPDATE patient_patient SET allergy_state = 'recorded', allergy_asked_at = $4, allergy_asked_by = $5
             WHERE facility_id = $1 AND patient_id = $2)
         INSERT INTO patient_allergy (facility_id, allergy_id, patient_id, substance, substance_folded, kind, ingredient_code,
             class_code, reaction, severity, certainty, recorded_at, recorded_by)
         VALUES ($1, $3, $2, $6, $7, $8, $9, $10, $11, $12, $13, $4, $5)
         ON CONFLICT (facility_id, allergy_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .bind(id)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(&entry.substance)
    .bind(base::fold(&entry.substance))
    .bind(entry.kind)
    .bind(&entry.ingredient_code)
    .bind(&entry.class_code)
    .bind(&entry.reaction)
    .bind(entry.severity.key())
    .bind(entry.certainty)
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("patient_allergy_once") => {
            Failure::from(Problem::at("substance", "Dị ứng này đã có trong hồ sơ. Muốn sửa, kết thúc dòng cũ rồi ghi lại."))
        }
        Some("patient_allergy_facility_id_patient_id_fkey") => Failure::NotFound,
        _ => error.into(),
    })?;
    Ok(())
}

/// Ends an allergy: it has passed, or it was written by mistake. When none is left the record says that none is
/// known, because somebody did ask. False when there was nothing to end.
pub async fn end_allergy(tx: &mut Tx, patient: PatientId, id: Uuid, reason: &str) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query(sql!(
        "WITH ended AS (
             UPDATE patient_allergy SET ended_at = $4, ended_by = $5, end_reason = $6
             WHERE facility_id = $1 AND patient_id = $2 AND allergy_id = $3 AND ended_at IS NULL RETURNING 1)
         UPDATE patient_patient SET
             allergy_state = CASE WHEN (SELECT count(*) FROM patient_allergy WHERE facility_id = $1 AND patient_id = $2
                 AND ended_at IS NULL) > 1 THEN 'recorded' ELSE 'none_known' END,
             allergy_asked_at = $4, allergy_asked_by = $5
         WHERE facility_id = $1 AND patient_id = $2 AND EXISTS (SELECT 1 FROM ended)"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .bind(id)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Notes that somebody asked and the person knows of no allergy; refused while a living one stands in the record.
pub async fn mark_none_known(tx: &mut Tx, patient: PatientId) -> Result<(), Failure> {
    let done = sqlx::query(sql!(
        "UPDATE patient_patient SET allergy_state = 'none_known', allergy_asked_at = $3, allergy_asked_by = $4
         WHERE facility_id = $1 AND patient_id = $2 AND NOT EXISTS (
             SELECT 1 FROM patient_allergy WHERE facility_id = $1 AND patient_id = $2 AND ended_at IS NULL)"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Err(Problem::of("Hồ sơ đang ghi dị ứng. Kết thúc từng dòng trước khi ghi “chưa ghi nhận dị ứng”.").into());
    }
    Ok(())
}

/// Writes an alert or a priority mark.
pub async fn insert_flag(tx: &mut Tx, patient: PatientId, id: Uuid, entry: &FlagEntry) -> Result<(), Failure> {
    sqlx::query(sql!(
        "INSERT INTO patient_flag (facility_id, flag_id, patient_id, kind, text, level, valid_to, recorded_at, recorded_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (facility_id, flag_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(patient.0)
    .bind(entry.kind)
    .bind(&entry.text)
    .bind(entry.level)
    .bind(entry.valid_to)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("patient_flag_facility_id_patient_id_fkey") => Failure::NotFound,
        _ => error.into(),
    })?;
    Ok(())
}

/// Ends an alert; false when there was none.
pub async fn end_flag(tx: &mut Tx, patient: PatientId, id: Uuid) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query(sql!(
        "UPDATE patient_flag SET ended_at = $4, ended_by = $5
         WHERE facility_id = $1 AND patient_id = $2 AND flag_id = $3 AND ended_at IS NULL"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .bind(id)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// The living marks that give priority in the queue, as keys of `patient_flag.kind`.
pub async fn list_priority_marks(tx: &mut Tx, patient: PatientId, day: NaiveDate) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT kind FROM patient_flag WHERE facility_id = $1 AND patient_id = $2 AND ended_at IS NULL
         AND (valid_to IS NULL OR valid_to >= $3)
         AND kind IN ('pregnant', 'disability_severe', 'disability_very_severe', 'merit')"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

//! When two records prove to be one person, the visits of the gone record go to the kept one, and come back when the
//! merge is undone. Only the owner changes: a visit that came back equals what it was, to the byte.

use base::Event;
use db::Tx;
use serde_json::Value;

/// `PatientsMerged`: moves the visits. Safe to repeat: a moved visit no longer belongs to the gone record.
pub async fn follow_merge(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PatientsMerged { kept, gone } = serde_json::from_value(payload)? else { return Ok(()) };
    sqlx::query(db::sql!(
        "WITH own AS (
             SELECT e.encounter_id FROM encounter_encounter e
             WHERE e.facility_id = $1 AND e.patient_id = $3
               -- A job that comes late must not undo an undo: the record has to be merged still.
               AND EXISTS (SELECT 1 FROM patient_patient p WHERE p.facility_id = $1 AND p.patient_id = $3 AND p.merged_into = $2)),
         noted AS (
             INSERT INTO encounter_merged_visit (facility_id, encounter_id, kept_id, gone_id, moved_at)
             SELECT $1, encounter_id, $2, $3, $4 FROM own)
         UPDATE encounter_encounter e SET patient_id = $2 FROM own WHERE e.facility_id = $1 AND e.encounter_id = own.encounter_id"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .bind(gone.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// `PatientsUnmerged`: brings back exactly the visits that had moved; visits opened since stay with the kept record.
pub async fn follow_unmerge(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PatientsUnmerged { kept, restored } = serde_json::from_value(payload)? else { return Ok(()) };
    sqlx::query(db::sql!(
        "WITH back AS (
             UPDATE encounter_merged_visit SET returned_at = $4
             WHERE facility_id = $1 AND kept_id = $2 AND gone_id = $3 AND returned_at IS NULL RETURNING encounter_id)
         UPDATE encounter_encounter e SET patient_id = $3 FROM back
         WHERE e.facility_id = $1 AND e.encounter_id = back.encounter_id"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .bind(restored.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

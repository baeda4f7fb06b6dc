//! Issuing, replacing, cancelling, printing, and the lists of what was issued.

use super::draft::Prescription;
use crate::prescription::Status;
use base::{EncounterId, FacilityId, PatientId, PrescriptionId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde_json::Value;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What is written on a draft when it is issued.
pub struct Issue<'a> {
    pub code: &'a str,
    pub practitioner: Option<Uuid>,
    pub prescriber: Value,
    pub on_paper: Value,
    pub valid_until: Option<NaiveDate>,
    pub at: DateTime<Utc>,
    pub by: Uuid,
}

/// Turns the draft into an issued prescription with the details it holds now; lines first, because they are closed
/// from then on. `false`: it was no draft any more, somebody else was faster.
pub async fn issue(tx: &mut Tx, draft: &Prescription, issue: &Issue<'_>) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let today = base::local_date(issue.at);
    // Counted when the line was written; only a draft of another day is counted again.
    let (lines, ends): (Vec<Uuid>, Vec<NaiveDate>) = draft
        .lines
        .iter()
        .zip(&draft.ends_on)
        .map(|((id, line), known)| (*id, line.ends_on(today), *known))
        .filter(|(_, now, known)| Some(*now) != *known)
        .map(|(id, now, _)| (id, now))
        .unzip();
    if !lines.is_empty() {
        sqlx::query(sql!(
            "UPDATE medication_line l SET ends_on = u.ends_on FROM unnest($2::uuid[], $3::date[]) AS u(line_id, ends_on)
             WHERE l.facility_id = $1 AND l.line_id = u.line_id"
        ))
        .bind(facility)
        .bind(&lines)
        .bind(&ends)
        .execute(tx.conn())
        .await?;
    }
    let done = sqlx::query(sql!(
        "UPDATE medication_prescription SET status = 'issued', code = $3, practitioner_id = $4, prescriber = $5, on_paper = $6,
                valid_until = $7, issued_at = $8, issued_by = $9, advice = $10, follow_up_on = $11, weight_g = $12, escort = $13,
                no_substitution = $14, version = version + 1
         WHERE facility_id = $1 AND prescription_id = $2 AND status = 'draft'"
    ))
    .bind(facility)
    .bind(draft.id.0)
    .bind(issue.code)
    .bind(issue.practitioner)
    .bind(&issue.prescriber)
    .bind(&issue.on_paper)
    .bind(issue.valid_until)
    .bind(issue.at)
    .bind(issue.by)
    .bind(&draft.advice)
    .bind(draft.follow_up_on)
    .bind(draft.weight_g)
    .bind(&draft.escort)
    .bind(draft.no_substitution)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a prescription as replaced or cancelled.
pub async fn end(tx: &mut Tx, id: PrescriptionId, to: Status, reason: &str, at: DateTime<Utc>, by: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE medication_prescription SET status = $3, ended_at = $4, ended_by = $5, end_reason = $6
         WHERE facility_id = $1 AND prescription_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(to.key())
    .bind(at)
    .bind(by)
    .bind(reason.trim())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says on a draft which prescription it replaces and why, and copies that one's details.
pub async fn mark_replacing(tx: &mut Tx, draft: PrescriptionId, old: &Prescription, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE medication_prescription SET replaces = $3, replace_reason = $4, advice = $5, follow_up_on = $6, weight_g = $7,
                escort = $8, no_substitution = $9, version = version + 1
         WHERE facility_id = $1 AND prescription_id = $2 AND status = 'draft'"
    ))
    .bind(tx.facility().0)
    .bind(draft.0)
    .bind(old.id.0)
    .bind(reason.trim())
    .bind(&old.advice)
    .bind(old.follow_up_on)
    .bind(old.weight_g)
    .bind(&old.escort)
    .bind(old.no_substitution)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a print; gives the number of this copy. A draft is not counted.
pub async fn count_print(tx: &mut Tx, id: PrescriptionId, by: Uuid, by_name: &str, at: DateTime<Utc>) -> Result<i32, sqlx::Error> {
    let facility = tx.facility().0;
    // The row lock of the prescription makes the numbers gapless when two printers start at once.
    sqlx::query(sql!("SELECT 1 FROM medication_prescription WHERE facility_id = $1 AND prescription_id = $2 FOR UPDATE"))
        .bind(facility)
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    sqlx::query_scalar(sql!(
        "INSERT INTO medication_print (facility_id, prescription_id, copy, printed_at, printed_by, printed_by_name)
         SELECT $1, $2, coalesce(max(copy), 0) + 1, $3, $4, $5 FROM medication_print WHERE facility_id = $1 AND prescription_id = $2
         RETURNING copy"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(at)
    .bind(by)
    .bind(by_name)
    .fetch_one(tx.conn())
    .await
}

/// The last prescription that this person got in an earlier visit.
pub async fn last_issued(
    conn: &mut PgConnection,
    facility: FacilityId,
    patient: PatientId,
    but: EncounterId,
) -> Result<Option<Prescription>, sqlx::Error> {
    let id: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT prescription_id FROM medication_prescription
         WHERE facility_id = $1 AND patient_id = $2 AND status = 'issued' AND encounter_id <> $3
         ORDER BY issued_at DESC LIMIT 1"
    ))
    .bind(facility.0)
    .bind(patient.0)
    .bind(but.0)
    .fetch_optional(&mut *conn)
    .await?;
    match id {
        Some(id) => super::find(conn, facility, PrescriptionId(id)).await,
        None => Ok(None),
    }
}

/// Who prescribes, as the paper names them.
pub async fn prescriber(conn: &mut PgConnection, facility: FacilityId, practitioner: Uuid) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT jsonb_build_object('name', name, 'title', title, 'licence_no', licence_no, 'code', national_code)
         FROM practitioner_practitioner WHERE facility_id = $1 AND practitioner_id = $2"
    ))
    .bind(facility.0)
    .bind(practitioner)
    .fetch_optional(conn)
    .await
}

/// One row of the pharmacist's list.
#[derive(Clone, Debug)]
pub struct Issued {
    pub id: PrescriptionId,
    pub encounter: EncounterId,
    pub code: String,
    pub status: Status,
    pub issued_at: DateTime<Utc>,
    pub patient_name: String,
    pub record_no: String,
    pub prescriber: String,
    pub lines: i64,
}

/// Prescriptions issued, newest first, 50 a page, by part of the code or of the person's folded name.
pub async fn list_issued(
    conn: &mut PgConnection,
    facility: FacilityId,
    typed: &str,
    before: Option<DateTime<Utc>>,
) -> Result<Vec<Issued>, sqlx::Error> {
    let pattern = format!("%{}%", base::fold(typed));
    let code = format!("{}%", typed.trim().replace(['%', '_', '\\'], ""));
    let rows = sqlx::query(sql!(
        "SELECT p.prescription_id, p.encounter_id, p.code, p.status, p.issued_at, pt.name, pt.record_no,
                concat_ws(' ', p.prescriber->>'title', p.prescriber->>'name') AS prescriber,
                (SELECT count(*) FROM medication_line l WHERE l.facility_id = $1 AND l.prescription_id = p.prescription_id) AS lines
         FROM medication_prescription p
         JOIN patient_patient pt ON pt.facility_id = p.facility_id AND pt.patient_id = p.patient_id
         WHERE p.facility_id = $1 AND p.code IS NOT NULL AND ($2 = '%%' OR pt.name_folded LIKE $2 OR p.code ILIKE $3)
           AND ($4::timestamptz IS NULL OR p.issued_at < $4)
         ORDER BY p.issued_at DESC LIMIT 50"
    ))
    .bind(facility.0)
    .bind(&pattern)
    .bind(&code)
    .bind(before)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Issued {
                id: PrescriptionId(row.try_get("prescription_id")?),
                encounter: EncounterId(row.try_get("encounter_id")?),
                code: row.try_get("code")?,
                status: Status::from_key(row.try_get("status")?).unwrap_or(Status::Issued),
                issued_at: row.try_get("issued_at")?,
                patient_name: row.try_get("name")?,
                record_no: row.try_get("record_no")?,
                prescriber: row.try_get("prescriber")?,
                lines: row.try_get("lines")?,
            })
        })
        .collect()
}

/// The prescriptions of a record move to the one it was merged into; which ones is remembered.
pub async fn follow_merge(tx: &mut Tx, kept: PatientId, gone: PatientId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH moved AS (
             UPDATE medication_prescription SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3 RETURNING prescription_id)
         INSERT INTO medication_merge_moved (facility_id, prescription_id, from_patient, to_patient)
         SELECT $1, prescription_id, $3, $2 FROM moved ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .bind(gone.0)
    .execute(tx.conn())
    .await?;
    follow_prescriptions(tx).await
}

/// What was handed over belongs to whoever the prescription belongs to.
async fn follow_prescriptions(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE medication_dispense d SET patient_id = p.patient_id
         FROM medication_merge_moved m
         JOIN medication_prescription p ON p.facility_id = m.facility_id AND p.prescription_id = m.prescription_id
         WHERE m.facility_id = $1 AND d.facility_id = $1 AND d.prescription_id = p.prescription_id AND d.patient_id <> p.patient_id"
    ))
    .bind(tx.facility().0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An undone merge takes back what had moved.
pub async fn follow_unmerge(tx: &mut Tx, kept: PatientId, restored: PatientId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH back AS (
             DELETE FROM medication_merge_moved WHERE facility_id = $1 AND from_patient = $3 AND to_patient = $2 RETURNING prescription_id)
         , handed AS (UPDATE medication_dispense d SET patient_id = $3 FROM back
                      WHERE d.facility_id = $1 AND d.prescription_id = back.prescription_id)
         UPDATE medication_prescription p SET patient_id = $3 FROM back
         WHERE p.facility_id = $1 AND p.prescription_id = back.prescription_id"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .bind(restored.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

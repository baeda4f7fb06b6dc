//! Values of reports and diagnoses that another system told.

use crate::command::{Diagnosis, Report, Value};
use base::{DocumentId, EncounterId, PatientId};
use chrono::{DateTime, Utc};
use db::Tx;
use std::fmt::Write;
use uuid::Uuid;
use web::sql;

/// One value, ready to be kept.
pub struct Row<'a> {
    pub id: Uuid,
    pub value: &'a Value,
    pub loinc: String,
    pub observed_at: DateTime<Utc>,
}

/// Where the values of a report belong.
pub struct Place<'a> {
    pub message: Uuid,
    pub patient: PatientId,
    pub encounter: EncounterId,
    pub document: DocumentId,
    pub report_no: &'a str,
    pub service: &'a str,
}

/// Keeps the values; one told before stays as it is, and earlier values of the same code in the same report are marked
/// as replaced.
pub async fn insert(tx: &mut Tx, place: &Place<'_>, rows: &[Row<'_>]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let texts = |of: fn(&Row) -> String| rows.iter().map(of).collect::<Vec<String>>();
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    sqlx::query(sql!(
        "WITH new AS (
             SELECT * FROM unnest($9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                 $17::text[], $18::text[], $19::timestamptz[])
                 AS n(id, code, name, loinc, sub, value, unit, range, flag, status, observed_at)),
         replaced AS (
             UPDATE exchange_result r SET replaced_at = $8 FROM new
             WHERE r.facility_id = $1 AND r.report_no = $6 AND r.code = new.code AND r.sub = new.sub AND r.encounter_id = $4
               AND r.replaced_at IS NULL AND r.result_id <> new.id)
         INSERT INTO exchange_result (facility_id, result_id, message_id, patient_id, encounter_id, document_id, report_no, service,
             code, name, loinc, sub, value, unit, range, flag, status, observed_at, received_at)
         SELECT $1, id, $2, $3, $4, $5, $6, $7, code, name, loinc, sub, value, unit, range, flag, status, observed_at, $8 FROM new
         ON CONFLICT (facility_id, result_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(place.message)
    .bind(place.patient.0)
    .bind(place.encounter.0)
    .bind(place.document.0)
    .bind(place.report_no)
    .bind(place.service)
    .bind(tx.now)
    .bind(&ids)
    .bind(texts(|r| r.value.code.code.clone()))
    .bind(texts(|r| r.value.code.text.clone()))
    .bind(texts(|r| r.loinc.clone()))
    .bind(texts(|r| r.value.sub.clone()))
    .bind(texts(|r| r.value.value.clone()))
    .bind(texts(|r| r.value.unit.clone()))
    .bind(texts(|r| r.value.range.clone()))
    .bind(texts(|r| r.value.flag.clone()))
    .bind(texts(|r| r.value.status.clone()))
    .bind(rows.iter().map(|r| r.observed_at).collect::<Vec<_>>())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The report as a page of text: what somebody reads in the record, whatever the sender's system looked like.
pub fn as_text(report: &Report, at: DateTime<Utc>) -> String {
    let mut text = String::new();
    let service = if report.service.text.is_empty() { &report.service.code } else { &report.service.text };
    let _ = writeln!(text, "{service}");
    let _ = writeln!(text, "Số phiếu: {} · {} {}", report.number, base::show_date(base::local_date(at)), base::show_time(at));
    if !report.author.is_empty() {
        let _ = writeln!(text, "Người trả kết quả: {}", report.author);
    }
    text.push('\n');
    for value in &report.values {
        let name = if value.code.text.is_empty() { &value.code.code } else { &value.code.text };
        let _ = write!(text, "{name}: {}", value.value);
        for (before, part, after) in [(" ", &value.unit, ""), (" (", &value.range, ")"), (" [", &value.flag, "]")] {
            if !part.is_empty() {
                let _ = write!(text, "{before}{part}{after}");
            }
        }
        text.push('\n');
    }
    if !report.conclusion.is_empty() {
        let _ = writeln!(text, "\nKết luận: {}", report.conclusion);
    }
    text
}

/// Where a diagnosis belongs.
pub struct DiagnosisPlace {
    pub id: Uuid,
    pub message: Uuid,
    pub patient: PatientId,
    pub encounter: EncounterId,
    pub at: DateTime<Utc>,
}

/// Keeps a diagnosis; the same one told twice is kept once.
pub async fn insert_diagnosis(tx: &mut Tx, place: &DiagnosisPlace, diagnosis: &Diagnosis) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO exchange_diagnosis (facility_id, diagnosis_id, message_id, patient_id, encounter_id, code, name, is_main, told_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (facility_id, diagnosis_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(place.id)
    .bind(place.message)
    .bind(place.patient.0)
    .bind(place.encounter.0)
    .bind(&diagnosis.code.code)
    .bind(&diagnosis.code.text)
    .bind(diagnosis.is_main)
    .bind(place.at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

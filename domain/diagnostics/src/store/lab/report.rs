//! Reports as they are read: on paper, in the chart, by programs; with what an earlier version said.

use super::number;
use crate::lab::range::{Flag, Limits};
use base::{EncounterId, FacilityId, PatientId, ReportId};
use chrono::{DateTime, Utc};
use db::sql;
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// The head of a report.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Report {
    pub report_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub order_ids: Vec<Uuid>,
    pub corrects: Option<Uuid>,
    pub reason: String,
    pub abnormal: bool,
    pub critical: bool,
    pub technical_name: String,
    pub technical_at: DateTime<Utc>,
    pub released_name: String,
    pub released_at: DateTime<Utc>,
    /// The report that corrected this one, if any did.
    pub corrected_by: Option<Uuid>,
}

/// One report; `None` when this facility has no such.
pub async fn find_report(conn: &mut PgConnection, facility: FacilityId, id: ReportId) -> Result<Option<Report>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT r.report_id, r.encounter_id, r.patient_id, r.order_ids, r.corrects, r.reason, r.abnormal, r.critical, r.technical_name,
                r.technical_at, r.released_name, r.released_at,
                (SELECT n.report_id FROM diagnostics_lab_report n WHERE n.facility_id = $1 AND n.corrects = r.report_id
                 ORDER BY n.released_at DESC LIMIT 1) AS corrected_by
         FROM diagnostics_lab_report r WHERE r.facility_id = $1 AND r.report_id = $2"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await
}

/// The reports of a visit, newest first.
pub async fn list_reports(conn: &mut PgConnection, facility: FacilityId, encounter: EncounterId) -> Result<Vec<Report>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT r.report_id, r.encounter_id, r.patient_id, r.order_ids, r.corrects, r.reason, r.abnormal, r.critical, r.technical_name,
                r.technical_at, r.released_name, r.released_at,
                (SELECT n.report_id FROM diagnostics_lab_report n WHERE n.facility_id = $1 AND n.corrects = r.report_id
                 ORDER BY n.released_at DESC LIMIT 1) AS corrected_by
         FROM diagnostics_lab_report r WHERE r.facility_id = $1 AND r.encounter_id = $2 ORDER BY r.released_at DESC, r.report_id LIMIT 200"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .fetch_all(conn)
    .await
}

/// A value as it was released.
#[derive(Clone, Debug)]
pub struct Value {
    pub report: Uuid,
    pub result: Uuid,
    pub specimen_code: String,
    pub order: Uuid,
    pub service_name: String,
    pub analyte: Uuid,
    pub code: String,
    pub name: String,
    pub loinc: String,
    pub unit: String,
    pub bench: String,
    pub method: String,
    pub comparator: String,
    pub value: Option<Decimal>,
    pub shown: String,
    pub flag: Flag,
    pub limits: Limits,
    pub previous_shown: String,
    pub previous_at: Option<DateTime<Utc>>,
    pub collected_at: DateTime<Utc>,
    pub released_at: DateTime<Utc>,
    /// What the report before said of the same result, with the reason why it was changed; "" when nothing.
    pub was: String,
    pub reason: String,
    /// Whether a later report changed this very value.
    pub is_replaced: bool,
}

fn value(row: &PgRow) -> Result<Value, sqlx::Error> {
    Ok(Value {
        report: row.try_get("report_id")?,
        result: row.try_get("result_id")?,
        specimen_code: row.try_get("specimen_code")?,
        order: row.try_get("order_id")?,
        service_name: row.try_get("service_name")?,
        analyte: row.try_get("analyte_id")?,
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        loinc: row.try_get("loinc")?,
        unit: row.try_get("unit")?,
        bench: row.try_get("bench")?,
        method: row.try_get("method")?,
        comparator: row.try_get("comparator")?,
        value: number(row, "value")?,
        shown: row.try_get("shown")?,
        flag: Flag::from_key(row.try_get("flag")?),
        limits: Limits { low: number(row, "low")?, high: number(row, "high")?, normal_text: row.try_get("normal_text")?, ..Limits::default() },
        previous_shown: row.try_get("previous_shown")?,
        previous_at: row.try_get("previous_at")?,
        collected_at: row.try_get("collected_at")?,
        released_at: row.try_get("released_at")?,
        was: row.try_get("was")?,
        reason: row.try_get("reason")?,
        is_replaced: row.try_get("is_replaced")?,
    })
}

/// Whose released values are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    Report(ReportId),
    /// What stands of a visit: the newest version of each result.
    Encounter(EncounterId),
    /// What stands of a person, newest first.
    Patient(PatientId),
}

/// Released values, at most `most`. Those of a report in the order of the paper.
pub async fn list_values(conn: &mut PgConnection, facility: FacilityId, of: Of, most: i64) -> Result<Vec<Value>, sqlx::Error> {
    let (report, encounter, patient) = match of {
        Of::Report(id) => (Some(id.0), None, None),
        Of::Encounter(id) => (None, Some(id.0), None),
        Of::Patient(id) => (None, None, Some(id.0)),
    };
    sqlx::query(sql!(
        "SELECT v.report_id, v.result_id, s.code AS specimen_code, v.order_id, o.service_name, v.analyte_id, v.code, v.name, v.loinc, v.unit,
                v.bench, v.method, v.comparator, v.value::text, v.shown, v.flag, v.low::text, v.high::text, v.normal_text, v.previous_shown,
                v.previous_at, s.collected_at, h.released_at, coalesce(b.shown, '') AS was,
                CASE WHEN b.shown IS NULL THEN '' ELSE h.reason END AS reason,
                EXISTS (SELECT 1 FROM diagnostics_lab_value n
                        JOIN diagnostics_lab_report nh ON nh.facility_id = $1 AND nh.report_id = n.report_id
                        WHERE n.facility_id = $1 AND n.result_id = v.result_id AND n.report_id <> v.report_id
                          AND (nh.released_at, nh.report_id) > (h.released_at, h.report_id)) AS is_replaced
         FROM diagnostics_lab_report h
         JOIN diagnostics_lab_value v ON v.facility_id = $1 AND v.report_id = h.report_id
         JOIN diagnostics_specimen s ON s.facility_id = $1 AND s.specimen_id = v.specimen_id
         JOIN diagnostics_order o ON o.facility_id = $1 AND o.order_id = v.order_id
         LEFT JOIN LATERAL (
             SELECT w.shown FROM diagnostics_lab_value w
             JOIN diagnostics_lab_report wh ON wh.facility_id = $1 AND wh.report_id = w.report_id
             WHERE w.facility_id = $1 AND w.result_id = v.result_id AND (wh.released_at, wh.report_id) < (h.released_at, h.report_id)
             ORDER BY wh.released_at DESC, wh.report_id DESC LIMIT 1) b ON h.corrects IS NOT NULL
         WHERE h.facility_id = $1 AND ($2::uuid IS NULL OR h.report_id = $2) AND ($3::uuid IS NULL OR h.encounter_id = $3)
           AND ($4::uuid IS NULL OR h.patient_id = $4)
         ORDER BY CASE WHEN $4::uuid IS NOT NULL THEN h.released_at END DESC, o.drafted_at, v.order_id, v.place, v.name, h.released_at
         LIMIT $5"
    ))
    .bind(facility.0)
    .bind(report)
    .bind(encounter)
    .bind(patient)
    .bind(most)
    .fetch_all(conn)
    .await?
    .iter()
    .map(value)
    .collect()
}

/// Earlier plain numbers of one analyte of a person, oldest first, for the trend: at most twelve.
pub async fn trend(conn: &mut PgConnection, facility: FacilityId, patient: PatientId, analytes: &[Uuid]) -> Result<Vec<(Uuid, Decimal, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT t.analyte_id, t.value::text, t.collected_at FROM unnest($3::uuid[]) AS a(id)
         CROSS JOIN LATERAL (
             SELECT r.analyte_id, r.value, s.collected_at
             FROM diagnostics_result r
             JOIN diagnostics_specimen s ON s.facility_id = r.facility_id AND s.specimen_id = r.specimen_id
             WHERE r.facility_id = $1 AND r.patient_id = $2 AND r.analyte_id = a.id AND r.released_at IS NOT NULL AND r.value IS NOT NULL
             ORDER BY r.released_at DESC LIMIT 12) AS t
         ORDER BY t.analyte_id, t.collected_at"
    ))
    .bind(facility.0)
    .bind(patient.0)
    .bind(analytes)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("analyte_id")?, number(row, "value")?.unwrap_or_default(), row.try_get("collected_at")?)))
        .collect()
}

/// Moves samples, results, reports and inbox lines of a merged record to the one that was kept.
pub async fn follow_merge(tx: &mut db::Tx, kept: PatientId, gone: PatientId) -> Result<(), sqlx::Error> {
    for statement in [
        sql!("UPDATE diagnostics_specimen SET patient_id = $2, moved_from = moved_from || $3::uuid WHERE facility_id = $1 AND patient_id = $3"),
        sql!("UPDATE diagnostics_result SET patient_id = $2, moved_from = moved_from || $3::uuid WHERE facility_id = $1 AND patient_id = $3"),
        sql!("UPDATE diagnostics_lab_report SET patient_id = $2, moved_from = moved_from || $3::uuid WHERE facility_id = $1 AND patient_id = $3"),
        sql!("UPDATE diagnostics_inbox SET patient_id = $2, moved_from = moved_from || $3::uuid WHERE facility_id = $1 AND patient_id = $3"),
    ] {
        sqlx::query(statement).bind(tx.facility().0).bind(kept.0).bind(gone.0).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Gives them back when the merge is undone.
pub async fn follow_unmerge(tx: &mut db::Tx, kept: PatientId, restored: PatientId) -> Result<(), sqlx::Error> {
    for statement in [
        sql!("UPDATE diagnostics_specimen SET patient_id = $3, moved_from = trim_array(moved_from, 1)
              WHERE facility_id = $1 AND patient_id = $2 AND moved_from[cardinality(moved_from)] = $3"),
        sql!("UPDATE diagnostics_result SET patient_id = $3, moved_from = trim_array(moved_from, 1)
              WHERE facility_id = $1 AND patient_id = $2 AND moved_from[cardinality(moved_from)] = $3"),
        sql!("UPDATE diagnostics_lab_report SET patient_id = $3, moved_from = trim_array(moved_from, 1)
              WHERE facility_id = $1 AND patient_id = $2 AND moved_from[cardinality(moved_from)] = $3"),
        sql!("UPDATE diagnostics_inbox SET patient_id = $3, moved_from = trim_array(moved_from, 1)
              WHERE facility_id = $1 AND patient_id = $2 AND moved_from[cardinality(moved_from)] = $3"),
    ] {
        sqlx::query(statement).bind(tx.facility().0).bind(kept.0).bind(restored.0).execute(tx.conn()).await?;
    }
    Ok(())
}

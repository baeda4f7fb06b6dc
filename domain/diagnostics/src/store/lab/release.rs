//! The second look in the database: many samples in one request with a handful of statements, calls about critical
//! values, and opening a released value for correction.

use super::bench::Change;
use super::text;
use crate::lab::critical::Call;
use crate::lab::range::Flag;
use crate::lab::validation::Status;
use base::{AccountId, EncounterId, OrderId, PatientId, ReportId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use std::collections::HashSet;
use uuid::Uuid;

/// A result before the second look.
#[derive(Clone, Debug)]
pub struct Row {
    pub result: Uuid,
    pub specimen: Uuid,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub patient_name: String,
    pub orders: Vec<OrderId>,
    pub analyte: Uuid,
    /// "Kali 6,8 mmol/L".
    pub words: String,
    pub status: Status,
    pub flag: Flag,
    pub technical_by: Option<AccountId>,
    pub technical_name: String,
    pub technical_at: Option<DateTime<Utc>>,
    pub is_called: bool,
    /// The report that this one will correct.
    pub report: Option<Uuid>,
    pub reason: String,
}

type Raw = (
    (Uuid, Uuid, Uuid, Uuid, String, Vec<Uuid>, Uuid, String),
    (String, String, Option<Uuid>, String, Option<DateTime<Utc>>, bool, Option<Uuid>, String),
);

/// What these samples have for the second look, held until the transaction ends, always in the same order so that two
/// who validate at once wait for each other and never block for ever.
pub async fn rows_to_release(tx: &mut Tx, specimens: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
    use sqlx::Row as _;
    let rows = sqlx::query(sql!(
        "SELECT r.result_id, r.specimen_id, r.encounter_id, r.patient_id, p.name AS patient_name, r.order_ids, r.analyte_id,
                rtrim(r.name || ' ' || r.shown || ' ' || r.unit) AS words, r.status, r.flag, r.technical_by, r.technical_name,
                r.technical_at, r.flag IN ('LL', 'HH') AND EXISTS (SELECT 1 FROM diagnostics_critical_call k
                    WHERE k.facility_id = $1 AND k.result_id = r.result_id AND k.shown = r.shown) AS is_called,
                r.report_id, r.correct_reason
         FROM diagnostics_result r
         JOIN patient_patient p ON p.facility_id = r.facility_id AND p.patient_id = r.patient_id
         WHERE r.facility_id = $1 AND r.specimen_id = ANY($2) AND r.status = 'technical'
         ORDER BY r.result_id FOR UPDATE OF r"
    ))
    .bind(tx.facility().0)
    .bind(specimens)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let ((result, specimen, encounter, patient, patient_name, orders, analyte, words), rest): Raw = (
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?, row.try_get(5)?, row.try_get(6)?, row.try_get(7)?),
                (row.try_get(8)?, row.try_get(9)?, row.try_get(10)?, row.try_get(11)?, row.try_get(12)?, row.try_get(13)?, row.try_get(14)?, row.try_get(15)?),
            );
            let (status, flag, technical_by, technical_name, technical_at, is_called, report, reason) = rest;
            Ok(Row {
                result,
                specimen,
                encounter: EncounterId(encounter),
                patient: PatientId(patient),
                patient_name,
                orders: orders.into_iter().map(OrderId).collect(),
                analyte,
                words,
                status: Status::from_key(&status).unwrap_or(Status::Cancelled),
                flag: Flag::from_key(&flag),
                technical_by: technical_by.map(AccountId),
                technical_name,
                technical_at,
                is_called,
                report,
                reason,
            })
        })
        .collect()
}

/// Analytes whose newest control run of a day was rejected.
pub async fn qc_rejected(tx: &mut Tx, day: chrono::NaiveDate) -> Result<HashSet<Uuid>, sqlx::Error> {
    let rows: Vec<Uuid> = sqlx::query_scalar(sql!(
        "SELECT DISTINCT analyte_id FROM (
             SELECT DISTINCT ON (u.lot_id) l.analyte_id, u.is_rejected
             FROM diagnostics_qc_run u
             JOIN diagnostics_qc_lot l ON l.facility_id = u.facility_id AND l.lot_id = u.lot_id AND l.ended_at IS NULL
             WHERE u.facility_id = $1 AND u.day = $2 ORDER BY u.lot_id, u.run_at DESC, u.run_id DESC) AS newest
         WHERE is_rejected"
    ))
    .bind(tx.facility().0)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().collect())
}

/// A report on its way out.
#[derive(Clone, Debug)]
pub struct NewReport {
    pub id: ReportId,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub orders: Vec<OrderId>,
    pub results: Vec<Uuid>,
    pub corrects: Option<ReportId>,
    pub reason: String,
    pub abnormal: bool,
    pub critical: bool,
    pub technical_name: String,
    pub technical_at: DateTime<Utc>,
}

/// Writes all reports with their values, marks the results and samples, and ends the orders that are answered in full.
/// Five statements, however many samples. Gives the orders that are done now.
pub async fn release(tx: &mut Tx, reports: &[NewReport]) -> Result<Vec<Uuid>, sqlx::Error> {
    let name = tx.actor.name.to_string();
    let (account, now, facility) = (tx.actor.account.0, tx.now, tx.facility().0);
    let heads: Vec<serde_json::Value> = reports
        .iter()
        .map(|r| {
            serde_json::json!({
                "id": r.id, "encounter": r.encounter, "patient": r.patient, "orders": r.orders, "corrects": r.corrects,
                "reason": r.reason, "abnormal": r.abnormal, "critical": r.critical, "technical_name": r.technical_name,
                "technical_at": r.technical_at,
            })
        })
        .collect();
    sqlx::query(sql!(
        "INSERT INTO diagnostics_lab_report (facility_id, report_id, encounter_id, patient_id, order_ids, corrects, reason, abnormal,
             critical, technical_name, technical_at, released_by, released_name, released_at)
         SELECT $1, h.id, h.encounter, h.patient, h.orders, h.corrects, h.reason, h.abnormal, h.critical, h.technical_name,
                h.technical_at, $3, $4, $5
         FROM jsonb_to_recordset($2) AS h(id uuid, encounter uuid, patient uuid, orders uuid[], corrects uuid, reason text,
              abnormal boolean, critical boolean, technical_name text, technical_at timestamptz)"
    ))
    .bind(facility)
    .bind(serde_json::Value::Array(heads))
    .bind(account)
    .bind(&name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let results: Vec<Uuid> = reports.iter().flat_map(|r| r.results.iter().copied()).collect();
    let of: Vec<Uuid> = reports.iter().flat_map(|r| r.results.iter().map(|_| r.id.0)).collect();
    sqlx::query(sql!(
        "INSERT INTO diagnostics_lab_value (facility_id, report_id, result_id, specimen_id, order_id, analyte_id, code, name, loinc, unit,
             bench, method, place, comparator, value, shown, flag, low, high, normal_text, decimals, previous_shown, previous_at)
         SELECT $1, n.report, r.result_id, r.specimen_id, r.order_ids[1], r.analyte_id, r.code, r.name, r.loinc, r.unit, r.bench, r.method,
                r.place, r.comparator, r.value, r.shown, r.flag, r.low, r.high, r.normal_text, r.decimals, r.previous_shown, r.previous_at
         FROM unnest($2::uuid[], $3::uuid[]) AS n(result, report)
         JOIN diagnostics_result r ON r.facility_id = $1 AND r.result_id = n.result"
    ))
    .bind(facility)
    .bind(&results)
    .bind(&of)
    .execute(tx.conn())
    .await?;
    let specimens: Vec<Uuid> = sqlx::query_scalar(sql!(
        "UPDATE diagnostics_result r SET status = 'released', released_at = $4, report_id = n.report, correct_reason = '', version = r.version + 1
         FROM unnest($2::uuid[], $3::uuid[]) AS n(result, report)
         WHERE r.facility_id = $1 AND r.result_id = n.result AND r.status = 'technical'
         RETURNING r.specimen_id"
    ))
    .bind(facility)
    .bind(&results)
    .bind(&of)
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    sqlx::query(sql!(
        "UPDATE diagnostics_specimen s SET status = 'reported'
         WHERE s.facility_id = $1 AND s.specimen_id = ANY($2) AND s.status = 'received'
           AND NOT EXISTS (SELECT 1 FROM diagnostics_result r WHERE r.facility_id = $1 AND r.specimen_id = s.specimen_id
                           AND r.status IN ('pending', 'typed', 'technical'))"
    ))
    .bind(facility)
    .bind(&specimens)
    .execute(tx.conn())
    .await?;
    let encounters: Vec<Uuid> = reports.iter().map(|r| r.encounter.0).collect();
    let orders: Vec<Uuid> = reports.iter().flat_map(|r| r.orders.iter().map(|o| o.0)).collect();
    sqlx::query_scalar(sql!(
        "UPDATE diagnostics_order o SET status = 'done', done_at = $4, done_by = $5
         WHERE o.facility_id = $1 AND o.order_id = ANY($3) AND o.status = 'collected'
           AND NOT EXISTS (SELECT 1 FROM diagnostics_result r WHERE r.facility_id = $1 AND r.encounter_id = ANY($2)
                           AND r.encounter_id = o.encounter_id AND r.status IN ('pending', 'typed', 'technical') AND o.order_id = ANY(r.order_ids))
         RETURNING o.order_id"
    ))
    .bind(facility)
    .bind(encounters)
    .bind(orders)
    .bind(now)
    .bind(account)
    .fetch_all(tx.conn())
    .await
}

/// Keeps a call under the id that the page made; a second time changes nothing.
pub async fn insert_call(tx: &mut Tx, id: Uuid, result: Uuid, shown: &str, call: &Call) -> Result<(), sqlx::Error> {
    let name = tx.actor.name.to_string();
    sqlx::query(sql!(
        "INSERT INTO diagnostics_critical_call (facility_id, call_id, result_id, shown, called_by, called_name, told, is_read_back,
             called_at, logged_at, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, true, $8, $9, $10) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(result)
    .bind(shown)
    .bind(tx.actor.account.0)
    .bind(name)
    .bind(&call.told)
    .bind(call.called_at)
    .bind(tx.now)
    .bind(&call.note)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A call on record.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CallRow {
    pub shown: String,
    pub called_name: String,
    pub told: String,
    pub called_at: DateTime<Utc>,
    pub note: String,
}

/// The calls about one result, newest first.
pub async fn list_calls(tx: &mut Tx, result: Uuid) -> Result<Vec<CallRow>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT shown, called_name, told, called_at, note FROM diagnostics_critical_call
         WHERE facility_id = $1 AND result_id = $2 ORDER BY called_at DESC LIMIT 20"
    ))
    .bind(tx.facility().0)
    .bind(result)
    .fetch_all(tx.conn())
    .await
}

/// Gives a released result a new value that waits for the second look; what was released stays on its report. The one
/// who corrects answers for the measurement.
pub async fn reopen(tx: &mut Tx, change: &Change, reason: &str) -> Result<(), sqlx::Error> {
    let name = tx.actor.name.to_string();
    let entered = change.entered.clone().unwrap_or_default();
    sqlx::query(sql!(
        "UPDATE diagnostics_result
         SET status = 'technical', comparator = $3, value = $4::numeric, shown = $5, flag = $6, is_delta = $7, is_calculated = false,
             version = version + 1, typed_by = $8, typed_name = $9, typed_at = $10, technical_by = $8, technical_name = $9,
             technical_at = $10, correct_reason = $11
         WHERE facility_id = $1 AND result_id = $2 AND status = 'released'"
    ))
    .bind(tx.facility().0)
    .bind(change.result)
    .bind(entered.comparator.sign())
    .bind(text(entered.value))
    .bind(&entered.shown)
    .bind(change.flag.key())
    .bind(change.is_delta)
    .bind(tx.actor.account.0)
    .bind(name)
    .bind(tx.now)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(())
}

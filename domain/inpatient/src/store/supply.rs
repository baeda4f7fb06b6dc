//! Medicines for the ward: what the coming doses need, what was asked, issued and given back.

use base::RoomId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

/// What the doses of one patient need of one medicine and nobody asked for yet.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Need {
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub patient_name: String,
    pub bed_code: Option<String>,
    pub drug_id: Uuid,
    pub drug_name: String,
    pub unit: String,
    pub milli: i64,
    pub tasks: Vec<Uuid>,
}

/// What the doses of a ward need until an instant, patient by patient.
pub async fn needs(tx: &mut Tx, ward: RoomId, until: DateTime<Utc>) -> Result<Vec<Need>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT s.encounter_id, s.patient_id, p.name AS patient_name, max(b.code) AS bed_code, o.drug_id, min(o.name) AS drug_name, min(o.unit) AS unit,
                sum(o.quantity_milli)::bigint AS milli, array_agg(t.task_id) AS tasks
         FROM inpatient_task t
         JOIN inpatient_order o USING (facility_id, order_id)
         JOIN inpatient_stay s ON s.facility_id = t.facility_id AND s.encounter_id = t.encounter_id
         JOIN patient_patient p ON p.facility_id = s.facility_id AND p.patient_id = s.patient_id
         LEFT JOIN inpatient_bed_stay l ON l.facility_id = s.facility_id AND l.encounter_id = s.encounter_id AND upper_inf(l.period)
         LEFT JOIN inpatient_bed b ON b.facility_id = l.facility_id AND b.bed_id = l.bed_id
         WHERE t.facility_id = $1 AND s.ward_id = $2 AND s.step <> 'closed' AND t.status IN ('due', 'held') AND t.due_at <= $3
           AND t.request_line_id IS NULL AND o.drug_id IS NOT NULL AND o.quantity_milli > 0
         GROUP BY s.encounter_id, s.patient_id, p.name, o.drug_id ORDER BY max(b.code), p.name, min(o.name) LIMIT 1000"
    ))
    .bind(facility)
    .bind(ward.0)
    .bind(until)
    .fetch_all(tx.conn())
    .await
}

/// A lot that was taken for a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub lot: Uuid,
    pub lot_no: String,
    pub expires: chrono::NaiveDate,
    pub milli: i64,
}

/// A request with its lines.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Request {
    pub request_id: Uuid,
    pub ward_id: Uuid,
    pub ward_name: String,
    pub status: String,
    pub asked_at: DateTime<Utc>,
    pub asked_name: String,
    pub store_id: Option<Uuid>,
    pub issued_at: Option<DateTime<Utc>>,
    pub issued_name: String,
    pub cancel_reason: String,
}

/// One medicine of one patient on a request.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub line_id: Uuid,
    pub request_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub patient_name: String,
    pub drug_id: Uuid,
    pub drug_name: String,
    pub unit: String,
    pub asked_milli: i64,
    pub issued_milli: i64,
    pub returned_milli: i64,
    pub picks: Json<Vec<Taken>>,
}

/// Writes a request for these needs and marks their doses; false when this very one stands already.
pub async fn insert(tx: &mut Tx, id: Uuid, ward: RoomId, needs: &[Need]) -> Result<bool, sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_request (facility_id, request_id, ward_id, asked_at, asked_by, asked_name) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (facility_id, request_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(ward.0)
    .bind(now)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for need in needs {
        sqlx::query(sql!(
            "WITH line AS (
                 INSERT INTO inpatient_request_line (facility_id, line_id, request_id, encounter_id, patient_id, drug_id, drug_name, unit, asked_milli)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))
             UPDATE inpatient_task SET request_line_id = $2 WHERE facility_id = $1 AND task_id = ANY($10) AND request_line_id IS NULL"
        ))
        .bind(facility)
        .bind(Uuid::now_v7())
        .bind(id)
        .bind(need.encounter_id)
        .bind(need.patient_id)
        .bind(need.drug_id)
        .bind(&need.drug_name)
        .bind(&need.unit)
        .bind(need.milli)
        .bind(&need.tasks)
        .execute(tx.conn())
        .await?;
    }
    Ok(true)
}

/// The requests of a ward, or those of all wards that wait for the pharmacy; newest first.
pub async fn list(tx: &mut Tx, ward: Option<RoomId>) -> Result<Vec<Request>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT q.request_id, q.ward_id, r.name AS ward_name, q.status, q.asked_at, q.asked_name, q.store_id, q.issued_at, q.issued_name, q.cancel_reason
         FROM inpatient_request q JOIN organization_room r ON r.facility_id = q.facility_id AND r.room_id = q.ward_id
         WHERE q.facility_id = $1 AND CASE WHEN $2::uuid IS NULL THEN q.status = 'asked' ELSE q.ward_id = $2 END
         ORDER BY q.asked_at DESC LIMIT 50"
    ))
    .bind(facility)
    .bind(ward.map(|w| w.0))
    .fetch_all(tx.conn())
    .await
}

/// One request, locked. `RowNotFound` when this facility has none of that id.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Request, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT q.request_id, q.ward_id, r.name AS ward_name, q.status, q.asked_at, q.asked_name, q.store_id, q.issued_at, q.issued_name, q.cancel_reason
         FROM inpatient_request q JOIN organization_room r ON r.facility_id = q.facility_id AND r.room_id = q.ward_id
         WHERE q.facility_id = $1 AND q.request_id = $2 FOR UPDATE OF q"
    ))
    .bind(facility)
    .bind(id)
    .fetch_one(tx.conn())
    .await
}

/// The lines of these requests, by patient.
pub async fn list_lines(tx: &mut Tx, requests: &[Uuid]) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT l.line_id, l.request_id, l.encounter_id, l.patient_id, p.name AS patient_name, l.drug_id, l.drug_name, l.unit, l.asked_milli, l.issued_milli,
                l.returned_milli, l.picks
         FROM inpatient_request_line l JOIN patient_patient p ON p.facility_id = l.facility_id AND p.patient_id = l.patient_id
         WHERE l.facility_id = $1 AND l.request_id = ANY($2) ORDER BY p.name, l.drug_name, l.line_id"
    ))
    .bind(facility)
    .bind(requests)
    .fetch_all(tx.conn())
    .await
}

/// Writes what was taken for one line.
pub async fn set_issued(tx: &mut Tx, line: Uuid, taken: &[Taken]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_request_line SET issued_milli = $3, picks = $4 WHERE facility_id = $1 AND line_id = $2"))
        .bind(facility)
        .bind(line)
        .bind(taken.iter().map(|t| t.milli).sum::<i64>())
        .bind(Json(taken))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes how much of a line went back in all.
pub async fn set_returned(tx: &mut Tx, line: Uuid, milli: i64) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_request_line SET returned_milli = $3 WHERE facility_id = $1 AND line_id = $2"))
        .bind(facility)
        .bind(line)
        .bind(milli)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The pharmacy issued the request from a store.
pub async fn mark_issued(tx: &mut Tx, id: Uuid, store: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now, name) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    sqlx::query(sql!(
        "UPDATE inpatient_request SET status = 'issued', store_id = $3, issued_at = $4, issued_name = $5 WHERE facility_id = $1 AND request_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(store)
    .bind(now)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Calls a request off: its doses may be asked for again.
pub async fn cancel(tx: &mut Tx, id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "WITH gone AS (
             UPDATE inpatient_request SET status = 'cancelled', cancel_reason = $3 WHERE facility_id = $1 AND request_id = $2)
         UPDATE inpatient_task SET request_line_id = NULL
         WHERE facility_id = $1 AND request_line_id IN (SELECT line_id FROM inpatient_request_line WHERE facility_id = $1 AND request_id = $2)"
    ))
    .bind(facility)
    .bind(id)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(())
}

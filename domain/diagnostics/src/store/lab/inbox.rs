//! What waits for the clinician who asked.

use base::{EncounterId, Event, FacilityId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::PgConnection;
use uuid::Uuid;

/// A line of somebody's inbox.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub report_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub kind: String,
    pub title: String,
    pub abnormal: bool,
    pub critical: bool,
    pub corrects: Option<Uuid>,
    pub released_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub patient_name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    /// Where an imaging report is read.
    pub study_id: Option<Uuid>,
}

/// Puts a released report before everybody who ordered what is on it; a second delivery changes nothing.
pub async fn tell(tx: &mut Tx, event: &Event) -> Result<(), sqlx::Error> {
    let Event::ReportReleased { encounter, patient, report, orders, abnormal, critical, corrects, at } = event else { return Ok(()) };
    let ids: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    sqlx::query(sql!(
        "INSERT INTO diagnostics_inbox (facility_id, report_id, account_id, encounter_id, patient_id, kind, title, abnormal, critical, corrects,
             released_at)
         SELECT $1, $2, o.ordered_by, $3, $4, min(o.kind), string_agg(o.service_name, ', ' ORDER BY o.drafted_at), $6, $7, $8, $9
         FROM diagnostics_order o
         WHERE o.facility_id = $1 AND o.order_id = ANY($5) AND o.ordered_by IS NOT NULL
         GROUP BY o.ordered_by
         ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(report.0)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(ids)
    .bind(abnormal)
    .bind(critical)
    .bind(corrects.map(|c| c.0))
    .bind(at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The inbox of an account: what nobody has acknowledged first (critical, then corrected, then abnormal, then oldest),
/// or with `is_seen` what was, newest first.
pub async fn list(conn: &mut PgConnection, facility: FacilityId, account: Uuid, is_seen: bool, most: i64) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT i.report_id, i.encounter_id, i.patient_id, i.kind, i.title, i.abnormal, i.critical, i.corrects, i.released_at,
                i.acknowledged_at, p.name AS patient_name, p.record_no, p.sex, p.birth_date,
                (SELECT r.study_id FROM diagnostics_imaging_report r WHERE r.facility_id = $1 AND r.report_id = i.report_id) AS study_id
         FROM diagnostics_inbox i
         JOIN patient_patient p ON p.facility_id = i.facility_id AND p.patient_id = i.patient_id
         WHERE i.facility_id = $1 AND i.account_id = $2 AND (i.acknowledged_at IS NOT NULL) = $3
         ORDER BY CASE WHEN $3 THEN i.acknowledged_at END DESC, i.critical DESC, i.corrects IS NOT NULL DESC, i.abnormal DESC, i.released_at
         LIMIT $4"
    ))
    .bind(facility.0)
    .bind(account)
    .bind(is_seen)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// Says that a report was seen. `None` when the account has no such line; false when it was seen before.
pub async fn acknowledge(tx: &mut Tx, report: Uuid) -> Result<Option<(EncounterId, Uuid, bool)>, sqlx::Error> {
    let row: Option<(Uuid, Uuid, bool)> = sqlx::query_as(sql!(
        "WITH known AS (SELECT encounter_id, patient_id, acknowledged_at FROM diagnostics_inbox
                        WHERE facility_id = $1 AND report_id = $2 AND account_id = $3 FOR UPDATE),
         seen AS (UPDATE diagnostics_inbox SET acknowledged_at = $4, acknowledged_by = $3
                  WHERE facility_id = $1 AND report_id = $2 AND account_id = $3 AND acknowledged_at IS NULL)
         SELECT encounter_id, patient_id, acknowledged_at IS NULL FROM known"
    ))
    .bind(tx.facility().0)
    .bind(report)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|(encounter, patient, is_new)| (EncounterId(encounter), patient, is_new)))
}

/// Whether this account still has to acknowledge a report.
pub async fn is_waiting(conn: &mut PgConnection, facility: FacilityId, report: Uuid, account: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT EXISTS (SELECT 1 FROM diagnostics_inbox WHERE facility_id = $1 AND report_id = $2 AND account_id = $3 AND acknowledged_at IS NULL)"
    ))
    .bind(facility.0)
    .bind(report)
    .bind(account)
    .fetch_one(conn)
    .await
}

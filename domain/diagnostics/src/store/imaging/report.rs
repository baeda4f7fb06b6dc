//! Drafts and released reports.

use crate::imaging::report::{Content, Released};
use base::{EncounterId, FacilityId, PatientId, ReportId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A report being written.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Draft {
    pub template: String,
    pub version: i32,
    pub content: Json<Content>,
    pub reason: String,
    pub edited_at: DateTime<Utc>,
    pub edited_by: Uuid,
    pub edited_name: String,
}

/// The draft of a study, if one is being written.
pub async fn find_draft(conn: &mut PgConnection, facility: FacilityId, study: Uuid) -> Result<Option<Draft>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT template, version, content, reason, edited_at, edited_by, edited_name FROM diagnostics_imaging_draft
         WHERE facility_id = $1 AND study_id = $2"
    ))
    .bind(facility.0)
    .bind(study)
    .fetch_optional(conn)
    .await
}

/// Writes the draft of a study as it stands now, one version on.
pub async fn save_draft(
    tx: &mut Tx,
    study: Uuid,
    template: &str,
    version: i32,
    content: &Content,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO diagnostics_imaging_draft (facility_id, study_id, template, version, content, reason, edited_at, edited_by, edited_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (facility_id, study_id) DO UPDATE
         SET template = excluded.template, version = excluded.version, content = excluded.content, reason = excluded.reason,
             edited_at = excluded.edited_at, edited_by = excluded.edited_by, edited_name = excluded.edited_name"
    ))
    .bind(tx.facility().0)
    .bind(study)
    .bind(template)
    .bind(version)
    .bind(Json(content))
    .bind(reason)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(tx.actor.name.to_string())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a draft: it was released, or a correction was given up.
pub async fn delete_draft(tx: &mut Tx, study: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("DELETE FROM diagnostics_imaging_draft WHERE facility_id = $1 AND study_id = $2"))
        .bind(tx.facility().0)
        .bind(study)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A released report.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Report {
    pub report_id: Uuid,
    pub study_id: Uuid,
    pub version: i32,
    pub template: String,
    pub content: Json<Released>,
    pub is_abnormal: bool,
    pub is_critical: bool,
    pub reason: String,
    pub released_at: DateTime<Utc>,
    pub released_by: Uuid,
    pub released_name: String,
}

/// All versions of a study's report, newest first.
pub async fn list_reports(conn: &mut PgConnection, facility: FacilityId, study: Uuid) -> Result<Vec<Report>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT report_id, study_id, version, template, content, is_abnormal, is_critical, reason, released_at, released_by, released_name
         FROM diagnostics_imaging_report WHERE facility_id = $1 AND study_id = $2 ORDER BY version DESC"
    ))
    .bind(facility.0)
    .bind(study)
    .fetch_all(conn)
    .await
}

/// A version on its way out.
pub struct NewReport<'a> {
    pub id: ReportId,
    pub study: Uuid,
    pub version: i32,
    pub template: &'a str,
    pub content: &'a Released,
    pub is_critical: bool,
    pub reason: &'a str,
}

pub async fn insert_report(tx: &mut Tx, new: &NewReport<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO diagnostics_imaging_report (facility_id, report_id, study_id, version, template, content, conclusion, is_abnormal,
             is_critical, reason, released_at, released_by, released_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    ))
    .bind(tx.facility().0)
    .bind(new.id.0)
    .bind(new.study)
    .bind(new.version)
    .bind(new.template)
    .bind(Json(new.content))
    .bind(&new.content.conclusion)
    .bind(new.content.is_abnormal())
    .bind(new.is_critical)
    .bind(new.reason)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(tx.actor.name.to_string())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person's study with its newest report, as the chart and the list of earlier studies show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Earlier {
    pub study_id: Uuid,
    pub encounter_id: Uuid,
    pub accession: String,
    pub service_name: String,
    pub report_id: Uuid,
    pub version: i32,
    pub content: Json<Released>,
    pub is_abnormal: bool,
    pub is_critical: bool,
    pub reason: String,
    pub released_at: DateTime<Utc>,
    pub released_name: String,
}

/// The newest report of each study of a person, newest first.
pub async fn list_earlier(
    conn: &mut PgConnection,
    facility: FacilityId,
    patient: PatientId,
    most: i64,
) -> Result<Vec<Earlier>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT s.study_id, o.encounter_id, s.accession, o.service_name, r.report_id, r.version, r.content, r.is_abnormal, r.is_critical,
                r.reason, r.released_at, r.released_name
         FROM diagnostics_order o
         JOIN diagnostics_study s ON s.facility_id = o.facility_id AND s.order_id = o.order_id
         JOIN LATERAL (
             SELECT * FROM diagnostics_imaging_report x
             WHERE x.facility_id = s.facility_id AND x.study_id = s.study_id ORDER BY x.version DESC LIMIT 1) r ON true
         WHERE o.facility_id = $1 AND o.patient_id = $2 AND o.status = 'done'
         ORDER BY r.released_at DESC LIMIT $3"
    ))
    .bind(facility.0)
    .bind(patient.0)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// The newest report of each study of a visit.
pub async fn list_of_encounter(
    conn: &mut PgConnection,
    facility: FacilityId,
    encounter: EncounterId,
) -> Result<Vec<Earlier>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT s.study_id, o.encounter_id, s.accession, o.service_name, r.report_id, r.version, r.content, r.is_abnormal, r.is_critical,
                r.reason, r.released_at, r.released_name
         FROM diagnostics_order o
         JOIN diagnostics_study s ON s.facility_id = o.facility_id AND s.order_id = o.order_id
         JOIN LATERAL (
             SELECT * FROM diagnostics_imaging_report x
             WHERE x.facility_id = s.facility_id AND x.study_id = s.study_id ORDER BY x.version DESC LIMIT 1) r ON true
         WHERE o.facility_id = $1 AND o.encounter_id = $2
         ORDER BY r.released_at"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .fetch_all(conn)
    .await
}

/// The study that a released report belongs to.
pub async fn find_study_of_report(conn: &mut PgConnection, facility: FacilityId, report: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT study_id FROM diagnostics_imaging_report WHERE facility_id = $1 AND report_id = $2"))
        .bind(facility.0)
        .bind(report)
        .fetch_optional(conn)
        .await
}

//! Documents as rows of a record.

use crate::document::viewer::Viewer;
use base::{DocumentId, EncounterId, PatientId, PersonId, RecordId};
use chrono::{DateTime, Utc};
use db::Tx;
use sqlx::FromRow;
use uuid::Uuid;
use web::ask::RecordsOf;

/// A document with what its newest version and draft say of it.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    pub document_id: Uuid,
    pub record_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub form: String,
    pub form_version: i32,
    pub title: String,
    pub kind: String,
    pub origin: String,
    pub origin_id: Option<Uuid>,
    pub source: String,
    pub sensitivity: String,
    pub status: String,
    pub version: i32,
    pub practitioner_id: Option<Uuid>,
    pub author_account: Uuid,
    pub author_name: String,
    pub made_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub error_reason: String,
    /// Of the newest version: the file to be shown, which is the one that the last signature left.
    pub sha256: Option<String>,
    pub media_type: Option<String>,
    /// Signatures under the newest version.
    pub signed: i64,
    /// Why it is being amended; "" for a first draft, `None` when nothing is being written.
    pub draft_reason: Option<String>,
    pub is_broken: bool,
}

impl Row {
    pub fn id(&self) -> DocumentId {
        DocumentId(self.document_id)
    }
    pub fn is_pdf(&self) -> bool {
        self.media_type.as_deref() == Some("application/pdf")
    }
}

macro_rules! rows {
    ($condition:literal) => {
        db::sql!(concat!(
            "SELECT d.document_id, d.record_id, d.encounter_id, d.patient_id, d.form, d.form_version, d.title, d.kind, d.origin, d.origin_id,
                    d.source, d.sensitivity, d.status, d.version, d.practitioner_id, d.author_account, d.author_name, d.made_at, d.changed_at,
                    d.error_reason, coalesce(s.sha256, v.sha256) AS sha256, v.media_type, coalesce(s.signed, 0) AS signed,
                    t.reason AS draft_reason, b.document_id IS NOT NULL AS is_broken
             FROM record_document d
             JOIN record_record r USING (facility_id, record_id)
             LEFT JOIN record_version v ON v.facility_id = d.facility_id AND v.document_id = d.document_id AND v.version = d.version
             LEFT JOIN LATERAL (
                 SELECT count(*) AS signed, (array_agg(g.sha256 ORDER BY g.place DESC))[1] AS sha256 FROM record_signature g
                 WHERE g.facility_id = d.facility_id AND g.document_id = d.document_id AND g.version = d.version) s ON true
             LEFT JOIN record_draft t ON t.facility_id = d.facility_id AND t.document_id = d.document_id
             LEFT JOIN record_broken b ON b.facility_id = d.facility_id AND b.document_id = d.document_id AND b.version = d.version
             WHERE d.facility_id = $1 AND ", $condition, "
               AND record_may_see(d.sensitivity, d.author_account, d.practitioner_id, r.practitioner_id, r.room_id, $3, $4, $5::uuid[])
             ORDER BY d.record_id, d.made_at, d.document_id"
        ))
    };
}

async fn fetch(tx: &mut Tx, sql: &'static str, about: Uuid, viewer: &Viewer) -> Result<Vec<Row>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql)
        .bind(facility)
        .bind(about)
        .bind(viewer.account)
        .bind(viewer.practitioner)
        .bind(&viewer.wards)
        .fetch_all(tx.conn())
        .await
}

/// All documents of a record that the viewer may see, oldest first.
pub async fn list_of_record(tx: &mut Tx, viewer: &Viewer, record: RecordId) -> Result<Vec<Row>, sqlx::Error> {
    fetch(tx, rows!("d.record_id = $2"), record.0, viewer).await
}

/// The documents that another module asked for.
pub async fn list(tx: &mut Tx, viewer: &Viewer, of: RecordsOf) -> Result<Vec<Row>, sqlx::Error> {
    match of {
        RecordsOf::Encounter(EncounterId(id)) => fetch(tx, rows!("r.encounter_id = $2"), id, viewer).await,
        RecordsOf::Patient(PatientId(id)) => fetch(tx, rows!("d.patient_id = $2"), id, viewer).await,
        RecordsOf::Person(PersonId(id)) => fetch(tx, rows!("r.person_id = $2"), id, viewer).await,
    }
}

/// One document, if the viewer may see it.
pub async fn find(tx: &mut Tx, viewer: &Viewer, id: DocumentId) -> Result<Option<Row>, sqlx::Error> {
    Ok(fetch(tx, rows!("d.document_id = $2"), id.0, viewer).await?.pop())
}

/// What is known when a document is laid into a record.
#[derive(Clone, Debug)]
pub struct NewDocument<'a> {
    pub id: DocumentId,
    pub record: RecordId,
    pub form: &'a str,
    pub form_version: i32,
    pub title: &'a str,
    pub kind: &'a str,
    pub origin: &'a str,
    pub origin_id: Option<Uuid>,
    pub source: &'a str,
    pub sensitivity: &'a str,
    pub status: &'a str,
    pub author_name: &'a str,
    pub made_at: DateTime<Utc>,
}

/// Lays a document into its record; room, doctor and person come from the record. Gives false when this very document,
/// or another one of the same origin, lies there already.
pub async fn insert(tx: &mut Tx, new: &NewDocument<'_>) -> Result<bool, sqlx::Error> {
    let (facility, account, practitioner, now) = (tx.facility().0, tx.actor.account.0, tx.actor.practitioner.map(|p| p.0), tx.now);
    let done = sqlx::query(db::sql!(
        "INSERT INTO record_document (facility_id, document_id, record_id, encounter_id, patient_id, person_id, form, form_version, title, kind,
             origin, origin_id, source, sensitivity, status, room_id, practitioner_id, author_account, author_name, made_at, changed_at)
         SELECT facility_id, $3, record_id, encounter_id, patient_id, person_id, $4, $5, $6, $7, $8, $9, $10,
                CASE WHEN $11 = 'ordinary' THEN sensitivity ELSE $11 END, $12, room_id, coalesce($13::uuid, practitioner_id), $14, $15, $16, $17
         FROM record_record WHERE facility_id = $1 AND record_id = $2
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(new.record.0)
    .bind(new.id.0)
    .bind(new.form)
    .bind(new.form_version)
    .bind(new.title)
    .bind(new.kind)
    .bind(new.origin)
    .bind(new.origin_id)
    .bind(new.source)
    .bind(new.sensitivity)
    .bind(new.status)
    .bind(practitioner)
    .bind(account)
    .bind(new.author_name)
    .bind(new.made_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks a document as written by mistake: it stays readable and counts no more.
pub async fn mark_error(tx: &mut Tx, id: DocumentId, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(db::sql!(
        "UPDATE record_document SET status = 'entered_in_error', error_reason = $3, changed_at = $4
         WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(reason)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes who may see a document.
pub async fn set_sensitivity(tx: &mut Tx, id: DocumentId, sensitivity: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(db::sql!(
        "UPDATE record_document SET sensitivity = $3, changed_at = $4 WHERE facility_id = $1 AND document_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(sensitivity)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down that the kept file of a version is no longer what it was; true when it is news.
pub async fn mark_broken(tx: &mut Tx, id: DocumentId, version: i32, problem: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(db::sql!(
        "INSERT INTO record_broken (facility_id, document_id, version, problem, found_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(version)
    .bind(problem)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a finding off when its cause has gone; true when there was one of this kind.
pub async fn forget_broken(tx: &mut Tx, id: DocumentId, version: i32, problem: &str) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(db::sql!(
        "DELETE FROM record_broken WHERE facility_id = $1 AND document_id = $2 AND version = $3 AND problem = $4"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(version)
    .bind(problem)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The forms begun most in a room during the last half year, most used first.
pub async fn list_often(tx: &mut Tx, room: Option<Uuid>) -> Result<Vec<String>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_scalar(db::sql!(
        "SELECT form FROM record_document
         WHERE facility_id = $1 AND kind = 'form' AND room_id = $2 AND made_at > $3::timestamptz - interval '180 days'
         GROUP BY form ORDER BY count(*) DESC, form LIMIT 12"
    ))
    .bind(facility)
    .bind(room)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

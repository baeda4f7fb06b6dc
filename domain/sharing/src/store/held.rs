//! Requests for records that lie here, the permissions given, and who has seen what.

use crate::permission::{Grant, Granted};
use crate::request::{Purpose, Status};
use base::{PatientId, PersonId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use uuid::Uuid;

/// Whom the asker means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whom {
    pub name: String,
    pub birth_date: Option<NaiveDate>,
    pub sex: String,
    pub cccd: String,
    /// Known on the same server only.
    pub person: Option<PersonId>,
}

/// A request as it lies here.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Request {
    pub request_id: Uuid,
    pub asker_code: String,
    pub asker_name: String,
    pub partner_id: Option<Uuid>,
    pub doctor: String,
    pub patient_id: Option<Uuid>,
    pub person_id: Option<Uuid>,
    pub whom: sqlx::types::Json<Whom>,
    pub purpose: String,
    pub note: String,
    pub emergency: bool,
    pub status: String,
    pub reason: String,
    pub asked_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: String,
    /// The patient as we know them; empty while nobody was matched.
    pub patient_name: String,
    pub record_no: String,
    pub phone: String,
    pub sex: String,
    pub birth_date: Option<NaiveDate>,
    pub valid_until: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub reviewed: bool,
}

impl Request {
    pub fn status(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Refused)
    }
    pub fn purpose_name(&self) -> &'static str {
        Purpose::from_key(&self.purpose).map_or("Khác", Purpose::name)
    }
    pub fn patient(&self) -> Option<PatientId> {
        self.patient_id.map(PatientId)
    }
    /// The name by which the list shows the request.
    pub fn shown_name(&self) -> &str {
        if self.patient_name.is_empty() { &self.whom.name } else { &self.patient_name }
    }
    pub fn spine(&self) -> u8 {
        PersonId(self.person_id.unwrap_or_default()).spine()
    }
    /// Open for the asker at `now`.
    pub fn is_open_at(&self, now: DateTime<Utc>) -> bool {
        self.status == "granted" && self.revoked_at.is_none() && self.valid_until.is_some_and(|end| now < end)
    }
}

macro_rules! requests_where {
    ($rest:expr) => {
        concat!(
            "SELECT r.request_id, r.asker_code, r.asker_name, r.partner_id, r.doctor, r.patient_id, r.person_id, r.whom, r.purpose, r.note,
                r.emergency, r.status, r.reason, r.asked_at, r.decided_at, r.decided_by,
                coalesce(p.name, '') AS patient_name, coalesce(p.record_no, '') AS record_no, coalesce(p.phone, '') AS phone,
                coalesce(p.sex, r.whom->>'sex', 'unknown') AS sex, p.birth_date, g.valid_until, g.revoked_at,
                EXISTS (SELECT FROM sharing_emergency_review e WHERE e.facility_id = $1 AND e.request_id = r.request_id) AS reviewed
             FROM sharing_request r
             LEFT JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = r.patient_id
             LEFT JOIN sharing_grant g ON g.facility_id = $1 AND g.request_id = r.request_id
             WHERE r.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Request>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(requests_where!("r.request_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// The same, and nobody else decides it until the transaction ends. `RowNotFound` when it is not ours.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Request, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(requests_where!("r.request_id = $2 FOR UPDATE OF r"))).bind(facility).bind(id).fetch_one(tx.conn()).await
}

/// The newest requests, by what still has to be done with them: `"open"` (a clerk or a patient is waited for),
/// `"granted"`, `"emergency"`, or all. At most 100, older ones by `before`.
pub async fn list(tx: &mut Tx, show: &str, before: DateTime<Utc>) -> Result<Vec<Request>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(requests_where!(
        "r.asked_at < $3 AND CASE $2 WHEN 'open' THEN r.status IN ('asked', 'consenting') WHEN 'granted' THEN r.status = 'granted'
             WHEN 'emergency' THEN r.emergency ELSE true END
         ORDER BY r.asked_at DESC, r.request_id DESC LIMIT 100"
    )))
    .bind(facility)
    .bind(show)
    .bind(before)
    .fetch_all(tx.conn())
    .await
}

/// How many wait for a clerk, for the patient, and how many emergencies nobody has looked at.
pub async fn counts(tx: &mut Tx) -> Result<(i64, i64, i64), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT count(*) FILTER (WHERE r.status = 'asked'), count(*) FILTER (WHERE r.status = 'consenting'),
            count(*) FILTER (WHERE r.emergency AND e.request_id IS NULL)
         FROM sharing_request r LEFT JOIN sharing_emergency_review e ON e.facility_id = $1 AND e.request_id = r.request_id
         WHERE r.facility_id = $1 AND (r.status IN ('asked', 'consenting') OR r.emergency)"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await
}

/// Our patient whom the asker means: the same person of this server, the same CCCD, or the only one with this name,
/// birth date and sex. Two who fit are nobody: a clerk finds out.
pub async fn find_patient(tx: &mut Tx, whom: &Whom) -> Result<Option<(PatientId, PersonId)>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows = sqlx::query(sql!(
        "SELECT patient_id, person_id FROM patient_patient
         WHERE facility_id = $1 AND merged_into IS NULL
           AND (person_id = $2 OR ($3 <> '' AND cccd = $3) OR ($2::uuid IS NULL AND $3 = '' AND name_folded = $4 AND birth_date = $5 AND sex = $6))
         ORDER BY created_at LIMIT 2"
    ))
    .bind(facility)
    .bind(whom.person.map(|p| p.0))
    .bind(&whom.cccd)
    .bind(base::fold(&whom.name))
    .bind(whom.birth_date)
    .bind(&whom.sex)
    .fetch_all(tx.conn())
    .await?;
    Ok(match rows.as_slice() {
        [one] => Some((PatientId(one.try_get(0)?), PersonId(one.try_get(1)?))),
        _ => None,
    })
}

/// What arrives from an asker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    pub request: Uuid,
    pub asker_code: String,
    pub asker_name: String,
    pub asker_facility: Option<i32>,
    pub partner: Option<Uuid>,
    pub doctor: String,
    pub whom: Whom,
    pub purpose: Purpose,
    pub note: String,
    pub emergency: bool,
}

/// Keeps a request. Gives false when it is here already.
pub async fn insert(tx: &mut Tx, ask: &Ask, patient: Option<(PatientId, PersonId)>) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "INSERT INTO sharing_request (facility_id, request_id, asker_code, asker_name, asker_facility, partner_id, doctor, patient_id,
             person_id, whom, purpose, note, emergency, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (facility_id, request_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(ask.request)
    .bind(&ask.asker_code)
    .bind(&ask.asker_name)
    .bind(ask.asker_facility)
    .bind(ask.partner)
    .bind(&ask.doctor)
    .bind(patient.map(|p| p.0.0))
    .bind(patient.map(|p| p.1.0))
    .bind(sqlx::types::Json(&ask.whom))
    .bind(ask.purpose.key())
    .bind(&ask.note)
    .bind(ask.emergency)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Says who is meant, found out by a clerk.
pub async fn set_patient(tx: &mut Tx, request: Uuid, patient: PatientId) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE sharing_request SET patient_id = p.patient_id, person_id = p.person_id FROM patient_patient p
         WHERE sharing_request.facility_id = $1 AND request_id = $2 AND status = 'asked' AND p.facility_id = $1 AND p.patient_id = $3"
    ))
    .bind(facility)
    .bind(request)
    .bind(patient.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves a request on; the caller has asked the rule and holds the lock.
pub async fn set_status(tx: &mut Tx, request: Uuid, status: Status, reason: &str, by: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE sharing_request SET status = $3, reason = $4, decided_at = CASE WHEN $3 IN ('asked', 'consenting') THEN NULL ELSE $5::timestamptz END, decided_by = $6
         WHERE facility_id = $1 AND request_id = $2"
    ))
    .bind(facility)
    .bind(request)
    .bind(status.key())
    .bind(reason)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    tx.notify("sharing");
    Ok(())
}

/// A permission to be written.
#[derive(Clone, Debug)]
pub struct NewGrant<'a> {
    pub request: &'a Request,
    pub patient: PatientId,
    pub person: PersonId,
    /// `"phone"`, `"code"`, `"paper"` or `"emergency"`.
    pub basis: &'static str,
    pub evidence: serde_json::Value,
    pub may_download: bool,
    pub tell_patient: bool,
    pub valid_until: DateTime<Utc>,
    pub by: &'a str,
    pub documents: &'a [Granted],
}

/// Writes a permission with its papers in one statement and ends the request as granted.
pub async fn grant(tx: &mut Tx, new: &NewGrant<'_>) -> Result<Uuid, sqlx::Error> {
    let (facility, now, id) = (tx.facility().0, tx.now, Uuid::now_v7());
    let documents: Vec<Uuid> = new.documents.iter().map(|d| d.document_id).collect();
    let versions: Vec<i32> = new.documents.iter().map(|d| d.version).collect();
    let forms: Vec<&str> = new.documents.iter().map(|d| d.form.as_str()).collect();
    let titles: Vec<&str> = new.documents.iter().map(|d| d.title.as_str()).collect();
    let times: Vec<DateTime<Utc>> = new.documents.iter().map(|d| d.made_at).collect();
    let hashes: Vec<&str> = new.documents.iter().map(|d| d.sha256.as_str()).collect();
    sqlx::query(sql!(
        "WITH permission AS (
             INSERT INTO sharing_grant (facility_id, grant_id, request_id, patient_id, person_id, basis, evidence, purpose, may_download,
                 tell_patient, valid_from, valid_until, granted_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING grant_id)
         INSERT INTO sharing_grant_document (facility_id, grant_id, document_id, place, version, form, title, made_at, sha256)
         SELECT $1, grant_id, d.document_id, d.place, d.version, d.form, d.title, d.made_at, d.sha256
         FROM permission, unnest($14::uuid[], $15::int[], $16::text[], $17::text[], $18::timestamptz[], $19::text[])
             WITH ORDINALITY AS d (document_id, version, form, title, made_at, sha256, place)"
    ))
    .bind(facility)
    .bind(id)
    .bind(new.request.request_id)
    .bind(new.patient.0)
    .bind(new.person.0)
    .bind(new.basis)
    .bind(&new.evidence)
    .bind(&new.request.purpose)
    .bind(new.may_download)
    .bind(new.tell_patient)
    .bind(now)
    .bind(new.valid_until)
    .bind(new.by)
    .bind(documents)
    .bind(versions)
    .bind(forms)
    .bind(titles)
    .bind(times)
    .bind(hashes)
    .execute(tx.conn())
    .await?;
    set_status(tx, new.request.request_id, Status::Granted, "", new.by).await?;
    let facts = serde_json::json!({ "request": new.request.request_id, "to": new.request.asker_code, "basis": new.basis,
        "until": new.valid_until, "documents": new.documents.len() });
    tx.audit("grant", "sharing", id, Some(new.patient), facts);
    Ok(id)
}

/// The permission of a request with its papers; two queries, none per paper.
pub async fn grant_of(tx: &mut Tx, request: Uuid) -> Result<Option<(Grant, bool)>, sqlx::Error> {
    let facility = tx.facility().0;
    let Some(row) = sqlx::query(sql!(
        "SELECT g.grant_id, r.asker_code, g.valid_from, g.valid_until, g.revoked_at, g.may_download, g.tell_patient
         FROM sharing_grant g JOIN sharing_request r ON r.facility_id = $1 AND r.request_id = g.request_id
         WHERE g.facility_id = $1 AND g.request_id = $2"
    ))
    .bind(facility)
    .bind(request)
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(None);
    };
    let id: Uuid = row.try_get("grant_id")?;
    let documents = sqlx::query_as(sql!(
        "SELECT document_id, version, form, title, made_at, sha256 FROM sharing_grant_document WHERE facility_id = $1 AND grant_id = $2 ORDER BY place"
    ))
    .bind(facility)
    .bind(id)
    .fetch_all(tx.conn())
    .await?;
    let grant = Grant {
        grant_id: id,
        asker_code: row.try_get("asker_code")?,
        valid_from: row.try_get("valid_from")?,
        valid_until: row.try_get("valid_until")?,
        revoked_at: row.try_get("revoked_at")?,
        may_download: row.try_get("may_download")?,
        documents,
    };
    Ok(Some((grant, row.try_get("tell_patient")?)))
}

/// Takes a permission back. Gives false when it was taken back before.
pub async fn revoke(tx: &mut Tx, request: Uuid, patient: PatientId, by: &str, reason: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "UPDATE sharing_grant SET revoked_at = $3, revoked_by = $4, revoke_reason = $5
         WHERE facility_id = $1 AND request_id = $2 AND revoked_at IS NULL"
    ))
    .bind(facility)
    .bind(request)
    .bind(now)
    .bind(by)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        tx.audit("revoke", "sharing", request, Some(patient), serde_json::json!({ "by": by, "reason": reason }));
        tx.notify("sharing");
    }
    Ok(done.rows_affected() == 1)
}

/// Writes down that a paper was shown. The same person turning back to the same paper within ten minutes is one line for
/// the patient (and false), but another row of the audit.
pub async fn disclose(tx: &mut Tx, grant: Uuid, patient: PatientId, document: &Granted, who: &str, house: &str, basis: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "INSERT INTO sharing_disclosure (facility_id, disclosure_id, grant_id, patient_id, document_id, title, who, house, basis, at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
         WHERE NOT EXISTS (SELECT FROM sharing_disclosure d WHERE d.facility_id = $1 AND d.grant_id = $3 AND d.document_id = $5 AND d.who = $7
                           AND d.at > $10::timestamptz - interval '10 minutes')"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(grant)
    .bind(patient.0)
    .bind(document.document_id)
    .bind(&document.title)
    .bind(who)
    .bind(house)
    .bind(basis)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let facts = serde_json::json!({ "who": who, "house": house, "grant": grant, "sha256": document.sha256 });
    tx.audit("disclose", "document", document.document_id, Some(patient), facts);
    tx.notify("sharing");
    Ok(done.rows_affected() == 1)
}

/// A line of "who has seen my record".
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Seen {
    pub title: String,
    pub who: String,
    pub house: String,
    pub basis: String,
    pub at: DateTime<Utc>,
}

/// Who from other houses saw this patient's papers, newest first; at most `limit`.
pub async fn list_seen(tx: &mut Tx, patient: PatientId, limit: i64) -> Result<Vec<Seen>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT title, who, house, basis, at FROM sharing_disclosure WHERE facility_id = $1 AND patient_id = $2 ORDER BY at DESC, disclosure_id DESC LIMIT $3"
    ))
    .bind(facility)
    .bind(patient.0)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// The verdict on an emergency opening. Gives false when somebody else was faster.
pub async fn review(tx: &mut Tx, request: Uuid, verdict: &str, note: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO sharing_emergency_review (facility_id, request_id, verdict, note, reviewed_by, reviewed_by_name, reviewed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(request)
    .bind(verdict)
    .bind(note)
    .bind(by)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.audit("review", "sharing", request, None, serde_json::json!({ "verdict": verdict, "note": note }));
    tx.notify("sharing");
    Ok(done.rows_affected() == 1)
}

//! Documents on their way through the signing order.

use crate::sign::flow;
use crate::sign::rule::Facts;
use base::{DocumentId, EncounterId, Event, PatientId, RecordId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// A document with a finished version, and what signing has to know of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Paper {
    pub document_id: Uuid,
    pub record_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub form: String,
    pub form_version: i32,
    pub title: String,
    pub kind: String,
    pub status: String,
    pub version: i32,
    pub room_id: Option<Uuid>,
    pub room: Option<String>,
    pub practitioner_id: Option<Uuid>,
    pub doctor_name: Option<String>,
    pub author_account: Uuid,
    pub author_name: String,
    pub author: Option<Uuid>,
    pub author_roles: Option<Vec<String>>,
    pub author_position: Option<String>,
    pub author_scope: Option<String>,
    pub heads: Vec<Uuid>,
    /// The fields that name signers.
    pub named: Json<Value>,
    pub media_type: String,
    /// The file to be shown and signed next.
    pub sha256: String,
    pub made_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub patient_name: String,
    pub patient_record_no: String,
    pub patient_phone: String,
    pub person_id: Uuid,
    pub record_status: String,
    pub sensitivity: String,
    pub has_draft: bool,
    pub signatures: Json<Vec<Signature>>,
}

/// A signature as it stands under a version.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Signature {
    pub place: i32,
    pub role: String,
    pub method: String,
    pub practitioner_id: Option<Uuid>,
    pub holder: String,
    pub issuer: String,
    pub serial: String,
    pub signed_at: DateTime<Utc>,
    pub sha256: String,
}

impl Paper {
    pub fn id(&self) -> DocumentId {
        DocumentId(self.document_id)
    }
    pub fn patient(&self) -> PatientId {
        PatientId(self.patient_id)
    }
    pub fn spine(&self) -> u8 {
        base::PersonId(self.person_id).spine()
    }
    pub fn is_pdf(&self) -> bool {
        self.media_type == "application/pdf"
    }
    /// The places that have signed, without the archive's timestamp.
    pub fn signed(&self) -> Vec<String> {
        self.signatures.iter().filter(|s| s.role != flow::ARCHIVE).map(|s| s.role.clone()).collect()
    }
    pub fn next_place(&self) -> i32 {
        self.signatures.iter().map(|s| s.place).max().unwrap_or(0) + 1
    }
    /// `a3f9…c2`, the way lists show a hash.
    pub fn short_hash(&self) -> String {
        format!("{}…{}", &self.sha256[..6], &self.sha256[62..])
    }
    /// What the rule has to know, with the order in which this document is signed.
    pub fn facts(&self, flow: Vec<String>) -> Facts {
        let roles = self.author_roles.as_deref().unwrap_or_default();
        Facts {
            form: self.form.clone(),
            practitioner: self.practitioner_id,
            author_account: self.author_account,
            author: self.author,
            author_is_trainee: crate::sign::rule::is_trainee(self.author_position.as_deref().unwrap_or(""), self.author_scope.as_deref().unwrap_or("")),
            author_is_nurse: roles.iter().any(|r| r == "nurse"),
            heads: self.heads.clone(),
            data: self.named.0.clone(),
            signed: self.signatures.iter().map(|s| (s.role.clone(), s.practitioner_id)).collect(),
            flow,
            record_status: self.record_status.clone(),
        }
    }
}

macro_rules! papers_where {
    ($rest:expr) => {
        papers_where!("d.version", $rest)
    };
    ($version:literal, $rest:expr) => {
        concat!(
            "SELECT d.document_id, d.record_id, d.encounter_id, d.patient_id, d.form, d.form_version, d.title, d.kind, d.status, v.version,
                coalesce(d.room_id, r.room_id) AS room_id, room.short_name AS room, coalesce(d.practitioner_id, r.practitioner_id) AS practitioner_id,
                trim(dp.title || ' ' || dp.name) AS doctor_name, d.author_account, d.author_name, a.practitioner_id AS author, a.roles AS author_roles, ap.position AS author_position,
                ap.licence_scope AS author_scope,
                coalesce((SELECT array_agg(h.practitioner_id) FROM record_head h
                          WHERE h.facility_id = $1 AND h.room_id = coalesce(d.room_id, r.room_id)), '{}') AS heads,
                coalesce((SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(CASE jsonb_typeof(v.data) WHEN 'object' THEN v.data ELSE '{}' END) f
                          WHERE f.key = ANY($2)), '{}') AS named,
                v.media_type, coalesce(s.last, v.sha256) AS sha256, v.made_at, d.changed_at, p.name AS patient_name,
                p.record_no AS patient_record_no, p.phone AS patient_phone, p.person_id, r.status AS record_status, d.sensitivity,
                EXISTS (SELECT 1 FROM record_draft w WHERE w.facility_id = $1 AND w.document_id = d.document_id) AS has_draft,
                coalesce(s.all_of_them, '[]') AS signatures
             FROM record_document d
             JOIN record_version v ON v.facility_id = $1 AND v.document_id = d.document_id AND v.version = ",
            $version,
            "
             JOIN record_record r ON r.facility_id = $1 AND r.record_id = d.record_id
             JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = d.patient_id
             LEFT JOIN organization_room room ON room.facility_id = $1 AND room.room_id = coalesce(d.room_id, r.room_id)
             LEFT JOIN practitioner_account a ON a.facility_id = $1 AND a.account_id = d.author_account
             LEFT JOIN practitioner_practitioner ap ON ap.facility_id = $1 AND ap.practitioner_id = a.practitioner_id
             LEFT JOIN practitioner_practitioner dp ON dp.facility_id = $1 AND dp.practitioner_id = coalesce(d.practitioner_id, r.practitioner_id)
             LEFT JOIN LATERAL (
                 SELECT jsonb_agg(jsonb_build_object('place', x.place, 'role', x.role, 'method', x.method, 'practitioner_id', x.practitioner_id,
                            'holder', x.holder, 'issuer', x.issuer, 'serial', x.serial, 'signed_at', x.signed_at, 'sha256', x.sha256) ORDER BY x.place) AS all_of_them,
                        (array_agg(x.sha256 ORDER BY x.place DESC))[1] AS last
                 FROM record_signature x WHERE x.facility_id = $1 AND x.document_id = d.document_id AND x.version = v.version) s ON true
             WHERE d.facility_id = $1 AND ",
            $rest
        )
    };
}

/// Documents that wait for signatures and may still be signed, oldest first. `after` goes on behind a page.
pub async fn list_waiting(tx: &mut Tx, after: Option<(DateTime<Utc>, Uuid)>, limit: i64) -> Result<Vec<Paper>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(papers_where!(
        "d.status IN ('done', 'signing') AND r.status NOT IN ('archived', 'destroyed')
             AND ($3::timestamptz IS NULL OR (d.changed_at, d.document_id) > ($3, $4)) ORDER BY d.changed_at, d.document_id LIMIT $5"
    )))
    .bind(facility)
    .bind(crate::sign::role::naming_fields())
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// These documents, as far as this facility has them and they have a finished version.
pub async fn list(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Paper>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(papers_where!("d.document_id = ANY($3) ORDER BY d.changed_at, d.document_id")))
        .bind(facility)
        .bind(crate::sign::role::naming_fields())
        .bind(ids)
        .fetch_all(tx.conn())
        .await
}

/// All documents of these records that have a finished version, in the order of each record.
pub async fn list_of_records(tx: &mut Tx, records: &[Uuid]) -> Result<Vec<Paper>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(papers_where!("d.record_id = ANY($3) AND d.status <> 'entered_in_error' ORDER BY d.made_at, d.document_id")))
        .bind(facility)
        .bind(crate::sign::role::naming_fields())
        .bind(records)
        .fetch_all(tx.conn())
        .await
}

/// Those of a record that still wait for signatures.
pub async fn list_waiting_of_record(tx: &mut Tx, record: Uuid) -> Result<Vec<Paper>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(papers_where!("d.record_id = $3 AND d.status IN ('done', 'signing') ORDER BY d.made_at, d.document_id")))
        .bind(facility)
        .bind(crate::sign::role::naming_fields())
        .bind(record)
        .fetch_all(tx.conn())
        .await
}

/// All documents of a record that have a finished version, in the order of the record.
pub async fn list_of_record(tx: &mut Tx, record: Uuid) -> Result<Vec<Paper>, sqlx::Error> {
    list_of_records(tx, &[record]).await
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Paper>, sqlx::Error> {
    Ok(list(tx, &[id]).await?.pop())
}

/// A document as one of its versions left it.
pub async fn find_version(tx: &mut Tx, id: Uuid, version: i32) -> Result<Option<Paper>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(papers_where!("$4::int", "d.document_id = $3")))
        .bind(facility)
        .bind(crate::sign::role::naming_fields())
        .bind(id)
        .bind(version)
        .fetch_optional(tx.conn())
        .await
}

/// Whether this facility has such a document at all, finished or not.
pub async fn exists(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT 1 FROM record_document WHERE facility_id = $1 AND document_id = $2)"))
        .bind(facility)
        .bind(id)
        .fetch_one(tx.conn())
        .await
}

/// Locks documents in the order of their ids, so that two trays that share documents wait and never block each other.
pub async fn lock(tx: &mut Tx, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("SELECT 1 FROM record_document WHERE facility_id = $1 AND document_id = ANY($2) ORDER BY document_id FOR UPDATE"))
        .bind(facility)
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A signature about to be written.
#[derive(Clone, Debug)]
pub struct NewSignature<'a> {
    pub paper: &'a Paper,
    pub place: i32,
    pub role: &'a str,
    /// `"certificate"` or `"confirmation"`.
    pub method: &'a str,
    pub practitioner: Option<Uuid>,
    pub holder: &'a str,
    pub holder_id: &'a str,
    pub issuer: &'a str,
    pub serial: &'a str,
    pub evidence: Value,
    /// The kept file that came out.
    pub sha256: &'a str,
    /// The places of this document's order.
    pub flow: &'a [String],
}

/// Writes a signature under a document that the caller holds locked and found unchanged, moves the document on, and tells
/// everybody when the order is complete.
pub async fn insert(tx: &mut Tx, new: &NewSignature<'_>) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    let mut signed = new.paper.signed();
    signed.push(new.role.to_owned());
    let is_complete = flow::next(new.flow, &signed).is_none();
    sqlx::query(sql!(
        "WITH moved AS (
             UPDATE record_document SET status = $15, changed_at = $14
             WHERE facility_id = $1 AND document_id = $2 AND status IN ('done', 'signing', 'signed'))
         INSERT INTO record_signature (facility_id, document_id, version, place, role, method, practitioner_id, holder, holder_id, issuer, serial,
             evidence, sha256, signed_by, signed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $16, $14)"
    ))
    .bind(facility)
    .bind(new.paper.document_id)
    .bind(new.paper.version)
    .bind(new.place)
    .bind(new.role)
    .bind(new.method)
    .bind(new.practitioner)
    .bind(new.holder)
    .bind(new.holder_id)
    .bind(new.issuer)
    .bind(new.serial)
    .bind(Json(&new.evidence))
    .bind(new.sha256)
    .bind(now)
    .bind(if is_complete { "signed" } else { "signing" })
    .bind(by)
    .execute(tx.conn())
    .await?;
    tx.audit(
        "sign",
        "record_document",
        new.paper.document_id,
        Some(new.paper.patient()),
        serde_json::json!({ "version": new.paper.version, "place": new.place, "role": new.role, "sha256": new.sha256 }),
    );
    if is_complete {
        tx.emit(Event::DocumentSigned {
            encounter: EncounterId(new.paper.encounter_id),
            patient: new.paper.patient(),
            record: RecordId(new.paper.record_id),
            document: new.paper.id(),
            version: new.paper.version,
            form: new.paper.form.clone(),
            at: now,
        });
    }
    tx.notify("sign");
    tx.notify(format!("record/{}", new.paper.record_id));
    Ok(())
}

/// What the actor signed lately, newest first: time, title, patient, hash.
pub async fn list_signed_by_me(tx: &mut Tx) -> Result<Vec<(DateTime<Utc>, Uuid, String, String, String)>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(
        "SELECT s.signed_at, d.document_id, d.title, p.name, s.sha256 FROM record_signature s
         JOIN record_document d ON d.facility_id = $1 AND d.document_id = s.document_id
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = d.patient_id
         WHERE s.facility_id = $1 AND s.signed_by = $2 ORDER BY s.signed_at DESC LIMIT 12"
    ))
    .bind(facility)
    .bind(me)
    .fetch_all(tx.conn())
    .await
}

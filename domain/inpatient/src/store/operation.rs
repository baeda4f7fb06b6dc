//! Operations.

use crate::theatre::Status;
use base::{EncounterId, PatientId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// Somebody of the team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    pub role: String,
    pub id: Uuid,
    pub name: String,
}

/// One operation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Operation {
    pub operation_id: Uuid,
    pub service_id: Option<Uuid>,
    pub name: String,
    pub class: String,
    pub urgency: String,
    pub planned_at: DateTime<Utc>,
    pub before_code: String,
    pub before_text: String,
    pub after_code: String,
    pub after_text: String,
    pub anaesthesia: String,
    pub team: Json<Vec<Hand>>,
    pub status: String,
    pub signed_in_at: Option<DateTime<Utc>>,
    pub cut_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub description: String,
    pub drain: String,
    pub blood_ml: Option<i32>,
    pub specimen: String,
    pub cancel_reason: String,
    pub consent: Json<Value>,
    pub checklist: Json<Value>,
}

impl Operation {
    pub fn status(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Cancelled)
    }
    /// Who has this role, joined.
    pub fn who(&self, role: &str) -> String {
        self.team.0.iter().filter(|h| h.role == role).map(|h| h.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

macro_rules! operations {
    ($rest:expr) => {
        concat!(
            "SELECT operation_id, service_id, name, class, urgency, planned_at, before_code, before_text, after_code, after_text, anaesthesia, team, status,
                signed_in_at, cut_at, closed_at, description, drain, blood_ml, specimen, cancel_reason, consent, checklist
             FROM inpatient_operation WHERE facility_id = $1 AND encounter_id = $2",
            $rest
        )
    };
}

/// The operations of a stay, newest first.
pub async fn list(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Operation>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(operations!(" ORDER BY planned_at DESC, operation_id LIMIT 50"))).bind(facility).bind(encounter.0).fetch_all(tx.conn()).await
}

/// One operation of a stay, locked. `RowNotFound` when the stay has none of that id.
pub async fn lock(tx: &mut Tx, encounter: EncounterId, id: Uuid) -> Result<Operation, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(operations!(" AND operation_id = $3 FOR UPDATE"))).bind(facility).bind(encounter.0).bind(id).fetch_one(tx.conn()).await
}

/// An operation ready to be planned.
#[derive(Clone, Debug)]
pub struct NewOperation<'a> {
    pub id: Uuid,
    pub service: Option<Uuid>,
    pub name: &'a str,
    pub class: &'a str,
    pub urgency: &'a str,
    pub planned_at: DateTime<Utc>,
    pub before_code: &'a str,
    pub before_text: &'a str,
    pub anaesthesia: &'a str,
    pub team: &'a [Hand],
}

/// Writes a planned operation; the same id twice is one.
pub async fn insert(tx: &mut Tx, encounter: EncounterId, patient: PatientId, new: &NewOperation<'_>) -> Result<bool, sqlx::Error> {
    let (facility, account, name) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_operation (facility_id, operation_id, encounter_id, patient_id, service_id, name, class, urgency, planned_at, before_code,
             before_text, anaesthesia, team, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (facility_id, operation_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(new.service)
    .bind(new.name)
    .bind(new.class)
    .bind(new.urgency)
    .bind(new.planned_at)
    .bind(new.before_code)
    .bind(new.before_text)
    .bind(new.anaesthesia)
    .bind(Json(new.team))
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a step that the rule allowed, with what came with it: the consent, or the answers of a phase.
pub async fn step(tx: &mut Tx, id: Uuid, to: Status, consent: Option<&Value>, answers: Option<&Value>, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE inpatient_operation SET status = $3, version = version + 1,
             signed_in_at = CASE WHEN $3 = 'signed_in' THEN $4 ELSE signed_in_at END,
             cut_at = CASE WHEN $3 = 'cutting' THEN $4 ELSE cut_at END,
             closed_at = CASE WHEN $3 = 'closed' THEN $4 ELSE closed_at END,
             consent = coalesce($5, consent), checklist = checklist || coalesce($6, '{}'::jsonb),
             cancel_reason = CASE WHEN $3 = 'cancelled' THEN $7 ELSE cancel_reason END
         WHERE facility_id = $1 AND operation_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(to.key())
    .bind(now)
    .bind(consent)
    .bind(answers)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The surgeon's note.
#[derive(Clone, Debug)]
pub struct Note<'a> {
    pub after_code: &'a str,
    pub after_text: &'a str,
    pub description: &'a str,
    pub drain: &'a str,
    pub blood_ml: Option<i32>,
    pub specimen: &'a str,
}

/// Writes the surgeon's note; the operation is complete then.
pub async fn note(tx: &mut Tx, id: Uuid, note: &Note<'_>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE inpatient_operation SET status = 'noted', noted_at = $3, after_code = $4, after_text = $5, description = $6, drain = $7, blood_ml = $8,
             specimen = $9, version = version + 1
         WHERE facility_id = $1 AND operation_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(now)
    .bind(note.after_code)
    .bind(note.after_text)
    .bind(note.description)
    .bind(note.drain)
    .bind(note.blood_ml)
    .bind(note.specimen)
    .execute(tx.conn())
    .await?;
    Ok(())
}

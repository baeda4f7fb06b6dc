//! What the patient is asked to agree to, and how their phone proves that it is they who answer.

use crate::permission::Granted;
use base::PatientId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the patient sees and agrees to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub documents: Vec<Granted>,
    pub valid_until: DateTime<Utc>,
    pub may_download: bool,
    pub tell_patient: bool,
}

/// A question to the patient.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Consent {
    pub consent_id: Uuid,
    pub request_id: Uuid,
    pub patient_id: Uuid,
    pub phone: String,
    pub proposal: sqlx::types::Json<Proposal>,
    pub code_hash: Option<Vec<u8>>,
    pub code_sent_at: Option<DateTime<Utc>>,
    pub attempts: i32,
    pub codes_sent: i32,
    pub opened_at: Option<DateTime<Utc>>,
    pub proved_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
    pub answer: String,
    pub made_at: DateTime<Utc>,
}

impl Consent {
    pub fn patient(&self) -> PatientId {
        PatientId(self.patient_id)
    }
}

macro_rules! consents_where {
    ($rest:expr) => {
        concat!(
            "SELECT consent_id, request_id, patient_id, phone, proposal, code_hash, code_sent_at, attempts, codes_sent, opened_at,
                proved_at, answered_at, answer, made_at
             FROM sharing_consent WHERE facility_id = $1 AND ",
            $rest
        )
    };
}

/// The newest question about a request.
pub async fn newest(tx: &mut Tx, request: Uuid) -> Result<Option<Consent>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(consents_where!("request_id = $2 ORDER BY made_at DESC, consent_id DESC LIMIT 1")))
        .bind(facility)
        .bind(request)
        .fetch_optional(tx.conn())
        .await
}

/// A question, locked for its answer.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Consent, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(consents_where!("consent_id = $2 FOR UPDATE"))).bind(facility).bind(id).fetch_one(tx.conn()).await
}

/// Asks the patient; a question before it about the same request no longer counts.
pub async fn insert(tx: &mut Tx, id: Uuid, request: Uuid, patient: PatientId, token_hash: &[u8], phone: &str, proposal: &Proposal) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "WITH older AS (
             UPDATE sharing_consent SET answer = 'replaced', answered_at = $8 WHERE facility_id = $1 AND request_id = $3 AND answer = '')
         INSERT INTO sharing_consent (facility_id, consent_id, request_id, patient_id, token_hash, phone, proposal, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    ))
    .bind(facility)
    .bind(id)
    .bind(request)
    .bind(patient.0)
    .bind(token_hash)
    .bind(phone)
    .bind(sqlx::types::Json(proposal))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A fresh code; wrong guesses count anew, codes are counted on.
pub async fn set_code(tx: &mut Tx, id: Uuid, hash: &[u8]) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE sharing_consent SET code_hash = $3, code_sent_at = $4, attempts = 0, codes_sent = codes_sent + 1
         WHERE facility_id = $1 AND consent_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn count_guess(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE sharing_consent SET attempts = attempts + 1 WHERE facility_id = $1 AND consent_id = $2"))
        .bind(facility)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The link was opened.
pub async fn mark_opened(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE sharing_consent SET opened_at = coalesce(opened_at, $3) WHERE facility_id = $1 AND consent_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The code was right; it works no second time.
pub async fn mark_proved(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE sharing_consent SET proved_at = $3, code_hash = NULL WHERE facility_id = $1 AND consent_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// `"agreed"` or `"refused"`. Gives false when it was answered before.
pub async fn answer(tx: &mut Tx, id: Uuid, answer: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "UPDATE sharing_consent SET answer = $3, answered_at = $4 WHERE facility_id = $1 AND consent_id = $2 AND answer = ''"
    ))
    .bind(facility)
    .bind(id)
    .bind(answer)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

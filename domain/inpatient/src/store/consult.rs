//! Consultations.

use base::{EncounterId, PatientId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

/// Somebody at the table, with what they said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: Uuid,
    pub name: String,
    pub position: String,
    #[serde(default)]
    pub opinion: String,
}

/// One consultation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Consult {
    pub consult_id: Uuid,
    pub kind: String,
    pub at: DateTime<Utc>,
    pub place: String,
    pub question: String,
    pub summary: String,
    pub chair_id: Uuid,
    pub clerk_id: Uuid,
    pub members: Json<Vec<Member>>,
    pub conclusion: String,
    pub plan: String,
    pub status: String,
    pub by_name: String,
}

/// The consultations of a stay, newest first.
pub async fn list(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Consult>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT consult_id, kind, at, place, question, summary, chair_id, clerk_id, members, conclusion, plan, status, by_name
         FROM inpatient_consult WHERE facility_id = $1 AND encounter_id = $2 ORDER BY at DESC, consult_id LIMIT 100"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await
}

/// One consultation of a stay, locked. `RowNotFound` when the stay has none of that id.
pub async fn lock(tx: &mut Tx, encounter: EncounterId, id: Uuid) -> Result<Consult, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT consult_id, kind, at, place, question, summary, chair_id, clerk_id, members, conclusion, plan, status, by_name
         FROM inpatient_consult WHERE facility_id = $1 AND encounter_id = $2 AND consult_id = $3 FOR UPDATE"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(id)
    .fetch_one(tx.conn())
    .await
}

/// A consultation ready to be called.
#[derive(Clone, Debug)]
pub struct NewConsult<'a> {
    pub id: Uuid,
    pub kind: &'a str,
    pub at: DateTime<Utc>,
    pub place: &'a str,
    pub question: &'a str,
    pub summary: &'a str,
    pub chair: Uuid,
    pub clerk: Uuid,
    pub members: &'a [Member],
}

/// Writes a consultation; the same id twice is one.
pub async fn insert(tx: &mut Tx, encounter: EncounterId, patient: PatientId, new: &NewConsult<'_>) -> Result<bool, sqlx::Error> {
    let (facility, account, name) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_consult (facility_id, consult_id, encounter_id, patient_id, kind, at, place, question, summary, chair_id, clerk_id, members, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (facility_id, consult_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(new.kind)
    .bind(new.at)
    .bind(new.place)
    .bind(new.question)
    .bind(new.summary)
    .bind(new.chair)
    .bind(new.clerk)
    .bind(Json(new.members))
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the conclusion with what everybody said; the minutes are final then.
pub async fn conclude(tx: &mut Tx, id: Uuid, members: &[Member], conclusion: &str, plan: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE inpatient_consult SET members = $3, conclusion = $4, plan = $5, status = 'concluded', concluded_at = $6, version = version + 1
         WHERE facility_id = $1 AND consult_id = $2 AND status = 'open'"
    ))
    .bind(facility)
    .bind(id)
    .bind(Json(members))
    .bind(conclusion)
    .bind(plan)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

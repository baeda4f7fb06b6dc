//! The decision to leave, what still stands in its way, and the review of a death.

use crate::discharge::{Decision, Facts, Final, OUTCOMES, WAYS, word};
use crate::order::show_quantity;
use base::{EncounterId, PatientId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// The decision as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Discharge {
    pub outcome: String,
    pub way: String,
    pub leave_at: DateTime<Utc>,
    pub diagnoses: Json<Vec<Final>>,
    pub course: String,
    pub results: String,
    pub treatment: String,
    pub condition: String,
    pub advice: String,
    pub follow_up_on: Option<NaiveDate>,
    pub destination: String,
    pub death_cause: String,
    pub planned_name: String,
    pub planned_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_name: String,
}

impl Discharge {
    pub fn way_word(&self) -> &'static str {
        word(&WAYS, &self.way)
    }
    pub fn outcome_word(&self) -> &'static str {
        word(&OUTCOMES, &self.outcome)
    }
    pub fn left(&self) -> String {
        crate::pages::show_moment(self.leave_at)
    }
    pub fn planned(&self) -> String {
        crate::pages::show_moment(self.planned_at)
    }
}

/// The decision of a stay, if one was taken.
pub async fn find(tx: &mut Tx, encounter: EncounterId) -> Result<Option<Discharge>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT outcome, way, leave_at, diagnoses, course, results, treatment, condition, advice, follow_up_on, destination, death_cause,
                planned_name, planned_at, closed_at, closed_name
         FROM inpatient_discharge WHERE facility_id = $1 AND encounter_id = $2"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_optional(tx.conn())
    .await
}

/// Writes the decision, or the newest wording of it while the patient has not left.
pub async fn plan(tx: &mut Tx, encounter: EncounterId, patient: PatientId, d: &Decision) -> Result<(), sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO inpatient_discharge (facility_id, encounter_id, patient_id, outcome, way, leave_at, diagnoses, course, results, treatment,
             condition, advice, follow_up_on, destination, death_cause, planned_at, planned_by, planned_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT (facility_id, encounter_id) DO UPDATE SET outcome = excluded.outcome, way = excluded.way, leave_at = excluded.leave_at,
             diagnoses = excluded.diagnoses, course = excluded.course, results = excluded.results, treatment = excluded.treatment,
             condition = excluded.condition, advice = excluded.advice, follow_up_on = excluded.follow_up_on, destination = excluded.destination,
             death_cause = excluded.death_cause, planned_at = excluded.planned_at, planned_by = excluded.planned_by, planned_name = excluded.planned_name
         WHERE inpatient_discharge.closed_at IS NULL"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(&d.outcome)
    .bind(&d.way)
    .bind(d.leave_at)
    .bind(Json(&d.diagnoses))
    .bind(&d.course)
    .bind(&d.results)
    .bind(&d.treatment)
    .bind(&d.condition)
    .bind(&d.advice)
    .bind(d.follow_up_on)
    .bind(&d.destination)
    .bind(&d.death_cause)
    .bind(now)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The patient has left.
pub async fn close(tx: &mut Tx, encounter: EncounterId) -> Result<(), sqlx::Error> {
    let (facility, now, name) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    sqlx::query(sql!("UPDATE inpatient_discharge SET closed_at = $3, closed_name = $4 WHERE facility_id = $1 AND encounter_id = $2 AND closed_at IS NULL"))
        .bind(facility)
        .bind(encounter.0)
        .bind(now)
        .bind(name)
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct OwnFacts {
    open_tasks: i64,
    open_orders: Vec<String>,
    open_requests: i64,
    open_consults: i64,
    open_operations: Vec<String>,
    is_reviewed: bool,
}

/// What the ward's own tables know to be open, in one question; medicines to be returned in a second one.
pub async fn facts(tx: &mut Tx, encounter: EncounterId) -> Result<(Facts, bool), sqlx::Error> {
    let facility = tx.facility().0;
    let now = tx.now;
    let own: OwnFacts = sqlx::query_as(sql!(
        "SELECT (SELECT count(*) FROM inpatient_task t WHERE t.facility_id = $1 AND t.encounter_id = $2 AND t.status IN ('due', 'held') AND t.due_at <= $3) AS open_tasks,
                coalesce((SELECT array_agg(o.name || ' ' || o.dose ORDER BY o.at) FROM inpatient_order o WHERE o.facility_id = $1 AND o.encounter_id = $2
                    AND o.stopped_at IS NULL AND EXISTS (SELECT FROM inpatient_task t WHERE t.facility_id = $1 AND t.order_id = o.order_id
                        AND t.status IN ('due', 'held') AND t.due_at > $3)), '{}') AS open_orders,
                (SELECT count(DISTINCT r.request_id) FROM inpatient_request r JOIN inpatient_request_line l USING (facility_id, request_id)
                    WHERE r.facility_id = $1 AND l.encounter_id = $2 AND r.status = 'asked') AS open_requests,
                (SELECT count(*) FROM inpatient_consult c WHERE c.facility_id = $1 AND c.encounter_id = $2 AND c.status = 'open') AS open_consults,
                coalesce((SELECT array_agg(o.name ORDER BY o.planned_at) FROM inpatient_operation o WHERE o.facility_id = $1 AND o.encounter_id = $2
                    AND o.status NOT IN ('noted', 'cancelled')), '{}') AS open_operations,
                EXISTS (SELECT FROM inpatient_death_review d WHERE d.facility_id = $1 AND d.encounter_id = $2) AS is_reviewed"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    let to_return = unused(tx, encounter).await?.into_iter().map(|u| format!("{} {} {}", u.drug_name, show_quantity(u.left_milli), u.unit)).collect();
    let facts = Facts {
        open_tasks: own.open_tasks,
        open_orders: own.open_orders,
        open_requests: own.open_requests,
        open_consults: own.open_consults,
        open_operations: own.open_operations,
        to_return,
        ..Facts::default()
    };
    Ok((facts, own.is_reviewed))
}

/// A medicine that was issued and neither given nor returned.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unused {
    pub drug_id: Uuid,
    pub drug_name: String,
    pub unit: String,
    pub left_milli: i64,
}

/// What a patient's medicines leave over: issued less returned less what was really given.
pub async fn unused(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Unused>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "WITH taken AS (
             SELECT l.drug_id, min(l.drug_name) AS drug_name, min(l.unit) AS unit, sum(l.issued_milli - l.returned_milli) AS milli
             FROM inpatient_request_line l WHERE l.facility_id = $1 AND l.encounter_id = $2 GROUP BY l.drug_id),
         given AS (
             -- Only doses that were asked for from the pharmacy use up what it issued.
             SELECT o.drug_id, sum(o.quantity_milli) AS milli
             FROM inpatient_task t JOIN inpatient_order o USING (facility_id, order_id)
             WHERE t.facility_id = $1 AND t.encounter_id = $2 AND t.status = 'done' AND t.request_line_id IS NOT NULL GROUP BY o.drug_id)
         SELECT taken.drug_id, taken.drug_name, taken.unit, (taken.milli - coalesce(given.milli, 0))::bigint AS left_milli
         FROM taken LEFT JOIN given USING (drug_id) WHERE taken.milli - coalesce(given.milli, 0) > 0 ORDER BY taken.drug_name"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await
}

/// The review of a death, ready to be kept.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    pub held_at: DateTime<Utc>,
    pub place: &'a str,
    pub chair: Uuid,
    pub clerk: Uuid,
    pub members: Value,
    pub reception: &'a str,
    pub diagnosis: &'a str,
    pub treatment: &'a str,
    pub care: &'a str,
    pub conclusion: &'a str,
}

/// Writes the review; false when it stands already.
pub async fn insert_review(tx: &mut Tx, encounter: EncounterId, review: &Review<'_>) -> Result<bool, sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_death_review (facility_id, encounter_id, held_at, place, chair_id, clerk_id, members, reception, diagnosis, treatment, care,
             conclusion, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (facility_id, encounter_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(review.held_at)
    .bind(review.place)
    .bind(review.chair)
    .bind(review.clerk)
    .bind(&review.members)
    .bind(review.reception)
    .bind(review.diagnosis)
    .bind(review.treatment)
    .bind(review.care)
    .bind(review.conclusion)
    .bind(now)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

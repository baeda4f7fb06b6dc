//! What prescribers do again and again: favourites learned from issued prescriptions, and samples kept by hand.

use base::FacilityId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A drug with the dose that this prescriber gave last.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Favourite {
    pub drug_id: Uuid,
    pub ingredient: String,
    pub brand: String,
    pub strength: String,
    pub dose: String,
}

/// Doses of small children are learned apart: nobody is offered an adult's dose for a baby.
pub fn learned_for(icd: &str, is_small_child: bool) -> String {
    if is_small_child { format!("{icd}@child") } else { icd.to_owned() }
}

/// The nine favourites: those of this main diagnosis first, then the most used. Ended drugs are left out.
/// `icd` comes from [`learned_for`].
pub async fn favourites(conn: &mut PgConnection, facility: FacilityId, practitioner: Uuid, icd: &str) -> Result<Vec<Favourite>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT drug_id, ingredient, brand, strength, dose FROM (
             SELECT DISTINCT ON (f.drug_id) f.drug_id, d.ingredient, d.name AS brand, d.strength, f.dose, f.icd = $3 AS fits, f.uses
             FROM medication_favourite f
             JOIN organization_drug d ON d.facility_id = f.facility_id AND d.drug_id = f.drug_id AND d.active_to IS NULL
             WHERE f.facility_id = $1 AND f.practitioner_id = $2 AND (f.icd LIKE '%@child') = ($3 LIKE '%@child')
             ORDER BY f.drug_id, f.icd = $3 DESC, f.uses DESC) AS best
         ORDER BY fits DESC, uses DESC, brand LIMIT 9"
    ))
    .bind(facility.0)
    .bind(practitioner)
    .bind(icd)
    .fetch_all(conn)
    .await
}

/// Remembers drugs and doses of a prescription just issued.
pub async fn learn(tx: &mut Tx, practitioner: Uuid, icd: &str, drugs: &[Uuid], doses: &[String], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO medication_favourite (facility_id, practitioner_id, icd, drug_id, dose, last_used_at)
         SELECT DISTINCT ON (u.drug_id) $1, $2, $3, u.drug_id, u.dose, $6 FROM unnest($4::uuid[], $5::text[]) AS u(drug_id, dose)
         ON CONFLICT (facility_id, practitioner_id, icd, drug_id)
         DO UPDATE SET uses = medication_favourite.uses + 1, dose = excluded.dose, last_used_at = excluded.last_used_at"
    ))
    .bind(tx.facility().0)
    .bind(practitioner)
    .bind(icd)
    .bind(drugs)
    .bind(doses)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One line of a sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SampleLine {
    pub drug: Option<Uuid>,
    pub name: String,
    pub dose: String,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sample {
    pub sample_id: Uuid,
    pub practitioner_id: Option<Uuid>,
    pub name: String,
    pub icd: String,
    pub lines: Json<Vec<SampleLine>>,
    pub advice: String,
}

/// The samples this prescriber may use: own ones and everybody's, those of the diagnosis first.
pub async fn samples(conn: &mut PgConnection, facility: FacilityId, practitioner: Option<Uuid>, icd: &str) -> Result<Vec<Sample>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT sample_id, practitioner_id, name, icd, lines, advice FROM medication_sample
         WHERE facility_id = $1 AND (practitioner_id IS NULL OR practitioner_id = $2) AND ended_at IS NULL
         ORDER BY (icd <> '' AND $3 LIKE icd || '%') DESC, practitioner_id IS NULL, name LIMIT 30"
    ))
    .bind(facility.0)
    .bind(practitioner)
    .bind(icd)
    .fetch_all(conn)
    .await
}

pub async fn insert_sample(tx: &mut Tx, sample: &Sample, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO medication_sample (facility_id, sample_id, practitioner_id, name, icd, lines, advice, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(sample.sample_id)
    .bind(sample.practitioner_id)
    .bind(&sample.name)
    .bind(&sample.icd)
    .bind(&sample.lines)
    .bind(&sample.advice)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends an own sample; `false` when there is none of this prescriber with that id.
pub async fn end_sample(tx: &mut Tx, practitioner: Option<Uuid>, id: Uuid, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "UPDATE medication_sample SET ended_at = coalesce(ended_at, $4)
         WHERE facility_id = $1 AND sample_id = $2 AND practitioner_id = $3"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(practitioner)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

//! What the safety checks need to know, gathered in few queries.

use crate::law::{Figures, KEYS};
use crate::safety::AtHome;
use base::{EncounterId, FacilityId, PatientId, PrescriptionId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// A medicine that the person should still have at home.
#[derive(Clone, Debug)]
pub struct HomeMedicine {
    pub ingredient: String,
    pub brand: String,
    pub strength: String,
    pub route: String,
    pub home: AtHome,
}

/// Medicines of earlier prescriptions that are not used up on `day`, those of this visit apart.
pub async fn home_medicines(
    conn: &mut PgConnection,
    facility: FacilityId,
    patient: PatientId,
    but: EncounterId,
    day: NaiveDate,
) -> Result<Vec<HomeMedicine>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT l.ingredient, l.brand, l.strength, l.route, max(l.ends_on) AS until, max(p.day) AS day, max(p.code) AS code
         FROM medication_prescription p
         JOIN medication_line l ON l.facility_id = p.facility_id AND l.prescription_id = p.prescription_id
         WHERE p.facility_id = $1 AND p.patient_id = $2 AND p.status = 'issued' AND p.encounter_id <> $3 AND l.ends_on >= $4
         GROUP BY l.ingredient, l.brand, l.strength, l.route
         ORDER BY until DESC LIMIT 40"
    ))
    .bind(facility.0)
    .bind(patient.0)
    .bind(but.0)
    .bind(day)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(HomeMedicine {
                ingredient: row.try_get("ingredient")?,
                brand: row.try_get("brand")?,
                strength: row.try_get("strength")?,
                route: row.try_get("route")?,
                home: AtHome { until: row.try_get("until")?, prescribed_on: row.try_get("day")?, code: row.try_get("code")? },
            })
        })
        .collect()
}

/// The reasons recorded for findings of this prescription: key and words, the latest of each.
pub async fn overrides(conn: &mut PgConnection, facility: FacilityId, id: PrescriptionId) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT DISTINCT ON (finding) finding, reason FROM medication_override
         WHERE facility_id = $1 AND prescription_id = $2 ORDER BY finding, at DESC"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_all(conn)
    .await
}

/// One reason as it is recorded.
pub struct Override<'a> {
    pub id: Uuid,
    pub prescription: PrescriptionId,
    pub patient: PatientId,
    pub finding: &'a str,
    pub claim: &'a str,
    pub source: &'a str,
    pub reason_code: &'a str,
    pub reason: &'a str,
    pub by: Uuid,
    pub by_name: &'a str,
    pub at: DateTime<Utc>,
}

pub async fn insert_override(tx: &mut Tx, o: &Override<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO medication_override (facility_id, override_id, prescription_id, patient_id, finding, claim, source, reason_code, reason, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(o.id)
    .bind(o.prescription.0)
    .bind(o.patient.0)
    .bind(o.finding)
    .bind(o.claim)
    .bind(o.source)
    .bind(o.reason_code)
    .bind(o.reason.trim())
    .bind(o.at)
    .bind(o.by)
    .bind(o.by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The figures of the prescription circular on a day, in one query.
pub async fn figures(conn: &mut PgConnection, day: NaiveDate) -> Result<Figures, sqlx::Error> {
    let values: Vec<(String, String)> = sqlx::query_as(sql!(
        "SELECT DISTINCT ON (key) key, value FROM codes_parameter
         WHERE key = ANY ($1) AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2) ORDER BY key, valid_from DESC"
    ))
    .bind(&KEYS[..])
    .bind(day)
    .fetch_all(conn)
    .await?;
    Ok(Figures::from_values(&values.into_iter().collect::<HashMap<_, _>>()))
}

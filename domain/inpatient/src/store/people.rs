//! People the forms name: staff to choose from, patients to admit.

use base::{EncounterId, PatientId};
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A member of staff for a list to choose from.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Colleague {
    pub practitioner_id: Uuid,
    /// As papers name them: "BS. Lê Thị Thu Vân".
    pub name: String,
    pub position: String,
    pub is_doctor: bool,
}

/// Everybody who works here today, doctors first.
pub async fn list(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Colleague>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT p.practitioner_id, trim(p.title || ' ' || p.name) AS name, p.position,
                EXISTS (SELECT FROM practitioner_account a WHERE a.facility_id = $1 AND a.practitioner_id = p.practitioner_id AND 'doctor' = ANY(a.roles)) AS is_doctor
         FROM practitioner_practitioner p
         WHERE p.facility_id = $1 AND p.active_from <= $2 AND (p.active_to IS NULL OR p.active_to >= $2)
         ORDER BY is_doctor DESC, p.name_folded LIMIT 1000"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// The patient as the admission needs them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Person {
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub name: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub record_no: String,
    pub cccd: String,
    pub phone: String,
    pub address_text: String,
    pub ethnic_code: String,
    pub occupation: String,
}

/// A patient; `RowNotFound` when this facility has none of that id.
pub async fn get(tx: &mut Tx, id: PatientId) -> Result<Person, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT patient_id, person_id, name, sex, birth_date, record_no, cccd, phone, address_text, ethnic_code, occupation
         FROM patient_patient WHERE facility_id = $1 AND patient_id = $2 AND merged_into IS NULL"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}

/// The visit that led to an admission.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Before {
    pub patient_id: Uuid,
    pub room_code: String,
    pub reason: String,
    pub payer: String,
    pub coverage_id: Option<Uuid>,
    pub code: Option<String>,
    pub diagnosis: Option<String>,
    pub place: Option<String>,
}

/// A visit with its main diagnosis. `RowNotFound` when this facility has none of that id.
pub async fn visit_before(tx: &mut Tx, id: EncounterId) -> Result<Before, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT e.patient_id, r.code AS room_code, coalesce(nullif(d.reason, ''), e.reason) AS reason, e.payer, e.coverage_id, x.code, x.name AS diagnosis, d.place
         FROM encounter_encounter e
         JOIN organization_room r USING (facility_id, room_id)
         LEFT JOIN encounter_disposition d ON d.facility_id = e.facility_id AND d.encounter_id = e.encounter_id
         LEFT JOIN encounter_diagnosis x ON x.facility_id = e.facility_id AND x.encounter_id = e.encounter_id AND x.place = 0 AND x.ended_at IS NULL
         WHERE e.facility_id = $1 AND e.encounter_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}



/// The name of a code; `None` when the catalogue does not have it.
pub async fn code_name(tx: &mut Tx, code: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT name FROM codes_icd10 WHERE code = $1 LIMIT 1")).bind(code).fetch_optional(tx.conn()).await
}

/// The services of one kind of use: bed days (`NG…`) or operations, by name.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Service {
    pub service_id: Uuid,
    pub code: String,
    pub name: String,
}

/// Services whose unit is a day: beds.
pub async fn bed_services(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Service>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT service_id, code, name FROM organization_service WHERE facility_id = $1 AND unit = 'ngày' AND active_from <= $2
           AND (active_to IS NULL OR active_to >= $2) ORDER BY name LIMIT 100"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// Services that are carried out in theatre: procedures.
pub async fn operation_services(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Service>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT service_id, code, name FROM organization_service WHERE facility_id = $1 AND kind = 'procedure' AND active_from <= $2
           AND (active_to IS NULL OR active_to >= $2) ORDER BY name LIMIT 400"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

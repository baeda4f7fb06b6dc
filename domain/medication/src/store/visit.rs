//! The visit for which somebody prescribes, with everything the rules ask about the person, in one query.

use base::{Age, EncounterId, FacilityId, PatientId};
use chrono::{DateTime, NaiveDate, Utc};
use db::sql;
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// The visit and the person.
#[derive(Clone, Debug)]
pub struct Visit {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub person: Uuid,
    pub day: NaiveDate,
    /// Somebody may still prescribe in it: it is neither finished long ago nor cancelled.
    pub is_open: bool,
    pub name: String,
    pub birth_date: NaiveDate,
    pub birth_year_only: bool,
    pub sex: String,
    pub record_no: String,
    pub phone: String,
    pub cccd: String,
    pub address: String,
    pub insurance_no: String,
    pub allergy_state: String,
    pub allergies: Vec<AllergyRow>,
    pub is_pregnant: bool,
    pub is_breast_feeding: bool,
    /// The latest weight of this visit.
    pub weight_g: Option<i32>,
    /// Mother, father or guardian on record.
    pub guardian: String,
    pub diagnoses: Vec<DiagnosisRow>,
    /// When the catalogues were loaded last; `None` where none is.
    pub catalogues: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct AllergyRow {
    pub substance: String,
    pub kind: String,
    /// The catalogue's name of the class that was chosen, whatever words the record uses for it.
    pub class_name: Option<String>,
    pub reaction: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct DiagnosisRow {
    pub code: String,
    pub name: String,
    #[serde(default)]
    pub over_30_days: bool,
}

impl Visit {
    /// Under six years (72 months) on the day of the visit.
    pub fn is_small_child(&self) -> bool {
        Age::on(self.birth_date, self.day).months < 72
    }

    /// Under what the prescriber's habits for this visit are learned and offered.
    pub fn habit_key(&self) -> String {
        super::learned_for(self.diagnoses.first().map_or("", |d| d.code.as_str()), self.is_small_child())
    }
}

/// The visit with this id; `None` when the facility has none.
pub async fn find_visit(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: EncounterId,
) -> Result<Option<Visit>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT e.patient_id, e.person_id, e.day, e.status, p.name, p.birth_date, p.birth_year_only, p.sex, p.record_no, p.phone, p.cccd,
                p.address_text, p.allergy_state,
                coalesce((SELECT card_no FROM patient_coverage c WHERE c.facility_id = $1 AND c.patient_id = e.patient_id
                          AND c.ended_at IS NULL ORDER BY c.recorded_at DESC LIMIT 1), '') AS insurance_no,
                coalesce((SELECT jsonb_agg(jsonb_build_object('substance', a.substance, 'kind', a.kind,
                              'class_name', (SELECT max(g.name) FROM codes_substance_group g WHERE g.kind = 'allergy'
                                            AND g.group_key = a.class_code), 'reaction', a.reaction) ORDER BY a.recorded_at)
                          FROM patient_allergy a WHERE a.facility_id = $1 AND a.patient_id = e.patient_id
                          AND a.ended_at IS NULL AND a.kind IN ('drug', 'drug_class')), '[]') AS allergies,
                EXISTS (SELECT 1 FROM patient_flag f WHERE f.facility_id = $1 AND f.patient_id = e.patient_id
                          AND f.kind = 'pregnant' AND f.ended_at IS NULL AND (f.valid_to IS NULL OR f.valid_to >= e.day))
                OR EXISTS (SELECT 1 FROM encounter_vitals v WHERE v.facility_id = $1 AND v.encounter_id = e.encounter_id
                          AND v.ended_at IS NULL AND v.answers->'pregnant' = 'true') AS is_pregnant,
                -- A kind of its own, or the words of an alert that somebody wrote.
                EXISTS (SELECT 1 FROM patient_flag f WHERE f.facility_id = $1 AND f.patient_id = e.patient_id AND f.ended_at IS NULL
                          AND (f.valid_to IS NULL OR f.valid_to >= e.day)
                          AND (f.kind = 'breast_feeding' OR f.text ~* 'cho con bú|cho bú|đang nuôi con bú'))
                OR EXISTS (SELECT 1 FROM encounter_vitals v WHERE v.facility_id = $1 AND v.encounter_id = e.encounter_id
                          AND v.ended_at IS NULL AND v.answers->'breast_feeding' = 'true') AS is_breast_feeding,
                (SELECT v.weight_g FROM encounter_vitals v WHERE v.facility_id = $1 AND v.encounter_id = e.encounter_id
                          AND v.ended_at IS NULL AND v.weight_g IS NOT NULL ORDER BY v.measured_at DESC LIMIT 1) AS weight_g,
                coalesce((SELECT c.name FROM patient_contact c WHERE c.facility_id = $1 AND c.patient_id = e.patient_id
                          AND c.ended_at IS NULL AND (c.is_guardian OR c.relation IN ('mother', 'father', 'guardian'))
                          ORDER BY c.is_guardian DESC, c.recorded_at LIMIT 1), '') AS guardian,
                coalesce((SELECT jsonb_agg(jsonb_build_object('code', d.code, 'name', d.name,
                              'over_30_days', coalesce(i.over_30_days, false)) ORDER BY d.place)
                          FROM encounter_diagnosis d LEFT JOIN codes_icd10 i ON i.code = d.code
                          WHERE d.facility_id = $1 AND d.encounter_id = e.encounter_id AND d.ended_at IS NULL), '[]') AS diagnoses,
                (SELECT max(loaded_at) FROM codes_file) AS catalogues
         FROM encounter_encounter e
         JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
         WHERE e.facility_id = $1 AND e.encounter_id = $2"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let status: String = row.try_get("status")?;
    Ok(Some(Visit {
        encounter: id,
        patient: PatientId(row.try_get("patient_id")?),
        person: row.try_get("person_id")?,
        day: row.try_get("day")?,
        is_open: matches!(status.as_str(), "arrived" | "triaged" | "in_progress" | "finished"),
        name: row.try_get("name")?,
        birth_date: row.try_get("birth_date")?,
        birth_year_only: row.try_get("birth_year_only")?,
        sex: row.try_get("sex")?,
        record_no: row.try_get("record_no")?,
        phone: row.try_get("phone")?,
        cccd: row.try_get("cccd")?,
        address: row.try_get("address_text")?,
        insurance_no: row.try_get("insurance_no")?,
        allergy_state: row.try_get("allergy_state")?,
        allergies: row.try_get::<Json<Vec<AllergyRow>>, _>("allergies")?.0,
        is_pregnant: row.try_get("is_pregnant")?,
        is_breast_feeding: row.try_get("is_breast_feeding")?,
        weight_g: row.try_get("weight_g")?,
        guardian: row.try_get("guardian")?,
        diagnoses: row.try_get::<Json<Vec<DiagnosisRow>>, _>("diagnoses")?.0,
        catalogues: row.try_get("catalogues")?,
    }))
}

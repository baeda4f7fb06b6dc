//! Vital signs in the database: one row per measurement.

use crate::vitals::{Measure, Vitals};
use crate::warning_score::{Behaviour, Circulation, Consciousness, Effort, Score, Seen};
use base::{EncounterId, PatientId};
use chrono::{DateTime, Utc};
use db::Tx;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One measurement as stored.
#[derive(Clone, Debug, FromRow)]
pub struct VitalsRow {
    pub vitals_id: Uuid,
    pub encounter_id: Uuid,
    pub measured_at: DateTime<Utc>,
    pub recorded_by_name: String,
    systolic_mmhg: Option<i32>,
    diastolic_mmhg: Option<i32>,
    pulse_bpm: Option<i32>,
    temperature_tenths: Option<i32>,
    spo2_percent: Option<i32>,
    breaths_per_min: Option<i32>,
    weight_g: Option<i32>,
    height_mm: Option<i32>,
    head_mm: Option<i32>,
    pain: Option<i32>,
    oxygen_tenths_l_min: Option<i32>,
    pub is_lying: bool,
    consciousness: Option<String>,
    behaviour: Option<String>,
    circulation: Option<String>,
    effort: Option<String>,
    pub answers: Json<BTreeMap<String, bool>>,
    pub remark: String,
}

impl VitalsRow {
    pub fn vitals(&self) -> Vitals {
        let mut vitals = Vitals::default();
        for (measure, value) in [
            (Measure::Systolic, self.systolic_mmhg),
            (Measure::Diastolic, self.diastolic_mmhg),
            (Measure::Pulse, self.pulse_bpm),
            (Measure::Temperature, self.temperature_tenths),
            (Measure::Spo2, self.spo2_percent),
            (Measure::Breaths, self.breaths_per_min),
            (Measure::Weight, self.weight_g),
            (Measure::Height, self.height_mm),
            (Measure::Head, self.head_mm),
            (Measure::Pain, self.pain),
            (Measure::Oxygen, self.oxygen_tenths_l_min),
        ] {
            vitals.set(measure, value);
        }
        vitals
    }

    pub fn seen(&self) -> Seen {
        Seen {
            consciousness: self.consciousness.as_deref().and_then(Consciousness::from_key),
            behaviour: self.behaviour.as_deref().and_then(Behaviour::from_key),
            circulation: self.circulation.as_deref().and_then(Circulation::from_key),
            effort: self.effort.as_deref().and_then(Effort::from_key),
        }
    }
}

/// A measurement to be written; `id` was minted by the page, so that a second click writes nothing new.
pub struct NewVitals<'a> {
    pub id: Uuid,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub vitals: &'a Vitals,
    pub seen: Seen,
    pub is_lying: bool,
    pub answers: Value,
    pub remark: &'a str,
    pub score: Option<&'a Score>,
    pub is_alarm: bool,
}

/// Writes a measurement; false when this very one was written before.
pub async fn insert(tx: &mut Tx, new: NewVitals<'_>) -> Result<bool, sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now);
    let get = |measure| new.vitals.get(measure);
    let done = sqlx::query(db::sql!(
        "INSERT INTO encounter_vitals (facility_id, vitals_id, encounter_id, patient_id, measured_at, recorded_by,
             recorded_by_name, systolic_mmhg, diastolic_mmhg, pulse_bpm, temperature_tenths, spo2_percent,
             breaths_per_min, weight_g, height_mm, head_mm, pain, oxygen_tenths_l_min, is_lying, consciousness,
             behaviour, circulation, effort, answers, remark, score_name, score_total, is_alarm)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25, $26, $27, $28)
         ON CONFLICT (facility_id, vitals_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.encounter.0)
    .bind(new.patient.0)
    .bind(now)
    .bind(account)
    .bind(name)
    .bind(get(Measure::Systolic))
    .bind(get(Measure::Diastolic))
    .bind(get(Measure::Pulse))
    .bind(get(Measure::Temperature))
    .bind(get(Measure::Spo2))
    .bind(get(Measure::Breaths))
    .bind(get(Measure::Weight))
    .bind(get(Measure::Height))
    .bind(get(Measure::Head))
    .bind(get(Measure::Pain))
    .bind(get(Measure::Oxygen))
    .bind(new.is_lying)
    .bind(new.seen.consciousness.map(Consciousness::key))
    .bind(new.seen.behaviour.map(Behaviour::key))
    .bind(new.seen.circulation.map(Circulation::key))
    .bind(new.seen.effort.map(Effort::key))
    .bind(new.answers)
    .bind(new.remark)
    .bind(new.score.map_or("", |s| s.name))
    .bind(new.score.map(|s| i32::from(s.total())))
    .bind(new.is_alarm)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The last `limit` measurements of a person, newest first, across visits; wrong ones are left out.
pub async fn list_of_patient(
    tx: &mut Tx,
    patient: PatientId,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<VitalsRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT vitals_id, encounter_id, measured_at, recorded_by_name, systolic_mmhg, diastolic_mmhg, pulse_bpm,
                temperature_tenths, spo2_percent, breaths_per_min, weight_g, height_mm, head_mm, pain,
                oxygen_tenths_l_min, is_lying, consciousness, behaviour, circulation, effort, answers, remark
         FROM encounter_vitals
         WHERE facility_id = $1 AND patient_id = $2 AND measured_at <= $3 AND ended_at IS NULL
         ORDER BY measured_at DESC, vitals_id DESC LIMIT $4"
    ))
    .bind(facility)
    .bind(patient.0)
    .bind(before)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Ends a wrong measurement with a reason. `RowNotFound` when there is none that could be ended.
pub async fn end(tx: &mut Tx, encounter: EncounterId, id: Uuid, reason: &str) -> Result<PatientId, sqlx::Error> {
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    let patient: Uuid = sqlx::query_scalar(db::sql!(
        "UPDATE encounter_vitals SET ended_at = $4, ended_by = $5, end_reason = $6
         WHERE facility_id = $1 AND encounter_id = $2 AND vitals_id = $3 AND ended_at IS NULL
         RETURNING patient_id"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(id)
    .bind(now)
    .bind(account)
    .bind(reason)
    .fetch_one(tx.conn())
    .await?;
    Ok(PatientId(patient))
}

/// Somebody who waits to be measured, or was measured today.
#[derive(Clone, Debug, FromRow)]
pub struct ToMeasure {
    pub encounter_id: Uuid,
    pub name: String,
    pub sex: String,
    pub birth_date: chrono::NaiveDate,
    pub room: String,
    pub number: Option<i32>,
    pub priority_class: String,
    pub opened_at: DateTime<Utc>,
    pub measured: bool,
}

/// Today's visits that have not gone into the doctor's room: those not measured first, emergencies before the others,
/// then by arrival.
pub async fn list_to_measure(tx: &mut Tx, day: chrono::NaiveDate) -> Result<Vec<ToMeasure>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT e.encounter_id, p.name, p.sex, p.birth_date, r.short_name AS room, t.number, e.priority_class, e.opened_at,
                e.status = 'triaged' AS measured
         FROM encounter_encounter e
         JOIN patient_patient p USING (facility_id, patient_id)
         JOIN organization_room r USING (facility_id, room_id)
         LEFT JOIN encounter_ticket t ON t.facility_id = e.facility_id AND t.encounter_id = e.encounter_id
              AND t.status IN ('waiting', 'called', 'serving', 'skipped')
         WHERE e.facility_id = $1 AND e.day = $2 AND e.status IN ('arrived', 'triaged')
         ORDER BY measured, e.priority_class <> 'emergency', e.opened_at LIMIT 200"
    ))
    .bind(facility)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

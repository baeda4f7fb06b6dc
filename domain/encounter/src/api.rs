//! Care for programs: a measuring device sends vital signs, another system reads the note.

use crate::diagnosis::Diagnosis;
use crate::note::field_of;
use crate::pages::vitals::{Entry, save};
use crate::store::visit;
use crate::store::{chart, note};
use crate::vitals::{Measure, Vitals};
use crate::warning_score::{Behaviour, Circulation, Consciousness, Effort, Seen};
use axum::http::{StatusCode, header};
use base::{EncounterId, Problems};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;
use web::{Answer, Ctx, IntoResponse, Json, Path};

/// The part of `/api/openapi.json` that describes care.
#[derive(OpenApi)]
#[openapi(paths(crate::arrival_api::create, crate::arrival_api::read, note, record_vitals), components(schemas(crate::arrival_api::NewEncounter, crate::arrival_api::EncounterView, NoteOut, DiagnosisOut, NewVitals, ScoreOut, VitalsOut)))]
pub struct ApiDoc;

/// A diagnosis; the first of a list is the main one.
#[derive(Serialize, ToSchema)]
pub struct DiagnosisOut {
    code: String,
    name: String,
    remark: String,
}

impl From<&Diagnosis> for DiagnosisOut {
    fn from(d: &Diagnosis) -> Self {
        DiagnosisOut { code: d.code.clone(), name: d.name.clone(), remark: d.remark.clone() }
    }
}

/// The note of a visit: its latest finished version, or the draft while there is none.
#[derive(Serialize, ToSchema)]
pub struct NoteOut {
    encounter_id: Uuid,
    /// planned, arrived, triaged, in_progress, finished or cancelled.
    status: String,
    /// True while nobody has finished it; a draft has no legal force.
    is_draft: bool,
    /// 0 for a draft.
    version: i32,
    template: String,
    /// Text by section, e.g. `section.exam`.
    sections: BTreeMap<String, String>,
    diagnoses: Vec<DiagnosisOut>,
    /// home, follow_up, admitted, transferred or died; null in a draft.
    #[schema(value_type = Option<Object>)]
    disposition: Option<Value>,
    author: String,
    signed_at: Option<DateTime<Utc>>,
    amend_reason: String,
}

/// The note of a visit.
#[utoipa::path(get, path = "/api/v1/encounters/{id}/note", params(("id" = Uuid, Path)), tag = "encounters",
    responses((status = 200, description = "The note", body = NoteOut), (status = 404, description = "No such visit here")))]
pub async fn note(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (visit, _, draft) = chart::get(&mut tx, id).await?;
    let version = note::list_versions(&mut tx, id).await?.into_iter().next();
    tx.audit("read", "note", id, Some(visit.patient()), Value::Null);
    tx.commit().await?;
    let texts = |note: &crate::note::Note| {
        let sections = note.0.iter().filter(|(key, _)| !key.starts_with("go."));
        sections.map(|(key, s)| (field_of(key), s.text.clone())).collect::<BTreeMap<_, _>>()
    };
    let out = match version {
        Some(v) => NoteOut {
            encounter_id: id.0,
            status: visit.status.clone(),
            is_draft: false,
            version: v.version,
            template: v.template,
            sections: texts(&v.sections.0),
            diagnoses: v.diagnoses.0.iter().map(DiagnosisOut::from).collect(),
            disposition: serde_json::to_value(&v.disposition.0).ok(),
            author: v.author_name,
            signed_at: Some(v.signed_at),
            amend_reason: v.amend_reason,
        },
        None => {
            let draft = draft.unwrap_or_else(|| note::Draft::blank(&visit, ctx.now));
            NoteOut {
                encounter_id: id.0,
                status: visit.status.clone(),
                is_draft: true,
                version: 0,
                template: draft.template,
                sections: texts(&draft.note),
                diagnoses: draft.diagnoses.iter().map(DiagnosisOut::from).collect(),
                disposition: None,
                author: draft.edited_by_name,
                signed_at: None,
                amend_reason: String::new(),
            }
        }
    };
    Ok(axum::Json(out).into_response())
}

/// A set of measurements. Give what was measured; numbers in the unit of the name.
#[derive(Deserialize, ToSchema)]
#[serde(default)]
#[derive(Default)]
pub struct NewVitals {
    systolic_mmhg: Option<f64>,
    diastolic_mmhg: Option<f64>,
    pulse_bpm: Option<f64>,
    temperature_c: Option<f64>,
    spo2_percent: Option<f64>,
    breaths_per_min: Option<f64>,
    weight_kg: Option<f64>,
    height_cm: Option<f64>,
    head_cm: Option<f64>,
    /// 0 to 10.
    pain: Option<f64>,
    oxygen_l_min: Option<f64>,
    /// Length taken lying down; assumed under two years.
    is_lying: Option<bool>,
    /// alert, confused, voice, pain or unresponsive.
    consciousness: Option<String>,
    /// playing, sleeping, irritable or lethargic.
    behaviour: Option<String>,
    /// pink, pale, grey or mottled.
    circulation: Option<String>,
    /// none, accessory, recession or grunting.
    effort: Option<String>,
    remark: String,
}

/// What the measurement means.
#[derive(Serialize, ToSchema)]
pub struct ScoreOut {
    /// NEWS2 or PEWS.
    name: String,
    total: u8,
    /// Which sign gave which points.
    explanation: String,
    /// Signs the score needs that were not taken; then the total is a lower bound.
    missing: Vec<String>,
    advice: String,
}

/// The kept measurement.
#[derive(Serialize, ToSchema)]
pub struct VitalsOut {
    id: Uuid,
    bmi: Option<String>,
    score: Option<ScoreOut>,
    /// Values beyond the alarm limits of the age.
    alarms: Vec<String>,
    /// WHO z-scores by name, under 19 years.
    #[schema(value_type = Object)]
    growth: Map<String, Value>,
}

/// Keeps a measurement of a visit that is not finished. Repeating the call with the same `Idempotency-Key` keeps one.
#[utoipa::path(post, path = "/api/v1/encounters/{id}/vitals", params(("id" = Uuid, Path)), request_body = NewVitals,
    tag = "encounters", responses((status = 201, description = "Kept", body = VitalsOut),
        (status = 404, description = "No such visit here"), (status = 422, description = "Impossible values, or the visit is closed")))]
pub async fn record_vitals(ctx: Ctx, Path(id): Path<EncounterId>, Json(new): Json<NewVitals>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit::get(&mut tx, id).await?;
    let mut problems = Problems::none();
    let vitals = read(&new, &mut problems);
    let seen = Seen {
        consciousness: word(&new.consciousness, "consciousness", Consciousness::from_key, &mut problems),
        behaviour: word(&new.behaviour, "behaviour", Behaviour::from_key, &mut problems),
        circulation: word(&new.circulation, "circulation", Circulation::from_key, &mut problems),
        effort: word(&new.effort, "effort", Effort::from_key, &mut problems),
    };
    vitals.check(visit.age(), &mut problems);
    problems.add_if(new.remark.chars().count() > 1_000, "remark", "Ghi chú tối đa 1.000 ký tự.");
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let entry = Entry {
        id: ctx.minted_id(),
        vitals,
        seen,
        lying: new.is_lying.unwrap_or(visit.age().days < 731),
        answers: json!({}),
        remark: new.remark,
    };
    let (entry_id, bmi) = (entry.id, entry.vitals.bmi_tenths());
    let meaning = save(&ctx, &mut tx, visit, entry).await?;
    tx.commit().await?;
    let out = VitalsOut {
        id: entry_id,
        bmi: bmi.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10)),
        score: meaning.score.map(|s| ScoreOut {
            name: s.name.into(),
            total: s.total(),
            explanation: s.explanation(),
            missing: s.missing.iter().map(|m| (*m).to_string()).collect(),
            advice: s.advice.into(),
        }),
        alarms: meaning.alarms,
        growth: meaning.growth.iter().map(|z| (z.indicator.name().to_string(), json!(z.z))).collect(),
    };
    let location = format!("/api/v1/encounters/{id}/note");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(out)).into_response())
}

/// Numbers become whole steps; one that is no such number is refused under its own name.
fn read(new: &NewVitals, problems: &mut Problems) -> Vitals {
    let mut vitals = Vitals::default();
    for (measure, name, given) in [
        (Measure::Systolic, "systolic_mmhg", new.systolic_mmhg),
        (Measure::Diastolic, "diastolic_mmhg", new.diastolic_mmhg),
        (Measure::Pulse, "pulse_bpm", new.pulse_bpm),
        (Measure::Temperature, "temperature_c", new.temperature_c),
        (Measure::Spo2, "spo2_percent", new.spo2_percent),
        (Measure::Breaths, "breaths_per_min", new.breaths_per_min),
        (Measure::Weight, "weight_kg", new.weight_kg),
        (Measure::Height, "height_cm", new.height_cm),
        (Measure::Head, "head_cm", new.head_cm),
        (Measure::Pain, "pain", new.pain),
        (Measure::Oxygen, "oxygen_l_min", new.oxygen_l_min),
    ] {
        let Some(given) = given else { continue };
        let steps = (given * f64::from(10_i32.pow(measure.decimals()))).round();
        if steps.is_finite() && (0.0..1e6).contains(&steps) {
            vitals.set(measure, Some(steps as i32));
        } else {
            problems.add(name, format!("{} không thể có. Kiểm tra lại đơn vị.", measure.name()));
        }
    }
    vitals
}

fn word<T>(
    given: &Option<String>,
    field: &'static str,
    read: impl Fn(&str) -> Option<T>,
    problems: &mut Problems,
) -> Option<T> {
    let given = given.as_deref()?;
    let word = read(given);
    problems.add_if(word.is_none(), field, "Từ này không có trong danh sách cho phép.");
    word
}

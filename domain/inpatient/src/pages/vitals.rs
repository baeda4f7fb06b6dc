//! The curve of the vital signs over the stay, and a short form at the bedside.

use super::frame::Frame;
use super::{Pairs, field, minted, told};
use crate::chart::{Chart, Point, chart};
use crate::paper;
use crate::store::stay;
use askama::Template;
use base::{EncounterId, Problems, local_date};
use encounter::meaning::Meaning;
use encounter::store::visit;
use encounter::store::vitals::{self as store, NewVitals, VitalsRow};
use encounter::vitals::{Measure, Vitals};
use encounter::warning_score::{Consciousness, Seen};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

/// What the ward measures at the bedside, in the order of the form.
const ASKED: [Measure; 8] = [
    Measure::Pulse,
    Measure::Systolic,
    Measure::Diastolic,
    Measure::Temperature,
    Measure::Breaths,
    Measure::Spo2,
    Measure::Oxygen,
    Measure::Pain,
];

/// A measurement as the table shows it.
struct Row {
    at: String,
    by: String,
    pulse: String,
    pressure: String,
    temperature: String,
    breaths: String,
    spo2: String,
    oxygen: String,
    pain: String,
    score: String,
    is_alarm: bool,
}

/// One field of the form.
struct Asked {
    measure: Measure,
    value: String,
    problem: String,
}

#[derive(Template)]
#[template(path = "stay_vitals.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    id: Uuid,
    asked: Vec<Asked>,
    consciousness: String,
    levels: Vec<(String, String)>,
    rows: Vec<Row>,
    charts: Vec<Chart>,
    problems: Problems,
    remark: String,
}

/// `GET /app/stays/{encounter}/vitals`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, &Pairs::new(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

/// The measurements of this stay, oldest first.
pub async fn of_stay(tx: &mut Tx, stay: &stay::Stay) -> Result<Vec<VitalsRow>, sqlx::Error> {
    let now = tx.now;
    let mut rows = store::list_of_patient(tx, stay.patient(), now, 400).await?;
    rows.retain(|r| r.encounter_id == stay.encounter_id);
    rows.reverse();
    Ok(rows)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, pairs: &Pairs, problems: Problems) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "vitals").await?;
    let found = of_stay(tx, &frame.stay).await?;
    let rows = found
        .iter()
        .rev()
        .take(60)
        .map(|r| {
            let v = r.vitals();
            let meaning = Meaning::of(&v, r.seen(), r.is_lying, &frame.visit);
            Row {
                at: super::show_moment(r.measured_at),
                by: r.recorded_by_name.clone(),
                pulse: v.show(Measure::Pulse),
                pressure: v.blood_pressure(),
                temperature: v.show(Measure::Temperature),
                breaths: v.show(Measure::Breaths),
                spo2: v.show(Measure::Spo2),
                oxygen: v.show(Measure::Oxygen),
                pain: v.show(Measure::Pain),
                is_alarm: meaning.is_alarm(),
                score: meaning.score.map(|s| format!("{} {}", s.name, s.total())).unwrap_or_default(),
            }
        })
        .collect();
    let line = |measure: Measure| -> Vec<Point> {
        found.iter().filter_map(|r| r.vitals().get(measure).map(|value| Point { at: r.measured_at, value: f64::from(value) / 10f64.powi(measure.decimals() as i32) })).collect()
    };
    let charts = [
        ("Mạch, nhiệt độ", vec![("Mạch (lần/phút)", line(Measure::Pulse), 40.0, 180.0), ("Nhiệt độ (°C)", line(Measure::Temperature), 35.0, 41.0)]),
        ("Huyết áp (mmHg)", vec![("Tâm thu", line(Measure::Systolic), 40.0, 220.0), ("Tâm trương", line(Measure::Diastolic), 40.0, 220.0)]),
        ("Nhịp thở, SpO₂", vec![("Nhịp thở (lần/phút)", line(Measure::Breaths), 5.0, 50.0), ("SpO₂ (%)", line(Measure::Spo2), 70.0, 100.0)]),
    ]
    .into_iter()
    .filter(|(_, lines)| lines.iter().any(|(_, points, ..)| !points.is_empty()))
    .map(|(title, lines)| chart(title, &lines))
    .collect();
    Ok(Page {
        shell: ctx.shell("Sinh hiệu", &[("F8", "Lưu sinh hiệu"), ("B", "Sơ đồ giường")]),
        id: if pairs.is_empty() { Uuid::now_v7() } else { minted(pairs) },
        asked: ASKED.into_iter().map(|measure| Asked { measure, value: field(pairs, measure.field()).to_owned(), problem: problems.at(measure.field()).to_owned() }).collect(),
        consciousness: field(pairs, "consciousness").to_owned(),
        levels: Consciousness::ALL.iter().map(|c| (c.key().to_owned(), c.shown().to_owned())).collect(),
        remark: field(pairs, "remark").to_owned(),
        frame,
        rows,
        charts,
        problems,
    })
}

/// `POST /app/stays/{encounter}/vitals`: one measurement; the second click keeps nothing new.
pub async fn record(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    match keep(&ctx, &mut tx, &stay, &pairs).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}/vitals"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            web::refused(page(&ctx, &mut tx, id, &pairs, problems).await?)
        }
    }
}

async fn keep(ctx: &Ctx, tx: &mut Tx, stay: &stay::Stay, pairs: &Pairs) -> Result<(), Failure> {
    stay.must_be_open()?;
    let visit = visit::get(tx, stay.encounter()).await?;
    let mut problems = Problems::none();
    let read = Vitals::read(visit.age(), |name| field(pairs, name)).map_err(|p| problems.0.extend(p.0));
    let remark = field(pairs, "remark");
    problems.add_if(remark.chars().count() > 1000, "remark", "Ghi chú tối đa 1.000 ký tự.");
    let Ok(vitals) = read else { return Err(problems.into()) };
    problems.or(())?;
    let seen = Seen { consciousness: Consciousness::from_key(field(pairs, "consciousness")), ..Seen::default() };
    let meaning = Meaning::of(&vitals, seen, false, &visit);
    let new = NewVitals {
        id: minted(pairs),
        encounter: stay.encounter(),
        patient: stay.patient(),
        vitals: &vitals,
        seen,
        is_lying: false,
        answers: json!({}),
        remark,
        score: meaning.score.as_ref(),
        is_alarm: meaning.is_alarm(),
    };
    if !store::insert(tx, new).await? {
        return Ok(());
    }
    tx.audit("measure", "vitals", stay.encounter_id, Some(stay.patient()), json!({ "alarm": meaning.is_alarm() }));
    stay::tell(tx, stay);
    write_paper(ctx, tx, stay).await
}

/// The curve as the record keeps it: one sheet for the stay.
async fn write_paper(ctx: &Ctx, tx: &mut Tx, stay: &stay::Stay) -> Result<(), Failure> {
    let found = of_stay(tx, stay).await?;
    let decimal = |v: i32, m: Measure| f64::from(v) / 10f64.powi(m.decimals() as i32);
    let half = |at| if base::local_time(at).format("%H").to_string().as_str() < "12" { "S" } else { "C" };
    let curve: Vec<Value> = found
        .iter()
        .filter(|r| r.vitals().get(Measure::Pulse).is_some() || r.vitals().get(Measure::Temperature).is_some())
        .map(|r| {
            let v = r.vitals();
            json!({ "ngay": local_date(r.measured_at).to_string(), "buoi": half(r.measured_at), "mach": v.get(Measure::Pulse), "nhiet_do": v.get(Measure::Temperature).map(|t| decimal(t, Measure::Temperature)) })
        })
        .collect();
    let pressure: Vec<Value> = found
        .iter()
        .filter_map(|r| Some(json!({ "ngay_gio": paper::clock(r.measured_at), "tam_thu": r.vitals().get(Measure::Systolic)?, "tam_truong": r.vitals().get(Measure::Diastolic)? })))
        .collect();
    let breaths: Vec<Value> = found.iter().filter_map(|r| Some(json!({ "ngay_gio": paper::clock(r.measured_at), "nhip_tho": r.vitals().get(Measure::Breaths)? }))).collect();
    let other: Vec<Value> = found
        .iter()
        .filter_map(|r| Some(json!({ "ngay_gio": paper::clock(r.measured_at), "chi_so": "SpO₂", "gia_tri": format!("{} %", r.vitals().get(Measure::Spo2)?) })))
        .collect();
    let data = json!({
        "ngay_vao_vien": local_date(stay.admitted_at).to_string(),
        "mach_nhiet_do": curve,
        "huyet_ap": pressure,
        "nhip_tho": breaths,
        "khac": other,
        "y_ta_dd_ky_va_ghi_ten": ctx.actor.name.to_string(),
    });
    paper::write(ctx, tx, stay, "theo_doi_chuc_nang_song", "", data).await
}

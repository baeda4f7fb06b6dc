//! The nurse's screen: who waits at the left, the numbers in the middle, what they mean at the right.

use super::banner::{Banner, sex_word};
use super::pressure::{Bar, pressure_bars};
use crate::meaning::Meaning;
use crate::status::Status;
use crate::store::chart;
use crate::store::chart::Front;
use crate::store::visit::{self, Visit};
use crate::store::vitals::{self as store, NewVitals, ToMeasure, VitalsRow};
use crate::vital_range::{Level, judge, range};
use crate::vitals::{Measure, Vitals};
use crate::warning_score::{Behaviour, Circulation, Consciousness, Effort, Seen};
use askama::Template;
use base::{Age, EncounterId, Problem, Problems, show_time};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

/// What the nurse asks everybody; `yes` deserves attention. The third column tells whom it concerns.
const QUESTIONS: [(&str, &str, Asked); 5] = [
    ("breathless", "Khó thở, đau ngực", Asked::Everybody),
    ("pregnant", "Đang mang thai", Asked::Women),
    ("new_allergy", "Dị ứng thuốc mới", Asked::Everybody),
    ("fell", "Té ngã trong 12 tháng", Asked::Everybody),
    ("contact", "Tiếp xúc người sốt phát ban", Asked::Everybody),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Everybody,
    Women,
}

/// One big field of the grid.
pub struct Card {
    pub measure: Measure,
    pub icon: &'static str,
    pub value: String,
    pub problem: String,
    pub range: String,
    /// The value before, with its day when it was not today.
    pub last: String,
    pub level: Level,
    /// Limits in the smallest step, for the browser to colour the field while typing.
    pub limits: String,
}

impl Card {
    fn new(measure: Measure, form: &Typed, problems: &Problems, age: Age, day: NaiveDate, last: &[VitalsRow]) -> Card {
        let value = form.get(measure.field()).to_string();
        let level = match measure.parse(&value) {
            Ok(Some(number)) => judge(measure, number, age, day),
            _ => Level::Unjudged,
        };
        let range = range(measure, age, day);
        let last = last.iter().find_map(|row| {
            let vitals = row.vitals();
            let shown = if measure == Measure::Systolic { vitals.blood_pressure() } else { vitals.show(measure) };
            (!shown.is_empty()).then(|| (shown, base::local_date(row.measured_at)))
        });
        Card {
            measure,
            icon: icon(measure),
            problem: problems.at(measure.field()).to_string(),
            range: range.map(|r| r.show()).unwrap_or_default(),
            last: match last {
                Some((shown, on)) if on == day => format!("vừa đo {shown}"),
                Some((shown, on)) => format!("{}: {shown}", on.format("%d/%m/%Y")),
                None => String::new(),
            },
            level,
            limits: range.map(|r| r.limits()).unwrap_or_default(),
            value,
        }
    }

    fn css(&self) -> &'static str {
        match (self.problem.is_empty(), self.level.css()) {
            (false, _) => "has-problem",
            (true, "critical") => "crit",
            (true, "warning") => "warn",
            _ => "",
        }
    }
    fn word(&self) -> &'static str {
        self.level.word(self.measure)
    }
}

fn icon(measure: Measure) -> &'static str {
    match measure {
        Measure::Systolic | Measure::Diastolic => "heartbeat",
        Measure::Pulse => "activity-heartbeat",
        Measure::Temperature => "thermometer",
        Measure::Spo2 => "lungs",
        Measure::Breaths => "wind",
        Measure::Weight => "weight",
        Measure::Height | Measure::Head => "ruler-measure",
        Measure::Pain => "mood-sad",
        Measure::Oxygen => "gauge",
    }
}

/// Everything typed, by field.
#[derive(Clone, Debug, Default)]
pub struct Typed(BTreeMap<String, String>);

impl Typed {
    fn from_pairs(pairs: Vec<(String, String)>) -> Typed {
        Typed(pairs.into_iter().collect())
    }
    fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }
    fn seen(&self) -> Seen {
        Seen {
            consciousness: Consciousness::from_key(self.get("consciousness")),
            behaviour: Behaviour::from_key(self.get("behaviour")),
            circulation: Circulation::from_key(self.get("circulation")),
            effort: Effort::from_key(self.get("effort")),
        }
    }
    fn answers(&self) -> Value {
        let said = QUESTIONS.iter().filter_map(|(key, ..)| match self.get(&format!("answer.{key}")) {
            "yes" => Some(((*key).to_string(), Value::Bool(true))),
            "no" => Some(((*key).to_string(), Value::Bool(false))),
            _ => None,
        });
        Value::Object(said.collect())
    }
}

struct Waiting {
    row: ToMeasure,
    facts: String,
    waited: i64,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "vitals.html")]
struct VitalsPage {
    shell: Shell,
    waiting: Vec<Waiting>,
    to_measure: usize,
    who: Option<Banner>,
    open: Option<Open>,
    problems: Problems,
}

struct Open {
    encounter: Uuid,
    form_id: Uuid,
    room: String,
    reason: String,
    waited: i64,
    cards: Vec<Card>,
    diastolic: Card,
    height: Card,
    head: Option<Card>,
    oxygen: Card,
    typed: Typed,
    choices: Vec<Choice>,
    questions: Vec<(&'static str, &'static str, bool, String)>,
    meaning: String,
    bars: Vec<Bar>,
    bars_text: String,
    taken: Vec<Taken>,
    may_write: bool,
}

/// A closed list on the form: field, label, pairs of key and word, the chosen key.
struct Choice {
    field: &'static str,
    label: &'static str,
    options: Vec<(&'static str, &'static str)>,
    chosen: String,
}

/// A measurement already taken in this visit.
struct Taken {
    id: Uuid,
    at: String,
    by: String,
    text: String,
}

#[derive(Template)]
#[template(path = "vitals_meaning.html")]
pub struct MeaningPiece {
    pub meaning: Meaning,
}

const KEYS: &[(&str, &str)] = &[("Enter", "Ô kế"), ("F3", "Người kế"), ("F8", "Xong")];

/// `GET /app/vitals`: who waits; the first of them opens.
pub async fn home(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let waiting = store::list_to_measure(&mut tx, ctx.today()).await?;
    match waiting.iter().find(|w| !w.measured) {
        Some(first) => web::redirect(format!("/app/vitals/{}", first.encounter_id)),
        None => {
            let waiting = listed(&ctx, waiting, None);
            let shell = ctx.shell("Sinh hiệu", KEYS);
            web::html(VitalsPage { shell, to_measure: 0, waiting, who: None, open: None, problems: Problems::none() })
        }
    }
}

/// Which person's form stands beside the list.
#[derive(serde::Deserialize)]
pub struct Beside {
    #[serde(default)]
    open: String,
}

#[derive(Template)]
#[template(path = "vitals_waiting.html")]
struct WaitingPiece {
    waiting: Vec<Waiting>,
    to_measure: usize,
}

/// `GET /app/vitals/waiting`: the list alone, for the live column.
pub async fn waiting(ctx: Ctx, web::Query(beside): web::Query<Beside>) -> Answer {
    let mut tx = ctx.begin().await?;
    let rows = store::list_to_measure(&mut tx, ctx.today()).await?;
    let to_measure = rows.iter().filter(|w| !w.measured).count();
    web::html(WaitingPiece { waiting: listed(&ctx, rows, beside.open.parse().ok()), to_measure })
}

/// `GET /app/vitals/{id}`: the empty form of one person, with what was measured before.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, None, Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

/// `POST /app/encounters/{id}/vitals/meaning`: what the half-typed form means so far; saves nothing.
pub async fn meaning(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit::get(&mut tx, id).await?;
    let typed = Typed::from_pairs(pairs);
    let mut vitals = Vitals::default();
    for measure in Measure::ALL {
        // While somebody types, a number that is not finished yet is simply not there.
        let (least, most) = measure.possible(visit.age());
        let value = measure.parse(typed.get(measure.field())).ok().flatten();
        vitals.set(measure, value.filter(|v| (least..=most).contains(v)));
    }
    let lying = is_lying(&typed, &visit);
    web::html(MeaningPiece { meaning: Meaning::of(&vitals, typed.seen(), lying, &visit) })
}

/// `POST /app/encounters/{id}/vitals`: keeps a measurement and sends the person on to the doctor's room.
pub async fn record(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    let typed = Typed::from_pairs(pairs);
    let mut tx = ctx.begin().await?;
    let visit = visit::get(&mut tx, id).await?;
    let mut problems = Problems::none();
    let read = Vitals::read(visit.age(), |field| typed.get(field)).map_err(|p| problems.0.extend(p.0));
    let remark = typed.get("remark").trim().to_string();
    problems.add_if(remark.chars().count() > 1_000, "remark", "Ghi chú tối đa 1.000 ký tự, hãy rút gọn.");
    let form_id = typed.get("id").parse().unwrap_or_else(|_| Uuid::now_v7());
    let Ok(vitals) = read else {
        return web::refused(page(&ctx, &mut tx, id, Some(typed), problems).await?);
    };
    if !problems.is_empty() {
        return web::refused(page(&ctx, &mut tx, id, Some(typed), problems).await?);
    }
    let entry = Entry {
        id: form_id,
        vitals,
        seen: typed.seen(),
        lying: is_lying(&typed, &visit),
        answers: typed.answers(),
        remark,
    };
    match save(&ctx, &mut tx, visit, entry).await {
        Ok(_) => {}
        Err(Failure::Refused(problems)) => {
            return web::refused(page(&ctx, &mut tx, id, Some(typed), problems).await?);
        }
        Err(other) => return Err(other),
    }
    web::draft::forget(&mut tx, &format!("vitals-{id}")).await?;
    let next = store::list_to_measure(&mut tx, ctx.today()).await?.into_iter().find(|w| !w.measured);
    tx.commit().await?;
    match next {
        Some(next) if typed.get("stay") != "1" => web::redirect(format!("/app/vitals/{}", next.encounter_id)),
        _ => web::redirect(format!("/app/vitals/{id}")),
    }
}

/// A measurement ready to be kept, from a form or from a program.
pub struct Entry {
    pub id: Uuid,
    pub vitals: Vitals,
    pub seen: Seen,
    pub lying: bool,
    pub answers: Value,
    pub remark: String,
}

/// Keeps the measurement in the transaction: row, status, audit, live notice. The second time the same id comes,
/// nothing is written and the answer is the same. Refuses a visit that takes nothing any more.
pub async fn save(ctx: &Ctx, tx: &mut Tx, mut visit: Visit, entry: Entry) -> Result<Meaning, Failure> {
    if let Some(problem) = visit::refuse_writing(visit.status()) {
        return Err(problem.into());
    }
    let meaning = Meaning::of(&entry.vitals, entry.seen, entry.lying, &visit);
    let is_new = store::insert(
        tx,
        NewVitals {
            id: entry.id,
            encounter: visit.id(),
            patient: visit.patient(),
            vitals: &entry.vitals,
            seen: entry.seen,
            is_lying: entry.lying,
            answers: entry.answers,
            remark: &entry.remark,
            score: meaning.score.as_ref(),
            is_alarm: meaning.is_alarm(),
        },
    )
    .await?;
    if is_new {
        if visit.status() == Status::Arrived {
            visit::step(tx, &mut visit, Status::Triaged, ctx.now).await?;
        }
        let fields: Vec<&str> =
            Measure::ALL.into_iter().filter(|m| entry.vitals.get(*m).is_some()).map(Measure::field).collect();
        tx.audit(
            "record",
            "vitals",
            entry.id,
            Some(visit.patient()),
            json!({ "encounter": visit.id(), "measured": fields }),
        );
        tx.notify(format!("encounter/{}", visit.id()));
    }
    Ok(meaning)
}

/// `POST /app/encounters/{id}/vitals/{vitals}/ended`: a wrong measurement is ended with a reason, never deleted.
pub async fn end(
    ctx: Ctx,
    Path((id, vitals)): Path<(EncounterId, Uuid)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let typed = Typed::from_pairs(pairs);
    let reason = typed.get("end_reason").trim();
    let mut tx = ctx.begin().await?;
    visit::get(&mut tx, id).await?;
    if reason.chars().count() < 3 || reason.chars().count() > 500 {
        return Err(Problem::at("end_reason", "Ghi lý do bỏ lần đo này, từ 3 đến 500 ký tự.").into());
    }
    let patient = store::end(&mut tx, id, vitals, reason).await?;
    tx.audit("end", "vitals", vitals, Some(patient), json!({ "encounter": id }));
    tx.notify(format!("encounter/{id}"));
    tx.commit().await?;
    web::redirect(format!("/app/vitals/{id}"))
}

/// Under two years people lie down to be measured; the tick says when it was otherwise.
fn is_lying(typed: &Typed, visit: &Visit) -> bool {
    match typed.get("position") {
        "lying" => true,
        "standing" => false,
        _ => visit.age().days < 731,
    }
}

fn listed(ctx: &Ctx, rows: Vec<ToMeasure>, current: Option<EncounterId>) -> Vec<Waiting> {
    let today = ctx.today();
    rows.into_iter()
        .map(|row| Waiting {
            facts: [sex_word(&row.sex), &Age::on(row.birth_date, today).to_string()].join(" ").trim().to_string(),
            waited: (ctx.now - row.opened_at).num_minutes().max(0),
            is_current: current.is_some_and(|c| c.0 == row.encounter_id),
            row,
        })
        .collect()
}

async fn page(
    ctx: &Ctx,
    tx: &mut Tx,
    id: EncounterId,
    typed: Option<Typed>,
    problems: Problems,
) -> Result<VitalsPage, Failure> {
    let (visit, front, _) = chart::get(tx, id).await?;
    let waiting = store::list_to_measure(tx, ctx.today()).await?;
    let last = store::list_of_patient(tx, visit.patient(), ctx.now, 12).await?;
    tx.audit("read", "vitals", id, Some(visit.patient()), Value::Null);
    let to_measure = waiting.iter().filter(|w| !w.measured).count();
    let open = open(ctx, &visit, &front, typed.unwrap_or_default(), &problems, &last)?;
    Ok(VitalsPage {
        shell: ctx.shell("Sinh hiệu", KEYS),
        waiting: listed(ctx, waiting, Some(id)),
        to_measure,
        who: Some(Banner::load(ctx, tx, &visit, &front).await?),
        open: Some(open),
        problems,
    })
}

fn open(
    ctx: &Ctx,
    visit: &Visit,
    front: &Front,
    typed: Typed,
    problems: &Problems,
    last: &[VitalsRow],
) -> Result<Open, Failure> {
    let age = visit.age();
    let card = |measure| Card::new(measure, &typed, problems, age, visit.day, last);
    let is_child = age.years < 16;
    let chosen = |field: &str| typed.get(field).to_string();
    let choices = if is_child {
        vec![
            Choice {
                field: "behaviour",
                label: "Hành vi",
                options: Behaviour::ALL.iter().map(|v| (v.key(), v.shown())).collect(),
                chosen: chosen("behaviour"),
            },
            Choice {
                field: "circulation",
                label: "Màu da, đầu chi",
                options: Circulation::ALL.iter().map(|v| (v.key(), v.shown())).collect(),
                chosen: chosen("circulation"),
            },
            Choice {
                field: "effort",
                label: "Gắng sức thở",
                options: Effort::ALL.iter().map(|v| (v.key(), v.shown())).collect(),
                chosen: chosen("effort"),
            },
        ]
    } else {
        vec![Choice {
            field: "consciousness",
            label: "Tri giác",
            options: Consciousness::ALL.iter().map(|v| (v.key(), v.shown())).collect(),
            chosen: chosen("consciousness"),
        }]
    };
    let may_be_pregnant = visit.sex == "female" && (10..60).contains(&age.years);
    let questions = QUESTIONS
        .iter()
        .map(|(key, text, whom)| {
            (*key, *text, *whom == Asked::Everybody || may_be_pregnant, typed.get(&format!("answer.{key}")).to_string())
        })
        .collect();
    let (bars, bars_text) = pressure_bars(last);
    let mut so_far = Vitals::default();
    for measure in Measure::ALL {
        so_far.set(measure, measure.parse(typed.get(measure.field())).ok().flatten());
    }
    let meaning =
        MeaningPiece { meaning: Meaning::of(&so_far, typed.seen(), is_lying(&typed, visit), visit) }.render()?;
    Ok(Open {
        encounter: visit.encounter_id,
        form_id: typed.get("id").parse().unwrap_or_else(|_| Uuid::now_v7()),
        room: front.room_short.clone(),
        reason: visit.reason.clone(),
        waited: (ctx.now - front.opened_at).num_minutes().max(0),
        cards: [
            Measure::Systolic,
            Measure::Pulse,
            Measure::Temperature,
            Measure::Spo2,
            Measure::Breaths,
            Measure::Weight,
        ]
        .map(card)
        .into(),
        diastolic: card(Measure::Diastolic),
        height: card(Measure::Height),
        head: (age.months < 60).then(|| card(Measure::Head)),
        oxygen: card(Measure::Oxygen),
        choices,
        questions,
        meaning,
        bars,
        bars_text,
        taken: last.iter().filter(|row| row.encounter_id == visit.encounter_id).map(taken).collect(),
        may_write: visit::refuse_writing(visit.status()).is_none() && ctx.may("vitals.write"),
        typed,
    })
}

fn taken(row: &VitalsRow) -> Taken {
    let vitals = row.vitals();
    Taken {
        id: row.vitals_id,
        at: show_time(row.measured_at),
        by: row.recorded_by_name.clone(),
        text: summary(&vitals),
    }
}

/// `M 96 · HA 128/82 · T° 38,2 · SpO₂ 97 % · 68 kg`.
pub fn summary(vitals: &Vitals) -> String {
    let mut parts = Vec::new();
    let mut add = |before: &str, value: String, after: &str| {
        if !value.is_empty() {
            parts.push(format!("{before}{value}{after}"));
        }
    };
    add("M ", vitals.show(Measure::Pulse), "");
    add("HA ", vitals.blood_pressure(), "");
    add("T° ", vitals.show(Measure::Temperature), "");
    add("SpO₂ ", vitals.show(Measure::Spo2), " %");
    add("NT ", vitals.show(Measure::Breaths), "");
    add("", vitals.show(Measure::Weight), " kg");
    add("", vitals.show(Measure::Height), " cm");
    parts.join(" · ")
}

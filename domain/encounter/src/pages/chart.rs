//! The doctor's room: one visit on one screen, in one answer of the server. The banner never leaves, history stands at
//! the left, the work in the middle behind five tabs, checks and totals at the right.

use super::banner::Banner;
use super::diagnosis::Block;
use super::finish::{vitals_badge, whole};
use crate::disposition::Kind;
use crate::finish::reminders;
use crate::meaning::Meaning;
use crate::note_template::{self, Shape};
use crate::status::Status;
use crate::store::chart::{self as store, Earlier, Watched};
use crate::store::line;
use crate::store::note::{self, Draft};
use crate::store::visit::{Visit, refuse_writing};
use crate::store::vitals;
use crate::vital_range::Level;
use crate::warning_score::Score;
use askama::Template;
use base::{EncounterId, NoteId, Problems, show_date, show_time};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, PanelFor, Path, Query, Shell, Tx};

/// Earlier visits shown at once; more on request.
const EARLIER: i64 = 12;
/// A draft touched by somebody else this recently is being written right now.
const COLLISION: TimeDelta = TimeDelta::minutes(10);

/// Which of the five tabs is in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tab(u8);

impl Default for Tab {
    fn default() -> Tab {
        Tab(1)
    }
}

impl Tab {
    fn is(self, number: u8) -> bool {
        self.0 == number
    }
}

/// One section of the note as a field.
pub struct SectionView {
    pub field: String,
    pub key: &'static str,
    pub title: &'static str,
    pub hint: &'static str,
    pub rows: u8,
    pub is_line: bool,
    pub is_number: bool,
    pub text: String,
    pub problem: String,
    /// The day it was copied from, while nobody has touched it.
    pub carried: String,
}

/// A visit in the booklet at the left.
pub struct EarlierView {
    pub id: Uuid,
    pub day: String,
    pub place: String,
    pub what: String,
    pub code: String,
    pub more: String,
}

/// Where the next page of the booklet begins.
pub struct More {
    pub before_us: i64,
    pub id: Uuid,
}

#[derive(Template)]
#[template(path = "chart.html")]
pub struct ChartPage {
    shell: Shell,
    who: Banner,
    vitals_badge: String,
    id: EncounterId,
    tab: Tab,
    status: Status,
    may_write: bool,
    may_amend: bool,
    is_amending: bool,
    amend_reason: String,
    versions: i64,
    version: i32,
    note_id: NoteId,
    templates: Vec<(&'static str, &'static str, bool)>,
    head: Vec<SectionView>,
    sections: Vec<SectionView>,
    tail: Vec<SectionView>,
    diagnoses: String,
    main_diagnosis: String,
    disposition: Vec<(&'static str, &'static str, bool)>,
    follow_up_on: String,
    follow_up_shown: String,
    just_finished: bool,
    place: String,
    reason: String,
    died_at: String,
    advice: String,
    problems: Problems,
    collision: String,
    earlier: Vec<EarlierView>,
    more: Option<More>,
    watched: Vec<Watched>,
    summary: Vec<String>,
    orders: Vec<String>,
    prescription: Vec<String>,
    finish: Vec<String>,
    checks: Vec<String>,
    totals: Vec<String>,
    score: Option<Score>,
    alarms: Vec<String>,
    reminders: Vec<String>,
    /// What a finish asks for: key, word, whether it is still lacking.
    missing: [(&'static str, &'static str, bool); 3],
    lacks_nothing: bool,
    has_words: bool,
    has_disposition: bool,
    signed: String,
    next: String,
    has_follow_up: bool,
}

#[derive(Deserialize)]
pub struct Shown {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    done: String,
}

const KEYS: &[(&str, &str)] = &[
    ("F2", "Tìm người bệnh"),
    ("F3", "Gọi số kế"),
    ("F4", "Lấy lại lần trước"),
    ("F7", "Chỗ cần sửa"),
    ("F8", "Kết thúc"),
];

/// `GET /app/encounters/{id}`: the whole chart. Every reading is audited.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>, Query(shown): Query<Shown>) -> Answer {
    let mut tx = ctx.begin().await?;
    let tab = Tab(shown.tab.parse().ok().filter(|n| (1..=5).contains(n)).unwrap_or(1));
    let page = page(&ctx, &mut tx, id, Problems::none(), tab).await?;
    let page = ChartPage { just_finished: shown.done == "1" && page.status == Status::Finished, ..page };
    tx.commit().await?;
    web::html(page)
}

/// The page with these problems beside their fields. The caller commits (the reading is in the audit by then).
pub async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, problems: Problems, tab: Tab) -> Result<ChartPage, Failure> {
    let (visit, front, draft) = store::get(tx, id).await?;
    let measured = vitals::list_of_patient(tx, visit.patient(), ctx.now, 6).await?;
    let earlier = store::list_earlier(tx, visit.patient(), (front.opened_at, visit.encounter_id), EARLIER).await?;
    let watched = store::list_watched(tx, &visit).await?;
    let about = PanelFor { encounter: Some(id), patient: Some(visit.patient()) };
    let status = visit.status();
    let is_amending = draft.as_ref().is_some_and(|d| d.amends.is_some());
    let (draft, signed) = match draft {
        Some(draft) => (draft, String::new()),
        None if front.note_versions > 0 => finished(tx, &visit, ctx.now).await?,
        None => (Draft::blank(&visit, ctx.now), String::new()),
    };
    let may_write = ctx.may("note.write") && (is_amending || refuse_writing(status).is_none());

    let next = match ctx.room().filter(|_| ctx.may("note.write")) {
        Some(room) => {
            let line = line::get_line(tx, room, ctx.today()).await?;
            line.waiting.first().map(|t| format!("{} · {}", t.number, t.name)).unwrap_or_default()
        }
        None => String::new(),
    };

    let mut panels = Panels { ctx, about: &about };
    let who = Banner::load(ctx, tx, &visit, &front).await?;
    let summary = panels.at("chart.summary", tx).await?;
    let orders = panels.at("encounter.orders", tx).await?;
    let prescription = panels.at("encounter.prescription", tx).await?;
    let finish = panels.at("encounter.finish", tx).await?;
    let checks = panels.at("encounter.checks", tx).await?;
    let totals = panels.at("encounter.totals", tx).await?;
    tx.audit("read", "chart", id, Some(visit.patient()), Value::Null);

    let current = measured.iter().find(|row| row.encounter_id == visit.encounter_id);
    let meaning = current.map(|row| Meaning::of(&row.vitals(), row.seen(), row.is_lying, &visit)).unwrap_or_default();
    let (head, sections, tail) = section_views(&draft, &problems);
    let field = |name: &str| draft.note.text(name).to_string();
    let kind = field("go.kind");
    let follow_up = base::parse_date_vi(&field("go.follow_up_on"));
    let tab = if problems.0.iter().any(|p| p.field.starts_with("go.")) && only_go(&problems) { Tab(5) } else { tab };
    let missing = missing(&draft, &kind);
    let block = Block::new(id, draft.diagnoses.clone(), &problems, may_write);
    Ok(ChartPage {
        shell: ctx.shell(&front.name, KEYS),
        who,
        vitals_badge: vitals_badge(&measured, &visit),
        id,
        tab,
        status,
        may_write,
        may_amend: status == Status::Finished && !is_amending && ctx.may("encounter.amend"),
        is_amending,
        amend_reason: draft.amends.as_ref().map(|(_, reason)| reason.clone()).unwrap_or_default(),
        versions: front.note_versions,
        version: draft.version,
        note_id: NoteId::new(),
        templates: note_template::all().iter().map(|t| (t.key, t.name, t.key == draft.template)).collect(),
        head,
        sections,
        tail,
        diagnoses: block.render()?,
        main_diagnosis: draft.diagnoses.first().map(|d| d.shown()).unwrap_or_default(),
        disposition: Kind::ALL.iter().map(|k| (k.key(), k.shown(), k.key() == kind)).collect(),
        follow_up_on: follow_up.map_or(field("go.follow_up_on"), |on| on.to_string()),
        follow_up_shown: follow_up.map(show_date).unwrap_or_default(),
        just_finished: false,
        place: field("go.place"),
        reason: field("go.reason"),
        died_at: field("go.died_at"),
        advice: field("go.advice"),
        has_follow_up: kind == Kind::FollowUp.key(),
        collision: collision(ctx, &draft),
        more: more(&earlier),
        earlier: earlier.into_iter().map(earlier_view).collect(),
        watched,
        summary,
        orders,
        prescription,
        finish,
        checks,
        totals,
        score: meaning.score.filter(|score| score.level != Level::Normal),
        alarms: meaning.alarms,
        reminders: if may_write { reminders(&draft.note) } else { Vec::new() },
        lacks_nothing: missing.iter().all(|(.., lacks)| !lacks),
        missing,
        has_words: !draft.note.text("exam").trim().is_empty(),
        has_disposition: !kind.is_empty(),
        signed,
        next,
        problems,
    })
}

struct Panels<'a> {
    ctx: &'a Ctx,
    about: &'a PanelFor,
}

impl Panels<'_> {
    async fn at(&mut self, place: &str, tx: &mut Tx) -> Result<Vec<String>, Failure> {
        self.ctx.panels(place, tx, self.about).await
    }
}

/// The latest version dressed as a draft, so that one page shows both; and who signed it when.
async fn finished(tx: &mut Tx, visit: &Visit, now: DateTime<Utc>) -> Result<(Draft, String), Failure> {
    let Some(version) = note::list_versions(tx, visit.id()).await?.into_iter().next() else {
        return Ok((Draft::blank(visit, now), String::new()));
    };
    let at = format!("{} {}", show_time(version.signed_at), show_date(base::local_date(version.signed_at)));
    let signed = format!("{} · {at}", version.author_name);
    let draft = Draft {
        version: version.version,
        template: version.template.clone(),
        note: whole(&version),
        diagnoses: version.diagnoses.0.clone(),
        amends: None,
        edited_by: None,
        edited_by_name: version.author_name.clone(),
        edited_at: version.signed_at,
    };
    Ok((draft, signed))
}

fn only_go(problems: &Problems) -> bool {
    problems.0.iter().all(|p| p.field.starts_with("go."))
}

/// The sections of the template: one-line ones first in a row, then the texts, then what follows the diagnosis.
fn section_views(draft: &Draft, problems: &Problems) -> (Vec<SectionView>, Vec<SectionView>, Vec<SectionView>) {
    let template = note_template::named(&draft.template);
    let (mut head, mut body, mut tail) = (Vec::new(), Vec::new(), Vec::new());
    for kind in &template.sections {
        let section = draft.note.0.get(kind.key);
        let field = format!("section.{}", kind.key);
        let view = SectionView {
            key: kind.key,
            title: kind.title,
            hint: kind.hint,
            rows: kind.rows,
            is_line: kind.shape != Shape::Text,
            is_number: kind.shape == Shape::Number,
            text: section.map(|s| s.text.clone()).unwrap_or_default(),
            problem: problems.at(&field).to_string(),
            carried: section.and_then(|s| s.carried_from).map(show_date).unwrap_or_default(),
            field,
        };
        match kind.key {
            "reason" | "onset_days" => head.push(view),
            "plan" => tail.push(view),
            _ => body.push(view),
        }
    }
    (head, body, tail)
}

/// What still stands between the draft and its finish, as short words under the button.
fn missing(draft: &Draft, kind: &str) -> [(&'static str, &'static str, bool); 3] {
    [
        ("reason", "lý do khám", draft.note.text("reason").trim().is_empty()),
        ("diagnosis", "chẩn đoán chính", draft.diagnoses.is_empty()),
        ("disposition", "hướng xử trí", kind.is_empty()),
    ]
}

fn collision(ctx: &Ctx, draft: &Draft) -> String {
    let is_other = draft.edited_by.is_some_and(|by| by != ctx.actor.account.0);
    if is_other && ctx.now - draft.edited_at < COLLISION {
        return format!("{} đang ghi hồ sơ này, lần cuối lúc {}.", draft.edited_by_name, show_time(draft.edited_at));
    }
    String::new()
}

fn more(earlier: &[Earlier]) -> Option<More> {
    let last = earlier.last().filter(|_| earlier.len() as i64 == EARLIER)?;
    Some(More { before_us: last.opened_at.timestamp_micros(), id: last.encounter_id })
}

fn earlier_view(row: Earlier) -> EarlierView {
    let doctor = row.doctor_name.unwrap_or_default();
    EarlierView {
        id: row.encounter_id,
        day: show_date(row.day),
        place: row.room_name,
        what: row.name.unwrap_or(row.reason),
        code: row.code.unwrap_or_default(),
        more: match row.others {
            Some(n) if n > 0 && !doctor.is_empty() => format!("{doctor} · {n} bệnh kèm theo"),
            _ => doctor,
        },
    }
}

#[derive(Deserialize)]
pub struct Before {
    #[serde(default)]
    before: String,
    #[serde(default)]
    id: String,
}

#[derive(Template)]
#[template(path = "earlier.html")]
struct EarlierPiece {
    id: EncounterId,
    earlier: Vec<EarlierView>,
    more: Option<More>,
}

/// `GET /app/encounters/{id}/earlier?before=&id=`: the next dozen visits of the booklet.
pub async fn earlier(ctx: Ctx, Path(id): Path<EncounterId>, Query(before): Query<Before>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = crate::store::visit::get(&mut tx, id).await?;
    let at = before.before.parse().ok().and_then(DateTime::from_timestamp_micros).unwrap_or(ctx.now);
    let last = before.id.parse().unwrap_or(Uuid::max());
    let rows = store::list_earlier(&mut tx, visit.patient(), (at, last), EARLIER).await?;
    tx.audit("read", "chart", id, Some(visit.patient()), json!({ "earlier": rows.len() }));
    tx.commit().await?;
    let more = more(&rows);
    web::html(EarlierPiece { id, earlier: rows.into_iter().map(earlier_view).collect(), more })
}

//! The study: live picture and strip of captures in the middle, the report at the right, earlier studies at the left.

use crate::imaging::derive::{Derived, compute};
use crate::imaging::report::{Content, MOST_PICTURES, Pairs};
use crate::imaging::report_template::{self, TEMPLATES, Template};
use crate::store::imaging::{self, Draft, Earlier, OwnPhrase, Picture, Report, Study};
use askama::Template as _;
use axum::response::IntoResponse;
use base::{Age, Problem, Problems, show_date, show_time};
use chrono::{NaiveDate, TimeDelta};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Path, Shell, Tx};

const KEYS: &[(&str, &str)] = &[("F9", "Chụp"), ("F10", "Quay"), ("F6", "Điền bình thường"), ("F8", "Ký và trả"), ("F4", "Lần trước")];

/// How long after their last word somebody counts as still writing.
const STILL_WRITING: TimeDelta = TimeDelta::minutes(3);

/// The front of the person, as the shared banner part names its fields.
pub struct Who {
    pub spine: u8,
    pub ticket: String,
    pub name: String,
    pub facts: String,
    pub birth: String,
    pub record_no: String,
    pub id_tail: String,
    pub phone: String,
    pub commune: String,
    /// The badges that modules hang there: allergy first.
    pub panels: Vec<String>,
}

/// The banner of a study's person.
pub async fn who(ctx: &Ctx, tx: &mut Tx, study: &Study) -> Result<Who, Failure> {
    let about = PanelFor { encounter: Some(study.encounter()), patient: Some(study.patient()) };
    let sex = match study.sex.as_str() {
        "male" => "Nam · ",
        "female" => "Nữ · ",
        _ => "",
    };
    Ok(Who {
        spine: base::PersonId(study.person_id).spine(),
        ticket: String::new(),
        name: study.patient_name.clone(),
        facts: format!("{sex}{}", Age::on(study.birth_date, ctx.today())),
        birth: show_date(study.birth_date),
        record_no: study.record_no.clone(),
        id_tail: String::new(),
        phone: String::new(),
        commune: String::new(),
        panels: ctx.panels("chart.banner", tx, &about).await?,
    })
}

/// A section as it is written.
pub struct SectionView {
    pub field: String,
    pub key: String,
    pub title: String,
    pub normal: String,
    pub text: String,
    pub problem: String,
    /// "" while empty, "normal", "other".
    pub state: &'static str,
    pub number: usize,
    pub phrases: Vec<PhraseView>,
}

pub struct PhraseView {
    pub label: String,
    pub text: String,
    /// The id of a sentence of one's own, "" for those of the template.
    pub own: String,
}

pub struct MeasureView {
    pub field: String,
    pub key: String,
    pub label: String,
    pub unit: String,
    pub value: String,
    pub options: Vec<(String, bool)>,
    pub problem: String,
}

pub struct PictureView {
    pub id: Uuid,
    pub is_still: bool,
    pub is_chosen: bool,
    pub caption: String,
    pub at: String,
    pub size: String,
}

pub struct EarlierView {
    pub study: Uuid,
    pub name: String,
    pub day: String,
    pub conclusion: String,
    pub is_abnormal: bool,
    pub small: Vec<(Uuid, String)>,
}

#[derive(askama::Template)]
#[template(path = "imaging-study.html")]
struct Page {
    shell: Shell,
    who: Who,
    study: Study,
    id: Uuid,
    title: String,
    templates: Vec<(&'static str, &'static str, bool)>,
    version: i32,
    reason: String,
    problems: Problems,
    collision: String,
    sections: Vec<SectionView>,
    measures: Vec<MeasureView>,
    derived: Vec<Derived>,
    normal_conclusion: String,
    content: Content,
    chosen: String,
    pictures: Vec<PictureView>,
    earlier: Vec<EarlierView>,
    may_release: bool,
    most: usize,
    phrase_id: Uuid,
    ordered: String,
}

#[derive(askama::Template)]
#[template(path = "imaging-derived.html")]
struct DerivedBlock {
    derived: Vec<Derived>,
}

/// The study with everything its page needs.
pub struct Open {
    pub study: Study,
    pub draft: Option<Draft>,
    pub reports: Vec<Report>,
    pub pictures: Vec<Picture>,
}

impl Open {
    /// The study of this facility with its draft, versions and pictures; `None` is answered as "not found".
    pub async fn load(tx: &mut Tx, id: Uuid) -> Result<Open, Failure> {
        let facility = tx.facility();
        let study = imaging::find_study(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
        Ok(Open {
            draft: imaging::find_draft(tx.conn(), facility, id).await?,
            reports: imaging::list_reports(tx.conn(), facility, id).await?,
            pictures: imaging::list_pictures(tx.conn(), facility, id).await?,
            study,
        })
    }

    /// The template that the draft uses, or that the service asks for.
    pub fn template(&self) -> &'static Template {
        match &self.draft {
            Some(draft) => report_template::named(&draft.template),
            None => report_template::for_service(&self.study.service_name),
        }
    }

    /// Whether the report may be typed into: nothing released yet, or a correction is under way.
    pub fn is_writable(&self) -> bool {
        self.study.order_status != "cancelled" && (self.draft.is_some() || !self.study.is_final())
    }
}

/// Refuses writing into a study whose order was cancelled, or whose report is out.
pub fn refuse_closed(open: &Open) -> Result<(), Problem> {
    if open.study.order_status == "cancelled" {
        return Err(Problem::of("Chỉ định này đã hủy nên không ghi thêm được. Quay về danh sách chờ."));
    }
    if open.is_writable() {
        return Ok(());
    }
    Err(Problem::of("Kết quả đã trả. Bấm “Sửa kết quả”, ghi lý do, rồi ký bản mới; bản cũ vẫn xem được."))
}

/// `GET /app/imaging/studies/{id}`: the desk while it is written, the report once it is out.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = Open::load(&mut tx, id).await?;
    let answer = if open.is_writable() && ctx.may("imaging.write") {
        let content = open.draft.as_ref().map(|draft| draft.content.0.clone()).unwrap_or_default();
        web::html(desk(&ctx, &mut tx, &open, content, Problems::none()).await?)
    } else {
        super::released::page(&ctx, &mut tx, &open, None).await
    }?;
    tx.audit("read", "imaging-study", id, Some(open.study.patient()), Value::Null);
    tx.commit().await?;
    Ok(answer)
}

/// The desk again with what was typed and everything that speaks against it.
pub async fn refused(ctx: &Ctx, tx: &mut Tx, open: &Open, content: Content, problems: Problems) -> Answer {
    web::refused(desk(ctx, tx, open, content, problems).await?)
}

async fn desk(ctx: &Ctx, tx: &mut Tx, open: &Open, content: Content, problems: Problems) -> Result<Page, Failure> {
    let template = open.template();
    let facility = ctx.facility();
    let own = imaging::list_phrases(tx.conn(), facility, ctx.actor.account, &template.key).await?;
    let earlier = imaging::list_earlier(tx.conn(), facility, open.study.patient(), 8).await?;
    let study = open.study.clone();
    let day = base::local_date(study.started_at);
    let collision = open.draft.as_ref().filter(|draft| {
        draft.edited_by != ctx.actor.account.0 && ctx.now - draft.edited_at < STILL_WRITING
    });
    Ok(Page {
        shell: ctx.shell(&study.service_name, KEYS),
        who: who(ctx, tx, &study).await?,
        id: study.study_id,
        title: template.title.clone(),
        templates: TEMPLATES.iter().map(|t| (t.key.as_str(), t.name.as_str(), t.key == template.key)).collect(),
        version: open.draft.as_ref().map_or(0, |draft| draft.version),
        reason: open.draft.as_ref().map(|draft| draft.reason.clone()).unwrap_or_default(),
        collision: collision
            .map(|draft| format!("{} đang viết kết quả này (lưu lúc {}).", draft.edited_name, show_time(draft.edited_at)))
            .unwrap_or_default(),
        sections: sections(template, &content, &own, &problems),
        measures: measures(template, &content, &problems),
        derived: compute(template, &content.measures, day).lines,
        normal_conclusion: template.normal_conclusion.clone(),
        chosen: content.pictures.iter().map(Uuid::to_string).collect::<Vec<_>>().join(","),
        pictures: pictures(&open.pictures, &content),
        earlier: earlier.into_iter().filter(|e| e.study_id != study.study_id).map(earlier_view).collect(),
        may_release: ctx.may("imaging.release"),
        most: MOST_PICTURES,
        phrase_id: Uuid::now_v7(),
        ordered: show_time(study.ordered_at),
        content,
        problems,
        study,
    })
}

fn sections(template: &Template, content: &Content, own: &[OwnPhrase], problems: &Problems) -> Vec<SectionView> {
    template
        .sections
        .iter()
        .enumerate()
        .map(|(at, section)| {
            let text = content.section(&section.key).to_owned();
            let ready = section.phrases.iter().map(|phrase| PhraseView {
                label: phrase.label.clone(),
                text: phrase.text.clone(),
                own: String::new(),
            });
            let mine = own.iter().filter(|phrase| phrase.section == section.key).map(|phrase| PhraseView {
                label: phrase.label.clone(),
                text: phrase.body.clone(),
                own: phrase.phrase_id.to_string(),
            });
            let state = match text.trim() {
                "" => "",
                same if same == section.normal => "normal",
                _ => "other",
            };
            SectionView {
                field: format!("s.{}", section.key),
                key: section.key.clone(),
                title: section.title.clone(),
                normal: section.normal.clone(),
                problem: problems.at(&format!("s.{}", section.key)).to_owned(),
                number: at + 1,
                phrases: ready.chain(mine).collect(),
                state,
                text,
            }
        })
        .collect()
}

fn measures(template: &Template, content: &Content, problems: &Problems) -> Vec<MeasureView> {
    template
        .measures
        .iter()
        .map(|measure| {
            let value = content.measure(&measure.key).to_owned();
            MeasureView {
                field: format!("m.{}", measure.key),
                key: measure.key.clone(),
                label: measure.label.clone(),
                unit: measure.unit.clone(),
                options: measure.options.iter().map(|option| (option.clone(), *option == value)).collect(),
                problem: problems.at(&format!("m.{}", measure.key)).to_owned(),
                value,
            }
        })
        .collect()
}

fn pictures(all: &[Picture], content: &Content) -> Vec<PictureView> {
    let mut shown: Vec<&Picture> = all.iter().collect();
    // The chosen ones stand first, in their own order; the others follow as they were taken.
    shown.sort_by_key(|picture| content.pictures.iter().position(|id| *id == picture.picture_id).unwrap_or(usize::MAX));
    shown
        .into_iter()
        .map(|picture| PictureView {
            id: picture.picture_id,
            is_still: picture.is_still(),
            is_chosen: content.pictures.contains(&picture.picture_id),
            caption: content.captions.get(&picture.picture_id).cloned().unwrap_or_default(),
            at: show_time(picture.taken_at),
            size: match (picture.width, picture.height, picture.duration_ms) {
                (Some(width), Some(height), _) => format!("{width} × {height}"),
                (_, _, Some(ms)) => format!("{} giây", (ms + 999) / 1000),
                _ => String::new(),
            },
        })
        .collect()
}

pub fn earlier_view(earlier: Earlier) -> EarlierView {
    EarlierView {
        study: earlier.study_id,
        name: earlier.service_name,
        day: show_date(base::local_date(earlier.released_at)),
        conclusion: earlier.content.0.conclusion.clone(),
        is_abnormal: earlier.is_abnormal,
        small: earlier.content.0.pictures.iter().take(4).map(|shown| (shown.picture, shown.caption.clone())).collect(),
    }
}

/// `PUT /app/imaging/studies/{id}/draft`: what was typed a moment ago. 200 with the new count and what is computed now;
/// 409 with the other's fields when somebody else saved since.
pub async fn autosave(ctx: Ctx, Path(id): Path<Uuid>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = hold(&ctx, &mut tx, id).await?;
    refuse_closed(&open)?;
    let mut problems = Problems::none();
    let mut typed = Content::read(&pairs, &mut problems);
    let template = open.template();
    let (version, before) = match &open.draft {
        Some(draft) => (draft.version, draft.content.0.clone()),
        None => (0, Content::default()),
    };
    let read_at: i32 = field(&pairs, "version").parse().unwrap_or(0);
    if let Some(draft) = open.draft.as_ref().filter(|draft| draft.version != read_at) {
        let told = json!({
            "version": draft.version,
            "fields": draft.content.0.fields(template),
            "by": draft.edited_name,
            "at": show_time(draft.edited_at),
        });
        return Ok((StatusCode::CONFLICT, axum::Json(told)).into_response());
    }
    typed.keep_hidden(&before, template);
    typed.pictures.retain(|id| open.pictures.iter().any(|picture| picture.picture_id == *id && picture.is_still()));
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let version = if typed == before { version } else { version + 1 };
    if typed != before {
        let reason = open.draft.as_ref().map(|draft| draft.reason.clone()).unwrap_or_default();
        imaging::save_draft(&mut tx, id, &template.key, version, &typed, &reason).await?;
        if open.draft.as_ref().is_none_or(|draft| draft.edited_by != ctx.actor.account.0) {
            // A new hand is worth a line; every keystroke is not: the versions tell the rest.
            tx.audit("write", "imaging-report", id, Some(open.study.patient()), json!({ "draft": version }));
        }
        tx.notify(format!("imaging/{id}"));
        tx.commit().await?;
    }
    let derived = DerivedBlock { derived: derived_of(template, &typed.measures, base::local_date(open.study.started_at)) };
    Ok(axum::Json(json!({ "version": version, "derived": derived.render()? })).into_response())
}

/// `GET /app/imaging/studies/{id}/draft`: whose hand was here last, for a page that is told of a change. JSON `mine`,
/// `released`, `by`, `at`.
pub async fn hand(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = Open::load(&mut tx, id).await?;
    let me = ctx.actor.account.0;
    let told = match (&open.draft, open.reports.first()) {
        (Some(draft), _) => json!({ "mine": draft.edited_by == me, "released": false, "by": draft.edited_name, "at": show_time(draft.edited_at) }),
        (None, Some(report)) => json!({ "mine": report.released_by == me, "released": true, "by": report.released_name, "at": show_time(report.released_at) }),
        (None, None) => json!({ "mine": true, "released": false, "by": "", "at": "" }),
    };
    Ok(axum::Json(told).into_response())
}

fn derived_of(template: &Template, measures: &BTreeMap<String, String>, day: NaiveDate) -> Vec<Derived> {
    compute(template, measures, day).lines
}

/// The study, held against everybody else until the transaction ends.
pub async fn hold(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<Open, Failure> {
    if !imaging::hold_study(tx.conn(), ctx.facility(), id).await? {
        return Err(Failure::NotFound);
    }
    Open::load(tx, id).await
}

/// One field of a form, "" when it is not there.
pub fn field<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    template: String,
}

/// `POST /app/imaging/studies/{id}/template`: other sections; words of the former ones are kept, only hidden.
pub async fn choose_template(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Chosen>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = hold(&ctx, &mut tx, id).await?;
    refuse_closed(&open)?;
    let chosen = report_template::find(&form.template)
        .ok_or_else(|| Problem::at("template", "Không có mẫu kết quả này. Chọn một mẫu trong danh sách."))?;
    if open.template().key != chosen.key {
        let (version, content, reason) = match &open.draft {
            Some(draft) => (draft.version, draft.content.0.clone(), draft.reason.clone()),
            None => (0, Content::default(), String::new()),
        };
        imaging::save_draft(&mut tx, id, &chosen.key, version + 1, &content, &reason).await?;
        tx.audit("write", "imaging-report", id, Some(open.study.patient()), json!({ "template": chosen.key }));
        tx.commit().await?;
    }
    web::redirect(format!("/app/imaging/studies/{id}"))
}

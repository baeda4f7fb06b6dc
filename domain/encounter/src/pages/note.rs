//! Writing the note: autosave, template, carrying forward, quick text, versions.

use crate::note::{self, Edit};
use crate::note_template;
use crate::status::Status;
use crate::store::note::{self as store, Draft};
use crate::store::visit::{self, Visit};
use crate::store::chart;
use askama::Template;
use base::{EncounterId, Problem, Problems, show_time};
use serde_json::json;
use web::{Answer, Ctx, Failure, Form, IntoResponse, Path, Shell, Tx};

/// What a form sent, as it came.
pub type Pairs = Vec<(String, String)>;

/// The text of a field that was sent, or "".
pub fn field<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(field, _)| field == name).map_or("", |(_, text)| text.as_str())
}

/// The visit and draft locked for writing; refuses a visit that takes nothing any more.
pub async fn open(tx: &mut Tx, id: EncounterId) -> Result<(Visit, Draft), Failure> {
    let (visit, draft) = store::open_for_writing(tx, id).await?;
    refuse_closed(&visit, &draft)?;
    Ok((visit, draft))
}

/// Refuses a visit that takes nothing any more, unless it is being amended.
pub fn refuse_closed(visit: &Visit, draft: &Draft) -> Result<(), Failure> {
    match visit::refuse_writing(visit.status()) {
        Some(problem) if draft.amends.is_none() => Err(problem.into()),
        _ => Ok(()),
    }
}

/// Writes the changed draft. The doctor's first word begins the examination. Audited when a draft is begun and when
/// another hand takes over, not at every keystroke: the versions tell the rest.
pub async fn keep(ctx: &Ctx, tx: &mut Tx, visit: &mut Visit, draft: &mut Draft) -> Result<(), Failure> {
    let is_other_hand = draft.edited_by != Some(ctx.actor.account.0);
    draft.version += 1;
    store::save_draft(tx, visit.id(), draft).await?;
    if matches!(visit.status(), Status::Arrived | Status::Triaged) {
        visit::step(tx, visit, Status::InProgress, ctx.now).await?;
    }
    if is_other_hand {
        tx.audit("write", "note", visit.id(), Some(visit.patient()), json!({ "draft": draft.version }));
    }
    Ok(())
}

/// Reads the fields of the draft out of a form. Refusals name the field; what was fine is still saved.
pub fn read_edits(pairs: &Pairs, problems: &mut Problems) -> Vec<Edit> {
    pairs.iter().filter_map(|(name, typed)| note::read_edit(name, typed, problems)).collect()
}

/// `PUT /app/encounters/{id}/note`: what was typed a moment ago. 200 with the new count; 409 with both texts when
/// somebody else changed the same section since; 422 when a section was refused (the others are saved).
pub async fn autosave(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut problems = Problems::none();
    let edits = read_edits(&pairs, &mut problems);
    let read_at = field(&pairs, "version").parse().unwrap_or(0);
    let mut tx = ctx.begin().await?;
    let (mut visit, mut draft) = open(&mut tx, id).await?;
    let (before_by, before_at) = (draft.edited_by_name.clone(), show_time(draft.edited_at));
    let before = draft.note.clone();
    let conflicts = draft.note.save(edits, read_at, draft.version + 1);
    if draft.note != before {
        keep(&ctx, &mut tx, &mut visit, &mut draft).await?;
        tx.commit().await?;
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    if conflicts.is_empty() {
        return Ok(axum::Json(json!({ "version": draft.version })).into_response());
    }
    let told = json!({
        "version": draft.version,
        "fields": note::fields(&draft.note),
        "conflicts": conflicts,
        "by": before_by,
        "at": before_at,
    });
    Ok((axum::http::StatusCode::CONFLICT, axum::Json(told)).into_response())
}

/// `POST /app/encounters/{id}/note/template`: another specialty's sections; texts of the former one are kept.
pub async fn choose_template(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (mut visit, mut draft) = open(&mut tx, id).await?;
    let chosen = note_template::named(field(&pairs, "template"));
    if draft.template != chosen.key {
        draft.template = chosen.key.to_string();
        keep(&ctx, &mut tx, &mut visit, &mut draft).await?;
        tx.commit().await?;
    }
    web::redirect(format!("/app/encounters/{id}"))
}

/// `POST /app/encounters/{id}/note/carried`: takes the histories of the last visit, marked until touched.
pub async fn carry(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (mut visit, mut draft) = open(&mut tx, id).await?;
    let Some((earlier, day)) = store::find_previous(&mut tx, &visit).await? else {
        return Err(Problem::of("Người bệnh chưa có lượt khám nào trước đó để lấy lại.").into());
    };
    let (template, now) = (draft.template.clone(), draft.version + 1);
    if draft.note.carry_forward(&earlier, day, &template, now) > 0 {
        keep(&ctx, &mut tx, &mut visit, &mut draft).await?;
        tx.audit("carry", "note", id, Some(visit.patient()), json!({ "from": day }));
        tx.commit().await?;
    }
    web::redirect(format!("/app/encounters/{id}"))
}

/// `POST /app/encounters/{id}/note/reviewed`: "I read it, it still holds" of one copied section.
pub async fn review(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (mut visit, mut draft) = open(&mut tx, id).await?;
    let before = draft.note.clone();
    draft.note.mark_read(field(&pairs, "reviewed"));
    if draft.note != before {
        keep(&ctx, &mut tx, &mut visit, &mut draft).await?;
        tx.commit().await?;
    }
    web::redirect(format!("/app/encounters/{id}"))
}

/// One version as the page of versions shows it.
struct VersionView {
    version: i32,
    at: String,
    by: String,
    reason: String,
    is_open: bool,
}

/// A section of a version, with the text of the version before when it differs.
struct SectionView {
    title: String,
    text: String,
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "versions.html")]
struct VersionsPage {
    shell: Shell,
    id: EncounterId,
    who: super::banner::Banner,
    day: String,
    versions: Vec<VersionView>,
    open: i32,
    sections: Vec<SectionView>,
}

/// `GET /app/encounters/{id}/versions/{version}`: one version whole, and what differs from the one before.
pub async fn version(ctx: Ctx, Path((id, version)): Path<(EncounterId, i32)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (visit, front, _) = chart::get(&mut tx, id).await?;
    let versions = store::list_versions(&mut tx, id).await?;
    let open = versions.iter().find(|v| v.version == version).ok_or(Failure::NotFound)?;
    let before = versions.iter().find(|v| v.version == version - 1);
    let sections = lines_of(open)
        .into_iter()
        .map(|(title, text)| {
            let was =
                before.map(|b| lines_of(b).into_iter().find(|(t, _)| *t == title).map_or(String::new(), |(_, t)| t));
            SectionView { before: was.filter(|was| *was != text), title, text }
        })
        .collect();
    let page = VersionsPage {
        shell: ctx.shell("Các bản hồ sơ", &[("Esc", "Về lượt khám")]),
        id,
        who: super::banner::Banner::load(&ctx, &mut tx, &visit, &front).await?,
        day: base::show_date(visit.day),
        open: version,
        versions: versions
            .iter()
            .map(|v| VersionView {
                version: v.version,
                at: format!("{} {}", show_time(v.signed_at), base::show_date(base::local_date(v.signed_at))),
                by: v.author_name.clone(),
                reason: v.amend_reason.clone(),
                is_open: v.version == version,
            })
            .collect(),
        sections,
    };
    tx.audit("read", "note", id, Some(visit.patient()), json!({ "version": version }));
    tx.commit().await?;
    web::html(page)
}

/// The sections, diagnoses and disposition of a version as titled texts, in the order of its template.
pub fn lines_of(version: &store::Version) -> Vec<(String, String)> {
    let template = note_template::named(&version.template);
    let note = &version.sections.0;
    let mut lines: Vec<(String, String)> = template
        .sections
        .iter()
        .map(|kind| (kind.title.to_string(), note.text(kind.key).to_string()))
        .filter(|(_, text)| !text.trim().is_empty())
        .collect();
    // A text written under another template still belongs to the note.
    for (key, section) in &note.0 {
        let is_shown = template.section(key).is_some() || key.starts_with("go.");
        if !is_shown && !section.text.trim().is_empty() {
            lines.push((note_template::title_of(key).to_string(), section.text.clone()));
        }
    }
    for (i, diagnosis) in version.diagnoses.0.iter().enumerate() {
        let title = if i == 0 { "Chẩn đoán chính".to_string() } else { format!("Bệnh kèm theo {i}") };
        lines.push((title, diagnosis.shown()));
    }
    let disposition = &version.disposition.0;
    lines.push(("Hướng xử trí".into(), disposition.summary()));
    for (title, text) in [("Lý do", &disposition.reason), ("Lời dặn", &disposition.advice)] {
        if !text.trim().is_empty() {
            lines.push((title.into(), text.clone()));
        }
    }
    lines
}

//! The last word: finishing a visit in one commit, amending it later, and the papers that go home.

use super::note::{Pairs, field, keep, lines_of, read_edits, refuse_closed};
use super::{chart as chart_page, vitals as vitals_page};
use crate::diagnosis::Diagnosis;
use crate::disposition::Disposition;
use crate::finish::{self, Circumstances, Draft as Words};
use crate::note::{Note, Section};
use crate::status::Status;
use crate::store::note::{self as store, Draft, Version};
use crate::store::visit::{self, Visit};
use crate::store::{chart, diagnosis, vitals};
use crate::vital_range::judge;
use crate::vitals::Measure;
use base::{EncounterId, Event, PatientId, Problem, Problems};
use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, App, Ctx, Failure, Form, MadePaper, Path, Tx};

/// `POST /app/encounters/{id}/finished`: keeps what was typed, and if nothing is missing turns it into the next version.
/// The second click finds the version of the first and lands on the same page. Everything missing is told at once (422).
pub async fn finish(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let note_id = field(&pairs, "note_id").parse().unwrap_or_else(|_| Uuid::now_v7());
    let mut problems = Problems::none();
    let edits = read_edits(&pairs, &mut problems);
    let read_at = field(&pairs, "version").parse().unwrap_or(0);
    let mut tx = ctx.begin().await?;
    // The lock first: of two clicks that arrive together the second finds what the first wrote.
    let (mut visit, mut draft) = store::open_for_writing(&mut tx, id).await?;
    let versions = store::list_versions(&mut tx, id).await?;
    if versions.iter().any(|v| v.note_id == note_id) {
        return web::redirect(format!("/app/encounters/{id}"));
    }
    refuse_closed(&visit, &draft)?;
    if draft.amends.is_some() && !ctx.may("encounter.amend") {
        return Err(Failure::Forbidden("Chưa được phân quyền sửa hồ sơ đã kết thúc.".into()));
    }
    // An autosave of the same hand may have overtaken this form by one; it is no second person.
    let is_own_autosave = draft.edited_by == Some(ctx.actor.account.0) && draft.version == read_at + 1;
    let read_at = if is_own_autosave { draft.version } else { read_at };
    let before = draft.note.clone();
    for conflict in draft.note.save(edits, read_at, draft.version + 1) {
        let (title, by) = (&conflict.title, &draft.edited_by_name);
        problems.add(
            crate::note::field_of(&conflict.section),
            format!("{title}: {by} vừa sửa phần này nên chưa kết thúc. Chữ của bạn: “{}”", conflict.yours),
        );
    }
    if draft.note != before || draft.version == 0 {
        keep(&ctx, &mut tx, &mut visit, &mut draft).await?;
    }
    let version = versions.first().map_or(0, |v| v.version) + 1;
    match close(&ctx, &mut tx, &mut visit, &draft, note_id, version, problems).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/encounters/{id}?tab=5&done=1"))
        }
        Err(Failure::Refused(problems)) => {
            // What was typed is kept although the visit stays open.
            let page = chart_page::page(&ctx, &mut tx, id, problems, chart_page::Tab::default()).await?;
            tx.commit().await?;
            web::refused(page)
        }
        Err(other) => Err(other),
    }
}

/// Checks and writes the version, the status, the event. Refuses with everything that is missing.
async fn close(
    ctx: &Ctx,
    tx: &mut Tx,
    visit: &mut Visit,
    draft: &Draft,
    note_id: Uuid,
    version: i32,
    mut problems: Problems,
) -> Result<(), Failure> {
    let codes: Vec<&str> = draft.diagnoses.iter().map(|d| d.code.as_str()).collect();
    let facts = diagnosis::facts_of(tx, &codes, visit.day).await?;
    let disposition = Disposition::read(&draft.note, &mut problems);
    let words = Words { note: &draft.note, diagnoses: &draft.diagnoses, disposition: &disposition };
    let at = Circumstances { status: visit.status(), day: visit.day, now: ctx.now, whom: visit.whom() };
    let checked = match &draft.amends {
        None => finish::check(&words, &at, |code| facts.get(code)),
        Some((_, reason)) => finish::check_amendment(&words, &at, reason, |code| facts.get(code)),
    };
    if let Err(more) = checked {
        for problem in more.0 {
            // A date that could not be read was told already, beside its field.
            if problem.field.is_empty() || problem.field == "diagnosis" || problems.at(&problem.field).is_empty() {
                problems.0.push(problem);
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    store::insert_version(tx, visit, draft, &disposition, note_id, version).await?;
    let (id, patient) = (visit.id(), visit.patient());
    if draft.amends.is_none() {
        visit::step(tx, visit, Status::Finished, ctx.now).await?;
        tx.emit(Event::EncounterFinished { encounter: id, patient, at: ctx.now });
        tx.audit("finish", "encounter", id, Some(patient), json!({ "version": version }));
    } else {
        tx.emit(Event::EncounterAmended { encounter: id, version, at: ctx.now });
        tx.audit("amend", "encounter", id, Some(patient), json!({ "version": version }));
    }
    tx.notify(format!("encounter/{id}"));
    Ok(())
}

/// `POST /app/encounters/{id}/amendment` (`amend_reason`): opens a finished visit for a new version. The old version
/// stays as it is and keeps opening. A second click finds the amendment already open.
pub async fn begin_amendment(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let reason = field(&pairs, "amend_reason").trim().to_string();
    let mut tx = ctx.begin().await?;
    let (visit, draft) = store::open_for_writing(&mut tx, id).await?;
    if draft.amends.is_some() {
        return web::redirect(format!("/app/encounters/{id}"));
    }
    let mut problems = Problems::none();
    if visit.status() != Status::Finished {
        problems.0.push(Problem::of("Lượt khám chưa kết thúc, cứ sửa trực tiếp."));
    }
    problems.0.extend(finish::check_reason(&reason).err());
    if !problems.is_empty() {
        let page = chart_page::page(&ctx, &mut tx, id, problems, chart_page::Tab::default()).await?;
        return web::refused(page);
    }
    let latest = store::list_versions(&mut tx, id).await?.into_iter().next().ok_or(Failure::NotFound)?;
    let draft = draft_of(&latest, reason, &ctx);
    store::save_draft(&mut tx, id, &draft).await?;
    tx.audit("begin_amendment", "encounter", id, Some(visit.patient()), json!({ "amends": latest.version }));
    tx.commit().await?;
    web::redirect(format!("/app/encounters/{id}"))
}

/// A draft that holds what the version holds, disposition fields included.
fn draft_of(version: &Version, reason: String, ctx: &Ctx) -> Draft {
    let mut note = version.sections.0.clone();
    for (field, text) in fields_of(&version.disposition.0) {
        if !text.is_empty() {
            note.0.insert(field.into(), Section { text, ..Section::default() });
        }
    }
    for section in note.0.values_mut() {
        // Counting starts again with the new draft.
        section.changed_at = 0;
    }
    Draft {
        version: 1,
        template: version.template.clone(),
        note,
        diagnoses: version.diagnoses.0.clone(),
        amends: Some((version.version, reason)),
        edited_by: Some(ctx.actor.account.0),
        edited_by_name: ctx.actor.name.to_string(),
        edited_at: ctx.now,
    }
}

/// The disposition as the form's fields show it.
fn fields_of(disposition: &Disposition) -> [(&'static str, String); 6] {
    let local = |at: chrono::DateTime<chrono::Utc>| base::local_time(at).format("%Y-%m-%dT%H:%M").to_string();
    [
        ("go.kind", disposition.kind.map(|k| k.key().to_string()).unwrap_or_default()),
        ("go.follow_up_on", disposition.follow_up_on.map(|d| d.to_string()).unwrap_or_default()),
        ("go.place", disposition.place.clone()),
        ("go.reason", disposition.reason.clone()),
        ("go.died_at", disposition.died_at.map(local).unwrap_or_default()),
        ("go.advice", disposition.advice.clone()),
    ]
}

/// The note of a version with its disposition as fields, for showing it in the chart.
pub fn whole(version: &Version) -> Note {
    let mut note = version.sections.0.clone();
    for (field, text) in fields_of(&version.disposition.0) {
        note.0.insert(field.into(), Section { text, ..Section::default() });
    }
    note
}

/// `POST /app/encounters/{id}/amendment/discarded`: gives an amendment up; the finished version stands.
pub async fn discard_amendment(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (visit, draft) = store::open_for_writing(&mut tx, id).await?;
    if draft.amends.is_some() {
        store::delete_draft(&mut tx, id).await?;
        tx.audit("discard_amendment", "encounter", id, Some(visit.patient()), Value::Null);
        tx.commit().await?;
    }
    web::redirect(format!("/app/encounters/{id}"))
}

/// `GET /app/encounters/{id}/exam-sheet.pdf`: the examination on one sheet, as finished (drafts cannot be printed).
pub async fn exam_sheet(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (patient, number, data) = sheet(&mut tx, id).await?;
    tx.audit("print", "note", id, Some(patient), json!({ "paper": "exam-sheet", "version": number }));
    tx.commit().await?;
    paper(&ctx, "exam-sheet", data, "phieu-kham").await
}

/// The examination sheet for the medical record; `None` for a visit that is not finished or not ours.
pub async fn for_record(app: &App, tx: &mut Tx, id: EncounterId) -> Result<Option<MadePaper>, Failure> {
    let data = match sheet(tx, id).await {
        Ok((.., data)) => data,
        Err(Failure::NotFound | Failure::Refused(_)) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let pdf = app.papers().render("exam-sheet", data.clone()).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    Ok(Some(MadePaper { title: "Phiếu khám bệnh".into(), pdf, data }))
}

/// The newest version of the note under the names of the paper: whose it is, which version, and the facts.
async fn sheet(tx: &mut Tx, id: EncounterId) -> Result<(PatientId, i32, Value), Failure> {
    let now = tx.now;
    let (visit, front, _) = chart::get(tx, id).await?;
    let version = printable(tx, id).await?;
    let measured = vitals::list_of_patient(tx, visit.patient(), now, 12).await?;
    let row = measured.iter().find(|row| row.encounter_id == visit.encounter_id);
    let disposition = &version.disposition.0;
    let is_printed_apart = |title: &str| {
        title.starts_with("Chẩn đoán") || title.starts_with("Bệnh kèm") || ["Hướng xử trí", "Lời dặn"].contains(&title)
    };
    let sections: Vec<Value> = lines_of(&version)
        .into_iter()
        .filter(|(title, _)| !is_printed_apart(title))
        .map(|(title, text)| json!({ "title": title, "text": text }))
        .collect();
    let data = json!({
        "head": head(tx, visit.day).await?,
        "code": front.record_no,
        "visit_at": front.opened_at,
        "room": { "name": front.room_name },
        "patient": patient(&visit, &front),
        "reason": version.sections.0.text("reason"),
        "allergies": allergies(&front),
        "vitals": row.map(|row| vital_lines(&visit, &row.vitals())).unwrap_or_default(),
        "sections": sections,
        "diagnoses": diagnoses(&version),
        "disposition": disposition.summary(),
        "follow_up_date": disposition.follow_up(),
        "advice": disposition.advice,
        "doctor": { "name": version.author_name, "title": front.doctor_title.clone().unwrap_or_default() },
        "signed_at": version.signed_at,
        "version": version.version,
        "amend_reason": version.amend_reason,
    });
    Ok((visit.patient(), version.version, data))
}

/// `GET /app/encounters/{id}/follow-up.pdf`: the slip with the date to come back.
pub async fn follow_up(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (visit, front, _) = chart::get(&mut tx, id).await?;
    let version = printable(&mut tx, id).await?;
    let disposition = &version.disposition.0;
    let Some(on) = disposition.follow_up() else {
        return Err(Problem::of("Lượt khám này không hẹn khám lại nên không có phiếu hẹn.").into());
    };
    let data = json!({
        "head": head(&mut tx, visit.day).await?,
        "code": front.record_no,
        "patient": patient(&visit, &front),
        "diagnoses": diagnoses(&version),
        "visit_at": front.opened_at,
        "follow_up_date": on,
        "room": { "name": front.room_name },
        "reason": disposition.reason,
        "advice": disposition.advice,
        "doctor": { "name": version.author_name, "title": front.doctor_title.clone().unwrap_or_default() },
        "issued_at": version.signed_at,
    });
    tx.audit("print", "note", id, Some(visit.patient()), json!({ "paper": "follow-up", "version": version.version }));
    tx.commit().await?;
    paper(&ctx, "follow-up", data, "phieu-hen").await
}

async fn printable(tx: &mut Tx, id: EncounterId) -> Result<Version, Failure> {
    let versions = store::list_versions(tx, id).await?;
    versions
        .into_iter()
        .next()
        .ok_or_else(|| Problem::of("Lượt khám chưa kết thúc nên chưa in được. Kết thúc lượt khám rồi in.").into())
}

/// The clinic's header, as it was on the day of the visit.
async fn head(tx: &mut Tx, day: NaiveDate) -> Result<Value, Failure> {
    let id = tx.facility();
    let facility = organization::facility::get(tx.conn(), id).await?;
    let code = organization::facility::code_on(tx.conn(), id, "kcb", day).await?;
    Ok(facility.paper_head(code.as_deref()))
}

fn patient(visit: &Visit, front: &chart::Front) -> Value {
    json!({
        "name": front.name,
        "sex": visit.sex,
        "birth_date": visit.birth_date,
        "age": visit.age().to_string(),
        "record_no": front.record_no,
        "phone": front.phone,
        "address": front.address_text,
        "personal_id": front.cccd,
    })
}

fn allergies(front: &chart::Front) -> Value {
    match (front.allergies.0.is_empty(), front.allergy_state.as_str()) {
        (false, _) => json!(front.allergies.0),
        (true, "none_known") => json!("chưa ghi nhận"),
        _ => Value::Null,
    }
}

fn diagnoses(version: &Version) -> Value {
    let with_remark =
        |d: &Diagnosis| if d.remark.is_empty() { d.name.clone() } else { format!("{} ({})", d.name, d.remark) };
    let numbered = version.diagnoses.0.iter().enumerate();
    json!(numbered.map(|(i, d)| json!({ "code": d.code, "name": with_remark(d), "main": i == 0 })).collect::<Vec<_>>())
}

fn vital_lines(visit: &Visit, vitals: &crate::vitals::Vitals) -> Vec<Value> {
    let mut lines = Vec::new();
    let pressure = vitals.blood_pressure();
    if !pressure.is_empty() {
        lines.push(json!({ "label": "Huyết áp", "value": pressure, "unit": "mmHg" }));
    }
    for measure in Measure::ALL {
        let Some(value) = vitals.get(measure) else { continue };
        if matches!(measure, Measure::Systolic | Measure::Diastolic) {
            continue;
        }
        let level = judge(measure, value, visit.age(), visit.day);
        lines.push(json!({
            "label": measure.name(),
            "value": measure.show(value),
            "unit": measure.unit(),
            "flag": level.word(measure),
        }));
    }
    lines
}

async fn paper(ctx: &Ctx, template: &str, data: Value, name: &str) -> Answer {
    let bytes = ctx.app.papers().render(template, data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("{name}.pdf"))
}

/// The sentence under the vitals in the banner.
pub fn vitals_badge(rows: &[vitals::VitalsRow], visit: &Visit) -> String {
    rows.iter()
        .find(|row| row.encounter_id == visit.encounter_id)
        .map(|row| vitals_page::summary(&row.vitals()))
        .unwrap_or_default()
}

//! The report on paper: A4, with its pictures, as it was released or as it stands.

use super::released::stills;
use super::study::Open;
use crate::imaging::report::{Released, compose};
use crate::store::imaging::{Picture, Report};
use base::{Age, FacilityId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, App, Ctx, Failure, MadePaper, Path, Query, Tx};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    version: String,
}

/// `GET /app/imaging/studies/{id}/report.pdf?version=`: the newest released version, or the one asked for.
pub async fn report(ctx: Ctx, Path(id): Path<Uuid>, Query(wanted): Query<Wanted>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = Open::load(&mut tx, id).await?;
    let chosen = match wanted.version.as_str() {
        "" => open.reports.first(),
        typed => open.reports.iter().find(|report| report.version.to_string() == typed),
    };
    let report = chosen.ok_or(Failure::NotFound)?;
    let is_old = report.version != open.study.version;
    let data = sheet(&ctx.app, &mut tx, &open, &report.content.0, Some(report), is_old).await?;
    tx.audit("print", "imaging-report", report.report_id, Some(open.study.patient()), json!({ "version": report.version }));
    tx.commit().await?;
    press(&ctx, data, &open.study.accession).await
}

/// `GET /app/imaging/studies/{id}/preview.pdf`: what the report would look like now, marked as a draft.
pub async fn preview(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = Open::load(&mut tx, id).await?;
    let content = open.draft.as_ref().map(|draft| draft.content.0.clone()).unwrap_or_default();
    let day = base::local_date(open.study.started_at);
    let report = compose(open.template(), &content, &stills(&open), day);
    let mut data = sheet(&ctx.app, &mut tx, &open, &report, None, false).await?;
    data["draft"] = Value::Bool(true);
    tx.audit("read", "imaging-report", id, Some(open.study.patient()), json!({ "preview": true }));
    tx.commit().await?;
    press(&ctx, data, &open.study.accession).await
}

async fn press(ctx: &Ctx, data: Value, accession: &str) -> Answer {
    let bytes = ctx.app.papers().render("imaging-report", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("ket-qua-{accession}.pdf"))
}

/// The facts of the paper under the paper's own names.
async fn sheet(app: &App, tx: &mut Tx, open: &Open, report: &Released, signed: Option<&Report>, is_old: bool) -> Result<Value, Failure> {
    let study = &open.study;
    let (facility, today) = (tx.facility(), base::local_date(tx.now));
    let ours = organization::facility::get(tx.conn(), facility).await?;
    let official = organization::facility::code_on(tx.conn(), facility, "kcb", today).await?;
    let diagnoses = crate::store::list_diagnoses(tx.conn(), facility, study.encounter()).await?;
    let pictures = pictures(app, facility, &open.pictures, report).await?;
    Ok(json!({
        "head": ours.paper_head(official.as_deref()),
        "title": report.title,
        "code": study.accession,
        "service": study.service_name,
        "room": { "name": study.room_name },
        "patient": {
            "name": study.patient_name,
            "record_no": study.record_no,
            "sex": study.sex,
            "birth_date": study.birth_date,
            "age": Age::on(study.birth_date, base::local_date(study.started_at)).to_string(),
            "phone": study.phone,
            "address": study.address_text,
        },
        "diagnoses": diagnoses.iter().map(|(code, name)| json!({ "code": code, "name": name })).collect::<Vec<_>>(),
        "reason": study.note,
        "ordered_at": study.ordered_at,
        "ordered_by": study.ordered_name,
        "performed_at": study.started_at,
        "sections": report.sections.iter().map(|s| json!({ "title": s.title, "text": s.text })).collect::<Vec<_>>(),
        "measures": report.measures.iter().map(|m| json!({ "label": m.label, "value": m.value, "unit": m.unit })).collect::<Vec<_>>(),
        "derived": report.derived.iter().map(|d| json!({ "label": d.label, "value": d.value, "source": d.source })).collect::<Vec<_>>(),
        "conclusion": report.conclusion,
        "recommendation": report.recommendation,
        "pictures": pictures,
        "doctor": { "name": signed.map_or_else(|| tx.actor.name.to_string(), |s| s.released_name.clone()) },
        "signed_at": signed.map(|s| s.released_at),
        "version": signed.map_or(0, |s| s.version),
        "amend_reason": signed.map(|s| s.reason.clone()).filter(|reason| !reason.is_empty()),
        "replaced": is_old,
    }))
}

/// The pictures of a report, each in the copy that was made for paper.
async fn pictures(app: &App, facility: FacilityId, kept: &[Picture], report: &Released) -> Result<Vec<Value>, Failure> {
    let mut out = Vec::with_capacity(report.pictures.len());
    for shown in &report.pictures {
        let copy = kept.iter().find(|picture| picture.picture_id == shown.picture).and_then(|picture| picture.paper_file.as_deref());
        let content = app.files().fetch(facility, copy.unwrap_or(&shown.file)).await?;
        out.push(json!({ "caption": shown.caption, "file": shown.file, "jpeg": STANDARD.encode(content) }));
    }
    Ok(out)
}

/// The report for the medical record, as this very version was released; `None` when it is not one of imaging.
pub async fn for_record(app: &App, tx: &mut Tx, report: Uuid) -> Result<Option<MadePaper>, Failure> {
    let facility = tx.facility();
    let Some(study) = crate::store::imaging::find_study_of_report(tx.conn(), facility, report).await? else { return Ok(None) };
    let open = Open::load(tx, study).await?;
    let Some(released) = open.reports.iter().find(|known| known.report_id == report) else { return Ok(None) };
    let is_old = released.version != open.study.version;
    let data = sheet(app, tx, &open, &released.content.0, Some(released), is_old).await?;
    let pdf = app.papers().render("imaging-report", data.clone()).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    Ok(Some(MadePaper { title: open.study.service_name.clone(), pdf, data }))
}

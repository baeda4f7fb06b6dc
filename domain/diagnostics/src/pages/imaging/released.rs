//! Releasing a report, and the report as everybody reads it afterwards, every version of it.

use super::study::{EarlierView, Open, Who, earlier_view, field, hold, refuse_closed, refused, who};
use crate::imaging::report::{self, Content, Pairs, Released, Still};
use crate::order::Status;
use crate::store::{self, imaging, imaging::{NewReport, Report, Study}};
use askama::Template;
use base::{Event, Problem, Problems, ReportId, show_date, show_time};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

struct VersionView {
    version: i32,
    by: String,
    at: String,
    reason: String,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "imaging-report.html")]
struct Page {
    shell: Shell,
    who: Who,
    study: Study,
    id: Uuid,
    report: Option<Released>,
    is_critical: bool,
    signed: String,
    version: i32,
    newest: i32,
    reason: String,
    versions: Vec<VersionView>,
    earlier: Vec<EarlierView>,
    clips: Vec<(Uuid, String)>,
    stills: usize,
    may_correct: bool,
    is_correcting: bool,
    problems: Problems,
}

/// The stills that a report may show.
pub fn stills(open: &Open) -> Vec<Still> {
    let stills = open.pictures.iter().filter(|picture| picture.is_still());
    stills.map(|picture| Still { picture: picture.picture_id, file: picture.file.clone() }).collect()
}

/// `POST /app/imaging/studies/{id}/released`: signs and sends the report. The order is done with it, the doctor who
/// asked hears of it. Pressed twice it is released once.
pub async fn release(ctx: Ctx, Path(id): Path<Uuid>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = hold(&ctx, &mut tx, id).await?;
    let back = format!("/app/imaging/studies/{id}");
    if open.study.is_final() && open.draft.is_none() && open.study.released_by == Some(ctx.actor.account.0) {
        return web::redirect(back);
    }
    refuse_closed(&open)?;
    let mut problems = Problems::none();
    let mut content = Content::read(&pairs, &mut problems);
    let template = open.template();
    let known = open.draft.as_ref();
    if let Some(draft) = known {
        content.keep_hidden(&draft.content.0, template);
        let read_at: i32 = field(&pairs, "version").parse().unwrap_or(0);
        if draft.version != read_at && draft.edited_by != ctx.actor.account.0 {
            let text = format!(
                "{} vừa sửa kết quả này lúc {}. Xem lại phần bên dưới rồi ký; chữ của cả hai vẫn còn.",
                draft.edited_name,
                show_time(draft.edited_at)
            );
            let theirs = draft.content.0.clone();
            return refused(&ctx, &mut tx, &open, theirs, Problem::of(text).into()).await;
        }
    }
    let day = base::local_date(open.study.started_at);
    let ready = report::release(template, &content, &stills(&open), day);
    let ready = match (problems.is_empty(), ready) {
        (true, Ok(ready)) => ready,
        (_, found) => {
            problems.0.extend(found.err().unwrap_or_default().0);
            return refused(&ctx, &mut tx, &open, content, problems).await;
        }
    };
    let reason = known.map(|draft| draft.reason.clone()).unwrap_or_default();
    let new = NewReport {
        id: ReportId::new(),
        study: id,
        version: open.study.version + 1,
        template: &template.key,
        content: &ready,
        is_critical: content.is_critical,
        reason: &reason,
    };
    imaging::insert_report(&mut tx, &new).await?;
    imaging::delete_draft(&mut tx, id).await?;
    if open.study.order_status != Status::Done.key() {
        store::step(&mut tx, open.study.order(), Status::Done, "").await?;
    }
    tx.emit(Event::ReportReleased {
        encounter: open.study.encounter(),
        patient: open.study.patient(),
        report: new.id,
        orders: vec![open.study.order()],
        abnormal: ready.is_abnormal(),
        critical: content.is_critical,
        corrects: open.reports.first().map(|report| ReportId(report.report_id)),
        at: ctx.now,
    });
    let action = if new.version == 1 { "release" } else { "correct" };
    tx.audit(action, "imaging-report", new.id, Some(open.study.patient()), json!({ "study": id, "version": new.version, "reason": reason }));
    tx.notify("orders");
    tx.notify(format!("imaging/{id}"));
    tx.notify(format!("encounter/{}", open.study.encounter_id));
    tx.commit().await?;
    web::redirect(back)
}

/// `GET /app/imaging/studies/{id}/versions/{version}`: one version whole, however old.
pub async fn version(ctx: Ctx, Path((id, version)): Path<(Uuid, String)>) -> Answer {
    let version: i32 = version.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = ctx.begin().await?;
    let open = Open::load(&mut tx, id).await?;
    if !open.reports.iter().any(|report| report.version == version) {
        return Err(Failure::NotFound);
    }
    let answer = page(&ctx, &mut tx, &open, Some(version)).await?;
    tx.audit("read", "imaging-report", id, Some(open.study.patient()), json!({ "version": version }));
    tx.commit().await?;
    Ok(answer)
}

/// The page of a study for reading: the newest version, or the one asked for.
pub async fn page(ctx: &Ctx, tx: &mut Tx, open: &Open, version: Option<i32>) -> Answer {
    web::html(view(ctx, tx, open, version, Problems::none()).await?)
}

/// The same page with what was refused of a correction.
pub async fn refused_page(ctx: &Ctx, tx: &mut Tx, open: &Open, problems: Problems) -> Answer {
    web::refused(view(ctx, tx, open, None, problems).await?)
}

async fn view(ctx: &Ctx, tx: &mut Tx, open: &Open, version: Option<i32>, problems: Problems) -> Result<Page, Failure> {
    let study = open.study.clone();
    let newest = open.reports.first();
    let shown: Option<&Report> = version.map_or(newest, |wanted| open.reports.iter().find(|report| report.version == wanted));
    let earlier = imaging::list_earlier(tx.conn(), ctx.facility(), study.patient(), 8).await?;
    let when = |report: &Report| format!("{} {}", show_date(base::local_date(report.released_at)), show_time(report.released_at));
    Ok(Page {
        shell: ctx.shell(&study.service_name, &[("F9", "In kết quả"), ("Esc", "Quay lại")]),
        who: who(ctx, tx, &study).await?,
        id: study.study_id,
        report: shown.map(|report| report.content.0.clone()),
        is_critical: shown.is_some_and(|report| report.is_critical),
        signed: shown.map(|report| format!("{} · {}", report.released_name, when(report))).unwrap_or_default(),
        version: shown.map_or(0, |report| report.version),
        newest: study.version,
        reason: shown.map(|report| report.reason.clone()).unwrap_or_default(),
        versions: open
            .reports
            .iter()
            .map(|report| VersionView {
                version: report.version,
                by: report.released_name.clone(),
                at: when(report),
                reason: report.reason.clone(),
                is_open: shown.is_some_and(|shown| shown.version == report.version),
            })
            .collect(),
        earlier: earlier.into_iter().filter(|e| e.study_id != study.study_id).map(earlier_view).collect(),
        clips: open.pictures.iter().filter(|p| !p.is_still()).map(|p| (p.picture_id, show_time(p.taken_at))).collect(),
        stills: open.pictures.iter().filter(|p| p.is_still()).count(),
        may_correct: ctx.may("imaging.release") && study.is_final() && open.draft.is_none() && study.order_status != "cancelled",
        is_correcting: open.draft.is_some() && study.is_final(),
        problems,
        study,
    })
}


//! Opening an archived record again: a reason, then the planning department and the direction.

use super::list::{Typed, again};
use crate::archive::approval;
use crate::archive::status::{self, Status};
use crate::archive::store::reopenings;
use crate::complete::store as covers;
use base::{Event, PatientId, Problem, Problems};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path};

/// `POST /app/archive/{record}/reopenings`
pub async fn ask(ctx: Ctx, Path(record): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = covers::lock(&mut tx, record).await?;
    let mut problems = Problems::none();
    let reason = typed.reason.trim();
    problems.add_if(reason.chars().count() < 10 || reason.chars().count() > 500, "reason", "Ghi rõ vì sao phải mở lại (10 đến 500 ký tự).");
    problems.add_if(cover.status() != Status::Archived, "", "Chỉ mở lại được hồ sơ đang lưu trữ.");
    let id: Option<Uuid> = typed.id.parse().ok();
    problems.add_if(id.is_none(), "", "Trang đã cũ. Tải lại trang.");
    let (Some(id), true) = (id, problems.is_empty()) else {
        drop(tx);
        return again(&ctx, record, "reopen", typed, problems).await;
    };
    reopenings::insert(&mut tx, id, record, reason).await?;
    tx.audit("ask", "record_reopening", id, Some(PatientId(cover.patient_id)), json!({ "record": record }));
    tx.notify("archive");
    tx.commit().await?;
    web::redirect(format!("/app/archive/{record}"))
}

/// `POST /app/archive/{record}/reopenings/{reopening}/decision`: the second agreement opens the record.
pub async fn decide(ctx: Ctx, Path((record, id)): Path<(Uuid, Uuid)>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = covers::lock(&mut tx, record).await?;
    let wish = reopenings::lock(&mut tx, record, id).await?.ok_or(Failure::NotFound)?;
    let patient = Some(PatientId(cover.patient_id));
    if typed.decision == "refuse" {
        let why = typed.reason.trim().to_owned();
        let mut problems = Problems::none();
        problems.add_if(why.is_empty() || why.chars().count() > 300, "", "Không duyệt thì ghi lý do (tối đa 300 ký tự).");
        problems.add_if(!wish.is_open(), "", "Việc này đã quyết định xong. Tải lại trang.");
        if !problems.is_empty() {
            drop(tx);
            return again(&ctx, record, "decide", typed, problems).await;
        }
        reopenings::refuse(&mut tx, id, &why).await?;
        tx.audit("refuse", "record_reopening", id, patient, json!({}));
        tx.commit().await?;
        return web::redirect(format!("/app/archive/{record}"));
    }
    let side = match approval::side_of(&wish.agreed(), &ctx.actor) {
        Ok(side) => side,
        Err(problem) => {
            drop(tx);
            return again(&ctx, record, "decide", typed, problem.into()).await;
        }
    };
    if cover.status() != Status::Archived {
        drop(tx);
        return again(&ctx, record, "decide", typed, Problem::of("Hồ sơ không còn ở trong kho. Tải lại trang.").into()).await;
    }
    reopenings::agree(&mut tx, id, side).await?;
    tx.audit("approve", "record_reopening", id, patient, json!({ "side": format!("{side:?}") }));
    let mut agreed = wish.agreed();
    match side {
        approval::Side::Planner => agreed.planner = Some(ctx.actor.account.0),
        approval::Side::Director => agreed.director = Some(ctx.actor.account.0),
    }
    if agreed.is_complete() {
        status::note(&mut tx, record, Status::Archived, Status::Reopened, &wish.reason).await?;
        covers::set_status(&mut tx, record, Status::Reopened).await?;
        reopenings::set_opened(&mut tx, id).await?;
        tx.emit(Event::RecordReopened { record: cover.id(), at: ctx.now });
        tx.audit("reopen", "record", record, patient, json!({ "archive_no": cover.archive_no }));
        tx.notify("completion");
    }
    tx.notify("archive");
    tx.commit().await?;
    web::redirect(format!("/app/archive/{record}"))
}

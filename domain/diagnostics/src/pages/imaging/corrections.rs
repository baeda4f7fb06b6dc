//! Correcting a released report: a reason, a draft that begins where the last version stands, a further version.

use super::released::refused_page;
use super::study::{Open, hold};
use crate::store::imaging;
use base::Problem;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Form, Path};

/// The shortest reason that says something.
const SHORTEST_REASON: usize = 10;
const LONGEST_REASON: usize = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Why {
    reason: String,
}

/// `POST /app/imaging/studies/{id}/correction`: opens the newest version for writing. The version itself stays as it is.
pub async fn begin(ctx: Ctx, Path(id): Path<Uuid>, Form(why): Form<Why>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open: Open = hold(&ctx, &mut tx, id).await?;
    let back = format!("/app/imaging/studies/{id}");
    let Some(newest) = open.reports.first() else {
        return Err(Problem::of("Kết quả chưa trả nên chưa có gì để sửa lại. Ghi thẳng vào bản đang viết.").into());
    };
    if open.draft.is_some() {
        return web::redirect(back);
    }
    let reason = why.reason.trim();
    let length = reason.chars().count();
    if !(SHORTEST_REASON..=LONGEST_REASON).contains(&length) {
        let text = format!("Ghi lý do sửa, {SHORTEST_REASON} đến {LONGEST_REASON} ký tự, ví dụ “nhầm bên thận phải và thận trái”.");
        return refused_page(&ctx, &mut tx, &open, Problem::at("reason", text).into()).await;
    }
    imaging::save_draft(&mut tx, id, &newest.template, 1, &newest.content.0.typed, reason).await?;
    tx.audit("reopen", "imaging-report", id, Some(open.study.patient()), json!({ "reason": reason, "version": newest.version }));
    tx.notify(format!("imaging/{id}"));
    tx.commit().await?;
    web::redirect(back)
}

/// `POST /app/imaging/studies/{id}/correction/discarded`: gives the correction up; the released version never changed.
pub async fn discard(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open: Open = hold(&ctx, &mut tx, id).await?;
    if open.study.is_final() && open.draft.is_some() {
        imaging::delete_draft(&mut tx, id).await?;
        tx.audit("discard", "imaging-report", id, Some(open.study.patient()), json!({}));
        tx.notify(format!("imaging/{id}"));
        tx.commit().await?;
    }
    web::redirect(format!("/app/imaging/studies/{id}"))
}

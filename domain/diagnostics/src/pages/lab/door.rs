//! Messages of machines that name none of our samples, for whoever sets them right.

use crate::store::lab::door::{self, Message};
use askama::Template;
use axum::response::IntoResponse;
use base::{Problem, Problems, show_date, show_time};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

const MOST: i64 = 100;

struct Row {
    message: Message,
    at: String,
}

#[derive(Template)]
#[template(path = "lab-machines.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    problems: Problems,
    refused: Uuid,
}

/// `GET /app/lab/machines`.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, Problems::none(), None).await?)
}

async fn page(ctx: &Ctx, tx: &mut Tx, problems: Problems, refused: Option<Uuid>) -> Result<Page, Failure> {
    let rows = door::list_unmatched(tx.conn(), ctx.facility(), MOST).await?;
    Ok(Page {
        shell: ctx.shell("Bản tin máy chưa khớp", &[]),
        rows: rows
            .into_iter()
            .map(|message| Row { at: format!("{} {}", show_date(base::local_date(message.received_at)), show_time(message.received_at)), message })
            .collect(),
        problems,
        refused: refused.unwrap_or_default(),
    })
}

/// `GET /app/lab/machines/{id}`: the bytes as they came.
pub async fn bytes(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let content = door::content(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    tx.audit("read", "raw-message", id, None, json!({}));
    tx.commit().await?;
    let headers = [
        (http::header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (http::header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.bin\"")),
    ];
    Ok((headers, content).into_response())
}

/// To which sample it belongs, or why it needs none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SettleForm {
    pub sample_code: String,
    pub note: String,
}

/// `POST /app/lab/machines/{id}/settled`.
pub async fn settle(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<SettleForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    door::content(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let code: String = form.sample_code.trim().chars().take(40).collect();
    let note: String = form.note.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    if code.is_empty() && note.is_empty() {
        let problem = Problem::at("note", "Ghi mã mẫu mà bản tin thuộc về, hoặc lý do bỏ qua.");
        return web::refused(page(&ctx, &mut tx, problem.into(), Some(id)).await?);
    }
    if !door::settle(&mut tx, id, &code, &note).await? {
        let problem = Problem::at("note", format!("Không có mẫu mang mã “{code}”. Kiểm tra lại nhãn."));
        drop(tx);
        let mut tx = ctx.begin().await?;
        return web::refused(page(&ctx, &mut tx, problem.into(), Some(id)).await?);
    }
    tx.audit("settle", "raw-message", id, None, json!({}));
    tx.commit().await?;
    web::redirect("/app/lab/machines")
}

//! Taking everything along: asking, watching, fetching.

use crate::export::{self, Export};
use askama::Template;
use base::{show_date, show_time};
use http::header;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, IntoResponse, Path, Shell};

#[derive(Template)]
#[template(path = "exports.html")]
struct Page {
    shell: Shell,
    id: Uuid,
    exports: Vec<Export>,
    now: chrono::DateTime<chrono::Utc>,
}

impl Page {
    fn when(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        format!("{} {}", show_time(*at), show_date(base::local_date(*at)))
    }
    fn size(&self, bytes: &i64) -> String {
        if *bytes < 1_000_000 { format!("{} KB", bytes / 1000 + 1) } else { format!("{} MB", bytes / 1_000_000) }
    }
}

/// `GET /app/subscription/exports`: what was made; an export that a restart interrupted goes on.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let exports = export::list(&mut tx).await?;
    let mut resumed = Vec::new();
    for lost in exports.iter().filter(|e| e.is_lost(ctx.now)) {
        if export::take_over(&mut tx, lost.export_id).await? {
            resumed.push(lost.export_id);
        }
    }
    tx.commit().await?;
    for id in resumed {
        export::begin(ctx.app.clone(), ctx.actor.clone(), id);
    }
    web::html(Page { shell: ctx.shell("Tải toàn bộ dữ liệu", &[]), id: Uuid::now_v7(), exports, now: ctx.now })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    id: String,
}

/// `POST /app/subscription/exports`.
pub async fn ask(ctx: Ctx, Form(asked): Form<Asked>) -> Answer {
    let id: Uuid = asked.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Hãy mở lại trang.".into()))?;
    let mut tx = ctx.begin().await?;
    let is_new = export::ask(&mut tx, id).await?;
    tx.audit("ask", "export", id, None, serde_json::Value::Null);
    tx.commit().await?;
    if is_new {
        export::begin(ctx.app.clone(), ctx.actor.clone(), id);
    }
    web::redirect("/app/subscription/exports")
}

/// `GET /app/subscription/exports/{id}/data.zip`.
pub async fn fetch(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = export::find(&mut tx, id).await?.filter(|e| !e.file.is_empty()).ok_or(Failure::NotFound)?;
    tx.audit("download", "export", id, None, serde_json::json!({ "bytes": found.bytes }));
    tx.commit().await?;
    let bytes = ctx.app.files().fetch(ctx.facility(), &found.file).await?;
    let name = format!("attachment; filename=\"yba-{}-{}.zip\"", ctx.signed_in.facility_code, base::local_date(found.asked_at).format("%Y%m%d"));
    let name = http::HeaderValue::from_str(&name).map_err(|e| Failure::Fault(e.into()))?;
    let headers = [
        (header::CONTENT_TYPE, http::HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, http::HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

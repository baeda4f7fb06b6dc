//! The doctor's quick texts: what `.name` becomes, and the list in which own texts are looked at, changed and removed.

use crate::quick_text::QuickText;
use crate::store::quick_text::{self, Origin};
use askama::Template;
use base::{EncounterId, Problems};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, IntoResponse, Shell};

/// `GET /app/quick-texts`: what `.name` becomes at this desk.
pub async fn known(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let texts = quick_text::list(&mut tx).await?;
    let told: Vec<Value> = texts
        .iter()
        .filter_map(|(q, _)| {
            let expanded = crate::quick_text::expand(&q.text)?;
            Some(json!({ "name": q.shortcut, "title": q.title, "text": expanded.text, "stops": expanded.stops }))
        })
        .collect();
    Ok(axum::Json(told).into_response())
}

/// The form of a new quick text.
#[derive(Clone, Default, Deserialize)]
pub struct QuickTextForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    shortcut: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    back: String,
}

/// `POST /app/quick-texts`: keeps the doctor's own quick text.
pub async fn keep(ctx: Ctx, Form(form): Form<QuickTextForm>) -> Answer {
    let text = match QuickText::new(&form.shortcut, &form.title, &form.text) {
        Ok(text) => text,
        Err(problems) if form.back == "list" => return refused(&ctx, form, problems).await,
        Err(problems) => return Err(Failure::Refused(problems)),
    };
    let id = form.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    let mut tx = ctx.begin().await?;
    quick_text::keep(&mut tx, id, &text).await?;
    tx.audit("keep", "quick_text", id, None, json!({ "shortcut": text.shortcut }));
    tx.commit().await?;
    // Only back into our own pages.
    let back = form.back.parse::<EncounterId>().map(|id| format!("/app/encounters/{id}"));
    web::redirect(back.unwrap_or_else(|_| "/app/quick-texts/list".into()))
}

#[derive(Template)]
#[template(path = "quick_texts.html")]
struct ListPage {
    shell: Shell,
    id: Uuid,
    texts: Vec<(QuickText, Origin)>,
    form: QuickTextForm,
    problems: Problems,
}

const KEYS: &[(&str, &str)] = &[("F8", "Lưu mẫu câu"), ("Esc", "Về danh sách khám")];

/// `GET /app/quick-texts/list`: all texts of this desk, the doctor's own with a way to remove them.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let texts = quick_text::list(&mut tx).await?;
    web::html(ListPage {
        shell: ctx.shell("Mẫu câu", KEYS),
        id: Uuid::now_v7(),
        texts,
        form: QuickTextForm::default(),
        problems: Problems::none(),
    })
}

async fn refused(ctx: &Ctx, form: QuickTextForm, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    let texts = quick_text::list(&mut tx).await?;
    let id = form.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    web::refused(ListPage { shell: ctx.shell("Mẫu câu", KEYS), id, texts, form, problems })
}

#[derive(Deserialize)]
pub struct Removed {
    #[serde(default)]
    shortcut: String,
}

/// `POST /app/quick-texts/removed`: ends the doctor's own text of a shortcut; the clinic's or the shipped one is back.
pub async fn remove(ctx: Ctx, Form(form): Form<Removed>) -> Answer {
    let mut tx = ctx.begin().await?;
    if quick_text::end(&mut tx, &form.shortcut).await? {
        tx.audit("end", "quick_text", &form.shortcut, None, Value::Null);
        tx.commit().await?;
    }
    web::redirect("/app/quick-texts/list")
}

//! The one search box: type-ahead below it, and a page when Enter is pressed.

use crate::search::Query as Typed;
use crate::store::find::{self, Found};
use askama::Template;
use base::PatientId;
use serde::Deserialize;
use web::{Answer, Ctx, Path, Query};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

#[derive(Template)]
#[template(path = "suggestions.html")]
struct Suggestions {
    found: Vec<Found>,
    base: String,
    is_short: bool,
}

/// Type-ahead of the top bar: taking one opens the record.
pub async fn suggestions(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    list(ctx, &asked.q, "/app/patients/".into()).await
}

/// Type-ahead of the desk: taking one begins a visit of that person.
pub async fn at_desk(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    list(ctx, &asked.q, "/app/reception/new?patient=".into()).await
}

/// Type-ahead of the merge page: taking one shows both records side by side.
pub async fn to_merge(ctx: Ctx, Path(kept): Path<PatientId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    crate::store::record::get_summary(&mut tx, kept).await?;
    drop(tx);
    list(ctx, &asked.q, format!("/app/patients/{kept}/merge?with=")).await
}

async fn list(ctx: Ctx, typed: &str, base: String) -> Answer {
    let query = Typed::parse(typed, ctx.today());
    let mut tx = ctx.begin().await?;
    let found = find::search(&mut tx, &query, 12).await?;
    web::html(Suggestions { found, base, is_short: query.is_empty() })
}

#[derive(Template)]
#[template(path = "find.html")]
struct FindPage {
    shell: web::Shell,
    typed: String,
    found: Vec<Found>,
    may_register: bool,
}

/// The page of results.
pub async fn page(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let typed: String = asked.q.chars().take(120).collect();
    let mut tx = ctx.begin().await?;
    let found = find::search(&mut tx, &Typed::parse(&typed, ctx.today()), 50).await?;
    let shell = ctx.shell("Tìm người bệnh", &[("F2", "Tìm, quét"), ("F5", "Tiếp nhận mới"), ("Enter", "Mở")]);
    web::html(FindPage { shell, typed, found, may_register: ctx.may("patient.register") })
}

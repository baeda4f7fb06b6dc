//! Laboratory, imaging and procedures of a stay: the basket of the orders' own module, inside the stay.

use super::frame::Frame;
use askama::Template;
use base::EncounterId;
use codes::icd10;
use serde::Deserialize;
use web::{Answer, Ctx, PanelFor, Path, Query, Shell};

#[derive(Template)]
#[template(path = "stay_orders.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    blocks: Vec<String>,
    results: Vec<String>,
}

/// `GET /app/stays/{encounter}/orders`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let frame = Frame::load(&ctx, &mut tx, id, "orders").await?;
    let about = PanelFor { encounter: Some(id), patient: Some(frame.stay.patient()) };
    let blocks = ctx.panels("encounter.orders", &mut tx, &about).await?;
    let results = ctx.panels("chart.summary", &mut tx, &about).await?;
    tx.commit().await?;
    web::html(Page { shell: ctx.shell("Cận lâm sàng", &[("F6", "Bộ chỉ định"), ("B", "Sơ đồ giường")]), frame, blocks, results })
}

/// `GET /app/stays/{encounter}/record`: leads to the medical record of the stay, opened when there is none yet.
pub async fn record(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    crate::store::stay::get(&mut tx, id).await?;
    let record = ctx.app.records().of_encounter(&mut tx, id).await?;
    tx.commit().await?;
    web::redirect(format!("/app/records/{record}"))
}

/// What was typed into a field with suggestions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Find {
    q: String,
}

#[derive(Template)]
#[template(path = "suggestions.html")]
struct Suggestions {
    options: Vec<Option_>,
    typed: String,
}

/// One line of suggestions.
struct Option_ {
    value: String,
    label: String,
    code: String,
    text: String,
    side: String,
    href: String,
}

/// `GET /app/stays/{encounter}/drugs?q=`: the facility's medicines.
pub async fn drugs(ctx: Ctx, Path(id): Path<EncounterId>, Query(find): Query<Find>) -> Answer {
    let mut tx = ctx.begin().await?;
    crate::store::stay::get(&mut tx, id).await?;
    let (facility, today) = (ctx.facility(), ctx.today());
    let found = if find.q.trim().is_empty() { Vec::new() } else { organization::drug::search(tx.conn(), facility, &find.q, today, 9).await? };
    let ids: Vec<uuid::Uuid> = found.iter().map(|d| d.id).collect();
    let levels = ctx.app.stock().levels(&mut tx, &ids, None).await?;
    let options = found
        .into_iter()
        .map(|d| Option_ {
            side: levels.iter().find(|l| l.drug == d.id).map(|l| format!("tồn {} {}", crate::order::show_quantity(l.free_milli.max(0)), d.facts.unit)).unwrap_or_default(),
            value: d.id.to_string(),
            label: String::new(),
            code: d.facts.code.clone(),
            text: format!("{} · {}", crate::store::order::full_name(&d.facts.name, &d.facts.strength), d.facts.ingredient),
            href: String::new(),
        })
        .collect();
    web::html(Suggestions { options, typed: find.q })
}

/// `GET /app/stays/codes?q=`: codes of the catalogue by code, words or abbreviation.
pub async fn codes_of(ctx: Ctx, Query(find): Query<Find>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = if find.q.trim().is_empty() { Vec::new() } else { icd10::search(tx.conn(), &find.q, 12).await? };
    let options = found
        .into_iter()
        .filter(|row| !row.has_more_specific)
        .map(|row| Option_ { value: row.code.clone(), label: format!("{} {}", row.code, row.name), code: row.code, text: row.name, side: String::new(), href: String::new() })
        .collect();
    web::html(Suggestions { options, typed: find.q })
}

/// `GET /app/admissions/people?q=`: patients of the house; taking one goes to the form of admission.
pub async fn people(ctx: Ctx, Query(find): Query<Find>) -> Answer {
    let mut tx = ctx.begin().await?;
    let query = patient::search::Query::parse(&find.q, ctx.today());
    let found = patient::store::find::search(&mut tx, &query, 9).await?;
    tx.audit("search", "patient", "", None, serde_json::json!({ "found": found.len() }));
    tx.commit().await?;
    let options = found
        .into_iter()
        .map(|p| Option_ {
            value: p.patient.to_string(),
            label: p.name.clone(),
            code: p.record_no.clone(),
            text: p.name,
            side: base::show_date(p.birth.date),
            href: format!("/app/admissions/new?patient={}", p.patient),
        })
        .collect();
    web::html(Suggestions { options, typed: find.q })
}

//! The pharmacist's list: what was issued, newest first, found by code or name.

use crate::pages::block::{LineView, line_views};
use crate::pages::shelf::Shelf;
use crate::prescription::Status;
use crate::store::{self, Issued};
use askama::Template;
use base::{PrescriptionId, show_date, show_time};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use web::{Answer, Ctx, Failure, Path, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    pub q: String,
    /// Continue before this instant.
    pub before: String,
}

pub struct Row {
    pub issued: Issued,
    pub at: String,
    pub look: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "prescriptions.html")]
pub struct Page {
    pub shell: Shell,
    pub typed: String,
    pub rows: Vec<Row>,
    pub more: Option<String>,
}

/// `GET /app/prescriptions`.
pub async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> Answer {
    let before: Option<DateTime<Utc>> = query.before.parse().ok();
    let typed: String = query.q.chars().take(60).collect();
    let mut tx = ctx.begin().await?;
    let found = store::list_issued(tx.conn(), ctx.facility(), &typed, before).await?;
    tx.audit("list", "prescription", "", None, Value::Null);
    tx.commit().await?;
    let more = (found.len() == 50).then(|| found.last().map(|i| i.issued_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))).flatten();
    let rows = found
        .into_iter()
        .map(|issued| Row { at: format!("{} {}", show_time(issued.issued_at), show_date(base::local_date(issued.issued_at))), look: look(issued.status), issued })
        .collect();
    let shell = ctx.shell("Đơn thuốc", &[("F2", "Tìm đơn"), ("Enter", "Mở")]);
    web::html(Page { shell, typed, rows, more })
}

fn look(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Issued => ("done", "circle-check"),
        Status::Draft => ("draft", "pencil"),
        Status::Replaced | Status::Cancelled => ("neutral", "history"),
    }
}

#[derive(Template)]
#[template(path = "prescription_read.html")]
pub struct ReadPage {
    pub shell: Shell,
    pub prescription: store::Prescription,
    pub lines: Vec<LineView>,
    pub person: String,
    pub about: String,
    pub diagnoses: Vec<String>,
    pub prescriber: String,
    pub issued_at: String,
    pub valid_until: String,
    pub follow_up: String,
    pub look: (&'static str, &'static str),
}

/// `GET /app/prescriptions/{prescription}`: one issued prescription, to read.
pub async fn show(ctx: Ctx, Path(id): Path<PrescriptionId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = store::find(tx.conn(), ctx.facility(), id).await?.filter(|p| !p.code.is_empty()).ok_or(Failure::NotFound)?;
    tx.audit("read", "prescription", id, Some(known.patient), Value::Null);
    tx.commit().await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let patient = &known.on_paper["patient"];
    let about = [text(&patient["age"]), text(&patient["record_no"])].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ");
    let diagnoses = known.on_paper["diagnoses"].as_array().cloned().unwrap_or_default();
    web::html(ReadPage {
        shell: ctx.shell("Đơn thuốc", &[("F9", "In"), ("Esc", "Về danh sách")]),
        lines: line_views(&known.lines, &Shelf::default()),
        person: text(&patient["name"]),
        about,
        diagnoses: diagnoses.iter().map(|d| format!("{} {}", text(&d["code"]), text(&d["name"]))).collect(),
        prescriber: format!("{} {}", text(&known.prescriber["title"]), text(&known.prescriber["name"])).trim().to_owned(),
        issued_at: known.issued_at.map_or(String::new(), |at| format!("{} {}", show_time(at), show_date(base::local_date(at)))),
        valid_until: known.valid_until.map_or(String::new(), show_date),
        follow_up: known.follow_up_on.map_or(String::new(), show_date),
        look: look(known.status),
        prescription: known,
    })
}

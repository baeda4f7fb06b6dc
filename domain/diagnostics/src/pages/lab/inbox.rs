//! The clinician's inbox: what came back for the orders they placed, until they say that they have seen it.

use super::who;
use crate::store::lab::inbox::{self, Line};
use askama::Template;
use base::{PatientId, ReportId, show_date, show_time};
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Path, Query, Shell};

const MOST: i64 = 100;

/// Which part of the inbox.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    /// "1" = what was seen.
    seen: String,
}

struct Row {
    line: Line,
    who: String,
    at: String,
    since: String,
    href: String,
}

#[derive(Template)]
#[template(path = "lab-inbox.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    is_seen: bool,
}

/// `GET /app/results`.
pub async fn list(ctx: Ctx, Query(part): Query<Part>) -> Answer {
    let mut tx = ctx.begin().await?;
    let is_seen = part.seen == "1";
    let lines = inbox::list(tx.conn(), ctx.facility(), ctx.actor.account.0, is_seen, MOST).await?;
    let today = ctx.today();
    tx.audit("read", "result-inbox", ctx.actor.account, None, json!({ "lines": lines.len() }));
    tx.commit().await?;
    web::html(Page {
        shell: ctx.shell("Kết quả gửi về", &[("Enter", "Mở kết quả")]),
        rows: lines
            .into_iter()
            .map(|line| Row {
                who: who(&line.sex, line.birth_date, today),
                at: format!("{} {}", show_date(base::local_date(line.released_at)), show_time(line.released_at)),
                since: line.released_at.to_rfc3339(),
                href: match (line.kind.as_str(), line.study_id) {
                    ("lab", _) => format!("/app/lab/reports/{}", line.report_id),
                    (_, Some(study)) => format!("/app/imaging/studies/{study}"),
                    _ => format!("/app/encounters/{}?tab=3", line.encounter_id),
                },
                line,
            })
            .collect(),
        is_seen,
    })
}

/// `POST /app/results/{report}/acknowledged`. A second time changes nothing.
pub async fn acknowledge(ctx: Ctx, Path(report): Path<ReportId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (encounter, patient, is_new) = inbox::acknowledge(&mut tx, report.0).await?.ok_or(Failure::NotFound)?;
    if is_new {
        tx.audit("acknowledge", "report", report, Some(PatientId(patient)), json!({}));
        tx.notify("results");
        tx.notify(format!("encounter/{encounter}"));
    }
    tx.commit().await?;
    web::redirect("/app/results")
}

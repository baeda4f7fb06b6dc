//! Revenue and takings: one table, five ways to group it, the ledger beside it.

use super::{Filter, Tab, books, heading, period_of, tabs};
use crate::period::Period;
use crate::revenue::{Breakdown, Report, report};
use crate::{EXPORT, sheet};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    to: String,
    by: String,
}

#[derive(Template)]
#[template(path = "revenue.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    here: &'static str,
    filter: Filter,
    report: Report,
    problems: Problems,
    may_export: bool,
}

impl Page {
    /// A new group of services begins at this line.
    fn opens_group(&self, index: &usize) -> bool {
        let lines = &self.report.lines;
        self.report.by == Breakdown::Service && (*index == 0 || lines[*index].kind != lines[*index - 1].kind)
    }
}

/// `GET /app/reports/revenue?from=&to=&by=`.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let (period, filter, problems) = period_of(&ctx, &asked.from, &asked.to);
    let mut tx = ctx.begin().await?;
    let report = report(&mut tx, Breakdown::read(&asked.by), period).await?;
    let refused = !problems.is_empty();
    let page = Page {
        shell: ctx.shell("Doanh thu", &[("F2", "Tìm"), ("Alt+1", "Theo ngày"), ("Alt+2", "Theo bác sĩ"), ("Alt+3", "Theo dịch vụ")]),
        tabs: tabs(&ctx),
        here: "revenue",
        filter,
        report,
        problems,
        may_export: ctx.may(EXPORT),
    };
    if refused { web::refused(page) } else { web::html(page) }
}

/// `GET /app/reports/revenue.xlsx`: the same table as a sheet. Who took which figures away is kept in the audit log.
pub async fn export(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let period = Period::read(&asked.from, &asked.to, ctx.today())?;
    let by = Breakdown::read(&asked.by);
    let mut tx = ctx.begin().await?;
    let report = report(&mut tx, by, period).await?;
    tx.audit("export", "revenue", period.shown(), None, json!({ "by": by.key(), "rows": report.lines.len() }));
    tx.commit().await?;
    let heading = heading(&ctx, format!("Doanh thu {}", by.name().to_lowercase()), period.shown());
    let bytes = tokio::task::spawn_blocking(move || sheet::revenue(&heading, &report))
        .await
        .map_err(|fault| Failure::Fault(fault.into()))?
        .map_err(|fault| Failure::Fault(fault.into()))?;
    web::xlsx(bytes, &format!("doanh-thu-{}-{}-{}.xlsx", by.key(), period.from, period.to))
}

/// `GET /app/reports/revenue/pdf`: the same table on paper.
pub async fn print(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let period = Period::read(&asked.from, &asked.to, ctx.today())?;
    let by = Breakdown::read(&asked.by);
    let mut tx = ctx.begin().await?;
    let report = report(&mut tx, by, period).await?;
    books::as_paper(ctx, tx, "revenue", report.book(), period, &format!("doanh-thu-{}", by.key())).await
}

//! Goods in, out and left over a period: on screen and as a sheet.

use crate::store::stores;
use crate::store::turnover::{self as store, Row};
use crate::turnover::{self, Sums};
use askama::Template;
use base::show_date;
use chrono::{Datelike, NaiveDate};
use db::Tx;
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Query, Shell};

/// More rows than that are for the sheet.
const MOST_SHOWN: usize = 300;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    to: String,
    store: String,
}

#[derive(Template)]
#[template(path = "turnover.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    asked: Asked,
    stores: Vec<(String, String)>,
    rows: Vec<Row>,
    more: usize,
    sums: Sums,
}

struct Found {
    from: NaiveDate,
    to: NaiveDate,
    store_name: String,
    stores: Vec<(String, String)>,
    rows: Vec<Row>,
}

/// The asked period, from the first of this month until today when nothing was asked; the rows of it.
async fn found(ctx: &Ctx, tx: &mut Tx, asked: &Asked) -> Result<Found, Failure> {
    let today = ctx.today();
    let from = base::parse_date_vi(&asked.from).unwrap_or_else(|| today.with_day(1).unwrap_or(today));
    let to = base::parse_date_vi(&asked.to).unwrap_or(today).max(from);
    let all: Vec<(String, String)> = stores::list(tx).await?.into_iter().map(|s| (s.store_id.to_string(), s.name)).collect();
    let chosen = all.iter().find(|(id, _)| *id == asked.store);
    let store_name = chosen.map_or_else(|| "Mọi kho".to_owned(), |(_, name)| name.clone());
    let rows = store::list(tx, from, to, chosen.and_then(|(id, _)| id.parse().ok())).await?;
    Ok(Found { from, to, store_name, stores: all, rows })
}

/// `GET /app/stock/turnover`.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut f = found(&ctx, &mut tx, &asked).await?;
    let sums = turnover::sums(&f.rows);
    let more = f.rows.len().saturating_sub(MOST_SHOWN);
    f.rows.truncate(MOST_SHOWN);
    let asked = Asked { from: show_date(f.from), to: show_date(f.to), store: asked.store };
    web::html(Page { shell: ctx.shell("Nhập xuất tồn", &[("F9", "Excel")]), here: "turnover", asked, stores: f.stores, rows: f.rows, more, sums })
}

/// `GET /app/stock/turnover/sheet`.
pub async fn sheet(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let f = found(&ctx, &mut tx, &asked).await?;
    let facility = organization::facility::get(tx.conn(), ctx.facility()).await?;
    tx.audit("export", "stock-turnover", ctx.actor.account.0, None, serde_json::json!({ "from": f.from, "to": f.to }));
    tx.commit().await?;
    let bytes = turnover::workbook(&facility.facts.name, &f.store_name, f.from, f.to, &f.rows).map_err(|e| Failure::Fault(e.into()))?;
    web::xlsx(bytes, &format!("nhap-xuat-ton-{}-{}.xlsx", f.from, f.to))
}

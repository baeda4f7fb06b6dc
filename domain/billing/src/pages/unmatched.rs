//! The unmatched desk: money that arrived and that nobody could place by itself.

use crate::arrival;
use crate::store::bank::{self, Transfer};
use crate::store::bills::{self, Waiting};
use askama::Template;
use base::{BillId, Problems, show_date, show_time};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Template)]
#[template(path = "unmatched.html")]
struct Page {
    shell: Shell,
    open: Vec<Transfer>,
    resolved: Vec<Transfer>,
    /// Visits that owe money, to place a transfer with unreadable words.
    waiting: Vec<Waiting>,
    sandbox: bool,
    may_connect: bool,
    problems: Problems,
}

impl Page {
    async fn load(ctx: &Ctx, tx: &mut db::Tx) -> Result<Page, Failure> {
        Ok(Page {
            shell: ctx.shell("Tiền chưa khớp", &[]),
            open: bank::list_unmatched(tx).await?,
            resolved: bank::list_resolved(tx).await?,
            waiting: bills::list_waiting(tx, ctx.today()).await?.into_iter().filter(|w| w.owed_vnd > 0).collect(),
            sandbox: ctx.app.config.sandbox,
            may_connect: ctx.may("bank.connect"),
            problems: Problems::none(),
        })
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        format!("{} {}", show_time(*at), show_date(base::local_date(*at)))
    }
    fn how(&self, t: &Transfer) -> &'static str {
        match t.how.as_deref() {
            Some("deposit") => "Ghi vào phiếu",
            Some("returned") => "Đã trả lại",
            _ => "Chỉ ghi chú",
        }
    }
}

/// Money without a place, with why.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(Page::load(&ctx, &mut tx).await?)
}

#[derive(Deserialize)]
pub struct ResolveForm {
    #[serde(default)]
    how: String,
    #[serde(default)]
    bill: String,
    #[serde(default)]
    note: String,
}

/// Places one movement.
pub async fn resolve(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ResolveForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = form.bill.trim().parse::<BillId>().ok();
    match arrival::resolve(&mut tx, id, &form.how, bill, &form.note.chars().take(300).collect::<String>()).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect("/app/cashier/unmatched")
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let text = problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ");
            let page = Page::load(&ctx, &mut tx).await?;
            web::refused(Page { problems: base::Problem::of(text).into(), ..page })
        }
        Err(other) => Err(other),
    }
}

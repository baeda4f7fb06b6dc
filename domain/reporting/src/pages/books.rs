//! Reports that are books of tables: one page, one sheet and one paper for all of them.

use super::{Filter, Tab, heading, tabs};
use crate::period::Period;
use crate::table::{Book, Row, Table};
use crate::{EXPORT, daily, debt, drug, follow_up, payout, sheet};
use askama::Template;
use base::{Problem, Problems};
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query, Shell};

/// How many rows of a table the screen shows; the sheet has all.
const ON_SCREEN: usize = 500;

/// The longest table that is put on paper.
pub(super) const ON_PAPER: usize = 3_000;

/// Which book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Daily,
    Debts,
    FollowUps,
    Drugs,
    Lots,
}

impl Kind {
    /// Its address.
    pub fn path(self) -> &'static str {
        match self {
            Kind::Daily => "/app/reports/daily",
            Kind::Debts => "/app/reports/debts",
            Kind::FollowUps => "/app/reports/follow-ups",
            Kind::Drugs => "/app/reports/drugs",
            Kind::Lots => "/app/reports/lots",
        }
    }

    /// The last word of its address: file name, audit entity.
    fn key(self) -> &'static str {
        self.path().rsplit('/').next().unwrap_or("")
    }

    fn file_name(self) -> &'static str {
        match self {
            Kind::Daily => "doanh-thu-hang-ngay",
            Kind::Debts => "cong-no",
            Kind::FollowUps => "den-hen-kham-lai",
            Kind::Drugs => "thuoc-da-dung",
            Kind::Lots => "lai-gop-tung-lo",
        }
    }

    /// Whether the page asks from which day to which day: not for debts, which stand as they stand.
    fn asks_days(self) -> bool {
        self != Kind::Debts
    }

    /// The days asked for, in the way this book looks at days.
    fn period(self, ctx: &Ctx, asked: &Asked) -> Result<Period, Problems> {
        let today = ctx.today();
        match self {
            Kind::Daily => Period::read(&asked.from, &asked.from, today),
            Kind::Debts => Ok(Period::day(today)),
            Kind::FollowUps => Period::read_ahead(&asked.from, &asked.to, today),
            Kind::Drugs | Kind::Lots => Period::read(&asked.from, &asked.to, today),
        }
    }

    fn usual(self, ctx: &Ctx) -> Vec<(&'static str, Period)> {
        let today = ctx.today();
        match self {
            Kind::Daily => Period::usual(today).into_iter().filter(|(_, p)| p.from == p.to).collect(),
            Kind::Debts => Vec::new(),
            Kind::FollowUps => Period::usual_ahead(today),
            Kind::Drugs | Kind::Lots => Period::usual(today),
        }
    }

    /// Whether it names people, so that looking is remembered too.
    fn names_people(self) -> bool {
        matches!(self, Kind::Debts | Kind::FollowUps)
    }

    async fn book(self, ctx: &Ctx, tx: &mut Tx, period: Period) -> Result<Book, sqlx::Error> {
        match self {
            Kind::Daily => daily::book(tx, period.from, ctx.today()).await,
            Kind::Debts => debt::book(tx, ctx.today()).await,
            Kind::FollowUps => follow_up::book(tx, period, ctx.may("chart.read")).await,
            Kind::Drugs => drug::by_drug(tx, period).await,
            Kind::Lots => drug::by_lot(tx, period).await,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "book.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    here: &'static str,
    kind: Kind,
    filter: Filter,
    problems: Problems,
    book: Book,
    days: String,
    may_export: bool,
}

impl Page {
    fn shown<'a>(&self, table: &'a Table) -> &'a [Row] {
        &table.rows[..table.rows.len().min(ON_SCREEN)]
    }
    /// How many rows only the sheet has.
    fn left_off(&self, table: &Table) -> usize {
        table.rows.len().saturating_sub(ON_SCREEN)
    }
    /// Drug and lot are two views of one question.
    fn is_drugs(&self) -> bool {
        matches!(self.kind, Kind::Drugs | Kind::Lots)
    }
}

/// A statement that this person may see: everybody's for whoever keeps the shares, otherwise one's own. Another person's is not there.
async fn statement(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<(Book, Period), Failure> {
    let only = if ctx.may("payout.read") { None } else { Some(ctx.actor.practitioner.ok_or(Failure::NotFound)?.0) };
    let found = payout::find(tx, id, only).await?.ok_or(Failure::NotFound)?;
    let book = payout::book(tx, id, &found).await?;
    Ok((book, Period::day(found.month)))
}

#[derive(Template)]
#[template(path = "statement.html")]
struct StatementPage {
    shell: Shell,
    id: Uuid,
    book: Book,
    back: &'static str,
}

/// `GET /app/reports/payouts/{id}`.
pub async fn show_statement(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (book, _) = statement(&ctx, &mut tx, id).await?;
    let back = if ctx.may("payout.read") { "/app/payouts" } else { "/app/payouts/mine" };
    web::html(StatementPage { shell: ctx.shell(book.title, &[("F9", "In"), ("Esc", "Về thù lao")]), id, book, back })
}

/// `GET /app/reports/payouts/{id}/xlsx`.
pub async fn export_statement(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (book, month) = statement(&ctx, &mut tx, id).await?;
    as_sheet(ctx, tx, "payout", book, month, "thu-lao").await
}

/// `GET /app/reports/payouts/{id}/pdf`.
pub async fn print_statement(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (book, month) = statement(&ctx, &mut tx, id).await?;
    as_paper(ctx, tx, "payout", book, month, "thu-lao").await
}

fn in_address(period: Period) -> String {
    format!("from={}&to={}", period.from, period.to)
}

/// `GET /app/reports/{book}?from=&to=`.
pub async fn show(kind: Kind, ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let today = ctx.today();
    let (period, filter, problems) = match kind.period(&ctx, &asked) {
        Ok(period) => (period, Filter::of(period, kind.usual(&ctx)), Problems::none()),
        Err(problems) => (Period::day(today), Filter::typed(&asked.from, &asked.to, today), problems),
    };
    let mut tx = ctx.begin().await?;
    let book = kind.book(&ctx, &mut tx, period).await?;
    if kind.names_people() {
        tx.audit("read", kind.key(), period.shown(), None, json!({ "rows": book.row_count() }));
        tx.commit().await?;
    }
    let refused = !problems.is_empty();
    let page = Page {
        shell: ctx.shell(book.title, &[("F2", "Tìm"), ("F9", "In"), ("↑↓", "Chọn"), ("Enter", "Mở")]),
        tabs: tabs(&ctx),
        here: if kind == Kind::Lots { "drugs" } else { kind.key() },
        kind,
        filter,
        problems,
        book,
        days: in_address(period),
        may_export: ctx.may(EXPORT),
    };
    if refused { web::refused(page) } else { web::html(page) }
}

/// `GET /app/reports/{book}.xlsx`: every row of it. Who took it away is kept in the audit log.
pub async fn export(kind: Kind, ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let period = kind.period(&ctx, &asked)?;
    let mut tx = ctx.begin().await?;
    let book = kind.book(&ctx, &mut tx, period).await?;
    as_sheet(ctx, tx, kind.key(), book, period, kind.file_name()).await
}

/// `GET /app/reports/{book}/pdf`.
pub async fn print(kind: Kind, ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let period = kind.period(&ctx, &asked)?;
    let mut tx = ctx.begin().await?;
    let book = kind.book(&ctx, &mut tx, period).await?;
    as_paper(ctx, tx, kind.key(), book, period, kind.file_name()).await
}

/// A book as a workbook, and the audit row about it.
pub(super) async fn as_sheet(ctx: Ctx, mut tx: Tx, entity: &'static str, book: Book, period: Period, file: &str) -> Answer {
    tx.audit("export", entity, period.shown(), None, json!({ "rows": book.row_count() }));
    tx.commit().await?;
    let heading = heading(&ctx, book.title.into(), book.about.clone());
    let bytes = tokio::task::spawn_blocking(move || sheet::book(&heading, &book))
        .await
        .map_err(|fault| Failure::Fault(fault.into()))?
        .map_err(|fault| Failure::Fault(fault.into()))?;
    web::xlsx(bytes, &format!("{file}-{}-{}.xlsx", period.from, period.to))
}

/// A book on paper, and the audit row about it. Refuses what would be a pile of paper.
pub(super) async fn as_paper(ctx: Ctx, mut tx: Tx, entity: &'static str, book: Book, period: Period, file: &str) -> Answer {
    if book.row_count() > ON_PAPER {
        return Err(Problem::of("Hơn 3.000 dòng, quá dài để in. Chọn khoảng ngày ngắn hơn hoặc tải Excel.").into());
    }
    let facility = tx.facility().0;
    let head: serde_json::Value = sqlx::query_scalar(db::sql!(
        "SELECT jsonb_build_object('name', coalesce(nullif(legal_name, ''), name), 'parent', nullif(governing_body, ''), 'address', address,
             'phone', phone, 'licence_no', nullif(licence_no, ''), 'code', code, 'logo_svg', print_header->'logo_svg')
         FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await?;
    tx.audit("print", entity, period.shown(), None, json!({ "rows": book.row_count() }));
    tx.commit().await?;
    let mut paper = book.paper();
    paper["head"] = head;
    paper["sandbox"] = ctx.app.config.demo.into();
    paper["printed"] = json!({ "by": &*ctx.actor.name, "printed_at": ctx.now });
    let bytes = ctx.app.papers().render("report", paper).await.map_err(|e| anyhow::anyhow!("the report cannot be drawn: {e}"))?;
    web::pdf(bytes, &format!("{file}-{}.pdf", period.from))
}

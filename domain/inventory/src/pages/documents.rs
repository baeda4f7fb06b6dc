//! The list of papers, narrowed by kind, state and days, and where a new one begins.

use crate::document::{Kind, State};
use crate::paperwork;
use crate::store::documents::{self as store, Document, Filter, PAGE};
use crate::store::stores;
use askama::Template;
use base::{Problems, StoreId, show_date};
use chrono::{Months, NaiveDate};
use db::Tx;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
    state: String,
    from: String,
    to: String,
    /// `day_id` of the last row of the page before.
    after: String,
}

#[derive(Template)]
#[template(path = "documents.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    rows: Vec<Document>,
    asked: Asked,
    kinds: Vec<(String, String)>,
    states: Vec<(String, String)>,
    stores: Vec<(String, String)>,
    typed_kinds: Vec<(&'static str, &'static str, &'static str)>,
    drafts: i64,
    waiting: i64,
    on_the_way: i64,
    more: Option<String>,
    id: Uuid,
    chosen_store: String,
    problems: Problems,
    may_write: bool,
}

impl Page {
    fn counts_only(&self) -> bool {
        self.asked.kind == Kind::Stocktake.key()
    }
    fn state(&self, d: &Document) -> &'static str {
        d.state().name(d.kind())
    }
}

async fn page(ctx: &Ctx, tx: &mut Tx, asked: Asked, problems: Problems) -> Result<Page, Failure> {
    let today = ctx.today();
    let from = base::parse_date_vi(&asked.from).unwrap_or_else(|| today.checked_sub_months(Months::new(3)).unwrap_or(today));
    let to = base::parse_date_vi(&asked.to).unwrap_or(today);
    let after = asked.after.split_once('_').and_then(|(day, id)| Some((day.parse::<NaiveDate>().ok()?, id.parse::<Uuid>().ok()?)));
    let kind = Kind::from_key(&asked.kind).map_or("", Kind::key).to_owned();
    let state = State::from_key(&asked.state).map_or("", State::key).to_owned();
    let filter = Filter { kind: kind.clone(), state: state.clone(), from, to, after };
    let mut rows = store::list(tx, &filter).await?;
    let more = (rows.len() > PAGE).then(|| rows.truncate(PAGE)).and_then(|()| rows.last()).map(|d| {
        format!("/app/stock/documents?kind={kind}&state={state}&from={}&to={}&after={}_{}", show_date(from), show_date(to), d.day, d.document_id)
    });
    let (drafts, waiting, on_the_way) = store::count_open(tx).await?;
    let open: Vec<_> = stores::list(tx).await?.into_iter().filter(|s| s.is_open_on(today)).collect();
    Ok(Page {
        shell: ctx.shell(if kind == "stocktake" { "Kiểm kê" } else { "Chứng từ kho" }, &[("F5", "Lập phiếu"), ("F2", "Tìm / quét")]),
        here: if kind == "stocktake" { "stocktakes" } else { "documents" },
        rows,
        asked: Asked { kind, state, from: show_date(from), to: show_date(to), after: asked.after },
        kinds: Kind::ALL.iter().map(|k| (k.key().to_owned(), k.name().to_owned())).collect(),
        states: State::ALL.iter().map(|s| (s.key().to_owned(), s.name(Kind::Receipt).to_owned())).collect(),
        chosen_store: open.first().map(|s| s.store_id.to_string()).unwrap_or_default(),
        stores: open.into_iter().map(|s| (s.store_id.to_string(), s.name)).collect(),
        typed_kinds: Kind::TYPED.iter().map(|k| (k.key(), k.name(), k.icon())).collect(),
        drafts,
        waiting,
        on_the_way,
        more,
        id: Uuid::now_v7(),
        problems,
        may_write: ctx.may("stock.write"),
    })
}

/// `GET /app/stock/documents`.
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, asked, Problems::none()).await?)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    id: String,
    kind: String,
    store: String,
}

/// `POST /app/stock/documents`: begins a paper; the page made its id.
pub async fn create(ctx: Ctx, Form(form): Form<NewForm>) -> Answer {
    let id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Mở lại trang rồi thử lại.".into()))?;
    let at = StoreId(form.store.parse().unwrap_or_default());
    let mut tx = ctx.begin().await?;
    let begun = match Kind::from_key(&form.kind) {
        Some(Kind::Stocktake) => paperwork::begin_count(&mut tx, id, at).await,
        Some(kind) if Kind::TYPED.contains(&kind) => paperwork::begin(&mut tx, id, kind, at).await,
        _ => Err(base::Problem::at("kind", "Chọn loại phiếu.").into()),
    };
    match begun {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stock/documents/{id}"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let asked = Asked { kind: if form.kind == "stocktake" { form.kind } else { String::new() }, ..Asked::default() };
            web::refused(page(&ctx, &mut tx, asked, problems).await?)
        }
        Err(other) => Err(other),
    }
}

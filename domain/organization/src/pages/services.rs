//! Services and their prices: the list, one service beside it, a new price from a day on, ending and reopening.

use super::{ListQuery, PAGE, PriceForm, PriceRow, day, price_rows};
use crate::import::{services::Services, template};
use crate::price;
use crate::room;
use crate::service::{self, Filter, Kind, Service, ServiceForm};
use crate::written;
use askama::Template;
use base::{Problems, Vnd, fold, show_date};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

const HOME: &str = "/app/catalogue/services";
const KEYS: &[(&str, &str)] = &[("F5", "Thêm dịch vụ"), ("F8", "Lưu"), ("Esc", "Quay lại")];

/// A service in the list.
struct Row {
    id: Uuid,
    code: String,
    name: String,
    aliases: String,
    kind: Kind,
    room: String,
    price: Option<Vnd>,
    ended: Option<String>,
    is_open: bool,
}

/// The service that stands open at the right.
struct Open {
    id: Uuid,
    is_new: bool,
    form: ServiceForm,
    price: PriceForm,
    price_now: Option<Vnd>,
    prices: Vec<PriceRow>,
    ended: Option<String>,
    duplicate_days: String,
}

#[derive(Template)]
#[template(path = "services.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    query: ListQuery,
    total: i64,
    kinds: Vec<(Kind, i64)>,
    kind_options: Vec<(String, String)>,
    rows: Vec<Row>,
    next: Option<String>,
    rooms: Vec<(String, String)>,
    today: String,
    open: Option<Open>,
    problems: Problems,
}

/// `GET /app/catalogue/services`.
pub async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, query, None, Problems::none()).await?)
}

/// `GET /app/catalogue/services/new`: the form, with the id of the service to be.
pub async fn new(ctx: Ctx, Query(query): Query<ListQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let form = match query.from.as_str() {
        "" => ServiceForm { kind: query.kind.clone(), ..ServiceForm::default() },
        code => super::national::service_form(&mut tx, code).await?,
    };
    let open = fresh(&ctx, Uuid::now_v7(), form, PriceForm::default());
    web::html(page(&ctx, &mut tx, query, Some(open), Problems::none()).await?)
}

/// `GET /app/catalogue/services/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>, Query(query): Query<ListQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = known(&ctx, &mut tx, id).await?;
    web::html(page(&ctx, &mut tx, query, Some(open), Problems::none()).await?)
}

/// The form of a new service together with its first price.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    id: String,
    #[serde(flatten)]
    facts: ServiceForm,
    #[serde(flatten)]
    price: PriceForm,
}

/// `POST /app/catalogue/services`.
pub async fn create(ctx: Ctx, Form(form): Form<NewForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id = form.id.parse().map_err(|_| Failure::BadRequest("Thiếu mã biểu mẫu. Tải lại trang.".into()))?;
    let rooms = room::list_all(tx.conn(), ctx.facility()).await?;
    let facts = service::check(&form.facts, &rooms);
    let mut problems = facts.as_ref().err().cloned().unwrap_or_default();
    let revision = read_price(&form.price, &[], ctx.today()).map_err(|p| problems.0.extend(p.0)).ok();
    if let (Ok(facts), Some(revision), true) = (facts, revision, problems.is_empty()) {
        let is_known = service::find(tx.conn(), ctx.facility(), id, ctx.today()).await?.is_some();
        if is_known {
            return web::redirect(format!("{HOME}/{id}"));
        }
        if service::insert(&mut tx, id, &facts, ctx.today()).await? {
            service::write_price(&mut tx, id, revision).await?;
            tx.audit("create", "service", id, None, json!({ "code": facts.code }));
            tx.commit().await?;
            return web::redirect(format!("{HOME}/{id}"));
        }
        problems.add("code", format!("Mã {} đã có. Dùng mã khác, hoặc mở dịch vụ đang có để sửa.", facts.code));
    }
    let open = fresh(&ctx, id, form.facts, form.price);
    web::refused(page(&ctx, &mut tx, ListQuery::default(), Some(open), problems).await?)
}

/// `POST /app/catalogue/services/{id}`: everything but the price.
pub async fn update(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ServiceForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut open = known(&ctx, &mut tx, id).await?;
    let rooms = room::list_all(tx.conn(), ctx.facility()).await?;
    let problems = match service::check(&form, &rooms) {
        Ok(facts) => match service::code_owner(tx.conn(), ctx.facility(), &facts.code).await? {
            Some(owner) if owner != id => {
                base::Problem::at("code", format!("Mã {} là của dịch vụ khác. Dùng mã khác.", facts.code)).into()
            }
            _ => {
                service::update(&mut tx, id, &facts).await?;
                tx.audit("change", "service", id, None, json!({ "code": facts.code }));
                tx.commit().await?;
                return web::redirect(format!("{HOME}/{id}"));
            }
        },
        Err(problems) => problems,
    };
    open.form = form;
    web::refused(page(&ctx, &mut tx, ListQuery::default(), Some(open), problems).await?)
}

/// `POST /app/catalogue/services/{id}/prices`: a price from a day on.
pub async fn set_price(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<PriceForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let prices = service::prices_to_change(tx.conn(), ctx.facility(), id).await?;
    match read_price(&form, &prices, ctx.today()) {
        Ok(revision) => {
            service::write_price(&mut tx, id, revision).await?;
            tx.audit("price", "service", id, None, json!({ "price": form.price, "from": form.valid_from }));
            tx.commit().await?;
            web::redirect(format!("{HOME}/{id}"))
        }
        Err(problems) => {
            let mut open = known(&ctx, &mut tx, id).await?;
            open.price = form;
            web::refused(page(&ctx, &mut tx, ListQuery::default(), Some(open), problems).await?)
        }
    }
}

/// `POST /app/catalogue/services/{id}/end`: today is its last day.
pub async fn end(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    last_day(ctx, id, true).await
}

/// `POST /app/catalogue/services/{id}/reopen`.
pub async fn reopen(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    last_day(ctx, id, false).await
}

async fn last_day(ctx: Ctx, id: Uuid, ends: bool) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&ctx, &mut tx, id).await?;
    // It is no longer offered from now on: yesterday was the last day it could be ordered.
    let last = if ends { ctx.today().pred_opt() } else { None };
    service::set_last_day(&mut tx, id, last).await?;
    tx.audit(if ends { "end" } else { "reopen" }, "service", id, None, json!({}));
    tx.commit().await?;
    web::redirect(format!("{HOME}/{id}"))
}

/// `GET /app/catalogue/services.xlsx?filled=1`: the template, empty or with everything the list holds.
pub async fn sheet(ctx: Ctx, Query(query): Query<SheetQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let rooms = room::list_all(tx.conn(), ctx.facility()).await?;
    let mut items = Vec::new();
    if query.filled == "1" {
        let filter = Filter::default();
        let all = service::list(tx.conn(), ctx.facility(), &filter, ctx.today(), i64::MAX).await?;
        items.extend(all.into_iter().map(|s| (s.facts, s.price)));
    }
    let bytes = template::workbook(&Services { rooms: &rooms }, "Dịch vụ", &items).map_err(anyhow::Error::from)?;
    web::xlsx(bytes, if items.is_empty() { "mau-dich-vu-va-gia.xlsx" } else { "dich-vu-va-gia.xlsx" })
}

/// Whether the sheet comes filled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SheetQuery {
    pub filled: String,
}

/// Reads a price and its first day against the prices there are; an empty day means today.
pub(super) fn read_price(
    form: &PriceForm,
    prices: &[price::DatedPrice],
    today: chrono::NaiveDate,
) -> Result<price::Revision, Problems> {
    let mut problems = Problems::none();
    let amount = written::price(&form.price).map_err(|text| problems.add("price", text)).unwrap_or_default();
    let from = if form.valid_from.is_empty() { Ok(today) } else { day("valid_from", &form.valid_from) };
    let from = from.unwrap_or_else(|problem| {
        problems.0.push(problem);
        today
    });
    problems.or(())?;
    price::revise(prices, from, amount, today).map_err(Problems::from)
}

fn fresh(ctx: &Ctx, id: Uuid, form: ServiceForm, mut price: PriceForm) -> Open {
    if price.valid_from.is_empty() {
        price.valid_from = show_date(ctx.today());
    }
    Open {
        id,
        is_new: true,
        form,
        price,
        price_now: None,
        prices: Vec::new(),
        ended: None,
        duplicate_days: String::new(),
    }
}

/// The service as it stands; not found when the facility has none of that id.
async fn known(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<Open, Failure> {
    let today = ctx.today();
    let found = service::find(tx.conn(), ctx.facility(), id, today).await?.ok_or(Failure::NotFound)?;
    let prices = service::prices(tx.conn(), ctx.facility(), id).await?;
    let known = crate::parameter::known("order.duplicate_days").ok_or(Failure::NotFound)?;
    let days = crate::parameter::numbers_on(tx.conn(), ctx.facility(), known, today).await?;
    let f = &found.facts;
    Ok(Open {
        id,
        is_new: false,
        form: ServiceForm {
            code: f.code.clone(),
            name: f.name.clone(),
            kind: f.kind.key().into(),
            room: f.room.map_or_else(String::new, |room| room.to_string()),
            unit: f.unit.clone(),
            national_code: f.national_code.clone(),
            specimen: f.specimen.clone(),
            preparation: f.preparation.clone(),
            aliases: f.aliases.clone(),
        },
        price: PriceForm { price: String::new(), valid_from: show_date(today) },
        price_now: found.price,
        prices: price_rows(&prices, today),
        ended: ended(&found),
        duplicate_days: days.of(id).to_string(),
    })
}

/// The last day, when one is set.
fn ended(service: &Service) -> Option<String> {
    service.active_to.map(show_date)
}

async fn page(
    ctx: &Ctx,
    tx: &mut Tx,
    query: ListQuery,
    open: Option<Open>,
    problems: Problems,
) -> Result<Page, Failure> {
    let (facility, today) = (ctx.facility(), ctx.today());
    let filter = Filter {
        typed: query.q.clone(),
        kind: Kind::from_key(&query.kind),
        with_ended: query.with_ended(),
        after: query.continues(),
    };
    let found = service::list(tx.conn(), facility, &filter, today, PAGE + 1).await?;
    let next = (found.len() > PAGE as usize)
        .then(|| found.get(PAGE as usize - 1))
        .flatten()
        .map(|last| query.next(HOME, &fold(&last.facts.name), last.id));
    let counts: HashMap<String, i64> = service::count_by_kind(tx.conn(), facility, today).await?;
    let rooms = room::list(tx.conn(), facility, today, None).await?;
    let rows = found
        .into_iter()
        .take(PAGE as usize)
        .map(|s| Row {
            is_open: open.as_ref().is_some_and(|o| o.id == s.id),
            ended: ended(&s),
            id: s.id,
            code: s.facts.code,
            name: s.facts.name,
            aliases: s.facts.aliases,
            kind: s.facts.kind,
            room: s.room_name.unwrap_or_default(),
            price: s.price,
        })
        .collect();
    Ok(Page {
        shell: ctx.shell("Dịch vụ và giá", KEYS),
        here: "services",
        query,
        total: counts.values().sum(),
        kinds: Kind::ALL.into_iter().map(|kind| (kind, counts.get(kind.key()).copied().unwrap_or(0))).collect(),
        kind_options: Kind::ALL.into_iter().map(|kind| (kind.key().into(), kind.name().into())).collect(),
        rows,
        next,
        rooms: rooms.into_iter().map(|room| (room.id.to_string(), room.name)).collect(),
        today: show_date(today),
        open,
        problems,
    })
}

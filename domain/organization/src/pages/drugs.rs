//! Drugs and their prices (list mode, no stock): the list, one drug beside it, prices, ending and reopening.

use super::services::{SheetQuery, read_price};
use super::{ListQuery, PAGE, PriceForm, PriceRow, price_rows};
use crate::drug::{self, Controlled, Drug, DrugForm, Filter};
use crate::import::{drugs::Drugs, template};
use askama::Template;
use base::{Problems, Vnd, fold, show_date};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

const HOME: &str = "/app/catalogue/drugs";
const KEYS: &[(&str, &str)] = &[("F5", "Thêm thuốc"), ("F8", "Lưu"), ("Esc", "Quay lại")];

/// A drug in the list.
struct Row {
    id: Uuid,
    code: String,
    name: String,
    strength: String,
    ingredient: String,
    form: String,
    unit: String,
    controlled: Controlled,
    price: Option<Vnd>,
    ended: Option<String>,
    is_open: bool,
}

/// The drug that stands open at the right.
struct Open {
    id: Uuid,
    is_new: bool,
    form: DrugForm,
    price: PriceForm,
    price_now: Option<Vnd>,
    prices: Vec<PriceRow>,
    ended: Option<String>,
}

#[derive(Template)]
#[template(path = "drugs.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    query: ListQuery,
    total: i64,
    classes: Vec<(String, String)>,
    rows: Vec<Row>,
    next: Option<String>,
    today: String,
    open: Option<Open>,
    problems: Problems,
}

/// `GET /app/catalogue/drugs`.
pub async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, query, None, Problems::none()).await?)
}

/// `GET /app/catalogue/drugs/new`: the form, with the id of the drug to be.
pub async fn new(ctx: Ctx, Query(query): Query<ListQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let form = match query.from.as_str() {
        "" => DrugForm::default(),
        code => super::national::drug_form(&mut tx, code).await?,
    };
    let open = fresh(&ctx, Uuid::now_v7(), form, PriceForm::default());
    web::html(page(&ctx, &mut tx, query, Some(open), Problems::none()).await?)
}

/// `GET /app/catalogue/drugs/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>, Query(query): Query<ListQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = known(&ctx, &mut tx, id).await?;
    web::html(page(&ctx, &mut tx, query, Some(open), Problems::none()).await?)
}

/// The form of a new drug together with its first price.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    id: String,
    #[serde(flatten)]
    facts: DrugForm,
    #[serde(flatten)]
    price: PriceForm,
}

/// `POST /app/catalogue/drugs`.
pub async fn create(ctx: Ctx, Form(form): Form<NewForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id = form.id.parse().map_err(|_| Failure::BadRequest("Thiếu mã biểu mẫu. Tải lại trang.".into()))?;
    let facts = drug::check(&form.facts);
    let mut problems = facts.as_ref().err().cloned().unwrap_or_default();
    let revision = read_price(&form.price, &[], ctx.today()).map_err(|p| problems.0.extend(p.0)).ok();
    if let (Ok(facts), Some(revision), true) = (facts, revision, problems.is_empty()) {
        let is_known = drug::find(tx.conn(), ctx.facility(), id, ctx.today()).await?.is_some();
        if is_known {
            return web::redirect(format!("{HOME}/{id}"));
        }
        if drug::insert(&mut tx, id, &facts, ctx.today()).await? {
            drug::write_price(&mut tx, id, revision).await?;
            tx.audit("create", "drug", id, None, json!({ "code": facts.code }));
            tx.commit().await?;
            return web::redirect(format!("{HOME}/{id}"));
        }
        problems.add("code", format!("Mã {} đã có. Dùng mã khác, hoặc mở thuốc đang có để sửa.", facts.code));
    }
    let open = fresh(&ctx, id, form.facts, form.price);
    web::refused(page(&ctx, &mut tx, ListQuery::default(), Some(open), problems).await?)
}

/// `POST /app/catalogue/drugs/{id}`: everything but the price.
pub async fn update(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DrugForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut open = known(&ctx, &mut tx, id).await?;
    let problems = match drug::check(&form) {
        Ok(facts) => match drug::code_owner(tx.conn(), ctx.facility(), &facts.code).await? {
            Some(owner) if owner != id => {
                base::Problem::at("code", format!("Mã {} là của thuốc khác. Dùng mã khác.", facts.code)).into()
            }
            _ => {
                drug::update(&mut tx, id, &facts).await?;
                tx.audit("change", "drug", id, None, json!({ "code": facts.code }));
                tx.commit().await?;
                return web::redirect(format!("{HOME}/{id}"));
            }
        },
        Err(problems) => problems,
    };
    open.form = form;
    web::refused(page(&ctx, &mut tx, ListQuery::default(), Some(open), problems).await?)
}

/// `POST /app/catalogue/drugs/{id}/prices`: a price from a day on.
pub async fn set_price(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<PriceForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let prices = drug::prices_to_change(tx.conn(), ctx.facility(), id).await?;
    match read_price(&form, &prices, ctx.today()) {
        Ok(revision) => {
            drug::write_price(&mut tx, id, revision).await?;
            tx.audit("price", "drug", id, None, json!({ "price": form.price, "from": form.valid_from }));
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

/// `POST /app/catalogue/drugs/{id}/end`: today is its last day.
pub async fn end(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    last_day(ctx, id, true).await
}

/// `POST /app/catalogue/drugs/{id}/reopen`.
pub async fn reopen(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    last_day(ctx, id, false).await
}

async fn last_day(ctx: Ctx, id: Uuid, ends: bool) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&ctx, &mut tx, id).await?;
    // It is no longer offered from now on: yesterday was the last day it could be ordered.
    let last = if ends { ctx.today().pred_opt() } else { None };
    drug::set_last_day(&mut tx, id, last).await?;
    tx.audit(if ends { "end" } else { "reopen" }, "drug", id, None, json!({}));
    tx.commit().await?;
    web::redirect(format!("{HOME}/{id}"))
}

/// `GET /app/catalogue/drugs.xlsx?filled=1`: the template, empty or with everything the list holds.
pub async fn sheet(ctx: Ctx, Query(query): Query<SheetQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut items = Vec::new();
    if query.filled == "1" {
        let filter = Filter::default();
        let all = drug::list(tx.conn(), ctx.facility(), &filter, ctx.today(), i64::MAX).await?;
        items.extend(all.into_iter().map(|s| (s.facts, s.price)));
    }
    let bytes = template::workbook(&Drugs, "Thuốc", &items).map_err(anyhow::Error::from)?;
    web::xlsx(bytes, if items.is_empty() { "mau-danh-muc-thuoc.xlsx" } else { "danh-muc-thuoc.xlsx" })
}

fn fresh(ctx: &Ctx, id: Uuid, form: DrugForm, mut price: PriceForm) -> Open {
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
    }
}

/// The drug as it stands; not found when the facility has none of that id.
async fn known(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<Open, Failure> {
    let today = ctx.today();
    let found = drug::find(tx.conn(), ctx.facility(), id, today).await?.ok_or(Failure::NotFound)?;
    let prices = drug::prices(tx.conn(), ctx.facility(), id).await?;
    let f = &found.facts;
    Ok(Open {
        id,
        is_new: false,
        form: DrugForm {
            code: f.code.clone(),
            ingredient: f.ingredient.clone(),
            name: f.name.clone(),
            strength: f.strength.clone(),
            form: f.form.clone(),
            unit: f.unit.clone(),
            pack: f.show_pack(),
            route: f.route.clone(),
            registration_no: f.registration_no.clone(),
            national_ingredient_code: f.national_ingredient_code.clone(),
            controlled: f.controlled.key().into(),
            usage_note: f.usage_note.clone(),
        },
        price: PriceForm { price: String::new(), valid_from: show_date(today) },
        price_now: found.price,
        prices: price_rows(&prices, today),
        ended: ended(&found),
    })
}

/// The last day, when one is set.
fn ended(drug: &Drug) -> Option<String> {
    drug.active_to.map(show_date)
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
        with_ended: query.with_ended(),
        after: query.continues(),
    };
    let found = drug::list(tx.conn(), facility, &filter, today, PAGE + 1).await?;
    let next = (found.len() > PAGE as usize)
        .then(|| found.get(PAGE as usize - 1))
        .flatten()
        .map(|last| query.next(HOME, &fold(&last.facts.name), last.id));
    let total = drug::count(tx.conn(), facility, today).await?;
    let rows = found
        .into_iter()
        .take(PAGE as usize)
        .map(|s| Row {
            is_open: open.as_ref().is_some_and(|o| o.id == s.id),
            ended: ended(&s),
            id: s.id,
            code: s.facts.code,
            name: s.facts.name,
            strength: s.facts.strength,
            ingredient: s.facts.ingredient,
            form: s.facts.form,
            unit: s.facts.unit,
            controlled: s.facts.controlled,
            price: s.price,
        })
        .collect();
    Ok(Page {
        shell: ctx.shell("Danh mục thuốc", KEYS),
        here: "drugs",
        query,
        total,
        classes: Controlled::ALL.into_iter().map(|class| (class.key().into(), class.name().into())).collect(),
        rows,
        next,
        today: show_date(today),
        open,
        problems,
    })
}

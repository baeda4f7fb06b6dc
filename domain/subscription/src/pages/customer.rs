//! The clinic's page as a customer: what it has, until when, what it uses, and every way to go on.

use crate::invoice::{Buyer, Invoice, Kind, Line};
use crate::platform;
use crate::proration;
use crate::store::{customers, invoices};
use crate::usage::{self, Usage};
use askama::Template;
use base::{Problem, Problems, Vnd, show_date};
use chrono::NaiveDate;
use organization::package::{self, Offer, Period, Standing};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Shell, Tx};

/// Something to choose: a package with what choosing it means.
pub struct Choice {
    pub offer: Offer,
    pub is_ours: bool,
    /// What an upgrade costs today; `None` when this is no upgrade or is sold by contract.
    pub upgrade: Option<Vnd>,
    pub adds: Vec<&'static str>,
    /// What would be hidden by going down to it.
    pub hides: Vec<&'static str>,
    pub is_smaller: bool,
}

#[derive(Template)]
#[template(path = "customer.html")]
struct Page {
    shell: Shell,
    standing: Standing,
    name: &'static str,
    facility: String,
    until: String,
    writes_until: String,
    next_from: String,
    renewal: Option<Offer>,
    renewal_ends: [(u32, Vnd, String); 2],
    wished: Option<&'static str>,
    choices: Vec<Choice>,
    usage: Usage,
    ours: Option<Offer>,
    invoices: Vec<Invoice>,
    periods: Vec<Period>,
    id: Uuid,
    problems: Problems,
}

impl Page {
    fn day(&self, day: &NaiveDate) -> String {
        show_date(*day)
    }
    fn end(&self, day: &Option<NaiveDate>) -> String {
        day.map_or_else(|| "không thời hạn".into(), show_date)
    }
    fn when(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        show_date(base::local_date(*at))
    }
    fn package(&self, key: &str) -> &'static str {
        package::name_of(key)
    }
    fn stored(&self, offer: &Offer) -> i64 {
        self.percent(&self.usage.storage_mb(), &offer.storage_mb)
    }
    fn percent(&self, used: &i64, allowed: &i64) -> i64 {
        if *allowed <= 0 { 100 } else { (used * 100 / allowed).min(100) }
    }
}

/// `GET /app/subscription`.
pub async fn show(ctx: Ctx) -> Answer {
    web::html(page(&ctx, Problems::none()).await?)
}

async fn page(ctx: &Ctx, problems: Problems) -> Result<Page, Failure> {
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    let today = ctx.today();
    let periods = package::periods(tx.conn(), ctx.facility()).await?;
    let standing = package::standing_on(&periods, today);
    let wished = customers::wished(&mut tx).await?.map(|(package, _)| package);
    let files = ctx.app.config.data_dir.join("files");
    let usage = usage::count(&mut tx, today, Some(&files)).await?;
    let invoices = invoices::list(&mut tx).await?;
    let next = next_package(&standing, wished.as_deref());
    let renewal = package::offer_on(&next, today).filter(|o| o.price.is_some() && standing.last_day.is_some());
    let from = proration::renewal_from(&periods, today);
    let price = renewal.as_ref().and_then(|o| o.price).unwrap_or(Vnd::ZERO);
    let ends = [1u32, 12].map(|paid| {
        let months = proration::months_given(paid, today);
        (paid, Vnd(price.0 * i64::from(paid)), show_date(proration::last_day(from, months)))
    });
    Ok(Page {
        shell: ctx.shell("Gói sử dụng", &[]),
        name: package::name_of(&standing.package),
        facility: ctx.signed_in.facility_name.to_string(),
        until: standing.last_day.map_or_else(|| "không thời hạn".into(), show_date),
        writes_until: standing.writes_until.map(show_date).unwrap_or_default(),
        next_from: show_date(from),
        renewal_ends: ends,
        renewal,
        wished: wished.filter(|w| *w != standing.package).map(|w| package::name_of(&w)),
        choices: choices(&periods, &standing, today),
        usage,
        ours: package::offer_on(&standing.package, today),
        invoices,
        periods: periods.into_iter().rev().collect(),
        standing,
        id: Uuid::now_v7(),
        problems,
    })
}

/// The package that the next renewal is for: the one somebody wished, else the present one.
fn next_package(standing: &Standing, wished: Option<&str>) -> String {
    wished.map_or_else(|| standing.package.clone(), str::to_owned)
}

fn monthly(today: NaiveDate) -> impl Fn(&str) -> Vnd {
    move |key: &str| package::offer_on(key, today).and_then(|o| o.price).unwrap_or(Vnd::ZERO)
}

fn choices(periods: &[Period], standing: &Standing, today: NaiveDate) -> Vec<Choice> {
    let until = package::bought_until(periods);
    package::offers_on(today)
        .into_iter()
        .map(|offer| {
            let bigger = package::is_bigger(&standing.package, offer.key);
            let runs = standing.may_write() && standing.last_day.is_some_and(|last| today <= last);
            let upgrade = (bigger && runs && offer.price.is_some())
                .then(|| until.map(|until| proration::upgrade_price(periods, today, until, offer.key, monthly(today))))
                .flatten();
            Choice {
                is_ours: offer.key == standing.package,
                adds: package::adds(offer.key, &standing.package),
                hides: package::adds(&standing.package, offer.key),
                is_smaller: package::is_bigger(offer.key, &standing.package),
                upgrade,
                offer,
            }
        })
        .collect()
}

async fn buyer(tx: &mut Tx) -> Result<Buyer, sqlx::Error> {
    let facility = tx.facility();
    let ours = organization::facility::get(tx.conn(), facility).await?;
    let name = if ours.facts.legal_name.is_empty() { ours.facts.name } else { ours.facts.legal_name };
    Ok(Buyer { name, tax_code: ours.facts.tax_code, address: ours.facts.address })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Order {
    /// Minted by the page: sent twice it is one invoice.
    id: String,
    package: String,
    months: String,
}

impl Order {
    fn id(&self) -> Result<Uuid, Failure> {
        self.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Hãy mở lại trang.".into()))
    }
}

/// `POST /app/subscription/renewals`: an invoice for a month or a year of the next package.
pub async fn renew(ctx: Ctx, Form(order): Form<Order>) -> Answer {
    let id = order.id()?;
    let paid: u32 = match order.months.as_str() {
        "1" => 1,
        "12" => 12,
        _ => return web::refused(page(&ctx, Problem::of("Chọn gia hạn một tháng hoặc một năm.").into()).await?),
    };
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    let today = ctx.today();
    let periods = package::periods(tx.conn(), ctx.facility()).await?;
    let standing = package::standing_on(&periods, today);
    let wished = customers::wished(&mut tx).await?.map(|(package, _)| package);
    let key = next_package(&standing, wished.as_deref());
    let Some((offer, price)) = package::offer_on(&key, today).and_then(|o| Some((o.clone(), o.price?))) else {
        return web::refused(page(&ctx, Problem::of("Gói này gia hạn theo hợp đồng. Bấm “Nhận tư vấn” để được gọi lại.").into()).await?);
    };
    let months = proration::months_given(paid, today);
    let from = proration::renewal_from(&periods, today);
    let last = proration::last_day(from, months);
    let amount = Vnd(price.0 * i64::from(paid));
    let lines = vec![Line {
        name: format!("Gói {} từ {} đến {}", offer.name, show_date(from), show_date(last)),
        quantity: paid.to_string(),
        price_vnd: price.0,
        amount_vnd: amount.0,
    }];
    let new = invoices::NewInvoice {
        id,
        kind: Kind::Renewal,
        sign_up: None,
        facility: Some(ctx.facility().0),
        package: offer.key,
        months: i32::try_from(months).unwrap_or(1),
        amount,
        lines,
        buyer: buyer(&mut tx).await?,
    };
    write(tx, &new).await
}

/// `POST /app/subscription/upgrades`: free inside a trial; otherwise an invoice for the days that are left.
pub async fn upgrade(ctx: Ctx, Form(order): Form<Order>) -> Answer {
    let id = order.id()?;
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    package::lock(&mut tx).await?;
    let today = ctx.today();
    let periods = package::periods(tx.conn(), ctx.facility()).await?;
    let standing = package::standing_on(&periods, today);
    let choice = choices(&periods, &standing, today).into_iter().find(|c| c.offer.key == order.package);
    let Some((offer, price)) = choice.and_then(|c| Some((c.offer, c.upgrade?))) else {
        drop(tx);
        let text = "Gói này không nâng thẳng được: chọn gói lớn hơn gói đang dùng, hoặc “Nhận tư vấn” với gói theo hợp đồng. Nếu đã hết hạn, hãy gia hạn trước.";
        return web::refused(page(&ctx, Problem::of(text).into()).await?);
    };
    if price == Vnd::ZERO {
        let last = package::bought_until(&periods);
        package::append(&mut tx, offer.key, standing.kind, today, last, "Đổi gói khi dùng thử").await?;
        tx.commit().await?;
        return web::redirect("/app/subscription");
    }
    let until = package::bought_until(&periods).map(show_date).unwrap_or_default();
    let lines = vec![Line {
        name: format!("Nâng gói {} lên {} từ {} đến {until}", package::name_of(&standing.package), offer.name, show_date(today)),
        quantity: "1".into(),
        price_vnd: price.0,
        amount_vnd: price.0,
    }];
    let new = invoices::NewInvoice {
        id,
        kind: Kind::Upgrade,
        sign_up: None,
        facility: Some(ctx.facility().0),
        package: offer.key,
        months: 0,
        amount: price,
        lines,
        buyer: buyer(&mut tx).await?,
    };
    write(tx, &new).await
}

async fn write(mut tx: Tx, new: &invoices::NewInvoice<'_>) -> Answer {
    invoices::insert(&mut tx, new).await?;
    tx.audit("ask", "subscription_invoice", new.id, None, serde_json::json!({ "package": new.package, "amount_vnd": new.amount.0 }));
    tx.commit().await?;
    web::redirect(format!("/app/subscription/invoices/{}", new.id))
}

/// `POST /app/subscription/next`: which package the next renewal is for. Nothing is hidden before it begins, and
/// nothing is deleted then.
pub async fn choose_next(ctx: Ctx, Form(order): Form<Order>) -> Answer {
    let today = ctx.today();
    let sold = package::offer_on(&order.package, today).is_some_and(|o| o.price.is_some());
    if !sold {
        return web::refused(page(&ctx, Problem::of("Chọn một gói có giá tháng.").into()).await?);
    }
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    customers::wish(&mut tx, &order.package).await?;
    tx.audit("choose", "subscription", ctx.facility(), None, serde_json::json!({ "next": order.package }));
    tx.commit().await?;
    web::redirect("/app/subscription")
}

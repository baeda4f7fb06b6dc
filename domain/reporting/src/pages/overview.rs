//! The day at a glance, made for the owner's phone: one figure, its comparison, the week, the doctors.

use super::{Tab, tabs};
use crate::overview::{DayFigures, Overview, Todo, change_percent, millions, overview, todo, weekday_short};
use crate::revenue::{Breakdown, Report, report};
use crate::period::Period;
use askama::Template;
use base::{Vnd, show_date, show_date_long, show_time};
use chrono::Datelike;
use web::{Answer, Ctx, Failure, Shell};

/// Height of the tallest bar in the drawing, in its own units.
const TALLEST: i64 = 88;

/// A pair of bars: this day and the day a week before.
struct Bars {
    weekday: &'static str,
    label: String,
    /// Left edge of the pair.
    x: usize,
    now: i64,
    before: i64,
    spoken: String,
}

impl Bars {
    fn now_top(&self) -> i64 {
        TALLEST + 16 - self.now
    }
    fn before_top(&self) -> i64 {
        TALLEST + 16 - self.before
    }
}

/// The day as both pages tell it.
struct Glance {
    day: String,
    at: String,
    today: DayFigures,
    last_weekday: String,
    earned_change: Option<i64>,
    per_visit_change: Option<i64>,
    visits_change: i64,
    wait_change: Option<i64>,
    bars: Vec<Bars>,
    doctors: Vec<(String, i64, Vnd)>,
    takings: Report,
    iso: String,
    may_see_more: bool,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    here: &'static str,
    g: Glance,
}

/// The same for the owner's hand: nothing but this, one column, thumbs below.
#[derive(Template)]
#[template(path = "owner.html")]
struct Phone {
    lang: &'static str,
    facility: String,
    demo: bool,
    g: Glance,
    decisions: Vec<Decision>,
    may_collect: bool,
    has_stock: bool,
    has_daily: bool,
    month: u32,
}

/// Something that waits for the owner.
struct Decision {
    icon: &'static str,
    text: String,
    href: &'static str,
}

impl Glance {
    /// `+7`, `−4`, `0`.
    fn signed(&self, change: &i64) -> String {
        let plus = if *change > 0 { "+" } else { "" };
        format!("{plus}{}", Vnd(*change))
    }
}

/// `GET /app/reports`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let g = glance(&ctx, &mut tx).await?;
    web::html(Page { shell: ctx.shell("Báo cáo hôm nay", &[("F2", "Tìm")]), tabs: tabs(&ctx), here: "overview", g })
}

/// `GET /app/owner`: the same day in the owner's hand.
pub async fn phone(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let g = glance(&ctx, &mut tx).await?;
    let decisions = todo(&mut tx, ctx.today()).await?.into_iter().filter_map(Decision::of).collect();
    web::html(Phone {
        lang: match ctx.lang {
            web::Lang::Vi => "vi",
            web::Lang::En => "en",
        },
        facility: ctx.signed_in.facility_short_name.to_string(),
        demo: ctx.app.config.demo,
        g,
        decisions,
        may_collect: ctx.may("cashier.collect"),
        has_stock: ctx.has_feature(crate::STOCK) && ctx.may("stock.read"),
        has_daily: ctx.has_feature(crate::DAILY),
        month: ctx.today().month(),
    })
}

impl Decision {
    fn of(todo: Todo) -> Option<Decision> {
        let amount = Vnd(todo.amount_vnd);
        let n = todo.count;
        match todo.kind.as_str() {
            "approval" => Some(Decision { icon: "clipboard-check", text: format!("{n} đề nghị chờ duyệt, {amount} đ"), href: "/app/cashier/approvals" }),
            "einvoice" => Some(Decision { icon: "file-invoice", text: format!("{n} hóa đơn điện tử chưa gửi được"), href: "/app/cashier/einvoices?status=failed" }),
            "debt" => Some(Decision { icon: "cash", text: format!("{n} khoản nợ quá ngày hẹn, {amount} đ"), href: "/app/reports/debts" }),
            _ => None,
        }
    }
}

async fn glance(ctx: &Ctx, tx: &mut db::Tx) -> Result<Glance, Failure> {
    let today = ctx.today();
    let seen = overview(tx, today).await?;
    let takings = report_of_today(tx, today).await?;
    let Overview { today: now, week_before: before, week, doctors } = seen;
    Ok(Glance {
        day: show_date_long(today),
        at: show_time(ctx.now),
        last_weekday: show_date(before.day),
        earned_change: change_percent(now.earned_vnd, before.earned_vnd),
        per_visit_change: change_percent(now.per_visit().0, before.per_visit().0),
        visits_change: now.visits - before.visits,
        wait_change: now.wait_minutes.zip(before.wait_minutes).map(|(n, b)| n - b),
        bars: bars(&week),
        doctors: doctors
            .into_iter()
            .map(|d| (if d.name.is_empty() { "Chưa có bác sĩ".into() } else { d.name }, d.visits, Vnd(d.earned_vnd)))
            .collect(),
        takings,
        iso: today.to_string(),
        may_see_more: ctx.has_feature(crate::FEATURE),
        today: now,
    })
}

async fn report_of_today(tx: &mut db::Tx, today: chrono::NaiveDate) -> Result<Report, sqlx::Error> {
    report(tx, Breakdown::Method, Period::day(today)).await
}

/// The bars of the week, the highest of all days as tall as the drawing allows. A day below zero has no bar.
fn bars(week: &[(DayFigures, DayFigures)]) -> Vec<Bars> {
    let highest = week.iter().flat_map(|(now, before)| [now.earned_vnd, before.earned_vnd]).max().unwrap_or(0).max(1);
    let tall = |amount: i64| i64::try_from(i128::from(amount.max(0)) * i128::from(TALLEST) / i128::from(highest)).unwrap_or(0);
    let pair = |(i, (now, before)): (usize, &(DayFigures, DayFigures))| Bars {
        weekday: weekday_short(now.day),
        label: millions(now.earned()),
        x: 12 + i * 48,
        now: tall(now.earned_vnd),
        before: tall(before.earned_vnd),
        spoken: format!("{}: {} đ; {}: {} đ", show_date(now.day), now.earned(), show_date(before.day), before.earned()),
    };
    week.iter().enumerate().map(pair).collect()
}

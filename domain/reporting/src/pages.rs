//! The pages of the reports: one address per question, the period in the address, so that a page can be sent to
//! somebody or opened again.

pub mod books;
pub mod overview;
pub mod register;
pub mod revenue;

use crate::period::Period;
use crate::sheet::Heading;
use base::{Problems, show_date};
use chrono::NaiveDate;
use web::Ctx;

/// The period as the filter shows it, and the shortcuts beside it.
pub struct Filter {
    /// As the fields show them: `24/11/2026`, or what was typed and refused.
    pub from: String,
    pub to: String,
    pub shown: String,
    pub usual: Vec<Usual>,
}

/// A shortcut to a usual period.
pub struct Usual {
    pub name: &'static str,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub is_current: bool,
}

impl Filter {
    pub fn new(period: Period, today: NaiveDate) -> Filter {
        Filter::of(period, Period::usual(today))
    }

    /// With shortcuts of the page's own.
    pub fn of(period: Period, usual: Vec<(&'static str, Period)>) -> Filter {
        let usual = usual.into_iter().map(|(name, usual)| Usual {
            name,
            from: usual.from,
            to: usual.to,
            is_current: usual == period,
        });
        Filter {
            from: show_date(period.from),
            to: show_date(period.to),
            shown: period.shown(),
            usual: usual.collect(),
        }
    }

    /// What was typed and refused stays in the fields.
    fn typed(from: &str, to: &str, today: NaiveDate) -> Filter {
        Filter { from: from.to_owned(), to: to.to_owned(), ..Filter::new(Period::day(today), today) }
    }
}

/// The period of a page: as asked, or today together with what is wrong with the question.
fn period_of(ctx: &Ctx, from: &str, to: &str) -> (Period, Filter, Problems) {
    let today = ctx.today();
    match Period::read(from, to, today) {
        Ok(period) => (period, Filter::new(period, today), Problems::none()),
        Err(problems) => (Period::day(today), Filter::typed(from, to, today), problems),
    }
}

/// One report in the row of tabs.
pub struct Tab {
    pub key: &'static str,
    pub href: &'static str,
    pub name: &'static str,
}

/// The reports that this facility bought.
fn tabs(ctx: &Ctx) -> Vec<Tab> {
    let all: [(&str, &str, &str, &str); 7] = [
        ("overview", "/app/reports", "Hôm nay", ""),
        ("daily", "/app/reports/daily", "Sổ ngày", crate::DAILY),
        ("revenue", "/app/reports/revenue", "Doanh thu", crate::FEATURE),
        ("visits", "/app/reports/visits", "Sổ khám bệnh", crate::FEATURE),
        ("follow-ups", "/app/reports/follow-ups", "Đến hẹn", crate::FEATURE),
        ("debts", "/app/reports/debts", "Công nợ", crate::FEATURE),
        ("drugs", "/app/reports/drugs", "Thuốc", crate::STOCK),
    ];
    all.into_iter()
        .filter(|(_, _, _, feature)| feature.is_empty() || ctx.has_feature(feature))
        .map(|(key, href, name, _)| Tab { key, href, name })
        .collect()
}

fn heading(ctx: &Ctx, title: String, period: String) -> Heading {
    Heading {
        facility: ctx.signed_in.facility_name.to_string(),
        title,
        period,
        made_at: ctx.now,
        made_by: ctx.actor.name.to_string(),
    }
}

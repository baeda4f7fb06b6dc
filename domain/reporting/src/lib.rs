//! What happened and what was earned: the visit register ("sổ khám bệnh"), revenue, the book of a day, debts, follow-ups
//! due, medicines and their profit; on screen, as a sheet and on paper.
//!
//! This module owns no table. It reads the report views that `encounter` and `billing` define, groups them by business
//! date, and lays every total beside the ledger, so that a report that does not add up says so itself.

pub mod daily;
pub mod debt;
pub mod drug;
pub mod follow_up;
pub mod overview;
pub mod pages;
pub mod payout;
pub mod period;
pub mod register;
pub mod revenue;
pub mod sheet;
pub mod table;

use pages::books::{self, Asked, Kind};

use web::{Ctx, Module, Query, RailEntry, Route, get};

const READ: &str = "report.read";
const EXPORT: &str = "report.export";
const STATEMENT: &str = "payout.view";
const FEATURE: &str = "report.basic";
const DAILY: &str = "report.daily_revenue";
const STOCK: &str = "stock";

/// The page, the sheet and the paper of one book.
macro_rules! book {
    ($kind:expr, $path:literal, $feature:expr) => {
        [
            get($path, |ctx: Ctx, asked: Query<Asked>| books::show($kind, ctx, asked)).right(READ).feature($feature),
            get(concat!($path, ".xlsx"), |ctx: Ctx, asked: Query<Asked>| books::export($kind, ctx, asked)).right(EXPORT).feature($feature),
            get(concat!($path, "/pdf"), |ctx: Ctx, asked: Query<Asked>| books::print($kind, ctx, asked)).right(READ).feature($feature),
        ]
    };
}

fn routes() -> Vec<Route> {
    let mut routes = vec![
        // The day at a glance is home for several roles and stays open whatever was bought.
        get("/app/reports", pages::overview::show).right(READ),
        get("/app/owner", pages::overview::phone).right(READ),
        get("/app/reports/visits", pages::register::show).right(READ).feature(FEATURE),
        get("/app/reports/visits.xlsx", pages::register::export).right(EXPORT).feature(FEATURE),
        get("/app/reports/visits/pdf", pages::register::print).right(EXPORT).feature(FEATURE),
        get("/app/reports/revenue", pages::revenue::show).right(READ).feature(FEATURE),
        get("/app/reports/revenue.xlsx", pages::revenue::export).right(EXPORT).feature(FEATURE),
        get("/app/reports/revenue/pdf", pages::revenue::print).right(READ).feature(FEATURE),
    ];
    // A statement is for whoever keeps the shares and for the person it is about; which of the two decides the handler.
    routes.extend([
        get("/app/reports/payouts/{id}", books::show_statement).right(STATEMENT),
        get("/app/reports/payouts/{id}/xlsx", books::export_statement).right(STATEMENT),
        get("/app/reports/payouts/{id}/pdf", books::print_statement).right(STATEMENT),
    ]);
    routes.extend(book!(Kind::Daily, "/app/reports/daily", DAILY));
    routes.extend(book!(Kind::FollowUps, "/app/reports/follow-ups", FEATURE));
    routes.extend(book!(Kind::Debts, "/app/reports/debts", FEATURE));
    routes.extend(book!(Kind::Drugs, "/app/reports/drugs", STOCK));
    routes.extend(book!(Kind::Lots, "/app/reports/lots", STOCK));
    routes
}

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "reporting",
        routes: routes(),
        rail: vec![RailEntry {
            href: "/app/reports",
            icon: "clipboard-data",
            label: "Báo cáo",
            right: READ,
            feature: None,
            // First for those who hold the right: it is their home.
            order: 5,
        }],
        ..Module::default()
    }
}

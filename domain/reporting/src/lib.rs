//! What happened and what was earned: the visit register ("sổ khám bệnh") and revenue by day, doctor, service, cashier
//! and way of paying, on screen and as a sheet.
//!
//! This module owns no table. It reads the report views that `encounter` and `billing` define, groups them by business
//! date, and lays every total beside the ledger, so that a report that does not add up says so itself.

pub mod overview;
pub mod pages;
pub mod period;
pub mod register;
pub mod revenue;
pub mod sheet;

use web::{Module, RailEntry, get};

const READ: &str = "report.read";
const EXPORT: &str = "report.export";
const FEATURE: &str = "report.basic";

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "reporting",
        routes: vec![
            // The day at a glance is home for several roles and stays open whatever was bought.
            get("/app/reports", pages::overview::show).right(READ),
            get("/app/reports/visits", pages::register::show).right(READ).feature(FEATURE),
            get("/app/reports/visits.xlsx", pages::register::export).right(EXPORT).feature(FEATURE),
            get("/app/reports/revenue", pages::revenue::show).right(READ).feature(FEATURE),
            get("/app/reports/revenue.xlsx", pages::revenue::export).right(EXPORT).feature(FEATURE),
        ],
        rail: vec![RailEntry {
            href: "/app/reports",
            icon: "clipboard-data",
            label: "Báo cáo",
            right: READ,
            feature: None,
            order: 70,
        }],
        ..Module::default()
    }
}

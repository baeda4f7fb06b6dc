//! Finding records and documents, by what is written on the cover and by what stands inside: without marks, in any order
//! of words, only what the seeker may see.
//!
//! The index is one row per document (`record_find`), written by the database itself whenever a version is made or a scan
//! was read. Whoever keeps records (archive, planning, heads) finds all ordinary documents of the facility; who treats
//! finds those of their own patients.

mod pages;
pub mod question;
pub mod snippet;
mod store;

use web::{Migration, Module, RailEntry, get, post};

const FIND: &str = "record.find";
/// To find documents of patients whom one does not treat.
const FIND_ALL: &str = "record.find_all";
const FEATURE: &str = "emr.record";

/// What this part brings to the slice.
pub fn part() -> Module {
    Module {
        routes: vec![
            get("/app/find-records", pages::show).right(FIND).feature(FEATURE),
            get("/app/find-records/{document}/glance", pages::glance).right(FIND).feature(FEATURE),
            get("/app/find-records.xlsx", pages::sheet).right(FIND_ALL).feature(FEATURE),
            post("/app/find-records/filters", pages::keep_filter).right(FIND).feature(FEATURE),
            post("/app/find-records/filters/{id}/end", pages::end_filter).right(FIND).feature(FEATURE),
        ],
        rail: vec![RailEntry { href: "/app/find-records", icon: "search", label: "Tìm hồ sơ", right: FIND, feature: Some(FEATURE), order: 27 }],
        migrations: vec![Migration { name: "2026-11-25-1341-find", sql: include_str!("../migrations/2026-11-25-1341-find.sql") }],
        ..Module::default()
    }
}

//! Documents and their versions: opening a record, filling a form, keeping what was typed, amending.
//!
//! Read [`draft`] for the rule of two people writing at once, [`finish`] for how a version comes to be, [`arise`] for the
//! records and papers that come by themselves.

pub mod arise;
pub mod begin;
pub mod draft;
pub mod entry;
pub mod export;
pub mod fields;
pub mod file;
pub mod fill;
pub mod finish;
pub mod forms;
pub mod group;
pub mod known;
pub mod list;
pub mod overview;
pub mod paper;
pub mod read;
pub mod state;
pub mod store;
pub mod viewer;
pub mod ward;

use web::{Migration, Module, RailEntry, Route, get, post, put};

const FEATURE: &str = "emr.record";
const READ: &str = "record.read";
const WRITE: &str = "record.write";
const AMEND: &str = "record.amend";

/// What this part brings to the slice.
pub fn part() -> Module {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    Module {
        routes: vec![
            right(get("/app/records", list::show), READ),
            right(get("/app/records/{record}", overview::show), READ),
            right(get("/app/records/{record}/export.xml", export::xml), "record.export"),
            right(get("/app/records/{record}/export.json", export::json), "record.export"),
            right(get("/app/records/{record}/forms", begin::options), WRITE),
            right(post("/app/records/{record}/documents", begin::start), WRITE),
            right(get("/app/documents/codes", fill::codes), WRITE),
            right(get("/app/documents/staff", fill::staff), WRITE),
            right(get("/app/documents/{document}", fill::show), READ),
            right(put("/app/documents/{document}", fill::autosave), WRITE),
            right(get("/app/documents/{document}/others", fill::present), WRITE),
            right(post("/app/documents/{document}/copied", fill::copy), WRITE),
            right(post("/app/documents/{document}/reviewed", fill::review), WRITE),
            right(post("/app/documents/{document}/finished", finish::finish), WRITE),
            right(get("/app/documents/{document}/preview.pdf", finish::preview), READ),
            right(get("/app/documents/{document}/file", file::show), READ),
            right(post("/app/documents/{document}/amendment", finish::amend), AMEND),
            right(post("/app/documents/{document}/draft-discarded", finish::discard), AMEND),
            right(post("/app/documents/{document}/entered-in-error", finish::void), WRITE),
            right(post("/app/documents/{document}/sensitivity", finish::protect), WRITE),
        ],
        listeners: arise::listeners(),
        migrations: vec![
            Migration { name: "2026-11-25-1130-document", sql: include_str!("../migrations/2026-11-25-1130-document.sql") },
            Migration { name: "2026-11-25-1132-late-paper", sql: include_str!("../migrations/2026-11-25-1132-late-paper.sql") },
        ],
        rail: vec![RailEntry { href: "/app/records", icon: "clipboard-heart", label: "Bệnh án", right: READ, feature: Some(FEATURE), order: 25 }],
        ..Module::default()
    }
}

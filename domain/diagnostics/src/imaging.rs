//! Ultrasound and endoscopy: who waits in which room, what is captured, the report by template, and what becomes of it.

pub mod api;
pub mod biometry;
pub mod derive;
pub mod picture;
pub mod report;
pub mod report_template;
mod webm;

use crate::pages::imaging::{capture, corrections, paper, phrases, released, study, summary, viewer, worklist};
use web::{Migration, Panel, RailEntry, Route, Scan, get, post, put};

const FEATURE: &str = "imaging.capture";
const READ: &str = "imaging.read";
const WRITE: &str = "imaging.write";
const RELEASE: &str = "imaging.release";

/// Every route of imaging; each belongs to the package that has the feature.
pub fn routes() -> Vec<Route> {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    vec![
        right(get("/app/imaging", worklist::list), READ),
        right(post("/app/imaging/orders/{order}/study", worklist::open), WRITE),
        right(get("/app/imaging/studies/{id}", study::show), READ),
        right(get("/app/imaging/studies/{id}/draft", study::hand), WRITE),
        right(put("/app/imaging/studies/{id}/draft", study::autosave), WRITE),
        right(post("/app/imaging/studies/{id}/template", study::choose_template), WRITE),
        right(post("/app/imaging/studies/{id}/released", released::release), RELEASE),
        right(post("/app/imaging/studies/{id}/correction", corrections::begin), RELEASE),
        right(post("/app/imaging/studies/{id}/correction/discarded", corrections::discard), RELEASE),
        right(put("/app/imaging/studies/{id}/pictures/{picture}", capture::keep), WRITE).upload(picture::MOST_BYTES + 1),
        right(get("/app/imaging/studies/{id}/pictures/{picture}", capture::whole), READ),
        right(get("/app/imaging/studies/{id}/pictures/{picture}/small", capture::small), READ),
        right(post("/app/imaging/studies/{id}/pictures/{picture}/removed", capture::remove), WRITE),
        right(get("/app/imaging/studies/{id}/versions/{version}", released::version), READ),
        right(get("/app/imaging/studies/{id}/report.pdf", paper::report), READ),
        right(get("/app/imaging/studies/{id}/preview.pdf", paper::preview), WRITE),
        right(get("/app/imaging/studies/{id}/viewer", viewer::show), READ),
        right(post("/app/imaging/studies/{id}/phrases", phrases::keep), WRITE),
        right(post("/app/imaging/phrases/{phrase}/ended", phrases::end), WRITE),
        right(get("/api/v1/encounters/{id}/imaging-reports", api::list), READ),
    ]
}

/// What hangs on the doctor's page of a person.
pub fn panels() -> Vec<Panel> {
    vec![Panel {
        place: "chart.summary",
        order: 45,
        right: Some(READ),
        feature: Some(FEATURE),
        render: |ctx, tx, about| Box::pin(summary::reports(ctx, tx, about)),
    }]
}

/// The slip of an imaging order and an accession number lead to the study.
pub fn scans() -> Vec<Scan> {
    vec![Scan {
        name: "imaging slip or accession number",
        right: READ,
        feature: Some(FEATURE),
        find: |ctx, tx, code| Box::pin(worklist::scanned(ctx, tx, code)),
    }]
}

pub fn migrations() -> Vec<Migration> {
    vec![
        Migration {
            name: "2026-11-25-0040-imaging-study",
            sql: include_str!("../migrations/2026-11-25-0040-imaging-study.sql"),
        },
        Migration {
            name: "2026-11-25-0041-imaging-paper",
            sql: include_str!("../migrations/2026-11-25-0041-imaging-paper.sql"),
        },
        Migration {
            name: "2026-11-25-0042-imaging-lists",
            sql: include_str!("../migrations/2026-11-25-0042-imaging-lists.sql"),
        },
    ]
}

pub fn rail() -> Vec<RailEntry> {
    vec![RailEntry { href: "/app/imaging", icon: "photo-scan", label: "Siêu âm", right: WRITE, feature: Some(FEATURE), order: 35 }]
}

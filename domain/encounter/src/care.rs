//! The half of the module that nurse and doctor use: its part of the table of contents.

use crate::api;
use crate::pages::{chart, diagnosis, finish, my_queue, note, quick_text, vitals};
use web::{Migration, RailEntry, Route, get, post, put};

/// Routes of care, each with the right it needs.
pub fn routes() -> Vec<Route> {
    let routes = vec![
        get("/app/vitals", vitals::home).right("vitals.write"),
        get("/app/vitals/waiting", vitals::waiting).right("vitals.write"),
        get("/app/vitals/{id}", vitals::show).right("vitals.write"),
        post("/app/encounters/{id}/vitals", vitals::record).right("vitals.write"),
        post("/app/encounters/{id}/vitals/meaning", vitals::meaning).right("vitals.write"),
        post("/app/encounters/{id}/vitals/{vitals}/ended", vitals::end).right("vitals.write"),
        get("/app/encounters", my_queue::show).right("note.write"),
        post("/app/encounters/called", my_queue::call_next).right("note.write"),
        get("/app/encounters/{id}", chart::show).right("chart.read"),
        get("/app/encounters/{id}/earlier", chart::earlier).right("chart.read"),
        get("/app/encounters/{id}/versions/{version}", note::version).right("chart.read"),
        put("/app/encounters/{id}/note", note::autosave).right("note.write"),
        post("/app/encounters/{id}/note/template", note::choose_template).right("note.write"),
        post("/app/encounters/{id}/note/carried", note::carry).right("note.write"),
        post("/app/encounters/{id}/note/reviewed", note::review).right("note.write"),
        get("/app/quick-texts", quick_text::known).right("note.write"),
        post("/app/quick-texts", quick_text::keep).right("note.write"),
        get("/app/quick-texts/list", quick_text::list).right("note.write"),
        post("/app/quick-texts/removed", quick_text::remove).right("note.write"),
        get("/app/encounters/{id}/diagnoses/options", diagnosis::options).right("note.write"),
        post("/app/encounters/{id}/diagnoses", diagnosis::add).right("note.write"),
        post("/app/encounters/{id}/diagnoses/{code}/main", diagnosis::make_main).right("note.write"),
        post("/app/encounters/{id}/diagnoses/{code}/removed", diagnosis::remove).right("note.write"),
        post("/app/encounters/{id}/diagnoses/{code}/remark", diagnosis::remark).right("note.write"),
        post("/app/encounters/{id}/finished", finish::finish).right("encounter.finish"),
        post("/app/encounters/{id}/amendment", finish::begin_amendment).right("encounter.amend"),
        post("/app/encounters/{id}/amendment/discarded", finish::discard_amendment).right("encounter.amend"),
        get("/app/encounters/{id}/exam-sheet.pdf", finish::exam_sheet).right("chart.read"),
        get("/app/encounters/{id}/follow-up.pdf", finish::follow_up).right("chart.read"),
        get("/api/v1/encounters/{id}/note", api::note).right("chart.read"),
        post("/api/v1/encounters/{id}/vitals", api::record_vitals).right("vitals.write"),
    ];
    routes.into_iter().map(|route| route.feature("exam")).collect()
}

/// The tables of care.
pub fn migrations() -> Vec<Migration> {
    vec![Migration { name: "2026-11-24-2050-care", sql: include_str!("../migrations/2026-11-24-2050-care.sql") }]
}

/// Where nurse and doctor find their work.
pub fn rail() -> Vec<RailEntry> {
    vec![
        RailEntry {
            href: "/app/vitals",
            icon: "activity-heartbeat",
            label: "Sinh hiệu",
            right: "vitals.write",
            feature: Some("exam"),
            order: 20,
        },
        RailEntry {
            href: "/app/encounters",
            icon: "stethoscope",
            label: "Khám bệnh",
            right: "note.write",
            feature: Some("exam"),
            order: 30,
        },
    ]
}

//! The half of the module that brings people to the door of a room: its part of the table of contents.

use crate::arrival_api as api;
use crate::merged;
use crate::pages::{board, line, reception, scan, today, visits};
use web::{Listener, Migration, Panel, RailEntry, Route, get, post};

/// Routes of arrival and waiting, each with the right it needs; the board is for everybody in the hall.
pub fn routes() -> Vec<Route> {
    let staff = vec![
        get("/app/reception", today::show).right("encounter.open"),
        get("/app/reception/new", reception::show).right("encounter.open"),
        post("/app/reception", reception::save).right("encounter.open"),
        post("/app/encounters/{id}/room", today::move_room).right("encounter.open"),
        post("/app/encounters/{id}/cancel", today::cancel).right("encounter.open"),
        get("/app/encounters/{id}/ticket.pdf", today::ticket).right("encounter.open"),
        get("/app/queue", line::show).right("queue.read"),
        post("/app/queue/call", line::call_next).right("queue.call"),
        post("/app/queue/tickets/{ticket}/{act}", line::act).right("queue.call"),
        get("/api/v1/encounters/{id}", api::read).right("queue.read"),
        post("/api/v1/encounters", api::create).right("encounter.open"),
    ];
    let mut routes: Vec<Route> = staff.into_iter().map(|route| route.feature("reception")).collect();
    routes.extend([
        get("/app/scan", scan::get).right("patient.search"),
        post("/app/scan", scan::post).right("patient.search"),
        get("/board/{room}", board::show).public(),
        get("/board/{room}/events", board::events).public(),
    ]);
    routes
}

/// The tables of visits and tickets, on which care stands.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration {
            name: "2026-11-24-2045-encounter",
            sql: include_str!("../migrations/2026-11-24-2045-encounter.sql"),
        },
        Migration { name: "2026-11-24-2046-ticket", sql: include_str!("../migrations/2026-11-24-2046-ticket.sql") },
        Migration {
            name: "2026-11-24-2215-merged-visits",
            sql: include_str!("../migrations/2026-11-24-2215-merged-visits.sql"),
        },
    ]
}

/// Where the desk finds its work.
pub fn rail() -> Vec<RailEntry> {
    let entry = |href, icon, label, right, order| RailEntry { href, icon, label, right, feature: Some("reception"), order };
    vec![
        entry("/app/reception", "home", "Hôm nay", "encounter.open", 10),
        entry("/app/reception/new", "users", "Tiếp nhận", "encounter.open", 11),
        entry("/app/queue", "list-numbers", "Hàng chờ", "queue.read", 15),
    ]
}

/// Visits on the page of a person.
pub fn panels() -> Vec<Panel> {
    vec![Panel {
        place: "patient.visits",
        order: 10,
        right: Some("patient.read"),
        feature: None,
        render: |ctx, tx, about| Box::pin(visits::panel(ctx, tx, about)),
    }]
}

/// Visits follow their person when records are merged.
pub fn listeners() -> Vec<Listener> {
    vec![
        Listener {
            event: "PatientsMerged",
            name: "encounter.follow_merge",
            run: |tx, payload| Box::pin(merged::follow_merge(tx, payload)),
        },
        Listener {
            event: "PatientsUnmerged",
            name: "encounter.follow_unmerge",
            run: |tx, payload| Box::pin(merged::follow_unmerge(tx, payload)),
        },
    ]
}

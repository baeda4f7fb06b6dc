//! The desk that calls people: screening before a visit, missed calls, who did not come, returns that are due, and
//! booking for somebody on the phone.
//!
//! Start reading in [`task`] (the life of a call on the list), then [`decide`] (how a call ends) and [`question`] (what is
//! asked, as data). [`listen`] puts calls on the list from what happens elsewhere; [`switchboard`] and [`hook`] speak with
//! the telephone system of the house by one neutral contract.

pub mod caller;
pub mod decide;
pub mod hook;
pub mod listen;
pub mod pages;
pub mod question;
pub mod seed;
pub mod store;
pub mod switchboard;
pub mod task;

pub use switchboard::{Carrier, NotTaken, Switchboard, connect};

use pages::{calls, desk, figures, new, screening, settings};
use web::{Listener, Migration, Module, Panel, RailEntry, get, post};

/// To call people and decide about their bookings.
const WORK: &str = "care_desk.work";
/// To keep the telephone line.
const MANAGE: &str = "care_desk.manage";
const FEATURE: &str = "care_desk";

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "care_desk",
        routes: vec![
            get("/app/care-desk", desk::show).right(WORK).feature(FEATURE),
            get("/app/care-desk/queue", desk::queue).right(WORK).feature(FEATURE),
            post("/app/care-desk/next", desk::next).right(WORK).feature(FEATURE),
            get("/app/care-desk/tasks/{id}", desk::open).right(WORK).feature(FEATURE),
            post("/app/care-desk/tasks/{id}/claim", desk::claim).right(WORK).feature(FEATURE),
            post("/app/care-desk/tasks/{id}/release", desk::release).right(WORK).feature(FEATURE),
            post("/app/care-desk/tasks/{id}/renewal", desk::renew).right(WORK).feature(FEATURE),
            post("/app/care-desk/tasks/{id}/check", desk::check).right(WORK).feature(FEATURE),
            post("/app/care-desk/tasks/{id}/outcome", desk::conclude).right(WORK).feature(FEATURE),
            get("/app/care-desk/new", new::show).right(WORK).feature(FEATURE),
            post("/app/care-desk/new", new::again).right(WORK).feature(FEATURE),
            post("/app/care-desk/bookings", new::save).right(WORK).feature(FEATURE),
            get("/app/care-desk/line", calls::show).right(WORK).feature(FEATURE),
            post("/app/care-desk/calls", calls::dial).right(WORK).feature(FEATURE),
            get("/app/care-desk/figures", figures::show).right(WORK).feature(FEATURE),
            get("/app/care-desk/settings", settings::show).right(MANAGE).feature(FEATURE),
            post("/app/care-desk/settings", settings::save).right(MANAGE).feature(FEATURE),
            post("/app/care-desk/settings/key", settings::new_key).right(MANAGE).feature(FEATURE).fresh(),
            post("/hook/telephone/{code}", hook::hear).public().upload(hook::LIMIT),
        ],
        panels: vec![Panel {
            place: "chart.summary",
            order: 5,
            right: Some("chart.read"),
            feature: Some(FEATURE),
            render: |ctx, tx, about| Box::pin(screening::panel(ctx, tx, about)),
        }],
        listeners: vec![
            Listener { event: "AppointmentMoved", name: "care_desk.moved", run: |tx, payload| Box::pin(listen::moved(tx, payload)) },
            Listener { event: "EncounterFinished", name: "care_desk.finished", run: |tx, payload| Box::pin(listen::finished(tx, payload)) },
            Listener { event: "", name: switchboard::DIAL, run: |tx, payload| Box::pin(switchboard::hand_over(tx, payload)) },
        ],
        migrations: vec![Migration { name: "2026-11-25-1430-care-desk", sql: include_str!("../migrations/2026-11-25-1430-care-desk.sql") }],
        rail: vec![RailEntry { href: "/app/care-desk", icon: "phone-call", label: "Tổng đài", right: WORK, feature: Some(FEATURE), order: 12 }],
        ..Module::default()
    }
}

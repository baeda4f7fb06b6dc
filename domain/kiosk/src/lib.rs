//! The screen in the hall: who booked checks in by code, card or phone; who did not takes a number with the citizen card;
//! who cannot manage calls somebody. It knows no secrets: every answer shows a number and a room, never a record, and wipes
//! itself. Start reading in [`take`] (what becomes of what was scanned); pages for citizens in [`pages::screen`], for staff
//! in [`pages::devices`].

pub mod pages;
pub mod store;
pub mod take;

use pages::{devices, screen};
use web::{Migration, Module, Panel, RailEntry, get, post};

/// To set screens up.
const MANAGE: &str = "kiosk.manage";
/// To see and answer calls for help.
const HELP: &str = "kiosk.help";
const FEATURE: &str = "booking";

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "kiosk",
        routes: vec![
            get("/kiosk/{token}", screen::home).public(),
            get("/kiosk/{token}/card", screen::card).public(),
            get("/kiosk/{token}/code", screen::code).public(),
            get("/kiosk/{token}/phone", screen::phone).public(),
            post("/kiosk/{token}/scan", screen::scan).public(),
            post("/kiosk/{token}/phone", screen::by_phone).public(),
            post("/kiosk/{token}/number", screen::number).public(),
            post("/kiosk/{token}/help", screen::help).public(),
            get("/app/kiosks", devices::list).right(MANAGE).feature(FEATURE),
            post("/app/kiosks", devices::add).right(MANAGE).feature(FEATURE),
            post("/app/kiosks/{id}/end", devices::end).right(MANAGE).feature(FEATURE),
            post("/app/kiosks/help/{id}/answer", devices::answer).right(HELP).feature(FEATURE),
        ],
        panels: vec![Panel { place: "reception.notices", order: 5, right: Some(HELP), feature: Some(FEATURE), render: |ctx, tx, about| Box::pin(devices::panel(ctx, tx, about)) }],
        migrations: vec![Migration { name: "2026-11-25-1495-kiosk", sql: include_str!("../migrations/2026-11-25-1495-kiosk.sql") }],
        rail: vec![RailEntry { href: "/app/kiosks", icon: "device-desktop", label: "Kiosk", right: MANAGE, feature: Some(FEATURE), order: 86 }],
        ..Module::default()
    }
}

//! The citizen's door: looking for a free time, booking it with nothing but a phone, and what became of it. Works without
//! an account and without JavaScript, on a cheap phone.
//!
//! Start reading in [`pages::search`], [`pages::booking`] (hold, form, code) and [`pages::manage`] (the page behind the
//! link in the message). [`proof`] says how a phone is proved, [`calendar`] writes the calendar entry.

pub mod calendar;
pub mod pages;
pub mod proof;
pub mod store;

use base::Event;
use pages::{booking, manage, mine, search};
use web::{Listener, Migration, Module, get, post};

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "portal",
        routes: vec![
            get("/booking", search::show).public(),
            get("/booking/find", mine::find).public(),
            post("/booking/find", mine::look_up).public(),
            get("/booking/{code}/{offer}", booking::times).public(),
            post("/booking/{code}/{offer}/hold", booking::hold).public(),
            get("/b/{pass}", manage::show).public(),
            post("/b/{pass}/details", booking::details).public(),
            post("/b/{pass}/code", booking::prove).public(),
            post("/b/{pass}/cancellation", manage::cancel).public(),
            get("/b/{pass}/move", manage::times).public(),
            post("/b/{pass}/move", manage::reschedule).public(),
            post("/b/{pass}/rating", manage::rate).public(),
            get("/b/{pass}/calendar.ics", manage::calendar).public(),
            get("/me", mine::list).public(),
            post("/me/sign-out", mine::sign_out).public(),
        ],
        listeners: vec![Listener { event: "AppointmentMoved", name: "portal.index", run: |tx, payload| Box::pin(index(tx, payload)) }],
        migrations: vec![Migration { name: "2026-11-25-1450-portal", sql: include_str!("../migrations/2026-11-25-1450-portal.sql") }],
        ..Module::default()
    }
}

/// Keeps the citizen's own list: every booking that has a phone, by whatever way it was made.
async fn index(tx: &mut db::Tx, payload: serde_json::Value) -> anyhow::Result<()> {
    let Event::AppointmentMoved { appointment, to, .. } = serde_json::from_value(payload)? else { return Ok(()) };
    if !matches!(to.as_str(), "pending" | "confirmed" | "arrived") {
        return Ok(());
    }
    let a = scheduling::get(tx, appointment).await?;
    if !a.reach().is_empty() {
        store::index(tx, a.reach(), a.id, a.starts_at).await?;
    }
    Ok(())
}

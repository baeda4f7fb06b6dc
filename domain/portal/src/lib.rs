//! The citizen's door: looking for a free time, booking it with nothing but a phone, and what became of it. Works without
//! an account and without JavaScript, on a cheap phone.
//!
//! Start reading in [`pages::search`], [`pages::booking`] (hold, form, code) and [`pages::manage`] (the page behind the
//! link in the message), [`family`] and [`wait`] (people of a phone, full days). [`proof`] says how a phone is proved, [`calendar`] writes the calendar entry.

pub mod calendar;
pub mod family;
pub mod pages;
pub mod proof;
pub mod store;
pub mod wait;

use base::Event;
use pages::{app, booking, enter, family as people, manage, mine, search, times};
use web::{Listener, Migration, Module, get, post};

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "portal",
        routes: vec![
            get("/booking", search::show).public(),
            get("/booking.webmanifest", app::manifest).public(),
            get("/booking-sw.js", app::worker).public(),
            get("/booking-app.js", app::script).public(),
            get("/booking/find", mine::find).public(),
            post("/booking/find", mine::look_up).public(),
            get("/booking/{code}/{offer}", times::show).public(),
            post("/booking/{code}/{offer}/hold", booking::hold).public(),
            get("/b/{pass}", manage::show).public(),
            post("/b/{pass}/details", booking::details).public(),
            post("/b/{pass}/code", booking::prove).public(),
            post("/b/{pass}/cancellation", manage::cancel).public(),
            get("/b/{pass}/move", manage::times).public(),
            post("/b/{pass}/move", manage::reschedule).public(),
            post("/b/{pass}/rating", manage::rate).public(),
            get("/b/{pass}/calendar.ics", manage::calendar).public(),
            post("/booking/{code}/{offer}/wait", times::wait).public(),
            get("/me", mine::list).public(),
            get("/me/enter", enter::show).public(),
            post("/me/code", enter::send).public(),
            post("/me/proof", enter::prove).public(),
            get("/me/family", people::show).public(),
            post("/me/family", people::put).public(),
            post("/me/family/removal", people::remove).public(),
            post("/me/sign-out", mine::sign_out).public(),
        ],
        listeners: vec![Listener { event: "AppointmentMoved", name: "portal.index", run: |tx, payload| Box::pin(index(tx, payload)) }],
        migrations: vec![
            Migration { name: "2026-11-25-1450-portal", sql: include_str!("../migrations/2026-11-25-1450-portal.sql") },
            Migration { name: "2026-11-25-1451-portal-family", sql: include_str!("../migrations/2026-11-25-1451-portal-family.sql") },
            Migration { name: "2026-11-25-1452-portal-houses", sql: include_str!("../migrations/2026-11-25-1452-portal-houses.sql") },
        ],
        ..Module::default()
    }
}

/// Keeps the citizen's own list, every booking that has a phone by whatever way it was made, and offers a place that came
/// free to who waits for it.
async fn index(tx: &mut db::Tx, payload: serde_json::Value) -> anyhow::Result<()> {
    let Event::AppointmentMoved { appointment, to, .. } = serde_json::from_value(payload)? else { return Ok(()) };
    let a = scheduling::get(tx, appointment).await?;
    wait::after(tx, &a, &to).await.map_err(|f| anyhow::anyhow!("{f:?}"))?;
    if matches!(to.as_str(), "pending" | "confirmed" | "arrived") && !a.reach().is_empty() {
        store::index(tx, a.reach(), a.id, a.starts_at).await?;
    }
    Ok(())
}

//! Bookings: what can be booked, when, and what becomes of it, for every channel alike.
//!
//! Start reading in [`status`] (the life of a booking), then [`book`] (one path for all channels) and [`change`] (every
//! later step). The database itself counts places (`migrations/2026-11-25-1400-scheduling.sql`), so no path can sell one
//! twice. [`plan`] lays out real days from weekly rules, [`arrival`] turns a booking into a visit, [`places`] answers the
//! desk where walk-ins take a place. FHIR's words: Schedule, Slot, Appointment.

pub mod appointment;
pub mod arrival;
pub mod book;
pub mod change;
pub mod channel;
pub mod closing;
pub mod code;
pub mod pages;
pub mod pass;
pub mod places;
pub mod plan;
pub mod round;
pub mod rules;
pub mod seed;
pub mod specialty;
pub mod status;
pub mod store;
pub mod who;

pub use appointment::Appointment;
pub use book::{Goal, NewBooking, book};
pub use change::By;
pub use channel::Channel;
pub use places::PlaceDesk;
pub use status::Status;
pub use store::appointments::{find_code, get, list, list_day, list_of_phone, lock, of_encounter};
pub use store::openings::{NextFree, Offer, Opening, list_offers, next_free};
pub use who::{Booker, TypedWho, Who, read_phone};

use pages::{desk, new};
use web::{Listener, Migration, Module, Panel, RailEntry, Scan};

/// To see who booked.
const READ: &str = "booking.read";
/// To book, move, confirm and cancel for somebody.
const MANAGE: &str = "booking.manage";
/// To take in who booked.
const ARRIVE: &str = "booking.arrive";
/// To decide what can be booked and when.
const PLAN: &str = "schedule.manage";
const FEATURE: &str = "booking";

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "scheduling",
        listeners: vec![Listener {
            event: "EncounterFinished",
            name: "scheduling.fulfil",
            run: |tx, payload| Box::pin(fulfil(tx, payload)),
        }],
        migrations: vec![
            Migration { name: "2026-11-25-1400-scheduling", sql: include_str!("../migrations/2026-11-25-1400-scheduling.sql") },
            Migration { name: "2026-11-25-1490-desk", sql: include_str!("../migrations/2026-11-25-1490-desk.sql") },
        ],
        routes: pages::routes(),
        panels: vec![Panel {
            place: "encounter.finish",
            order: 40,
            right: Some(MANAGE),
            feature: Some(FEATURE),
            render: |ctx, tx, about| Box::pin(new::panel(ctx, tx, about)),
        }],
        scans: vec![Scan { name: "registration code", right: READ, feature: Some(FEATURE), find: |_, tx, code| Box::pin(desk::scan(tx, code)) }],
        rail: vec![
            RailEntry { href: "/app/appointments", icon: "calendar-event", label: "Lịch hẹn", right: READ, feature: Some(FEATURE), order: 12 },
            RailEntry { href: "/app/schedule", icon: "calendar-time", label: "Lịch làm việc", right: PLAN, feature: Some(FEATURE), order: 78 },
        ],
        ..Module::default()
    }
}

/// The visit ended, and with it the booking that led to it.
async fn fulfil(tx: &mut db::Tx, payload: serde_json::Value) -> anyhow::Result<()> {
    if let base::Event::EncounterFinished { encounter, .. } = serde_json::from_value(payload)? {
        change::fulfil(tx, encounter).await.map_err(|f| anyhow::anyhow!("{f:?}"))?;
    }
    Ok(())
}

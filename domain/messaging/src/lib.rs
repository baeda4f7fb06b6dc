//! Messages to people, and what they write back.
//!
//! A module puts a [`web::ask::Letter`] on its way in its own transaction ([`post`]); what it may say is written in
//! `wordings.tsv` ([`wording`]). [`listen`] tells people what became of their bookings and reminds them; [`reply`]
//! understands what they answer, [`answer`] acts on it, [`hook`] hears the carrier. Quiet hours, refusals, the month's
//! money and exactly-once are decided here and nowhere else.

pub mod answer;
pub mod carrier;
pub mod hook;
pub mod listen;
pub mod pages;
pub mod post;
pub mod reply;
pub mod store;
pub mod wording;

pub use carrier::{Carrier, Link, NotCarried, connect};
pub use post::Post;

use pages::outbox;
use web::{Listener, Migration, Module, RailEntry, get, post as send};

/// To see what was sent.
const READ: &str = "message.read";
/// To send again, and to decide about words, reminders and money.
const MANAGE: &str = "message.manage";
const FEATURE: &str = "booking";

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "messaging",
        routes: vec![
            get("/app/messages", outbox::list).right(READ).feature(FEATURE),
            get("/app/messages/settings", outbox::settings).right(MANAGE).feature(FEATURE),
            send("/app/messages/settings", outbox::save_settings).right(MANAGE).feature(FEATURE),
            send("/app/messages/wordings/{key}", outbox::save_words).right(MANAGE).feature(FEATURE),
            send("/app/messages/{id}/again", outbox::again).right(MANAGE).feature(FEATURE),
            send("/hook/sms/receipts", hook::receipt).public(),
            send("/hook/sms/inbound", hook::inbound).public(),
        ],
        listeners: vec![
            Listener { event: "", name: post::SEND, run: |tx, payload| Box::pin(post::send(tx, payload)) },
            Listener { event: "AppointmentMoved", name: "messaging.moved", run: |tx, payload| Box::pin(listen::moved(tx, payload)) },
            Listener { event: "AppointmentReady", name: "messaging.ready", run: |tx, payload| Box::pin(listen::ready(tx, payload)) },
            Listener { event: "MessageArrived", name: "messaging.answer", run: |tx, payload| Box::pin(answer::arrived(tx, payload)) },
        ],
        migrations: vec![Migration { name: "2026-11-25-1410-messaging", sql: include_str!("../migrations/2026-11-25-1410-messaging.sql") }],
        rail: vec![RailEntry { href: "/app/messages", icon: "message", label: "Tin nhắn", right: READ, feature: Some(FEATURE), order: 74 }],
        ..Module::default()
    }
}

//! What other systems send: messages kept raw, matched to people, filed once; what could not be filed waits for a clerk.
//!
//! Start reading at [`command`] (what a message says), then [`inbox`] (what becomes of it), [`person`] (whom it means) and
//! [`apply`] (what is done). A door of any language reads its message into a [`command::Delivery`] and hands it over.

pub mod apply;
pub mod command;
pub mod inbox;
pub mod pages;
pub mod partner;
pub mod person;
pub mod seed;
pub mod store;

use pages::{desk, messages, partners};

/// The table of contents of this slice.
pub fn module() -> web::Module {
    const FEATURE: &str = "emr.exchange";
    web::Module {
        name: "exchange",
        routes: vec![
            web::get("/app/exchange/messages", messages::list).right("exchange.read").feature(FEATURE),
            web::get("/app/exchange/messages/{id}", messages::show).right("exchange.read").feature(FEATURE),
            web::post("/app/exchange/messages/{id}/attempts", messages::retry).right("exchange.manage").feature(FEATURE),
            web::post("/app/exchange/messages/{id}/discarding", messages::discard).right("exchange.manage").feature(FEATURE),
            web::get("/app/exchange/desk", desk::list).right("exchange.match").feature(FEATURE),
            web::get("/app/exchange/desk/{id}", desk::show).right("exchange.match").feature(FEATURE),
            web::post("/app/exchange/desk/{id}", desk::decide).right("exchange.match").feature(FEATURE),
            web::get("/app/exchange/differences/{id}", desk::difference).right("exchange.match").feature(FEATURE),
            web::post("/app/exchange/differences/{id}", desk::settle).right("exchange.match").feature(FEATURE),
            web::get("/app/exchange/partners", partners::list).right("exchange.manage").feature(FEATURE),
            web::post("/app/exchange/partners", partners::create).right("exchange.manage").feature(FEATURE),
            web::get("/app/exchange/partners/{id}", partners::show).right("exchange.manage").feature(FEATURE),
            web::post("/app/exchange/partners/{id}", partners::change).right("exchange.manage").feature(FEATURE),
            web::post("/app/exchange/partners/{id}/codes", partners::write_code).right("exchange.manage").feature(FEATURE),
            web::post("/app/exchange/partners/{id}/codes/{code}/end", partners::end_code).right("exchange.manage").feature(FEATURE),
        ],
        // No event: an early message sets this job for the end of its waiting.
        listeners: vec![web::Listener { event: "", name: inbox::GIVE_UP, run: |tx, payload| Box::pin(inbox::give_up(tx, payload)) }],
        migrations: vec![
            web::Migration { name: "2026-11-25-1290-partner", sql: include_str!("../migrations/2026-11-25-1290-partner.sql") },
            web::Migration { name: "2026-11-25-1291-message", sql: include_str!("../migrations/2026-11-25-1291-message.sql") },
        ],
        rail: vec![
            web::RailEntry { href: "/app/exchange/desk", icon: "arrows-exchange", label: "Liên thông HIS", right: "exchange.match", feature: Some(FEATURE), order: 84 },
        ],
        ..web::Module::default()
    }
}

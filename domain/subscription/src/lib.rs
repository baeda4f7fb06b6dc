//! Clinics as customers: the public site, sign-up, packages bought and paid, expiry and renewal, branches, usage, taking
//! the data along, leads and contracts.
//!
//! Start reading at `sign_up.rs` (how a clinic goes live) and `organization::package` (how it stands on a day).

pub mod arrival;
pub mod clinic;
pub mod contact;
pub mod export;
pub mod invoice;
pub mod lead;
pub mod message;
pub mod pages;
pub mod platform;
pub mod proration;
pub mod seed;
pub mod sign_up;
pub mod start;
pub mod store;
pub mod usage;

use pages::{branches, customer, exports, first_steps, front, invoices, operator, pay, sign_up as way_in};
use web::{Migration, Module, RailEntry, get, post};

const MANAGE: &str = "subscription.manage";
const DESK: &str = "operator.desk";

/// The table of contents. What belongs to being a customer stays open when the subscription has run out.
pub fn module() -> Module {
    Module {
        name: "subscription",
        routes: vec![
            get("/", front::home).public(),
            get("/pricing", front::pricing).public(),
            get("/contact", front::ask).public(),
            post("/contact", front::keep).public(),
            get("/sign-up", way_in::start).public(),
            post("/sign-up", way_in::begin).public(),
            get("/sign-up/code", way_in::ask_code).public(),
            post("/sign-up/code", way_in::check_code).public(),
            post("/sign-up/code/again", way_in::send_again).public(),
            get("/sign-up/clinic", way_in::ask_clinic).public(),
            post("/sign-up/clinic", way_in::keep_clinic).public().upload(way_in::LICENCE + 100_000),
            get("/sign-up/places", way_in::places).public(),
            get("/sign-up/owner", way_in::ask_owner).public(),
            post("/sign-up/owner", way_in::keep_owner).public(),
            get("/sign-up/pay", pay::show).public(),
            get("/sign-up/pay/state", pay::state).public(),
            get("/sign-up/done", pay::done).public(),
            get("/app/first-steps", first_steps::show).right(MANAGE),
            get("/app/subscription", customer::show).right(MANAGE),
            post("/app/subscription/renewals", customer::renew).right(MANAGE).stays_open(),
            post("/app/subscription/upgrades", customer::upgrade).right(MANAGE).stays_open(),
            post("/app/subscription/next", customer::choose_next).right(MANAGE).stays_open(),
            get("/app/subscription/invoices/{id}", invoices::show).right(MANAGE),
            get("/app/subscription/invoices/{id}/paper.pdf", invoices::paper).right(MANAGE),
            get("/app/subscription/exports", exports::list).right(MANAGE),
            post("/app/subscription/exports", exports::ask).right(MANAGE).fresh().stays_open(),
            get("/app/subscription/exports/{id}/data.zip", exports::fetch).right(MANAGE).fresh(),
            get("/app/subscription/branches", branches::list).right(MANAGE),
            post("/app/subscription/branches/{code}", branches::go).right(MANAGE).fresh().stays_open(),
            get("/app/operator", operator::show).right(DESK),
            post("/app/operator/leads/{id}", operator::move_lead).right(DESK),
            post("/app/operator/payments/{id}/note", operator::note_payment).right(DESK),
            get("/app/operator/customers/{code}", operator::customer).right(DESK),
            post("/app/operator/customers/{code}/contract", operator::sign).right(DESK),
        ],
        migrations: vec![Migration {
            name: "2026-11-25-0052-customers",
            sql: include_str!("../migrations/2026-11-25-0052-customers.sql"),
        }],
        rail: vec![
            RailEntry { href: "/app/operator", icon: "briefcase", label: "Vận hành", right: DESK, feature: None, order: 10 },
            RailEntry { href: "/app/subscription", icon: "package", label: "Gói sử dụng", right: MANAGE, feature: None, order: 97 },
        ],
        ..Module::default()
    }
}

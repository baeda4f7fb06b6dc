//! Sharing of records between facilities: who asks, what for; what the patient agrees to; until when; who has seen what.
//!
//! Two sides in one module. The *asker* keeps inquiries (`pages::inquiries`); the *holder* keeps requests, consents,
//! permissions and the list of disclosures (`pages::requests`, [`holder`]). Nothing is copied: a paper is opened at the
//! holder each time, so a permission taken back is closed at once. Start reading in [`request`] and [`permission`].
//!
//! Law: Law 15/2023 art. 69 (who may read a record), Law 91/2025 with Decree 356/2025 (consent, purpose, withdrawal,
//! the patient's view of who has read), Circular 13/2025 (sharing between facilities).

pub mod holder;
pub mod pages;
pub mod permission;
pub mod proof;
pub mod request;
pub mod store;
pub mod wire;

use pages::{citizen, inquiries, partners, requests};
use web::{Listener, Migration, Module, Panel, RailEntry, get, post};

/// To ask another house for a record and read what was shared.
const REQUEST: &str = "share.request";
/// To open a record elsewhere without asking, in an emergency.
const EMERGENCY: &str = "share.emergency";
/// To choose what is shared, take the patient's consent, refuse and revoke.
const DECIDE: &str = "share.decide";
/// To look at every emergency opening.
const AUDIT: &str = "share.audit";
/// To say with whom records are exchanged.
const PARTNERS: &str = "share.partners";
const FEATURE: &str = "emr.exchange";

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "sharing",
        routes: vec![
            get("/app/sharing", requests::list).right(DECIDE).feature(FEATURE),
            get("/app/sharing/requests/{id}", requests::show).right(DECIDE).feature(FEATURE),
            post("/app/sharing/requests/{id}/proposal", requests::propose).right(DECIDE).feature(FEATURE),
            post("/app/sharing/requests/{id}/code", requests::send_code).right(DECIDE).feature(FEATURE),
            post("/app/sharing/requests/{id}/proof", requests::prove).right(DECIDE).feature(FEATURE),
            post("/app/sharing/requests/{id}/paper", requests::paper).right(DECIDE).feature(FEATURE).upload(requests::PAPER),
            post("/app/sharing/requests/{id}/refusal", requests::refuse).right(DECIDE).feature(FEATURE),
            post("/app/sharing/requests/{id}/revocation", requests::revoke).right(DECIDE).feature(FEATURE),
            post("/app/sharing/requests/{id}/patient", requests::name_patient).right(DECIDE).feature(FEATURE),
            get("/app/sharing/emergencies", requests::emergencies).right(AUDIT).feature(FEATURE),
            post("/app/sharing/requests/{id}/review", requests::review).right(AUDIT).feature(FEATURE),
            get("/app/sharing/inquiries", inquiries::list).right(REQUEST).feature(FEATURE),
            get("/app/sharing/inquiries/new", inquiries::blank).right(REQUEST).feature(FEATURE),
            post("/app/sharing/inquiries", inquiries::ask).right(REQUEST).feature(FEATURE),
            post("/app/sharing/emergencies", inquiries::ask_in_emergency).right(EMERGENCY).feature(FEATURE),
            get("/app/sharing/inquiries/{id}", inquiries::show).right(REQUEST).feature(FEATURE),
            get("/app/sharing/inquiries/{id}/documents/{document}", inquiries::document).right(REQUEST).feature(FEATURE),
            get("/app/sharing/inquiries/{id}/documents/{document}/file", inquiries::file).right(REQUEST).feature(FEATURE),
            post("/app/sharing/inquiries/{id}/withdrawal", inquiries::withdraw).right(REQUEST).feature(FEATURE),
            get("/app/sharing/partners", partners::list).right(PARTNERS).feature(FEATURE),
            post("/app/sharing/partners", partners::keep).right(PARTNERS).feature(FEATURE).fresh(),
            post("/app/sharing/partners/{id}/end", partners::end).right(PARTNERS).feature(FEATURE).fresh(),
            post("/app/sharing/group", partners::join).right(PARTNERS).feature(FEATURE),
            post("/app/sharing/group/end", partners::leave).right(PARTNERS).feature(FEATURE),
            get("/consent/{token}", citizen::show).public(),
            post("/consent/{token}/code", citizen::send_code).public(),
            post("/consent/{token}/proof", citizen::prove).public(),
            post("/consent/{token}/answer", citizen::answer).public(),
            post("/consent/{token}/revocation", citizen::revoke).public(),
        ],
        panels: vec![
            Panel {
                place: "chart.summary",
                order: 90,
                right: Some(REQUEST),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(inquiries::panel(ctx, tx, about)),
            },
            Panel {
                place: "record.actions",
                order: 50,
                right: Some(DECIDE),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(requests::panel(ctx, tx, about)),
            },
        ],
        listeners: vec![Listener { event: "", name: wire::SEND, run: wire::send }],
        migrations: vec![Migration { name: "2026-11-25-1340-sharing", sql: include_str!("../migrations/2026-11-25-1340-sharing.sql") }],
        rail: vec![
            RailEntry { href: "/app/sharing", icon: "share", label: "Chia sẻ", right: DECIDE, feature: Some(FEATURE), order: 34 },
            RailEntry { href: "/app/sharing/inquiries", icon: "world", label: "Xin hồ sơ", right: REQUEST, feature: Some(FEATURE), order: 62 },
        ],
        ..Module::default()
    }
}

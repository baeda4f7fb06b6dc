//! Who signs what, in which order, with which key; what a signature is worth when the document is opened.
//!
//! Start reading at [`rule`] (may this person sign here, now), then [`act`] (fifty documents, one PIN).

pub mod act;
pub mod badge;
pub mod code;
pub mod confirm;
pub mod flow;
pub mod key;
pub mod order;
pub mod pages;
pub mod role;
pub mod rule;
pub mod seed;
pub mod stamp;
pub mod store;
pub mod xml;

pub use badge::{Badge, Trust, badge};
pub use code::of as public_code;

use pages::{agent, alerts, confirm as bedside, keys, tray, verify};

/// What this part brings to the slice.
pub fn part() -> web::Module {
    let emr = "emr.sign";
    web::Module {
        routes: vec![
            web::get("/app/sign", tray::show).right("record.sign").feature(emr),
            web::post("/app/sign", tray::sign).right("record.sign").feature(emr),
            web::get("/app/sign/documents/{document}/pdf", tray::look).right("record.sign").feature(emr),
            web::get("/app/sign/documents/{document}/badge", tray::badge_piece).right("record.read").feature(emr),
            web::get("/app/sign/confirm/{document}", bedside::show).right("record.witness").feature(emr),
            web::post("/app/sign/confirm/{document}/codes", bedside::send).right("record.witness").feature(emr),
            web::post("/app/sign/confirm/{document}", bedside::confirm).right("record.witness").feature(emr),
            web::get("/app/sign/keys", keys::show).right("record.sign").feature(emr),
            web::post("/app/sign/keys", keys::register).right("record.sign").feature(emr).upload(256 * 1024),
            web::post("/app/sign/keys/{key}/end", keys::end).right("record.sign").feature(emr),
            web::post("/app/sign/heads/{room}", keys::name_head).right("record.accept").feature(emr),
            web::post("/app/sign/agent/batches", agent::prepare).right("record.sign").feature(emr),
            web::post("/app/sign/agent/batches/{batch}", agent::finish).right("record.sign").feature(emr),
            web::get("/app/sign/alerts", alerts::list).right("record.alert").feature(emr),
            web::post("/app/sign/alerts/{document}/{version}", alerts::close).right("record.alert").feature(emr),
            web::get("/v", verify::ask).public(),
            web::post("/v", verify::upload).public().upload(30 * 1024 * 1024),
            web::get("/v/{code}", verify::show).public(),
        ],
        panels: vec![
            web::Panel {
                place: "record.top",
                order: 20,
                right: Some("record.read"),
                feature: Some(emr),
                render: |ctx, tx, about| Box::pin(pages::top::panel(ctx, tx, about)),
            },
            web::Panel {
                place: "document.actions",
                order: 10,
                right: Some("record.read"),
                feature: Some(emr),
                render: |ctx, tx, about| Box::pin(tray::document_panel(ctx, tx, about)),
            },
        ],
        listeners: vec![web::Listener {
            event: "SignatureBroken",
            name: "record.alert",
            run: |tx, payload| Box::pin(alerts::note(tx, payload)),
        }],
        migrations: vec![
            web::Migration { name: "2026-11-25-1210-signing", sql: include_str!("../migrations/2026-11-25-1210-signing.sql") },
            web::Migration { name: "2026-11-25-1225-lock", sql: include_str!("../migrations/2026-11-25-1225-lock.sql") },
        ],
        rail: vec![web::RailEntry { href: "/app/sign", icon: "signature", label: "Chờ ký", right: "record.sign", feature: Some(emr), order: 44 }],
        ..web::Module::default()
    }
}

//! Accepted records: number, retention, loan, copies, re-opening, destruction.
//!
//! Start reading at [`status`] (the steps of a record), then [`accept`].

pub mod accept;
pub mod approval;
pub mod pages;
pub mod sealing;
pub mod status;
pub mod store;

use pages::{copies, destruction, list, loans, reopening};

/// What this part brings to the slice.
pub fn part() -> web::Module {
    let emr = "emr.archive";
    web::Module {
        routes: vec![
            web::get("/app/archive", list::list).right("archive.read").feature(emr),
            web::get("/app/archive/loans", loans::list).right("archive.read").feature(emr),
            web::get("/app/archive/destructions", destruction::list).right("archive.read").feature(emr),
            web::post("/app/archive/destructions", destruction::propose).right("archive.manage").feature(emr),
            web::get("/app/archive/destructions/{destruction}", destruction::show).right("archive.read").feature(emr),
            web::get("/app/archive/destructions/{destruction}/pdf", destruction::minutes).right("archive.read").feature(emr),
            web::post("/app/archive/destructions/{destruction}/decision", destruction::decide).right("archive.approve").feature(emr).fresh(),
            web::get("/app/archive/{record}", list::show).right("archive.read").feature(emr),
            web::post("/app/archive/{record}/loans", loans::lend).right("archive.manage").feature(emr),
            web::post("/app/archive/{record}/loans/{loan}/return", loans::take_back).right("archive.manage").feature(emr),
            web::post("/app/archive/{record}/copies", copies::give).right("archive.manage").feature(emr),
            web::get("/app/archive/{record}/copies/{copy}/zip", copies::zip).right("archive.manage").feature(emr),
            web::post("/app/archive/{record}/hold", list::hold).right("archive.manage").feature(emr),
            web::post("/app/archive/{record}/reopenings", reopening::ask).right("archive.reopen").feature(emr),
            web::post("/app/archive/{record}/reopenings/{reopening}/decision", reopening::decide).right("archive.approve").feature(emr),
        ],
        // No event: the acceptance of a record sets this job.
        listeners: vec![web::Listener { event: "", name: sealing::JOB, run: |tx, payload| Box::pin(sealing::run(tx, payload)) }],
        migrations: vec![web::Migration { name: "2026-11-25-1220-archive", sql: include_str!("../migrations/2026-11-25-1220-archive.sql") }],
        rail: vec![web::RailEntry { href: "/app/archive", icon: "archive", label: "Lưu trữ", right: "archive.read", feature: Some(emr), order: 48 }],
        ..web::Module::default()
    }
}

//! After discharge: what is missing, whose it is and until when; handing in, returning, accepting.
//!
//! Start reading at [`rule`]: the count "12 of 14" is worked out afresh each time from what happened and what is there.

pub mod count;
pub mod listen;
pub mod pages;
pub mod rule;
pub mod store;

/// What this part brings to the slice.
pub fn part() -> web::Module {
    let emr = "emr.record";
    web::Module {
        routes: vec![
            web::get("/app/completion", pages::list).right("record.completion").feature(emr),
            web::get("/app/completion/{record}", pages::show).right("record.completion").feature(emr),
            web::post("/app/completion/{record}/submission", pages::submit).right("record.complete").feature(emr),
            web::post("/app/completion/{record}/answers/{item}", pages::answer).right("record.complete").feature(emr),
            web::post("/app/completion/{record}/return", pages::send_back).right("record.accept").feature(emr),
            web::post("/app/completion/{record}/acceptance", pages::accept).right("record.accept").feature(emr),
        ],
        listeners: listen::listeners(),
        migrations: vec![web::Migration {
            name: "2026-11-25-1215-completion",
            sql: include_str!("../migrations/2026-11-25-1215-completion.sql"),
        }],
        rail: vec![web::RailEntry {
            href: "/app/completion",
            icon: "progress-check",
            label: "Hoàn thiện",
            right: "record.completion",
            feature: Some(emr),
            order: 46,
        }],
        ..web::Module::default()
    }
}

//! Paper from before: scanned, parted by sheets that we print ourselves, straightened, read, checked by a second person and
//! filed as a document with its pages as they were. Nothing is thrown away: a page that was scanned badly is replaced and
//! kept, and every hand through which a paper went stands in its chain of custody.
//!
//! Read [`read`] for the way of a file, [`check`] for who may say that a paper is good.

pub mod check;
pub mod cover;
pub mod folder;
pub mod intake;
pub mod kind;
pub mod pages;
pub mod picture;
pub mod read;
pub mod reader;
pub mod store;

use web::{Migration, Module, RailEntry, Route, get, post};

const FEATURE: &str = "emr.record";
const SEE: &str = "digitise.see";
const SCAN: &str = "digitise.scan";
const CHECK: &str = "digitise.check";

/// What this part brings to the slice.
pub fn part() -> Module {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    Module {
        routes: vec![
            right(get("/app/digitise", pages::list::show), SEE),
            right(post("/app/digitise/batches", pages::upload::upload).upload(intake::MOST_BYTES + 64 * 1024), SCAN),
            right(get("/app/digitise/batches/{batch}", pages::batch::show), SEE),
            right(get("/app/digitise/pages/{page}/picture", pages::batch::picture), SEE),
            right(post("/app/digitise/papers/{paper}/assigned", pages::batch::assign), SCAN),
            right(post("/app/digitise/papers/{paper}/returned", pages::batch::send_back), CHECK),
            right(post("/app/digitise/papers/{paper}/filed", pages::batch::file), CHECK),
            right(get("/app/digitise/covers", pages::covers::show), SCAN),
            right(post("/app/digitise/covers", pages::covers::make), SCAN),
            right(post("/app/digitise/records", pages::covers::open_record), SCAN),
            right(get("/app/digitise/covers/{cover}/sheet.pdf", pages::covers::sheet), SCAN),
        ],
        migrations: vec![Migration {
            name: "2026-11-25-1160-digitise",
            sql: include_str!("../migrations/2026-11-25-1160-digitise.sql"),
        }],
        rail: vec![RailEntry { href: "/app/digitise", icon: "scan", label: "Số hóa", right: SEE, feature: Some(FEATURE), order: 78 }],
        ..Module::default()
    }
}

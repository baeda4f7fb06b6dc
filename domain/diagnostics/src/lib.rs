//! Orders for laboratory, imaging and procedures: one basket for all kinds, slips by room, and where each order stands.

pub mod api;
pub mod basket;
pub mod finding;
pub mod imaging;
pub mod lab;
mod listen;
pub mod order;
mod pages;
pub mod repeat;
pub mod store;

pub use finding::FindingDesk;

use pages::{basket as acts, set_book, sets, slip, suggestions, summary, work};
use web::{Listener, Migration, Module, Panel, PaperOf, RailEntry, Route, get, post};

const FEATURE: &str = "cls.order";
const READ: &str = "order.read";
const WRITE: &str = "order.write";

/// The table of contents of this slice: orders, and what becomes of them.
pub fn module() -> Module {
    let mut all = orders();
    all.routes.extend(lab::routes());
    all.panels.extend(lab::panels());
    all.listeners.extend(lab::listeners());
    all.migrations.extend(lab::migrations());
    all.rail.extend(lab::rail());
    all.scans.extend(lab::scans());
    all.routes.extend(imaging::routes());
    all.panels.extend(imaging::panels());
    all.migrations.extend(imaging::migrations());
    all.rail.extend(imaging::rail());
    all.scans.extend(imaging::scans());
    all
}

/// The basket, the slips and the rooms' list.
fn orders() -> Module {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    Module {
        name: "diagnostics",
        routes: vec![
            right(get("/app/encounters/{id}/orders", acts::show), READ),
            right(get("/app/encounters/{id}/orders/suggestions", suggestions::suggest), READ),
            right(post("/app/encounters/{id}/orders/drafts", acts::add), WRITE),
            right(post("/app/encounters/{id}/orders/drafts/{order}/quantity", acts::set_quantity), WRITE),
            right(post("/app/encounters/{id}/orders/drafts/{order}/removed", acts::remove), WRITE),
            right(post("/app/encounters/{id}/orders/sets/{set}", acts::add_set), WRITE),
            right(post("/app/encounters/{id}/orders/repeated", acts::repeat_last), WRITE),
            right(post("/app/encounters/{id}/orders/placed", acts::place), WRITE),
            right(post("/app/encounters/{id}/orders/kept", sets::keep), WRITE),
            right(post("/app/encounters/{id}/orders/{order}/cancelled", acts::cancel), "order.cancel"),
            right(get("/app/encounters/{id}/orders/slips/{code}", slip::show), READ),
            right(post("/app/orders/sets/{set}/ended", sets::end), WRITE),
            right(get("/app/orders/sets", set_book::list), WRITE),
            right(post("/app/orders/sets", set_book::create), WRITE),
            right(get("/app/orders/sets/{set}", set_book::show), WRITE),
            right(post("/app/orders/sets/{set}", set_book::save), WRITE),
            right(get("/app/orders/services", set_book::suggest), WRITE),
            right(get("/app/orders", work::list), "order.perform"),
            right(post("/app/orders/{order}/collected", work::collect), "order.perform"),
            right(post("/app/orders/{order}/done", work::finish), "order.perform"),
            right(get("/api/v1/services", api::services), READ),
            right(get("/api/v1/encounters/{id}/orders", api::list), READ),
            right(post("/api/v1/encounters/{id}/orders", api::create), WRITE),
        ],
        panels: vec![
            Panel {
                place: "encounter.orders",
                order: 10,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(acts::panel(ctx, tx, about)),
            },
            Panel {
                place: "encounter.checks",
                order: 30,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(summary::checks(ctx, tx, about)),
            },
            Panel {
                place: "chart.summary",
                order: 40,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(summary::recent(ctx, tx, about)),
            },
        ],
        listeners: vec![
            Listener {
                event: "OrdersPaid",
                name: "diagnostics.release_paid",
                run: |tx, payload| Box::pin(listen::release_paid(tx, payload)),
            },
            Listener {
                event: "EncounterCancelled",
                name: "diagnostics.cancel_with_visit",
                run: |tx, payload| Box::pin(listen::cancel_with_visit(tx, payload)),
            },
            Listener {
                event: "PatientsMerged",
                name: "diagnostics.follow_merge",
                run: |tx, payload| Box::pin(listen::follow_merge(tx, payload)),
            },
            Listener {
                event: "PatientsUnmerged",
                name: "diagnostics.follow_unmerge",
                run: |tx, payload| Box::pin(listen::follow_unmerge(tx, payload)),
            },
        ],
        migrations: vec![
            Migration { name: "2026-11-24-2100-order", sql: include_str!("../migrations/2026-11-24-2100-order.sql") },
            Migration { name: "2026-11-25-1131-report-title", sql: include_str!("../migrations/2026-11-25-1131-report-title.sql") },
        ],
        // What laboratory and imaging released, for the medical record.
        papers: vec![PaperOf { kind: "report", make: |app, tx, id| Box::pin(report_paper(app, tx, id)) }],
        rail: vec![RailEntry {
            href: "/app/orders",
            icon: "test-pipe",
            label: "Chỉ định",
            right: "order.perform",
            feature: Some(FEATURE),
            order: 40,
        }, RailEntry {
            href: "/app/orders/sets",
            icon: "stack-2",
            label: "Bộ chỉ định",
            right: WRITE,
            feature: Some(FEATURE),
            order: 70,
        }],
        ..web::Module::default()
    }
}

/// A released report, whichever of the two it comes from.
async fn report_paper(app: &web::App, tx: &mut web::Tx, id: uuid::Uuid) -> Result<Option<web::MadePaper>, web::Failure> {
    match pages::lab::report::for_record(app, tx, base::ReportId(id)).await? {
        Some(paper) => Ok(Some(paper)),
        None => pages::imaging::paper::for_record(app, tx, id).await,
    }
}

//! Prescribing: a dose sentence becomes a line, lines become a prescription, and every line is checked against
//! what is known about the person and the drugs before it is issued. Dispensing: the pharmacist hands over what the
//! prescription says, lot by lot, or sells over the counter what needs none.

pub mod api;
pub mod code;
pub mod desk;
pub mod dispensing;
pub mod dose;
pub mod entry;
pub mod form;
pub mod law;
pub mod line;
mod listen;
mod pages;
pub mod pharmacy;
pub mod prescription;
pub mod quantity;
pub mod repeat;
pub mod safety;
pub mod sale;
pub mod seed;
pub mod store;

use pages::pharmacy::{counter, fill, given, papers, queue, sale as till};
use pages::{block, entry as typing, habits, life, list, paper, scan, summary};
use web::{Listener, Migration, Module, Panel, RailEntry, Route, Scan, get, post, put};

const FEATURE: &str = "rx.list";
const READ: &str = "prescription.read";
/// The list of all prescriptions of the facility: the pharmacist's home.
const LIST: &str = "prescription.list";
const WRITE: &str = "prescription.write";
/// The pharmacist's desk stands where stock is kept.
const STOCK: &str = "stock";
const DISPENSE: &str = "dispense.write";
/// Looking at what was handed over, also without handing over.
const HANDED: &str = "dispense.read";

/// The table of contents of this slice.
pub fn module() -> Module {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    let stock = |route: Route, right: &'static str| route.right(right).feature(STOCK);
    Module {
        name: "medication",
        routes: vec![
            right(get("/app/encounters/{id}/prescription", block::show), READ),
            right(get("/app/encounters/{id}/prescription/reading", typing::reading), READ),
            right(post("/app/encounters/{id}/prescription/lines", typing::add), WRITE),
            right(post("/app/encounters/{id}/prescription/lines/{line}/sentence", typing::change), WRITE),
            right(post("/app/encounters/{id}/prescription/lines/{line}/removed", typing::remove), WRITE),
            right(post("/app/encounters/{id}/prescription/repeated", habits::repeat_last), WRITE),
            right(post("/app/encounters/{id}/prescription/favourites", habits::add_favourite), WRITE),
            right(post("/app/encounters/{id}/prescription/samples", habits::keep_sample), WRITE),
            right(post("/app/encounters/{id}/prescription/samples/{sample}", habits::add_sample), WRITE),
            right(put("/app/encounters/{id}/prescription/details", life::keep_details), WRITE),
            right(post("/app/encounters/{id}/prescription/overrides", life::overrule), "prescription.override"),
            right(post("/app/encounters/{id}/prescription/issued", life::issue), WRITE),
            right(post("/app/encounters/{id}/prescriptions/{prescription}/replaced", life::replace), WRITE),
            right(post("/app/encounters/{id}/prescriptions/{prescription}/cancelled", life::cancel), WRITE),
            right(get("/app/encounters/{id}/prescriptions/{prescription}/paper", paper::show), READ),
            right(post("/app/encounters/{id}/prescription/samples/{sample}/ended", habits::end_sample), WRITE),
            right(get("/app/prescriptions", list::list), LIST),
            right(get("/app/prescriptions/{prescription}", list::show), READ),
            stock(post("/app/encounters/{id}/prescription/lines/{line}/drug", typing::switch), WRITE),
            stock(get("/app/pharmacy", queue::show), HANDED),
            stock(get("/app/pharmacy/prescriptions/{prescription}", fill::show), DISPENSE),
            stock(post("/app/pharmacy/prescriptions/{prescription}/dispenses", fill::give), DISPENSE),
            stock(get("/app/pharmacy/dispenses/{dispense}", given::show), HANDED),
            stock(post("/app/pharmacy/dispenses/{dispense}/returns", given::put_back), "dispense.return"),
            stock(get("/app/pharmacy/dispenses/{dispense}/labels", papers::labels), HANDED),
            stock(get("/app/pharmacy/dispenses/{dispense}/instructions", papers::instructions), HANDED),
            stock(get("/app/pharmacy/sale", till::show), DISPENSE),
            stock(post("/app/pharmacy/sale", till::finish), DISPENSE),
            stock(post("/app/pharmacy/sale/scans", till::scan), DISPENSE),
            stock(post("/app/pharmacy/sale/lines", till::line), DISPENSE),
            stock(get("/app/pharmacy/over-counter", counter::show), DISPENSE),
            stock(post("/app/pharmacy/over-counter/{drug}", counter::decide), DISPENSE),
            right(get("/api/v1/encounters/{id}/prescriptions", api::list), READ),
            right(post("/api/v1/encounters/{id}/prescriptions", api::create), WRITE),
        ],
        panels: vec![
            Panel {
                place: "encounter.prescription",
                order: 10,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(block::panel(ctx, tx, about)),
            },
            Panel {
                place: "encounter.checks",
                order: 20,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(summary::checks(ctx, tx, about)),
            },
            Panel {
                place: "encounter.totals",
                order: 20,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(summary::totals(ctx, tx, about)),
            },
            Panel {
                place: "chart.summary",
                order: 30,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(summary::at_home(ctx, tx, about)),
            },
        ],
        listeners: vec![
            Listener {
                event: "EncounterCancelled",
                name: "medication.cancel_with_visit",
                run: |tx, payload| Box::pin(listen::cancel_with_visit(tx, payload)),
            },
            Listener {
                event: "PrescriptionPaid",
                name: "medication.mark_paid",
                run: |tx, payload| Box::pin(listen::mark_paid(tx, payload)),
            },
            Listener {
                event: "PatientsMerged",
                name: "medication.follow_merge",
                run: |tx, payload| Box::pin(listen::follow_merge(tx, payload)),
            },
            Listener {
                event: "PatientsUnmerged",
                name: "medication.follow_unmerge",
                run: |tx, payload| Box::pin(listen::follow_unmerge(tx, payload)),
            },
        ],
        migrations: vec![
            Migration { name: "2026-11-24-2110-prescription", sql: include_str!("../migrations/2026-11-24-2110-prescription.sql") },
            Migration { name: "2026-11-25-0020-dispense", sql: include_str!("../migrations/2026-11-25-0020-dispense.sql") },
            Migration { name: "2026-11-25-0021-counter-sale", sql: include_str!("../migrations/2026-11-25-0021-counter-sale.sql") },
            Migration { name: "2026-11-25-0022-supply-in-place", sql: include_str!("../migrations/2026-11-25-0022-supply-in-place.sql") },
        ],
        // The issued prescription, for the medical record.
        papers: vec![web::PaperOf {
            kind: "prescription",
            make: |app, tx, id| Box::pin(pages::paper::for_record(app, tx, base::PrescriptionId(id))),
        }],
        rail: vec![
            RailEntry { href: "/app/pharmacy", icon: "pill", label: "Phát thuốc", right: DISPENSE, feature: Some(STOCK), order: 20 },
            RailEntry { href: "/app/pharmacy/sale", icon: "shopping-cart", label: "Bán lẻ", right: DISPENSE, feature: Some(STOCK), order: 48 },
            RailEntry { href: "/app/prescriptions", icon: "pill", label: "Đơn thuốc", right: LIST, feature: Some(FEATURE), order: 50 },
        ],
        scans: vec![Scan {
            name: "prescription code",
            right: READ,
            feature: Some(FEATURE),
            find: |ctx, tx, code| Box::pin(scan::prescription(ctx, tx, code)),
        }],
    }
}

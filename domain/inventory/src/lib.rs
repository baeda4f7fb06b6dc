//! The pharmacy and its stores: suppliers, receipts, lots and expiry, the stock ledger, transfers, recall, stocktake.
//!
//! Start reading at [`ledger`]: everything that moves goods ends there.

pub mod alert;
pub mod api;
mod contents;
pub mod controlled;
pub mod document;
pub mod entry;
pub mod fefo;
pub mod gs1;
pub mod hold;
pub mod item;
pub mod ledger;
pub mod lot;
pub mod opening;
pub mod pages;
pub mod paperwork;
pub mod recall;
pub mod receipt;
pub mod seed;
pub mod stock;
pub mod stocktake;
pub mod store;
pub mod supplier;
pub mod turnover;

pub use stock::StockDesk;

use pages::{alerts, balance, card, item as item_page, lot as lot_page, scan, stores};
use web::{Route, get, post};

/// Every route and scan of the stores belongs to this feature of the package.
const FEATURE: &str = "stock";
const READ: &str = "stock.read";
const WRITE: &str = "stock.write";
const RECALL: &str = "stock.recall";

/// The table of contents.
pub fn module() -> web::Module {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    let mut module = web::Module {
        name: "inventory",
        routes: vec![
            right(get("/app/stock", balance::list), READ),
            right(get("/app/stock/alerts", alerts::show), READ),
            right(get("/app/stock/new-items", item_page::candidates), WRITE),
            right(post("/app/stock/items", item_page::keep), WRITE),
            right(get("/app/stock/items/{item}", item_page::show), READ),
            right(post("/app/stock/items/{item}", item_page::save), WRITE),
            right(post("/app/stock/items/{item}/barcodes", item_page::learn), WRITE),
            right(get("/app/stock/items/{item}/card/{store}", card::show), READ),
            right(get("/app/stock/lots/{lot}", lot_page::show), READ),
            right(get("/app/stock/lots/{lot}/label", lot_page::label), READ),
            right(post("/app/stock/lots/{lot}/decisions", lot_page::decide), RECALL),
            right(get("/app/stock/lots/{lot}/recipients", lot_page::recipients), RECALL),
            right(get("/app/stock/stores", stores::list), READ),
            right(post("/app/stock/stores", stores::create), WRITE),
            right(get("/app/stock/stores/{store}", stores::show), READ),
            right(post("/app/stock/stores/{store}", stores::update), WRITE),
            right(get("/api/v1/stock/levels", api::levels), READ),
            right(get("/api/v1/stock/movements", api::movements), READ),
        ],
        scans: vec![
            web::Scan {
                name: "lot label",
                right: READ,
                feature: Some(FEATURE),
                find: |ctx, tx, code| Box::pin(scan::lot_label(ctx, tx, code)),
            },
            web::Scan {
                name: "maker's barcode",
                right: READ,
                feature: Some(FEATURE),
                find: |ctx, tx, code| Box::pin(scan::maker_code(ctx, tx, code)),
            },
        ],
        rail: vec![web::RailEntry { href: "/app/stock", icon: "package", label: "Kho dược", right: READ, feature: Some(FEATURE), order: 46 }],
        listeners: vec![
            web::Listener { event: "PrescriptionIssued", name: "inventory.hold", run: |tx, p| Box::pin(hold::prescription_issued(tx, p)) },
            web::Listener { event: "PrescriptionPaid", name: "inventory.hold_firmly", run: |tx, p| Box::pin(hold::prescription_paid(tx, p)) },
            web::Listener { event: "DrugsDispensed", name: "inventory.line_closed", run: |tx, p| Box::pin(hold::drugs_dispensed(tx, p)) },
            web::Listener { event: "PrescriptionCancelled", name: "inventory.let_go", run: |tx, p| Box::pin(hold::prescription_cancelled(tx, p)) },
        ],
        migrations: vec![
            web::Migration {
                name: "2026-11-25-0000-stores-and-items",
                sql: include_str!("../migrations/2026-11-25-0000-stores-and-items.sql"),
            },
            web::Migration { name: "2026-11-25-0001-lots", sql: include_str!("../migrations/2026-11-25-0001-lots.sql") },
            web::Migration { name: "2026-11-25-0002-ledger", sql: include_str!("../migrations/2026-11-25-0002-ledger.sql") },
            web::Migration { name: "2026-11-25-0003-holds", sql: include_str!("../migrations/2026-11-25-0003-holds.sql") },
            web::Migration { name: "2026-11-25-0004-movement-keys", sql: include_str!("../migrations/2026-11-25-0004-movement-keys.sql") },
        ],
        ..web::Module::default()
    };
    module.routes.extend(contents::routes());
    module.migrations.extend(contents::migrations());
    module.scans.extend(contents::scans());
    module.rail.extend(contents::rail());
    module
}

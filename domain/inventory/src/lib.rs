//! The pharmacy and its stores: suppliers, receipts, lots and expiry, the stock ledger, transfers, recall, stocktake.
//!
//! Start reading at [`ledger`]: everything that moves goods ends there.

pub mod fefo;
pub mod gs1;
pub mod hold;
pub mod item;
pub mod ledger;
pub mod lot;
pub mod recall;
pub mod stock;
pub mod store;

pub use stock::StockDesk;

/// The table of contents.
pub fn module() -> web::Module {
    web::Module {
        name: "inventory",
        listeners: vec![
            web::Listener { event: "PrescriptionIssued", name: "inventory.hold", run: |tx, p| Box::pin(hold::prescription_issued(tx, p)) },
            web::Listener { event: "PrescriptionPaid", name: "inventory.hold_firmly", run: |tx, p| Box::pin(hold::prescription_paid(tx, p)) },
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
        ],
        ..web::Module::default()
    }
}

//! Money of the clinic: charges arise from documents, the cashier collects, every đồng can be traced.
//!
//! Start reading at [`ledger`] (what balances), then [`desk`] (what the cashier does) and [`listen`] (how charges arise).

pub mod api;
pub mod approval;
pub mod arrival;
pub mod bill;
pub mod charge;
pub mod collection;
pub mod desk;
pub mod ledger;
pub mod listen;
pub mod pages;
pub mod receipt;
pub mod seed;
pub mod shift;
pub mod store;
pub mod transfer;

pub use store::charges::price_on;

use pages::{approvals, bank, cashier, receipts, shifts, totals, unmatched};

/// The table of contents: routes, panels, listeners, migrations.
pub fn module() -> web::Module {
    web::Module {
        name: "billing",
        routes: vec![
            web::get("/app/cashier", cashier::desk).right("billing.read"),
            web::get("/app/cashier/waiting", cashier::waiting_piece).right("billing.read"),
            web::get("/app/cashier/{bill}", cashier::show).right("billing.read"),
            web::get("/app/cashier/{bill}/pay", cashier::pay_piece).right("billing.read"),
            web::get("/app/cashier/{bill}/bill", cashier::bill_piece).right("billing.read"),
            web::post("/app/cashier/{bill}/receipts", cashier::collect).right("cashier.collect"),
            web::post("/app/cashier/{bill}/buyer", cashier::name_buyer).right("cashier.collect"),
            web::post("/app/cashier/{bill}/transfer-codes", cashier::show_code).right("cashier.collect"),
            web::post("/app/cashier/{bill}/charges/{charge}/decline", cashier::decline).right("cashier.collect"),
            web::post("/app/cashier/{bill}/charges/{charge}/price", cashier::price_again).right("cashier.collect"),
            web::get("/app/cashier/{bill}/requests", approvals::ask_page).right("cashier.refund"),
            web::post("/app/cashier/{bill}/requests", approvals::ask).right("cashier.refund"),
            web::get("/app/cashier/approvals", approvals::list).right("billing.read"),
            web::post("/app/cashier/approvals/{id}/decision", approvals::decide).right("cashier.approve"),
            web::post("/app/cashier/approvals/{id}/payout", approvals::pay_out).right("cashier.refund"),
            web::get("/app/cashier/receipts", receipts::list).right("billing.read"),
            web::get("/app/cashier/receipts/{id}", receipts::show).right("billing.read"),
            web::get("/app/cashier/receipts/{id}/pdf", receipts::print).right("billing.read"),
            web::get("/app/cashier/shift", shifts::show).right("shift.manage"),
            web::post("/app/cashier/shift", shifts::open).right("shift.manage"),
            web::post("/app/cashier/shift/{id}/counts", shifts::count).right("shift.manage"),
            web::post("/app/cashier/shift/{id}/closing", shifts::close).right("shift.manage"),
            web::get("/app/cashier/shift/{id}/pdf", shifts::print).right("billing.read"),
            web::get("/app/cashier/unmatched", unmatched::list).right("cashier.collect"),
            web::post("/app/cashier/unmatched/{id}", unmatched::resolve).right("cashier.collect"),
            web::get("/app/cashier/bank", bank::show).right("bank.connect"),
            web::post("/app/cashier/bank", bank::renew).right("bank.connect").fresh(),
            web::get("/app/encounters/{encounter}/totals", totals::piece).right("price.preview"),
            web::get("/api/v1/encounters/{encounter}/bill", api::bill).right("billing.read"),
        ],
        panels: vec![web::Panel {
            place: "encounter.totals",
            order: 10,
            right: Some("price.preview"),
            feature: None,
            render: |ctx, tx, about| Box::pin(totals::panel(ctx, tx, about)),
        }],
        listeners: vec![
            web::Listener { event: "EncounterOpened", name: "billing.charge_exam", run: |tx, p| Box::pin(listen::encounter_opened(tx, p)) },
            web::Listener { event: "OrdersPlaced", name: "billing.charge_orders", run: |tx, p| Box::pin(listen::orders_placed(tx, p)) },
            web::Listener { event: "OrderCancelled", name: "billing.withdraw_order", run: |tx, p| Box::pin(listen::order_cancelled(tx, p)) },
            web::Listener { event: "PrescriptionIssued", name: "billing.charge_drugs", run: |tx, p| Box::pin(listen::prescription_issued(tx, p)) },
            web::Listener {
                event: "PrescriptionCancelled",
                name: "billing.withdraw_prescription",
                run: |tx, p| Box::pin(listen::prescription_cancelled(tx, p)),
            },
            web::Listener { event: "EncounterCancelled", name: "billing.withdraw_visit", run: |tx, p| Box::pin(listen::encounter_cancelled(tx, p)) },
            web::Listener { event: "PatientsMerged", name: "billing.merged", run: |tx, p| Box::pin(listen::patients_merged(tx, p)) },
        ],
        migrations: vec![
            web::Migration { name: "2026-11-24-2110-ledger", sql: include_str!("../migrations/2026-11-24-2110-ledger.sql") },
            web::Migration { name: "2026-11-24-2111-desk", sql: include_str!("../migrations/2026-11-24-2111-desk.sql") },
            web::Migration { name: "2026-11-24-2112-bank", sql: include_str!("../migrations/2026-11-24-2112-bank.sql") },
            web::Migration { name: "2026-11-24-2113-report-views", sql: include_str!("../migrations/2026-11-24-2113-report-views.sql") },
            web::Migration { name: "2026-11-25-0060-bill", sql: include_str!("../migrations/2026-11-25-0060-bill.sql") },
        ],
        rail: vec![
            web::RailEntry { href: "/app/cashier", icon: "cash", label: "Thu ngân", right: "cashier.collect", feature: None, order: 50 },
            web::RailEntry { href: "/app/cashier/receipts", icon: "receipt", label: "Hóa đơn", right: "billing.read", feature: None, order: 51 },
            web::RailEntry { href: "/app/cashier/shift", icon: "clock-dollar", label: "Ca thu", right: "shift.manage", feature: None, order: 52 },
            web::RailEntry { href: "/app/cashier/approvals", icon: "clipboard-check", label: "Duyệt thu", right: "cashier.approve", feature: None, order: 53 },
        ],
        ..web::Module::default()
    }
}

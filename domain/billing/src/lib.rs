//! Money of the clinic: charges arise from documents, the cashier collects, every đồng can be traced.
//!
//! Start reading at [`ledger`] (what balances), then [`desk`] (what the cashier does) and [`listen`] (how charges arise).

pub mod api;
pub mod approval;
pub mod arrival;
pub mod bill;
pub mod charge;
pub mod collection;
pub mod debt_desk;
pub mod desk;
pub mod discount;
pub mod discount_desk;
pub mod dispense;
pub mod dues;
pub mod einvoice;
pub mod ledger;
pub mod listen;
pub mod package;
pub mod package_desk;
pub mod pages;
pub mod payer;
pub mod payout;
pub mod receipt;
pub mod seed;
pub mod shift;
pub mod store;
pub mod transfer;

pub use dues::DueDesk;
pub use store::charges::price_on;

use pages::{approvals, bank, cashier, receipts, shifts, totals, unmatched};

/// The table of contents: routes, panels, listeners, migrations.
pub fn module() -> web::Module {
    let mut module = till();
    einvoice::join(&mut module);
    payout::join(&mut module);
    payer::join(&mut module);
    module
}

/// The counter: charges, receipts, shifts, packages, discounts.
fn till() -> web::Module {
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
            web::get("/app/cashier/{bill}/discounts", pages::discounts::show).right("discount.give").feature("price.discount"),
            web::post("/app/cashier/{bill}/discounts", pages::discounts::give).right("discount.give").feature("price.discount"),
            web::post("/app/cashier/{bill}/discounts/{discount}/removal", pages::discounts::remove).right("discount.give").feature("price.discount"),
            web::get("/app/discounts", pages::discounts::rules).right("discount.manage").feature("price.discount"),
            web::post("/app/discounts", pages::discounts::write_rule).right("discount.manage").feature("price.discount"),
            web::post("/app/discounts/{rule}/end", pages::discounts::end_rule).right("discount.manage").feature("price.discount"),
            web::get("/app/packages", pages::packages::list).right("package.sell").feature("price.discount"),
            web::post("/app/packages", pages::packages::write).right("package.manage").feature("price.discount"),
            web::post("/app/packages/{package}/end", pages::packages::end_offer).right("package.manage").feature("price.discount"),
            web::get("/app/packages/of/{patient}", pages::packages::of_patient).right("package.sell").feature("price.discount"),
            web::post("/app/packages/of/{patient}", pages::packages::sell).right("package.sell").feature("price.discount"),
            web::get("/app/packages/sold/{bill}", pages::packages::show).right("package.sell").feature("price.discount"),
            web::get("/app/packages/sold/{bill}/pdf", pages::packages::contract).right("package.sell").feature("price.discount"),
            web::post("/app/packages/sold/{bill}/ending", pages::packages::ask_end).right("cashier.refund").feature("price.discount"),
            web::get("/app/cashier/debts", pages::debts::list).right("billing.read"),
            web::get("/app/cashier/{bill}/debt", pages::debts::show).right("cashier.collect"),
            web::post("/app/cashier/{bill}/debt", pages::debts::note).right("cashier.collect"),
            web::get("/app/cashier/{bill}/debt/pdf", pages::debts::print).right("billing.read"),
            web::post("/app/cashier/{bill}/reminders", pages::debts::remind).right("cashier.collect"),
            web::post("/app/cashier/handovers/{handover}", shifts::receive).right("shift.manage"),
            web::get("/app/cashier/handovers/{handover}/pdf", shifts::minutes).right("shift.manage"),
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
        panels: vec![
            web::Panel {
                place: "encounter.totals",
                order: 10,
                right: Some("price.preview"),
                feature: None,
                render: |ctx, tx, about| Box::pin(totals::panel(ctx, tx, about)),
            },
            package_balance("chart.summary", 60),
            package_balance("patient.visits", 30),
        ],
        listeners: vec![
            web::Listener { event: "EncounterOpened", name: "billing.charge_exam", run: |tx, p| Box::pin(listen::encounter_opened(tx, p)) },
            web::Listener { event: "OrdersPlaced", name: "billing.charge_orders", run: |tx, p| Box::pin(listen::orders_placed(tx, p)) },
            web::Listener { event: "ServicesRendered", name: "billing.charge_rendered", run: |tx, p| Box::pin(listen::services_rendered(tx, p)) },
            web::Listener { event: "OrderCancelled", name: "billing.withdraw_order", run: |tx, p| Box::pin(listen::order_cancelled(tx, p)) },
            web::Listener { event: "PrescriptionIssued", name: "billing.charge_drugs", run: |tx, p| Box::pin(listen::prescription_issued(tx, p)) },
            web::Listener {
                event: "PrescriptionCancelled",
                name: "billing.withdraw_prescription",
                run: |tx, p| Box::pin(listen::prescription_cancelled(tx, p)),
            },
            web::Listener { event: "EncounterCancelled", name: "billing.withdraw_visit", run: |tx, p| Box::pin(listen::encounter_cancelled(tx, p)) },
            web::Listener { event: "DrugsDispensed", name: "billing.charge_dispensed", run: |tx, p| Box::pin(listen::drugs_dispensed(tx, p)) },
            web::Listener { event: "DrugsReturned", name: "billing.take_off_returned", run: |tx, p| Box::pin(listen::drugs_returned(tx, p)) },
            // No event: the sale of a package sets this job for the day after its last.
            web::Listener { event: "", name: package_desk::EXPIRE, run: |tx, p| Box::pin(package_desk::expire(tx, p)) },
            web::Listener { event: "PatientsMerged", name: "billing.merged", run: |tx, p| Box::pin(listen::patients_merged(tx, p)) },
        ],
        migrations: vec![
            web::Migration { name: "2026-11-24-2110-ledger", sql: include_str!("../migrations/2026-11-24-2110-ledger.sql") },
            web::Migration { name: "2026-11-24-2111-desk", sql: include_str!("../migrations/2026-11-24-2111-desk.sql") },
            web::Migration { name: "2026-11-24-2112-bank", sql: include_str!("../migrations/2026-11-24-2112-bank.sql") },
            web::Migration { name: "2026-11-24-2113-report-views", sql: include_str!("../migrations/2026-11-24-2113-report-views.sql") },
            web::Migration { name: "2026-11-25-0060-bill", sql: include_str!("../migrations/2026-11-25-0060-bill.sql") },
            web::Migration { name: "2026-11-25-0061-dispensed", sql: include_str!("../migrations/2026-11-25-0061-dispensed.sql") },
            web::Migration { name: "2026-11-25-0062-discount", sql: include_str!("../migrations/2026-11-25-0062-discount.sql") },
            web::Migration { name: "2026-11-25-0063-package", sql: include_str!("../migrations/2026-11-25-0063-package.sql") },
            web::Migration { name: "2026-11-25-0064-debt", sql: include_str!("../migrations/2026-11-25-0064-debt.sql") },
            web::Migration { name: "2026-11-25-0065-handover", sql: include_str!("../migrations/2026-11-25-0065-handover.sql") },
            web::Migration { name: "2026-11-25-0066-daily-revenue", sql: include_str!("../migrations/2026-11-25-0066-daily-revenue.sql") },
            web::Migration { name: "2026-11-25-1256-rendered", sql: include_str!("../migrations/2026-11-25-1256-rendered.sql") },
        ],
        rail: vec![
            web::RailEntry { href: "/app/cashier", icon: "cash", label: "Thu ngân", right: "cashier.collect", feature: None, order: 50 },
            web::RailEntry { href: "/app/cashier/receipts", icon: "receipt", label: "Hóa đơn", right: "billing.read", feature: None, order: 51 },
            web::RailEntry { href: "/app/cashier/shift", icon: "clock-dollar", label: "Ca thu", right: "shift.manage", feature: None, order: 52 },
            web::RailEntry { href: "/app/cashier/debts", icon: "calendar-time", label: "Công nợ", right: "cashier.collect", feature: None, order: 54 },
            web::RailEntry { href: "/app/packages", icon: "package", label: "Gói dịch vụ", right: "package.sell", feature: Some("price.discount"), order: 55 },
            web::RailEntry { href: "/app/discounts", icon: "tag", label: "Chính sách giảm giá", right: "discount.manage", feature: Some("price.discount"), order: 56 },
            web::RailEntry { href: "/app/cashier/approvals", icon: "clipboard-check", label: "Duyệt thu", right: "cashier.approve", feature: None, order: 53 },
        ],
        ..web::Module::default()
    }
}

/// What is left of a person's packages, at a place of another module's page.
fn package_balance(place: &'static str, order: i32) -> web::Panel {
    web::Panel {
        place,
        order,
        right: Some("package.read"),
        feature: Some("price.discount"),
        render: |ctx, tx, about| Box::pin(pages::packages::panel(ctx, tx, about)),
    }
}

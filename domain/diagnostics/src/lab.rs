//! The laboratory by hand: from the tube to the report, with two looks, the call about critical values and quality control.

pub mod analyser;
pub mod api;
pub mod critical;
pub mod delta;
pub mod formula;
mod listen;
pub mod panel;
pub mod qc;
pub mod range;
pub mod result;
mod scan;
pub mod settings;
pub mod specimen;
pub mod turnaround;
pub mod typing;
pub mod validation;
pub mod westgard;

use crate::pages::lab::{bench, catalogue, chart, desk, door, inbox, label, quality, report, review, specimen as tube, turnaround as waiting};
use web::{Listener, Migration, Panel, RailEntry, Route, Scan, get, post, put};

const FEATURE: &str = "lab.manual";

/// The pages of the laboratory and the clinician's inbox.
pub fn routes() -> Vec<Route> {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    vec![
        right(get("/app/lab", desk::collecting), "lab.collect"),
        right(post("/app/lab/encounters/{id}/specimens", desk::collect), "lab.collect"),
        right(get("/app/lab/encounters/{id}", desk::tubes), "lab.collect"),
        right(get("/app/lab/encounters/{id}/labels", label::of_visit), "lab.collect"),
        right(get("/app/lab/reception", desk::reception), "lab.collect"),
        right(post("/app/lab/received", desk::receive_scanned), "lab.technical"),
        right(get("/app/lab/specimens/{id}", tube::show), "lab.read"),
        right(get("/app/lab/specimens/{id}/label", label::one), "lab.collect"),
        right(post("/app/lab/specimens/{id}/received", desk::receive), "lab.technical"),
        right(post("/app/lab/specimens/{id}/rejected", desk::reject), "lab.technical"),
        right(get("/app/lab/bench", bench::first), "lab.technical"),
        right(get("/app/lab/bench/{bench}", bench::show), "lab.technical"),
        right(post("/app/lab/bench/{bench}/technical", bench::technical), "lab.technical"),
        right(put("/app/lab/results/{id}", bench::type_cell), "lab.technical"),
        right(post("/app/lab/results/{id}/calls", tube::call), "lab.read"),
        right(post("/app/lab/results/{id}/correction", tube::correct), "lab.technical"),
        right(get("/app/lab/validation", review::show), "lab.medical"),
        right(post("/app/lab/validation", review::release), "lab.medical"),
        right(get("/app/lab/reports/{id}", report::show), "lab.read"),
        right(get("/app/lab/reports/{id}/paper", report::paper), "lab.read"),
        right(get("/app/results", inbox::list), "result.acknowledge"),
        right(post("/app/results/{report}/acknowledged", inbox::acknowledge), "result.acknowledge"),
        right(get("/app/lab/qc", quality::show_all), "lab.read"),
        right(post("/app/lab/qc/runs", quality::add_runs), "lab.technical"),
        right(post("/app/lab/qc/lots", quality::add_lot), "lab.technical"),
        right(get("/app/lab/qc/lots/{id}", quality::show_lot), "lab.read"),
        right(get("/app/lab/turnaround", waiting::show), "lab.read"),
        right(get("/app/lab/turnaround.xlsx", waiting::sheet), "lab.read"),
        right(get("/app/lab/machines", door::list), "lab.technical"),
        right(get("/app/lab/machines/{id}", door::bytes), "lab.technical"),
        right(post("/app/lab/machines/{id}/settled", door::settle), "lab.technical"),
        right(get("/app/lab/catalogue", catalogue::show), "lab.manage"),
        right(post("/app/lab/catalogue/seeded", catalogue::seed), "lab.manage"),
        right(post("/app/lab/catalogue/settings", catalogue::set_settings), "lab.manage"),
        right(post("/app/lab/catalogue/services/{id}/analytes", catalogue::link), "lab.manage"),
        right(get("/app/lab/catalogue/analytes/{id}", catalogue::analyte), "lab.manage"),
        right(post("/app/lab/catalogue/analytes/{id}", catalogue::update), "lab.manage"),
        right(post("/app/lab/catalogue/analytes/{id}/ranges", catalogue::add_range), "lab.manage"),
        right(post("/app/lab/catalogue/analytes/{id}/ranges/{range}/ended", catalogue::end_range), "lab.manage"),
        right(get("/api/v1/encounters/{id}/lab-results", api::of_encounter), "lab.read"),
        right(get("/api/v1/lab/reports/{id}", api::of_report), "lab.read"),
        right(post("/api/v1/lab/messages", api::message), "lab.feed"),
    ]
}

/// What hangs on the person's and the visit's page.
pub fn panels() -> Vec<Panel> {
    vec![
        Panel {
            place: "chart.summary",
            order: 38,
            right: Some("lab.read"),
            feature: Some(FEATURE),
            render: |ctx, tx, about| Box::pin(chart::recent(ctx, tx, about)),
        },
        Panel {
            place: "encounter.orders",
            order: 5,
            right: Some("lab.read"),
            feature: Some(FEATURE),
            render: |ctx, tx, about| Box::pin(chart::visit(ctx, tx, about)),
        },
    ]
}

/// What the laboratory does when something happens elsewhere.
pub fn listeners() -> Vec<Listener> {
    vec![
        Listener { event: "ReportReleased", name: "diagnostics.fill_inbox", run: |tx, payload| Box::pin(listen::fill_inbox(tx, payload)) },
        Listener { event: "OrderCancelled", name: "diagnostics.drop_results", run: |tx, payload| Box::pin(listen::drop_results(tx, payload)) },
        Listener { event: "PatientsMerged", name: "diagnostics.lab_follow_merge", run: |tx, payload| Box::pin(listen::follow_merge(tx, payload)) },
        Listener { event: "PatientsUnmerged", name: "diagnostics.lab_follow_unmerge", run: |tx, payload| Box::pin(listen::follow_unmerge(tx, payload)) },
    ]
}

/// The tables of the laboratory.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration { name: "2026-11-25-0030-lab-catalogue", sql: include_str!("../migrations/2026-11-25-0030-lab-catalogue.sql") },
        Migration { name: "2026-11-25-0031-lab-work", sql: include_str!("../migrations/2026-11-25-0031-lab-work.sql") },
        Migration { name: "2026-11-25-0032-lab-quality", sql: include_str!("../migrations/2026-11-25-0032-lab-quality.sql") },
        Migration { name: "2026-11-25-0033-lab-door", sql: include_str!("../migrations/2026-11-25-0033-lab-door.sql") },
    ]
}

/// The places in the rail: the daily work first.
pub fn rail() -> Vec<RailEntry> {
    let entry = |href, icon, label, right, order| RailEntry { href, icon, label, right, feature: Some(FEATURE), order };
    vec![
        entry("/app/results", "inbox", "Kết quả", "result.acknowledge", 26),
        entry("/app/lab", "test-pipe", "Lấy mẫu", "lab.collect", 36),
        entry("/app/lab/bench", "microscope", "Bàn XN", "lab.technical", 37),
        entry("/app/lab/validation", "shield-check", "Duyệt trả", "lab.medical", 38),
        entry("/app/lab/qc", "chart-line", "Nội kiểm", "lab.technical", 39),
        entry("/app/lab/turnaround", "hourglass", "Thời gian trả", "lab.technical", 71),
        entry("/app/lab/machines", "plug-connected-x", "Bản tin máy", "lab.technical", 72),
        entry("/app/lab/catalogue", "adjustments", "Danh mục XN", "lab.manage", 73),
    ]
}

/// Codes of the laboratory that can be scanned anywhere.
pub fn scans() -> Vec<Scan> {
    vec![
        Scan { name: "sample label", right: "lab.read", feature: Some(FEATURE), find: |_, tx, code| Box::pin(scan::specimen(tx, code)) },
        Scan { name: "order slip", right: "order.read", feature: Some("cls.order"), find: |ctx, tx, code| Box::pin(scan::slip(ctx, tx, code)) },
    ]
}

//! The stay: beds, treatment sheets, nursing, consultations, operations, discharge.
//!
//! A stay is an encounter of class IMP (`encounter::stay`); here is what the ward does with it. Start reading at [`stay`]
//! (where a stay stands) and [`order`] (how a line of the sheet becomes the nurse's times), then [`discharge`] (what must
//! be closed before a patient may leave).

pub mod bed;
pub mod bed_day;
pub mod care;
pub mod chart;
pub mod cost;
pub mod discharge;
pub mod fluid;
mod listen;
pub mod order;
mod pages;
pub mod paper;
pub mod seed;
pub mod stay;
pub mod store;
pub mod task;
pub mod theatre;

pub use listen::BED_DAYS;
use pages::{
    admit, beds, care as nursing, consult, cost as costs, discharge as leaving, fluids, map, move_ward, orders, panels, round, sheet, supply, tasks,
    theatre as operations, vitals, wards, wristband,
};
use web::{Listener, Migration, Module, Panel, RailEntry, Route, Scan, get, post};

/// Every route of the ward belongs to this feature of the package.
const FEATURE: &str = "inpatient";
const READ: &str = "ward.read";
const ADMIT: &str = "ward.admit";
const WRITE: &str = "ward.write";
const NURSE: &str = "ward.nurse";
const MANAGE: &str = "ward.manage";
const THEATRE: &str = "theatre.write";

/// The table of contents of this slice.
pub fn module() -> Module {
    Module {
        name: "inpatient",
        routes: routes().into_iter().map(|route| route.feature(FEATURE)).collect(),
        listeners: vec![
            Listener { event: "StayOpened", name: "inpatient.begin_sheet", run: |tx, p| Box::pin(listen::stay_opened(tx, p)) },
            Listener { event: "WardChanged", name: "inpatient.follow_move", run: |tx, p| Box::pin(listen::ward_changed(tx, p)) },
            Listener { event: "StayClosed", name: "inpatient.close_sheet", run: |tx, p| Box::pin(listen::stay_closed(tx, p)) },
            Listener { event: "PatientsMerged", name: "inpatient.follow_merge", run: |tx, p| Box::pin(listen::patients_merged(tx, p)) },
            // No event: each stay sets this job for the next midnight.
            Listener { event: "", name: listen::BED_DAYS, run: |tx, p| Box::pin(listen::bed_days(tx, p)) },
        ],
        migrations: vec![
            Migration { name: "2026-11-25-1250-bed", sql: include_str!("../migrations/2026-11-25-1250-bed.sql") },
            Migration { name: "2026-11-25-1251-sheet", sql: include_str!("../migrations/2026-11-25-1251-sheet.sql") },
            Migration { name: "2026-11-25-1252-care", sql: include_str!("../migrations/2026-11-25-1252-care.sql") },
            Migration { name: "2026-11-25-1253-theatre", sql: include_str!("../migrations/2026-11-25-1253-theatre.sql") },
            Migration { name: "2026-11-25-1254-supply", sql: include_str!("../migrations/2026-11-25-1254-supply.sql") },
            Migration { name: "2026-11-25-1255-leaving", sql: include_str!("../migrations/2026-11-25-1255-leaving.sql") },
        ],
        rail: vec![RailEntry { href: "/app/wards", icon: "bed", label: "Giường", right: READ, feature: Some(FEATURE), order: 15 }],
        panels: vec![
            Panel {
                place: "patient.visits",
                order: 5,
                right: Some(READ),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(panels::lying(ctx, tx, about)),
            },
            Panel {
                place: "encounter.finish",
                order: 40,
                right: Some(ADMIT),
                feature: Some(FEATURE),
                render: |ctx, tx, about| Box::pin(panels::to_admit(ctx, tx, about)),
            },
        ],
        scans: vec![Scan {
            name: "wristband of an inpatient",
            right: READ,
            feature: Some(FEATURE),
            find: |ctx, tx, code| Box::pin(wristband::scanned(ctx, tx, code)),
        }],
        ..Module::default()
    }
}

fn routes() -> Vec<Route> {
    vec![
        get("/app/wards", wards::list).right(READ),
        get("/app/wards/{ward}", map::show).right(READ),
        get("/app/wards/{ward}/round", round::show).right(READ),
        get("/app/wards/{ward}/beds", beds::list).right(MANAGE),
        post("/app/wards/{ward}/beds", beds::add).right(MANAGE),
        post("/app/beds/{bed}/ended", beds::end).right(MANAGE),
        post("/app/beds/{bed}/clean", map::clean).right(NURSE),
        get("/app/admissions/new", admit::show).right(ADMIT),
        get("/app/admissions/beds", admit::beds).right(ADMIT),
        get("/app/admissions/people", orders::people).right(ADMIT),
        post("/app/admissions", admit::admit).right(ADMIT),
        get("/app/stays/codes", orders::codes_of).right(READ),
        get("/app/stays/{encounter}", sheet::show).right(READ),
        get("/app/stays/{encounter}/lines", sheet::lines).right(WRITE),
        get("/app/stays/{encounter}/drugs", orders::drugs).right(WRITE),
        post("/app/stays/{encounter}/sheets", sheet::write).right(WRITE),
        post("/app/stays/{encounter}/sheets/{sheet}/wrong", sheet::mark_wrong).right(WRITE),
        post("/app/stays/{encounter}/orders/{order}/stopped", sheet::stop).right(WRITE),
        get("/app/stays/{encounter}/orders", orders::show).right(READ),
        get("/app/stays/{encounter}/tasks", tasks::show).right(READ),
        post("/app/tasks/{task}", tasks::act).right(NURSE),
        get("/app/stays/{encounter}/vitals", vitals::show).right(READ),
        post("/app/stays/{encounter}/vitals", vitals::record).right(NURSE),
        get("/app/stays/{encounter}/wristband.pdf", wristband::print).right(READ),
        get("/app/stays/{encounter}/record", orders::record).right("record.read"),
        post("/app/stays/{encounter}/bed", map::lay).right(NURSE),
        post("/app/stays/{encounter}/leave-on", map::expect_leave).right(NURSE),
        post("/app/stays/{encounter}/move", move_ward::ask).right(NURSE),
        post("/app/stays/{encounter}/received", move_ward::receive).right(NURSE),
        post("/app/stays/{encounter}/move-called-off", move_ward::call_off).right(NURSE),
        get("/app/stays/{encounter}/discharge", leaving::show).right(READ),
        post("/app/stays/{encounter}/discharge", leaving::plan).right(WRITE),
        post("/app/stays/{encounter}/stay-on", leaving::stay_on).right(WRITE),
        post("/app/stays/{encounter}/death-review", leaving::review).right(WRITE),
        post("/app/stays/{encounter}/discharged", leaving::close).right("ward.discharge"),
        get("/app/stays/{encounter}/fluids", fluids::show).right(READ),
        post("/app/stays/{encounter}/fluids", fluids::record).right(NURSE),
        post("/app/stays/{encounter}/fluids/{fluid}/wrong", fluids::mark_wrong).right(NURSE),
        get("/app/stays/{encounter}/care", nursing::show).right(READ),
        post("/app/stays/{encounter}/care", nursing::record).right(NURSE),
        get("/app/stays/{encounter}/consults", consult::show).right(READ),
        post("/app/stays/{encounter}/consults", consult::call).right(WRITE),
        post("/app/stays/{encounter}/consults/{consult}/concluded", consult::conclude).right(WRITE),
        get("/app/stays/{encounter}/theatre", operations::show).right(READ),
        post("/app/stays/{encounter}/operations", operations::plan).right(THEATRE),
        post("/app/stays/{encounter}/operations/{operation}/consent", operations::consent).right(THEATRE),
        post("/app/stays/{encounter}/operations/{operation}/phases/{phase}", operations::phase).right(THEATRE),
        post("/app/stays/{encounter}/operations/{operation}/note", operations::note).right(THEATRE),
        post("/app/stays/{encounter}/operations/{operation}/cancelled", operations::cancel).right(THEATRE),
        get("/app/stays/{encounter}/costs", costs::show).right(READ),
        get("/app/wards/{ward}/supplies", supply::show).right(READ),
        post("/app/wards/{ward}/supplies", supply::ask).right(NURSE),
        get("/app/ward-requests", supply::waiting).right("dispense.write"),
        post("/app/ward-requests/{request}/issued", supply::issue).right("dispense.write"),
        post("/app/ward-requests/{request}/cancelled", supply::cancel).right(NURSE),
        post("/app/stays/{encounter}/returned", supply::give_back).right(NURSE),
    ]
}

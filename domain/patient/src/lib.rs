//! People: the national person index, a facility's own records, cards, addresses, allergies, duplicates and merging.
//!
//! Start reading at [`demographics`] (who somebody is) and [`store::register`] (how they enter the house).

pub mod api;
pub mod bhyt;
pub mod birth;
pub mod cccd;
pub mod compare;
pub mod demographics;
pub mod duplicate;
pub mod merge;
pub mod pages;
pub mod safety;
pub mod search;
pub mod store;

pub use birth::{Birth, Sex};
pub use demographics::{Demographics, Typed};
pub use store::record::{Summary, get_summary};

use web::{get, post};

macro_rules! migration {
    ($name:literal) => {
        web::Migration { name: $name, sql: include_str!(concat!("../migrations/", $name, ".sql")) }
    };
}

/// The table of contents.
pub fn module() -> web::Module {
    use pages::{banner, edit, find, merge, place, record, safety};
    web::Module {
        name: "patient",
        routes: vec![
            get("/app/find", find::page).right("patient.search"),
            get("/app/find/suggestions", find::suggestions).right("patient.search"),
            get("/app/patients/search", find::at_desk).right("patient.search"),
            get("/app/places", place::suggestions).right("patient.search"),
            get("/app/patients/{id}", record::show).right("patient.read"),
            get("/app/patients/{id}/edit", edit::show).right("patient.update"),
            post("/app/patients/{id}/edit", edit::save).right("patient.update"),
            post("/app/patients/{id}/allergies", safety::add_allergy).right("allergy.write"),
            post("/app/patients/{id}/allergies/none", safety::none_known).right("allergy.write"),
            post("/app/patients/{id}/allergies/{allergy}/end", safety::end_allergy).right("allergy.write"),
            post("/app/patients/{id}/flags", safety::add_flag).right("patient.update"),
            post("/app/patients/{id}/flags/{flag}/end", safety::end_flag).right("patient.update"),
            get("/app/patients/{id}/merge", merge::preview).right("patient.merge"),
            get("/app/patients/{id}/merge/options", find::to_merge).right("patient.merge"),
            post("/app/patients/{id}/merge", merge::merge).right("patient.merge"),
            post("/app/patients/merges/{merge}/undo", merge::undo).right("patient.merge"),
            get("/api/v1/patients", api::search).right("patient.search"),
            post("/api/v1/patients", api::create).right("patient.register"),
            get("/api/v1/patients/{id}", api::read).right("patient.read"),
        ],
        panels: vec![web::Panel {
            place: "chart.banner",
            order: 10,
            right: Some("patient.read"),
            feature: None,
            render: |ctx, tx, about| Box::pin(banner::panel(ctx, tx, about)),
        }],
        migrations: vec![
            migration!("2026-11-24-2040-person"),
            migration!("2026-11-24-2041-patient"),
            migration!("2026-11-24-2042-safety"),
            migration!("2026-11-24-2043-search"),
            migration!("2026-11-24-2044-merge"),
            migration!("2026-11-25-0080-search-keys-once"),
        ],
        ..web::Module::default()
    }
}

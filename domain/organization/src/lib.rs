//! The facility itself: what it is called and prints, its rooms, the services and drugs it offers with dated prices,
//! the package it bought, and what it decided for itself. Owners keep all of this on their pages or by a sheet.

pub mod drug;
pub mod facility;
pub mod import;
pub mod package;
pub mod pages;
pub mod parameter;
pub mod price;
pub mod room;
pub mod search;
pub mod seed;
pub mod service;
pub mod sheet;
pub mod written;

use pages::{drugs, facility as facility_page, imports, national, package as package_page, parameters, rooms, services};
use web::{Migration, Module, RailEntry, get, post};

const CATALOGUE: &str = "catalog.manage";
const FEATURE: &str = "catalog.admin";
/// A sheet of 5 MB, and room to tell a larger one that it is too large.
const UPLOAD: usize = 12 * 1024 * 1024;

/// The table of contents of this slice.
pub fn module() -> Module {
    let catalogue = |route: web::Route| route.right(CATALOGUE).feature(FEATURE);
    Module {
        name: "organization",
        routes: vec![
            catalogue(get("/app/catalogue", pages::home)),
            catalogue(get("/app/catalogue/services", services::list)),
            catalogue(post("/app/catalogue/services", services::create)),
            catalogue(get("/app/catalogue/services/new", services::new)),
            catalogue(get("/app/catalogue/services.xlsx", services::sheet)),
            catalogue(get("/app/catalogue/services/national", national::services)),
            catalogue(get("/app/catalogue/services/import", imports::services)),
            catalogue(post("/app/catalogue/services/import", imports::upload_services)).upload(UPLOAD),
            catalogue(get("/app/catalogue/services/{id}", services::show)),
            catalogue(post("/app/catalogue/services/{id}", services::update)),
            catalogue(post("/app/catalogue/services/{id}/prices", services::set_price)),
            catalogue(post("/app/catalogue/services/{id}/end", services::end)),
            catalogue(post("/app/catalogue/services/{id}/reopen", services::reopen)),
            catalogue(get("/app/catalogue/drugs", drugs::list)),
            catalogue(post("/app/catalogue/drugs", drugs::create)),
            catalogue(get("/app/catalogue/drugs/new", drugs::new)),
            catalogue(get("/app/catalogue/drugs.xlsx", drugs::sheet)),
            catalogue(get("/app/catalogue/drugs/national", national::drugs)),
            catalogue(get("/app/catalogue/drugs/import", imports::drugs)),
            catalogue(post("/app/catalogue/drugs/import", imports::upload_drugs)).upload(UPLOAD),
            catalogue(get("/app/catalogue/drugs/{id}", drugs::show)),
            catalogue(post("/app/catalogue/drugs/{id}", drugs::update)),
            catalogue(post("/app/catalogue/drugs/{id}/prices", drugs::set_price)),
            catalogue(post("/app/catalogue/drugs/{id}/end", drugs::end)),
            catalogue(post("/app/catalogue/drugs/{id}/reopen", drugs::reopen)),
            catalogue(get("/app/catalogue/imports/{id}", imports::check)),
            catalogue(post("/app/catalogue/imports/{id}/applied", imports::apply)),
            catalogue(get("/app/catalogue/parameters", parameters::show)),
            catalogue(post("/app/catalogue/parameters", parameters::set)),
            get("/app/catalogue/rooms", rooms::list).right("room.manage").feature(FEATURE),
            post("/app/catalogue/rooms", rooms::create).right("room.manage").feature(FEATURE),
            get("/app/catalogue/rooms/{id}", rooms::show).right("room.manage").feature(FEATURE),
            post("/app/catalogue/rooms/{id}", rooms::update).right("room.manage").feature(FEATURE),
            post("/app/catalogue/rooms/{id}/end", rooms::end).right("room.manage").feature(FEATURE),
            post("/app/catalogue/rooms/{id}/reopen", rooms::reopen).right("room.manage").feature(FEATURE),
            get("/app/catalogue/facility", facility_page::show).right("facility.manage"),
            post("/app/catalogue/facility", facility_page::update).right("facility.manage"),
            post("/app/catalogue/facility/settings", facility_page::set).right("facility.manage"),
            get("/app/catalogue/facility/preview.pdf", facility_page::preview).right("facility.manage"),
            // What was bought can be read even when it has run out.
            get("/app/catalogue/package", package_page::show).right("facility.manage"),
        ],
        migrations: vec![
            Migration { name: "2026-11-25-1000-ward", sql: include_str!("../migrations/2026-11-25-1000-ward.sql") },
            Migration {
                name: "2026-11-24-2020-organization",
                sql: include_str!("../migrations/2026-11-24-2020-organization.sql"),
            },
            Migration {
                name: "2026-11-24-2130-facility-directory",
                sql: include_str!("../migrations/2026-11-24-2130-facility-directory.sql"),
            },
            Migration {
                name: "2026-11-25-0050-package-periods",
                sql: include_str!("../migrations/2026-11-25-0050-package-periods.sql"),
            },
        ],
        rail: vec![RailEntry {
            href: "/app/catalogue",
            icon: "list-details",
            label: "Danh mục",
            right: CATALOGUE,
            feature: Some(FEATURE),
            order: 80,
        }],
        ..Module::default()
    }
}

//! Dated catalogues and their look-ups: diseases, drugs and what is known of their substances, services, laboratory
//! tests, places, short lists, figures of the law, packages. Searches take what people type: words without accents,
//! in any order, only their beginnings.
//!
//! The texts lie in `catalogues/` with `SOURCES.md`; [`load`] brings them into PostgreSQL. Every look-up is one query
//! on a connection, without a facility.

pub mod drug;
pub mod feature;
pub mod files;
pub mod icd10;
pub mod interaction;
pub mod lab;
pub mod list;
mod loader;
pub mod parameter;
pub mod place;
mod search;
pub mod service;
mod sheet;
pub mod substance;
mod tsv;

pub use files::CatalogueFiles;
pub use loader::{Loaded, is_loaded, load};

/// The tables of this crate.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration {
    name: "2026-11-24-0930-catalogues",
    sql: include_str!("../migrations/2026-11-24-0930-catalogues.sql"),
}];

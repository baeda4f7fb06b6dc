//! The medical record: forms as data, documents and their versions, signing, completion, archive, search, digitising.
//!
//! A record is the cover around everything written in one stay or visit. A document is one paper of it through all its
//! versions; a version never changes once it was made, and what is signed is the file of that version, byte for byte.
//! Start reading in [`form::definition`], then [`document`].

pub mod archive;
pub mod complete;
pub mod desk;
pub mod digitise;
pub mod document;
pub mod find;
pub mod form;
pub mod print;
pub mod sign;

pub use desk::RecordDesk;

/// The table of contents of this slice, put together from its parts.
pub fn module() -> web::Module {
    let mut whole = web::Module { name: "record", ..web::Module::default() };
    whole.migrations.push(web::Migration {
        name: "2026-11-25-1010-record",
        sql: include_str!("../migrations/2026-11-25-1010-record.sql"),
    });
    for part in [form::part(), document::part(), sign::part(), complete::part(), archive::part(), find::part(), digitise::part()] {
        whole.routes.extend(part.routes);
        whole.panels.extend(part.panels);
        whole.listeners.extend(part.listeners);
        whole.migrations.extend(part.migrations);
        whole.rail.extend(part.rail);
        whole.scans.extend(part.scans);
        whole.papers.extend(part.papers);
    }
    whole
}

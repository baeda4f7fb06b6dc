//! Pages for people.

pub mod banner;
pub mod edit;
pub mod find;
pub mod merge;
pub mod place;
pub mod record;
pub mod safety;

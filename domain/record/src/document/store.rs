//! The rows of records and documents. Every list and every single look takes the viewer along, so that what may not be
//! seen is never read.

pub mod draft;
pub mod origin;
pub mod record;
pub mod row;
pub mod version;

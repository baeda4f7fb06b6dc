//! PDF documents: a place for a signature, the signature in it, what proves it for years, and how it is judged.

pub mod changes;
pub mod dss;
pub mod field;
pub mod file;
pub mod stamp;
pub mod update;
pub mod verify;

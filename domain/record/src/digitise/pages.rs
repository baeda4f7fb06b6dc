//! The desk where old paper becomes part of the record.

pub mod batch;
pub mod covers;
pub mod list;
pub mod upload;

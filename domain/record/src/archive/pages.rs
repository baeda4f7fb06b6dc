//! What the archivist, the planning department and the direction see of archived records.

pub mod copies;
pub mod destruction;
pub mod list;
pub mod loans;
pub mod reopening;

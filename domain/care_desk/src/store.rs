//! Rows of the desk: calls to be made, contacts, the telephone line, figures.

pub mod contacts;
pub mod figures;
pub mod line;
pub mod tasks;

//! The SQL of the slice, one file for each kind of question.

pub mod customers;
pub mod invoices;
pub mod leads;
pub mod sign_ups;

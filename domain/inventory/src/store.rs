//! All SQL of the module, one function per question; every statement names the facility.

pub mod ledger;
pub mod lots;

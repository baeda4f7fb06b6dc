//! All SQL of the module, one function per question; every statement names the facility.

pub mod blocks;
pub mod card;
pub mod controlled;
pub mod counts;
pub mod documents;
pub mod goods;
pub mod holds;
pub mod items;
pub mod ledger;
pub mod levels;
pub mod lots;
pub mod openings;
pub mod stores;
pub mod suppliers;
pub mod turnover;

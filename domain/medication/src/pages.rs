//! Handlers for people: the block of a visit's page, what it answers to each act, the paper, the pharmacist's list.

pub mod block;
pub mod entry;
pub mod habits;
pub mod life;
pub mod list;
pub mod paper;
pub mod pharmacy;
pub mod scan;
pub mod shelf;
pub mod summary;

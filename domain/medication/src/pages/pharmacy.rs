//! The pharmacist's pages: the queue, one prescription at the counter, what was handed over, sale at the counter.

pub mod counter;
pub mod fill;
pub mod given;
pub mod papers;
pub mod queue;
pub mod sale;

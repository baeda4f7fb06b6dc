//! All SQL of this slice, by what is asked.

pub mod look;
pub mod messages;
pub mod partners;
pub mod people;
pub mod results;
pub mod unmapped;

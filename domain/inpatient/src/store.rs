//! All SQL of the module, one function per question.

pub mod bed;
pub mod cost;
pub mod leaving;
pub mod order;
pub mod paper;
pub mod people;
pub mod stay;

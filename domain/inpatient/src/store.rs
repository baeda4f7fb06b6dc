//! All SQL of the module, one function per question.

pub mod bed;
pub mod care;
pub mod consult;
pub mod cost;
pub mod fluid;
pub mod leaving;
pub mod operation;
pub mod order;
pub mod paper;
pub mod people;
pub mod stay;
pub mod supply;

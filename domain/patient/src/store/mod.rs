//! All SQL of the module, one function per question.

pub mod find;
pub mod merge;
pub mod record;
pub mod register;
pub mod safety;

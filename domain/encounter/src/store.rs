//! All SQL of the module, one function per question.

pub mod chart;
pub mod diagnosis;
pub mod line;
pub mod note;
pub mod quick_text;
pub mod reception;
pub mod visit;
pub mod vitals;

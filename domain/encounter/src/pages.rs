//! Pages for people: one file per place of work.

pub mod banner;
pub mod chart;
pub mod diagnosis;
pub mod finish;
pub mod my_queue;
pub mod note;
pub mod quick_text;
pub mod pressure;
pub mod vitals;
pub mod reception;
pub mod scan;
pub mod board;
pub mod line;
pub mod today;
pub mod visits;

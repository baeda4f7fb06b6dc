//! A clinic day over real HTTP.

mod amend;
mod arrival;
mod chart;
mod clinic;
mod finish;
mod note;
mod vitals;

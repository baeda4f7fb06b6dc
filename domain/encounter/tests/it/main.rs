//! A clinic day over real HTTP.

mod amend;
mod clinic;
mod finish;
mod note;
mod vitals;

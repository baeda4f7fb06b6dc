//! People: the national person index, a facility's own records, cards, addresses, allergies, duplicates and merging.

pub mod bhyt;
pub mod birth;
pub mod cccd;
pub mod duplicate;
pub mod search;
pub mod compare;
pub mod demographics;
pub mod merge;

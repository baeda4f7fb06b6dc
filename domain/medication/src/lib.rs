//! Prescribing: a dose sentence becomes a line, lines become a prescription, and every line is checked against
//! what is known about the person and the drugs before it is issued.

pub mod code;
pub mod desk;
pub mod dose;
pub mod entry;
pub mod form;
pub mod law;
pub mod line;
pub mod prescription;
pub mod quantity;
pub mod repeat;
pub mod safety;
pub mod store;

//! The days of FHIR: a hospital system that sends, and whoever reads.

mod house;
mod intake;
mod order;
mod profile;
mod reading;

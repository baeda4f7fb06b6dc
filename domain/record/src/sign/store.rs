//! All SQL of signing: documents on their way, keys, codes, alerts.

pub mod checks;
pub mod confirmations;
pub mod documents;
pub mod keys;
pub mod prepared;

//! Orders for laboratory, imaging and procedures: one basket for all kinds, slips by room, and where each order stands.

pub mod order;
pub mod repeat;

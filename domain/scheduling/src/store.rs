//! Rows of bookings and of what can be booked.

pub mod appointments;
pub mod openings;
pub mod sessions;

//! The screen itself, and what staff see of it.

pub mod devices;
pub mod screen;

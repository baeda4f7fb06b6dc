//! The days of a ward, through real pages.

mod clinic;
mod day;
mod depth;

mod house;
mod papers;

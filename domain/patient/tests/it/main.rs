//! A desk's day with people: found, corrected, merged, guarded from the neighbours.

mod allergy;
mod guard;
mod merge;
mod register;
mod search;

//! A day at the desk that calls people, through real pages: two who call, one telephone system, and patients who change
//! their minds.

mod booking;
mod chart;
mod desk;
mod house;
mod outcomes;
mod telephone;

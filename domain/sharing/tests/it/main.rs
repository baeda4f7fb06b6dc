//! The days of sharing, through real pages: two houses of one server, a patient with a phone, and those who may not.

mod consent;
mod desk;
mod emergency;
mod house;
mod partners;

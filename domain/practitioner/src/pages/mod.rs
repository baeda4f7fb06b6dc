//! The pages of staff and accounts.

pub mod account;
pub mod audit;
pub mod home;
pub mod jobs;
pub mod prove;
pub mod sign_in;
pub mod staff;
pub mod token;

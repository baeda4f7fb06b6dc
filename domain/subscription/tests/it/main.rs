//! A clinic as a customer, from the first code to the archive it takes along.

mod clinic;
mod desk;
mod export;
mod life;
mod sign_up;

//! Orders in the database, one function per question.

mod basket;
pub mod lab;
pub mod imaging;
mod life;
mod set;
mod work;

pub use basket::*;
pub use life::*;
pub use set::*;
pub use work::*;

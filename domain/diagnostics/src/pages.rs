//! Pages and pieces of pages: the basket in the visit, its checks, the slips, what waits in a room.

pub mod basket;
pub mod block;
pub mod imaging;
pub mod lab;
pub mod set_book;
pub mod sets;
pub mod slip;
pub mod suggestions;
pub mod summary;
pub mod work;

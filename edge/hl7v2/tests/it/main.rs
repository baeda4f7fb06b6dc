//! Hospital systems and Yba, over a real socket.

mod admission;
mod clerk;
mod house;
mod peers;
mod trouble;

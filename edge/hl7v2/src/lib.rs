//! HL7 v2: the codec, MLLP, and what its messages mean to the house.
//!
//! Start reading at [`message`] (how a message is built), then [`meaning`] (what it says) and [`door`] (from bytes to answer).

pub mod ack;
pub mod charset;
pub mod door;
pub mod listener;
pub mod meaning;
pub mod message;
pub mod mllp;

/// The table of contents: this edge has no pages, its messages lie with `exchange`.
pub fn module() -> web::Module {
    web::Module { name: "hl7v2", ..web::Module::default() }
}

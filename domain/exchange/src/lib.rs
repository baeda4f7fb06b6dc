//! What other systems send: messages kept raw, matched to people, filed once; what could not be filed waits for a clerk.
//!
//! Start reading at [`command`] (what a message says); a door of any language reads its message into a
//! [`command::Delivery`] and hands it over.

pub mod command;

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "exchange", ..web::Module::default() }
}

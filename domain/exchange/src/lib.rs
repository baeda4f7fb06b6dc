//! What other systems send: messages kept raw, matched to people, filed once; what could not be filed waits for a clerk.

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "exchange", ..web::Module::default() }
}

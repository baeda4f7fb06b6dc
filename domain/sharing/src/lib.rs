//! Sharing of records between facilities: request, consent, grants, emergency access, who has seen what.

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "sharing", ..web::Module::default() }
}

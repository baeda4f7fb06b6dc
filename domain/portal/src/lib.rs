//! The citizen's door: find a facility and a time, book for oneself and the family, follow the booking, say how it was.

use web::Module;

/// The table of contents of this slice.
pub fn module() -> Module {
    Module { name: "portal", ..Module::default() }
}

//! Visits by video: waiting room, consent, what may be treated at a distance, consultations between facilities.

use web::Module;

/// The table of contents of this slice.
pub fn module() -> Module {
    Module { name: "telehealth", ..Module::default() }
}

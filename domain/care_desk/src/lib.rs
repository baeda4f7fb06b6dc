//! The call centre: one line of requests and call-backs, the screening of bookings, the telephone system.

mod telephone;

pub use telephone::Switchboard;

use web::Module;

/// The table of contents of this slice.
pub fn module() -> Module {
    Module { name: "care_desk", ..Module::default() }
}

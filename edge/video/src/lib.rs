//! The room of a visit by video: signalling between browsers, TURN credentials, Jitsi tokens.

use web::Module;

/// The table of contents of this slice.
pub fn module() -> Module {
    Module { name: "video", ..Module::default() }
}

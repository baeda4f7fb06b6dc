//! Messages to people and from them: templates, quiet hours, who does not want any, what they cost, what became of each.

mod post;

pub use post::Post;

use web::Module;

/// The table of contents of this slice.
pub fn module() -> Module {
    Module { name: "messaging", ..Module::default() }
}

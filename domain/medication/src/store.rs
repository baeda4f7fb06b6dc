//! All SQL of prescribing, one function per question.

mod checks;
mod draft;
mod habit;
mod issued;
mod visit;

pub use checks::*;
pub use draft::*;
pub use habit::*;
pub use issued::*;
pub use visit::*;

//! All SQL of prescribing and dispensing, one function per question.

mod checks;
mod dispense;
mod draft;
mod habit;
mod issued;
mod lines;
mod sale;
mod supply;
mod visit;

pub use checks::*;
pub use dispense::*;
pub use draft::*;
pub use habit::*;
pub use issued::*;
pub use lines::*;
pub use sale::*;
pub use supply::*;
pub use visit::*;

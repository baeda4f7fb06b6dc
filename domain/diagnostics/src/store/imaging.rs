//! Imaging in the database: studies and who waits for one, pictures, drafts and released reports, own phrases.

mod phrase;
mod picture;
mod report;
mod study;

pub use phrase::*;
pub use picture::*;
pub use report::*;
pub use study::*;

//! Pages of imaging: who waits, the study with its live picture and report, what was released, paper, viewer.

pub mod capture;
pub mod corrections;
pub mod paper;
pub mod phrases;
pub mod released;
pub mod study;
pub mod summary;
pub mod viewer;
pub mod worklist;

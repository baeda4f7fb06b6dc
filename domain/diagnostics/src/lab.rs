//! The laboratory by hand: from the tube to the report, with two looks, the call about critical values and quality control.

pub mod analyser;
pub mod critical;
pub mod delta;
pub mod formula;
pub mod panel;
pub mod qc;
pub mod range;
pub mod result;
pub mod specimen;
pub mod turnaround;
pub mod validation;
pub mod westgard;

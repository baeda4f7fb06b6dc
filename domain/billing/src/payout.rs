//! Shares of doctors, performers and referrers in what was earned.

/// Hangs this part into the module.
pub(crate) fn join(_module: &mut web::Module) {}

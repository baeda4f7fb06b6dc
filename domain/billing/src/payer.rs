//! Price lists by payer.

/// Hangs this part into the module.
pub(crate) fn join(_module: &mut web::Module) {}

//! Accepted records: number, retention, loan, copies, re-opening, destruction.

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module::default()
}

//! Documents and their versions: opening a record, filling a form, keeping what was typed, amending.

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module::default()
}

//! Paper from before: scanned, split, read, checked by a second person, filed as certified copies.

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module::default()
}

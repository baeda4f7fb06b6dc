//! Finding records and documents, by what is written on the cover and by what stands inside.

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module::default()
}

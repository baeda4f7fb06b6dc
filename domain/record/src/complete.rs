//! After discharge: what is missing, whose it is and until when; handing in, returning, accepting.

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module::default()
}

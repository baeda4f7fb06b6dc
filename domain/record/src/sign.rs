//! Who signs what, in which order, with which key; what a signature is worth when the document is opened.

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module::default()
}

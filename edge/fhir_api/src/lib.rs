//! FHIR R4: what is held, read and searched; bundles taken in whole or not at all.

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "fhir_api", ..web::Module::default() }
}

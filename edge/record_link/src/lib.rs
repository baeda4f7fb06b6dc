//! The wire between two separately run servers: FHIR document bundles with mutual authentication.

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "record_link", ..web::Module::default() }
}

//! The stay: beds, treatment sheets, nursing, consultations, operations, discharge.

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "inpatient", ..web::Module::default() }
}

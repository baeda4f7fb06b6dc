//! HL7 v2: the codec, MLLP, and what its messages mean to the house.

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "hl7v2", ..web::Module::default() }
}

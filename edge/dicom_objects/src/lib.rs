//! DICOM objects: a captured picture becomes an object that any viewer and archive reads, so that it can leave the house.

pub mod jpeg;
pub mod object;
mod pages;

use web::{Module, get};

/// One route: a still, or all stills of a study, as a DICOM file.
pub fn module() -> Module {
    Module {
        name: "dicom_objects",
        routes: vec![
            get("/app/imaging/studies/{id}/dicom/{number}", pages::download).right("imaging.read").feature("imaging.capture"),
        ],
        ..Module::default()
    }
}

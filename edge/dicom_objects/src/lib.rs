//! DICOM objects: a captured picture or clip becomes an object that any viewer and archive reads.

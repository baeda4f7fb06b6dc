//! Tools by other people that judge signed documents.

use crate::desk::{Desk, has, run};
use std::path::Path;

/// What each judge must say of a sound PDF with so many signatures.
pub fn all_call_it_valid(desk: &Desk, name: &str, pdf: &[u8], signatures: usize) {
    let file = desk.file(name, pdf);
    if has("pdfsig") {
        let (_, said) = run("pdfsig", &[Path::new("-nocert"), &file]);
        assert_eq!(said.matches("Signature is Valid.").count(), signatures, "{said}");
        assert!(said.contains("ETSI.CAdES.detached"), "{said}");
    }
    if has("pyhanko") {
        let (fine, said) = pyhanko(desk, &file);
        assert!(fine, "{said}");
        assert_eq!(said.matches(":INTACT:TRUSTED").count(), signatures, "{said}");
        assert!(!said.contains("UNTOUCHED:INVALID") && !said.contains("INVALID"), "{said}");
    }
    if has("qpdf") {
        let (fine, said) = run("qpdf", &[Path::new("--check"), &file]);
        assert!(fine && said.contains("No syntax or stream encoding errors found") && !said.contains("WARNING"), "{said}");
    }
}

/// And of one that was tampered with.
pub fn none_calls_it_valid(desk: &Desk, name: &str, pdf: &[u8]) {
    let file = desk.file(name, pdf);
    if has("pdfsig") {
        let (_, said) = run("pdfsig", &[Path::new("-nocert"), &file]);
        assert!(said.contains("Digest Mismatch") || said.contains("Invalid"), "{said}");
    }
    if has("pyhanko") {
        let (fine, said) = pyhanko(desk, &file);
        assert!(!fine || said.contains("INVALID"), "{said}");
    }
}

pub fn pyhanko(desk: &Desk, file: &Path) -> (bool, String) {
    run("pyhanko", &[Path::new("sign"), Path::new("validate"), Path::new("--trust"), &desk.root(), Path::new("--trust-replace"), file])
}

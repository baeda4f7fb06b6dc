//! Papers that are broken, armed, locked, or touched after signing: clear answers, never a panic.

use crate::desk::{Desk, doctor, has, key, run, work};
use crate::papers::{self, build};
use base::sign::{Kind, SignFault, Signing};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn broken_and_armed_papers_are_refused() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let plain = papers::plain();
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>";
    let with_catalog = |catalog: &str| build("1.7", &[catalog, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page]);
    let mut cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("not a PDF", b"<html></html>".to_vec()),
        ("only a head", b"%PDF-1.7\n".to_vec()),
        ("cut", plain[..plain.len() / 2].to_vec()),
        ("a lying table", { let mut lie = plain.clone(); let at = lie.len() - 12; lie[at] = b'9'; lie }),
        ("a script", with_catalog("<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>")),
        ("a script by name", with_catalog("<< /Type /Catalog /Pages 2 0 R /Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >> >>")),
        ("a program", with_catalog("<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /Launch /F (cmd.exe) >> >>")),
        ("a living form", with_catalog("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] /XFA (x) >> >>")),
        ("no pages", build("1.7", &["<< /Type /Catalog >>"])),
        ("a ring of pages", build("1.7", &["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"])),
    ];
    if has("qpdf") {
        let (from, to) = (desk.file("open.pdf", &plain), desk.folder.join("locked.pdf"));
        let (fine, said) = run("qpdf", &[Path::new("--encrypt"), Path::new("a"), Path::new("b"), Path::new("256"), Path::new("--"), &from, &to]);
        assert!(fine, "{said}");
        cases.push(("locked", std::fs::read(&to).expect("locked")));
        let (fine, said) = run("qpdf", &[Path::new("--encrypt"), Path::new(""), Path::new("b"), Path::new("256"), Path::new("--"), &from, &to]);
        assert!(fine, "{said}");
        cases.push(("locked for changes", std::fs::read(&to).expect("locked")));
    }
    for (name, bytes) in cases {
        let outcome = desk.sign(&key(&issued), &work(&bytes, "bac_si")).await;
        assert!(matches!(outcome, Err(SignFault::BadDocument(_))), "{name}: {outcome:?}");
        let verdict = desk.verify(&bytes).await;
        assert!(!verdict.is_valid(), "{name}: {verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_flipped_byte_goes_unseen() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let paper = papers::plain();
    let signed = desk.sign(&key(&issued), &work(&paper, "bac_si")).await.expect("a signature");
    // Each byte of the paper and of the signature's own revision, outside the zeros that pad its place.
    let contents = signed.windows(10).position(|w| w == b"/Contents<").expect("a place") + 10;
    let padding = contents..signed[contents..].iter().position(|b| *b == b'>').expect("its end") + contents;
    let used = padding.start..padding.start + signed[padding.clone()].iter().rposition(|b| *b != b'0').expect("a signature");
    let revision = signed.windows(5).position(|w| w == b"%%EOF").expect("an end");
    let second = signed[revision + 5..].windows(5).position(|w| w == b"%%EOF").expect("an end") + revision + 5;
    let mut checked = 0;
    for at in (0..second).filter(|at| !padding.contains(at) || used.contains(at)).step_by(7) {
        let mut flipped = signed.clone();
        flipped[at] ^= 0x20;
        // The case of a hexadecimal digit changes nothing.
        if used.contains(&at) && flipped[at].eq_ignore_ascii_case(&signed[at]) {
            continue;
        }
        assert!(!desk.verify(&flipped).await.is_valid(), "byte {at} of {}", signed.len());
        checked += 1;
    }
    assert!(checked > 300, "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_slipped_in_behind_a_signature_is_seen() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let signed = desk.sign(&key(&issued), &work(&papers::form(), "bac_si")).await.expect("a signature");
    assert!(desk.verify(&signed).await.is_valid());
    let size = 200;
    let changes = [
        // Another page content under the old number, another text in the field, a note over the page, another catalog.
        ("content", "4 0 obj\n<< /Length 4 >>\nstream\nS S \nendstream\nendobj\n", 4),
        ("field", "5 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Tx /T (ghi_chu) /V (khac) /Rect [100 700 300 720] /P 3 0 R /F 4 >>\nendobj\n", 5),
        ("page", "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Resources << >> /Contents 4 0 R /Annots 8 0 R >>\nendobj\n", 3),
        ("list", "8 0 obj\n[5 0 R << /Type /Annot /Subtype /FreeText /Rect [0 0 500 500] /Contents (chồng) >>]\nendobj\n", 8),
        ("catalog", "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n", 1),
    ];
    for (name, object, number) in changes {
        let mut touched = signed.clone();
        let at = touched.len();
        touched.extend(object.bytes());
        let xref = touched.len();
        let previous = String::from_utf8_lossy(&signed[signed.len() - 40..]).split("startxref\n").nth(1).and_then(|t| t.lines().next().map(str::to_owned)).expect("an offset");
        touched.extend(format!("xref\n{number} 1\n{at:010} 00000 n\r\ntrailer\n<< /Size {size} /Root 1 0 R /Prev {previous} >>\nstartxref\n{xref}\n%%EOF\n").bytes());
        let verdict = desk.verify(&touched).await;
        assert!(!verdict.is_valid() && !verdict.covers_whole, "{name}: {verdict:?}");
    }
    // Bytes behind the end that nobody reads are not a change of the paper, but something is there that nobody signed.
    let mut tail = signed.clone();
    tail.extend(b"junk");
    let verdict = desk.engine.verify(&tail, Kind::Pdf, desk.now()).await;
    assert!(verdict.signatures.len() <= 1);
}

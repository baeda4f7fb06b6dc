//! PDF signatures by several people, of several producers' papers.

use crate::desk::{Desk, doctor, has, key, run, stamp, work};
use crate::judges::{all_call_it_valid, none_calls_it_valid, pyhanko};
use crate::papers;
use base::sign::{Kind, Signing};
use sandbox::trust::Holder;
use std::path::Path;

const LONG_TERM: &str = r#"
import sys
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ltv import RevocationInfoValidationType, validate_pdf_ltv_signature
reader = PdfFileReader(open(sys.argv[1], "rb"))
roots = [load_cert_from_pemder(sys.argv[2])]
status = validate_pdf_ltv_signature(reader.embedded_regular_signatures[0], RevocationInfoValidationType.PADES_LTA, {"trust_roots": roots, "allow_fetching": False})
print("long-term:", "valid" if status.bottom_line else status.pretty_print_details())
"#;

async fn signed_by_three(desk: &Desk, paper: Vec<u8>, name: &str) -> Vec<u8> {
    let mut pdf = paper.clone();
    for (number, field) in ["dieu_duong", "bac_si", "truong_khoa"].into_iter().enumerate() {
        let issued = desk.issue(&Holder { name: format!("Người ký thứ {}", number + 1), ..doctor() });
        let mut work = work(&pdf, field);
        work.stamp = Some(stamp(number as u32));
        let signed = desk.sign(&key(&issued), &work).await.expect("a signature");
        assert!(signed.starts_with(&pdf), "what was there stays byte for byte");
        pdf = signed;
        all_call_it_valid(desk, &format!("{name}-{}.pdf", number + 1), &pdf, number + 1);
    }
    let verdict = desk.verify(&pdf).await;
    assert!(verdict.is_valid(), "{verdict:?}");
    assert!(verdict.signatures.iter().all(|s| s.has_timestamp && s.is_long_term), "{verdict:?}");
    assert_eq!(verdict.signatures.iter().map(|s| s.field.as_str()).collect::<Vec<_>>(), ["dieu_duong", "bac_si", "truong_khoa"]);
    // One byte of the paper itself.
    let mut flipped = pdf.clone();
    flipped[paper.len() / 2] ^= 1;
    let verdict = desk.verify(&flipped).await;
    assert!(!verdict.is_valid(), "{verdict:?}");
    none_calls_it_valid(desk, &format!("{name}-flipped.pdf"), &flipped);
    pdf
}

#[tokio::test(flavor = "multi_thread")]
async fn three_people_sign_a_report_of_our_own() {
    let desk = Desk::open().await;
    let pdf = signed_by_three(&desk, papers::report().await, "report").await;
    let verdict = desk.verify(&pdf).await;
    assert_eq!(verdict.signatures[0].holder, "Người ký thứ 1");
    assert_eq!(verdict.signatures[0].holder_id.as_deref(), Some("084185004321"));
    if has("pdfinfo") {
        let (_, said) = run("pdfinfo", &[Path::new("-meta"), &desk.file("marked.pdf", &pdf)]);
        assert!(said.contains("<pdfaid:part>2</pdfaid:part>") && said.contains("<pdfaid:conformance>B</pdfaid:conformance>"), "the marking stays: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_people_sign_a_plain_paper() {
    let desk = Desk::open().await;
    signed_by_three(&desk, papers::plain(), "plain").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_people_sign_a_form() {
    let desk = Desk::open().await;
    signed_by_three(&desk, papers::form(), "form").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_people_sign_a_paper_with_packed_objects() {
    let desk = Desk::open().await;
    if !has("qpdf") {
        return;
    }
    let (from, to) = (desk.file("loose.pdf", &papers::form()), desk.folder.join("packed.pdf"));
    let (fine, said) = run("qpdf", &[Path::new("--object-streams=generate"), &from, &to]);
    assert!(fine, "{said}");
    signed_by_three(&desk, std::fs::read(to).expect("packed"), "packed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_paper_has_a_timestamp_over_everything() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let signed = desk.sign(&key(&issued), &work(&papers::report().await, "bac_si")).await.expect("a signature");
    let sealed = desk.engine.seal_for_archive(&signed, desk.now()).await.expect("sealed");
    let verdict = desk.verify(&sealed).await;
    assert!(verdict.is_valid(), "{verdict:?}");
    assert_eq!(verdict.signatures.len(), 1, "a timestamp is nobody's signature");
    let file = desk.file("sealed.pdf", &sealed);
    if has("pdfsig") {
        let (_, said) = run("pdfsig", &[Path::new("-nocert"), &file]);
        // It knows nothing of document timestamps, but the signature under one is still valid for it.
        assert!(said.contains("Signature is Valid.") && !said.contains("Mismatch"), "{said}");
    }
    if has("pyhanko") {
        let (fine, said) = pyhanko(&desk, &file);
        assert!(fine, "{said}");
        // The same library by its own door, offline: long-term validation up to the document timestamp.
        let script = desk.file("ltv.py", LONG_TERM.as_bytes());
        let (fine, said) = run("python3", &[&script, &file, &desk.root()]);
        assert!(fine && said.contains("long-term: valid") || said.contains("No module named"), "{said}");
    }
    // A year later another timestamp goes over the first.
    let again = desk.engine.seal_for_archive(&sealed, desk.now()).await.expect("sealed again");
    assert!(desk.verify(&again).await.is_valid());
    if has("pyhanko") {
        let (fine, said) = pyhanko(&desk, &desk.file("sealed-twice.pdf", &again));
        assert!(fine, "{said}");
    }
    assert!(desk.engine.seal_for_archive(&papers::plain(), desk.now()).await.is_err(), "nothing to seal");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stamp_is_seen_with_every_vietnamese_mark() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let mut work = work(&papers::plain(), "bac_si");
    let mut look = stamp(0);
    look.page = 2;
    look.drawing = Some(drawing());
    look.height = 90.0;
    work.stamp = Some(look);
    let signed = desk.sign(&key(&issued), &work).await.expect("a signature");
    all_call_it_valid(&desk, "stamped.pdf", &signed, 1);
    if has("pdftoppm") {
        let picture = desk.folder.join("page");
        let (fine, said) = run("pdftoppm", &[Path::new("-f"), Path::new("2"), Path::new("-r"), Path::new("60"), &desk.folder.join("stamped.pdf"), &picture]);
        assert!(fine, "{said}");
        let pixels = std::fs::read(desk.folder.join("page-2.ppm")).expect("a picture");
        let dark = pixels.chunks(3).filter(|p| p.iter().all(|v| *v < 128)).count();
        assert!(dark > 300, "letters and lines are there: {dark}");
    }
    // A page that is not there, a box without size, a drawing that is no picture.
    for change in [|s: &mut base::sign::Stamp| s.page = 9, |s: &mut base::sign::Stamp| s.width = 0.0, |s: &mut base::sign::Stamp| s.drawing = Some(b"GIF89a".to_vec())] {
        let mut bad = work.clone();
        change(bad.stamp.as_mut().expect("a stamp"));
        assert!(desk.sign(&key(&issued), &bad).await.is_err());
    }
}

/// A small black stroke on nothing, as a phone's canvas gives it.
fn drawing() -> Vec<u8> {
    let mut canvas = image::RgbaImage::new(120, 40);
    for x in 10..110u32 {
        let y = 20 + ((x as f32 / 8.0).sin() * 12.0) as u32;
        for thick in 0..3 {
            canvas.put_pixel(x, (y + thick).min(39), image::Rgba([10, 10, 40, 255]));
        }
    }
    let mut png = Vec::new();
    canvas.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).expect("a picture");
    png
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_signed_once() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let signed = desk.sign(&key(&issued), &work(&papers::plain(), "bac_si")).await.expect("a signature");
    let again = desk.sign(&key(&issued), &work(&signed, "bac_si")).await;
    assert!(again.is_err_and(|f| f.to_string().contains("đã dùng")));
    assert_eq!(desk.engine.verify(&papers::plain(), Kind::Pdf, desk.now()).await.signatures.len(), 0, "an unsigned paper has no verdict");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_prepared_can_wait_and_travel() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let key = key(&issued);
    let certificate = desk.engine.certificate(&key).await.expect("a certificate");
    let prepared = desk.engine.prepare(&certificate, &work(&papers::plain(), "bac_si"), desk.now()).await.expect("prepared");
    let elsewhere = signing::Engine::new(desk.authority.settings());
    let order = signing::desk::Order::of("lo-1", &[("1".into(), "Tờ điều trị".into(), &prepared)]);
    assert_eq!(order.items[0].title, "Tờ điều trị");
    let signature = issued.key.sign_digest(&prepared.digest).expect("a signature");
    assert!(elsewhere.verify(&elsewhere.finish(prepared.clone(), signature).await.expect("finished"), Kind::Pdf, desk.now()).await.is_valid());
    // Another person's signature does not fit in.
    let other = desk.issue(&Holder { name: "Người khác".into(), ..doctor() });
    let foreign = other.key.sign_digest(&prepared.digest).expect("a signature");
    assert!(elsewhere.finish(prepared, foreign).await.is_err());
}

//! Papers to sign: from our own press, and as other producers write them.

use crate::samples;
use base::ask::Papers;
use documents::Press;

/// A report of our own, PDF/A.
pub async fn report() -> Vec<u8> {
    Press::new().render("lab-report", samples::full("lab-report")).await.expect("a paper")
}

/// A PDF 1.4 written by hand: two pages, a cross-reference table.
pub fn plain() -> Vec<u8> {
    build(
        "1.4",
        &[
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 5 0 R >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 5 0 R >>",
            "<< /Length 25 >>\nstream\n100 100 200 300 re S     \nendstream",
        ],
    )
}

/// A form with a text field, its lists in objects of their own.
pub fn form() -> Vec<u8> {
    build(
        "1.6",
        &[
            "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 4 0 R /Annots 8 0 R >>",
            "<< /Length 25 >>\nstream\n100 100 200 300 re S     \nendstream",
            "<< /Type /Annot /Subtype /Widget /FT /Tx /T (ghi_chu) /V (x) /Rect [100 700 300 720] /P 3 0 R /F 4 >>",
            "<< /Fields 7 0 R /DA (/Helv 0 Tf 0 g) >>",
            "[5 0 R]",
            "[5 0 R]",
        ],
    )
}

/// Puts objects, table and trailer together.
pub fn build(version: &str, objects: &[&str]) -> Vec<u8> {
    let mut out = format!("%PDF-{version}\n%\u{e2}\u{e3}\u{cf}\u{d3}\n").into_bytes();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).bytes());
    }
    let xref = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1).bytes());
    for offset in offsets {
        out.extend(format!("{offset:010} 00000 n\r\n").bytes());
    }
    out.extend(format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF", objects.len() + 1).bytes());
    out
}

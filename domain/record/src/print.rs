//! A filled form as its printed paper, true to the ministry's form: the cover with its squares, framed halves, dotted
//! lines, tables, places to sign. Nothing here knows a single form; what a page looks like comes from the form's own
//! sections and, where the printed page pairs fields in a way that no list can tell, from `print/arrangement.txt`.
//!
//! A blank form (no values) prints as the official one: dotted, ready for the pen.

mod arrange;
mod atoms;
mod head;
mod lay;
mod line;
mod specimen;
mod spots;
mod table;
mod value;

use crate::form::definition::{Form, Kind, Paper};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use web::Failure;

pub use specimen::specimen;
pub use spots::{SpotBox, spots};

/// What is to be printed.
#[derive(Clone, Debug)]
pub struct ToPrint<'a> {
    pub form: &'a Form,
    /// Field id → value, as documents keep them; `Null` prints the blank form.
    pub values: &'a Value,
    /// The facility, as its `paper_head` gives it: `name`, `parent`, `address`, `phone`, `code`.
    pub head: Value,
    /// A short code of the document for people, printed in the foot; may be empty.
    pub code: String,
    /// Where the QR code in the foot leads; empty prints none.
    pub link: String,
    /// The version being printed; 0 while it is a draft.
    pub version: i32,
    /// Prints "BẢN NHÁP" across the page.
    pub draft: bool,
    /// Signatures to be shown in their places where the file itself does not carry them: a patient's drawn signature, or
    /// the names on a plain copy. Empty for the file that is about to be signed.
    pub signed: Vec<Signed>,
    /// When the version was made; the same instant gives the same bytes.
    pub made_at: Option<DateTime<Utc>>,
}

impl<'a> ToPrint<'a> {
    /// The blank official form of a facility.
    pub fn blank(form: &'a Form, head: Value) -> ToPrint<'a> {
        ToPrint {
            form,
            values: &Value::Null,
            head,
            code: String::new(),
            link: String::new(),
            version: 0,
            draft: false,
            signed: Vec::new(),
            made_at: None,
        }
    }
}

/// A signature as it is shown in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    /// The role of the place, as the form names it.
    pub role: String,
    pub name: String,
    /// Ready words, e.g. "25/11/2026 08:40".
    pub at: String,
    /// "Ký số bởi", "Xác nhận bằng mã" …; empty means "Ký số bởi".
    pub how: String,
    /// A drawn signature as base64 of a JPEG; may be empty.
    pub jpeg: String,
}

/// The PDF/A of a form. Fails only when the template is at fault: long text flows over pages, missing values are dots.
pub async fn pdf(app: &web::App, paper: &ToPrint<'_>) -> Result<Vec<u8>, Failure> {
    app.papers().render("record-form", data(paper)).await.map_err(|fault| Failure::Fault(anyhow::anyhow!(fault)))
}

/// What the template `record-form` reads.
pub fn data(paper: &ToPrint<'_>) -> Value {
    let pictures: Vec<Value> = paper.signed.iter().map(|signed| json!({ "jpeg": signed.jpeg })).collect();
    json!({
        "head": paper.head,
        "form": head::number(&paper.form.form),
        "title": paper.form.title,
        "kind": match paper.form.kind {
            Kind::BenhAn => "record",
            Kind::Phieu => "slip",
            Kind::Giay => "certificate",
            Kind::BienBan => "minutes",
            Kind::CamKet => "consent",
        },
        "sheet": match paper.form.paper {
            Paper::A4 | Paper::A3 => "a4",
            Paper::A4Landscape => "a4-across",
            Paper::A5 => "a5",
            Paper::A5Landscape => "a5-across",
        },
        "short": paper.code,
        "link": paper.link,
        "version": if paper.version > 0 { paper.version.to_string() } else { String::new() },
        "draft": paper.draft,
        "issued_at": paper.made_at,
        "blocks": lay::blocks(paper),
        "pictures": pictures,
    })
}

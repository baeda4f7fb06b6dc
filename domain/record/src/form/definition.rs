//! A form as data: what is asked, in which order, how it is checked, who signs. One file in `forms/` per form and version;
//! shared parts stand in files of their own and are put in when the forms are read, so that nothing here knows of them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One version of one form, complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The official number, `01/BV1`, or a key where the law gives none, `giay_ra_vien`. Documents point at it.
    pub form: String,
    /// As printed, in capitals where the paper has capitals.
    pub title: String,
    pub kind: Kind,
    /// The legal text and annex.
    pub law: String,
    pub valid_from: NaiveDate,
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// How sure we are of the wording: shown to the administrator, never to the ward.
    pub certainty: Certainty,
    #[serde(default)]
    pub paper: Paper,
    pub sections: Vec<Section>,
    /// Places for signatures, as printed: left to right, top to bottom.
    #[serde(default)]
    pub signatures: Vec<Spot>,
    /// Roles in the order in which they sign. A facility may change it; the law does not fix it.
    #[serde(default)]
    pub sign_flow: Vec<String>,
    #[serde(default)]
    pub closing: Closing,
    /// Remarks on layout for whoever draws the page.
    #[serde(default)]
    pub layout_notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A whole record: cover, parts I–IV, A, B.
    BenhAn,
    /// Slip or sheet.
    Phieu,
    /// Certificate or letter.
    Giay,
    /// Minutes.
    BienBan,
    /// Consent or refusal, signed by the patient too.
    CamKet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    Seen,
    Partly,
    Memory,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    #[default]
    A4,
    A4Landscape,
    /// Printed as a folded booklet; on screen its four A4 pages.
    A3,
    A5,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Section {
    pub id: String,
    #[serde(default)]
    pub title: String,
    /// The page it begins on, from 1; 0 = wherever it falls.
    #[serde(default)]
    pub page: u8,
    /// In a frame, and in how many columns, as on paper.
    #[serde(default)]
    pub framed: bool,
    #[serde(default)]
    pub columns: u8,
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Printed paragraphs; each stands before the field it names, or at the end.
    #[serde(default)]
    pub texts: Vec<FixedText>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FixedText {
    /// A field id, or `end`.
    pub before: String,
    /// With `{field_id}` and `{ten_co_so}` as places to fill.
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Unique within the form.
    pub id: String,
    /// As printed, with its item number.
    pub label: String,
    #[serde(rename = "type")]
    pub kind: FieldType,
    #[serde(default)]
    pub required: bool,
    /// UCUM, or the word on the paper.
    #[serde(default)]
    pub unit: Option<String>,
    /// Lowest and highest believable value.
    #[serde(default)]
    pub range: Option<(f64, f64)>,
    /// `LOINC 8302-2`, `ICD-10`, …
    #[serde(default)]
    pub code: Option<String>,
    /// `"1. Khỏi"`: numbered options are stored by number, others by their text.
    #[serde(default)]
    pub options: Vec<String>,
    /// Of a table.
    #[serde(default)]
    pub columns: Vec<Field>,
    /// Titles of a table's fixed rows.
    #[serde(default)]
    pub rows: Vec<String>,
    #[serde(default)]
    pub min_rows: Option<u32>,
    /// Most rows of a table, most choices of a multichoice.
    #[serde(default)]
    pub max: Option<u32>,
    /// `id`, `id=value`, joined by ` or ` and ` and `.
    #[serde(default)]
    pub show_if: Option<String>,
    /// The name of a calculation, e.g. `days_of_treatment(vao_vien_luc, ra_vien_luc)`.
    #[serde(default)]
    pub formula: Option<String>,
    /// Small print beside the label.
    #[serde(default)]
    pub hint: Option<String>,
    /// Where it is filled from, e.g. `patient.name`, `stay.admitted_at`, `vitals.pulse`, `diagnosis.main`.
    #[serde(default)]
    pub source: Option<String>,
    /// What stands there before anybody types.
    #[serde(default)]
    pub default: Option<String>,
    /// Printed squares for a code, a date or a score.
    #[serde(default)]
    pub boxes: Option<u32>,
    /// Asked twice, right and left: stored as `<id>_mp` and `<id>_mt`.
    #[serde(default)]
    pub both_eyes: bool,
    /// Kept for the software, not on the paper.
    #[serde(default)]
    pub unprinted: bool,
    #[serde(default)]
    pub doubtful: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    #[default]
    Text,
    Longtext,
    Integer,
    Decimal,
    Date,
    Datetime,
    Time,
    Boolean,
    Choice,
    Multichoice,
    Table,
    Computed,
    Icd10,
    /// A member of staff.
    PersonRef,
    Image,
    Signature,
}

/// A place for a signature on the paper.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// `bac_si_dieu_tri`, `truong_khoa`, `giam_doc`, `dieu_duong`, `nguoi_benh`, `nguoi_chung_kien`, `con_dau`, …
    pub role: String,
    pub label: String,
    /// The line under the label.
    #[serde(default)]
    pub sub: String,
    /// The section after which it stands; empty = at the end.
    #[serde(default)]
    pub after: String,
}

/// What the form means for ending a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// The happenings after which a record needs this form: `nhap_vien`, `phau_thuat`, `ra_vien`, `tu_vong`, …
    #[serde(default)]
    pub required_for: Vec<String>,
    /// Hours after the happening by which it has to be there.
    #[serde(default)]
    pub within_hours: Option<u32>,
    /// The same in the words of the source, where it is no number of hours.
    #[serde(default)]
    pub deadline: String,
}

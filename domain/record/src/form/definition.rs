//! A form as data: what is asked, in which order, how it is checked, who signs. One file in `forms/` per form and version;
//! shared parts stand in files of their own and are put in when the forms are read, so that nothing here knows of them.
//!
//! What is written into a form is one JSON object, field id → value; what is empty is left out:
//!
//! | type | value |
//! | --- | --- |
//! | text, longtext, person_ref | a string |
//! | icd10 | a string; several codes are joined by `, ` |
//! | integer, decimal | a number |
//! | date, datetime, time | `2026-11-25`, `2026-11-25T08:40` (the ward's clock), `08:40` |
//! | boolean | `true`, or left out |
//! | choice | a string: [`Choice::value`] |
//! | multichoice | an array of such strings |
//! | table | an array of objects, column id → value; with fixed rows exactly one object for each |
//! | computed | a number or a string, worked out again at every save |
//! | image, signature | the SHA-256 of a kept file, hexadecimal |
//!
//! A field that is asked for both eyes is kept as `<id>_mp` and `<id>_mt`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
pub use web::ask::Sensitivity;

/// One version of one form, complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The official number, `01/BV1`, or a key where the law gives none, `giay_ra_vien`. Documents point at it.
    pub form: String,
    /// The version that a document keeps: small numbers are the ministry's own, see [`super::store`].
    #[serde(default = "first")]
    pub version: i32,
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
    /// Where it goes in the export of a whole record; a section may name another group.
    #[serde(default)]
    pub group: ExportGroup,
    /// What it is about by its nature; a diagnosis may make one paper of it more sensitive still.
    #[serde(default)]
    pub sensitivity: Sensitivity,
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
    A5Landscape,
}

/// The eleven groups in which a record is handed over as XML or JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportGroup {
    ThongTinBenhNhan,
    ThongTinVaoVien,
    #[default]
    ThongTinDieuTri,
    YLenhThuocVatTu,
    PhieuChiDinh,
    KetQuaChanDoanHinhAnh,
    KetQuaXetNghiem,
    GiayChuyenVien,
    HoSoCapCuu,
    PhieuThuThuat,
    PhieuPhauThuat,
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
    /// Where this part goes in the export, when not where the form goes.
    #[serde(default)]
    pub group: Option<ExportGroup>,
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
    /// Titles of a table's fixed rows; such a table has exactly these.
    #[serde(default)]
    pub rows: Vec<String>,
    /// What stands above the titles of fixed rows.
    #[serde(default)]
    pub rows_title: String,
    /// The code of each fixed row (`LOINC 718-7`), empty where there is none.
    #[serde(default)]
    pub row_codes: Vec<String>,
    #[serde(default)]
    pub min_rows: Option<u32>,
    /// Most rows of a table, most choices of a multichoice, most codes of a disease field (otherwise one).
    #[serde(default)]
    pub max: Option<u32>,
    /// When it is asked: see [`super::condition`].
    #[serde(default)]
    pub show_if: Option<String>,
    /// How it is worked out, e.g. `days_of_treatment(vao_vien_luc, ra_vien_luc)`: see [`super::formula`].
    #[serde(default)]
    pub formula: Option<String>,
    /// Small print beside the label.
    #[serde(default)]
    pub hint: Option<String>,
    /// The blanks as the paper has them, `…… giờ …… ph ngày …/…/……`.
    #[serde(default)]
    pub printed_as: Option<String>,
    /// Where it is filled from, e.g. `patient.name`, `stay.admitted_at`: a key of [`super::source`].
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
    /// Added by a facility: not on the ministry's paper.
    #[serde(default)]
    pub own: bool,
    /// A facility does not ask it. The paper keeps its blank.
    #[serde(default)]
    pub hidden: bool,
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
    /// The happenings after which a record needs this form. A `BenhAn` is needed only by the record that it heads.
    #[serde(default)]
    pub required_for: Vec<Happening>,
    /// Hours after the happening by which it has to be there; 0 = before it happens, none = no term.
    #[serde(default)]
    pub within_hours: Option<u32>,
    /// The term in words, for the gap list.
    #[serde(default)]
    pub deadline: String,
    /// Terms of parts of the form.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A part of a form that has a term of its own, such as the history and examination of a stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub title: String,
    pub after: Happening,
    pub within_hours: u32,
    /// The shorter term of an emergency.
    #[serde(default)]
    pub urgent_hours: Option<u32>,
    /// The last section of the part; empty = the last of the form.
    #[serde(default)]
    pub through: String,
}

/// Something that happens in a stay or visit and asks for papers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    NhapVien,
    CapCuu,
    KhamBenh,
    DieuTriNgoaiTru,
    /// A patient stays at a commune health station.
    LuuTramYTe,
    ChuyenKhoa,
    HoiSuc,
    #[serde(rename = "cham_soc_cap_1")]
    ChamSocCap1,
    #[serde(rename = "cham_soc_cap_2")]
    ChamSocCap2,
    #[serde(rename = "cham_soc_cap_3")]
    ChamSocCap3,
    /// Something was ordered from the laboratory, imaging or function tests.
    ChiDinh,
    HoiChan,
    PhauThuat,
    PhauThuatMat,
    ThuThuat,
    ThuThuatGayMe,
    GayMe,
    TruyenMau,
    TruyenDich,
    HoaXaTri,
    XaTri,
    SinhCon,
    KhamThai,
    DuongThai,
    #[serde(rename = "qua_15_ngay")]
    Qua15Ngay,
    TuChoi,
    KhamTheoYeuCau,
    /// A visit or stay that the insurer pays for.
    KhamBhyt,
    NghiViec,
    HenKhamLai,
    ChuyenVien,
    ChuyenVienTheoYeuCau,
    XinRaVien,
    RaVien,
    RaVienSauPhauThuat,
    TuVong,
    TuThi,
    /// Somebody asks for it: never missing by itself.
    YeuCau,
}

impl Happening {
    /// All of them, in the order in which a stay goes.
    pub const ALL: [Happening; 38] = [
        Happening::NhapVien,
        Happening::CapCuu,
        Happening::KhamBenh,
        Happening::DieuTriNgoaiTru,
        Happening::LuuTramYTe,
        Happening::ChuyenKhoa,
        Happening::HoiSuc,
        Happening::ChamSocCap1,
        Happening::ChamSocCap2,
        Happening::ChamSocCap3,
        Happening::ChiDinh,
        Happening::HoiChan,
        Happening::PhauThuat,
        Happening::PhauThuatMat,
        Happening::ThuThuat,
        Happening::ThuThuatGayMe,
        Happening::GayMe,
        Happening::TruyenMau,
        Happening::TruyenDich,
        Happening::HoaXaTri,
        Happening::XaTri,
        Happening::SinhCon,
        Happening::KhamThai,
        Happening::DuongThai,
        Happening::Qua15Ngay,
        Happening::TuChoi,
        Happening::KhamTheoYeuCau,
        Happening::KhamBhyt,
        Happening::NghiViec,
        Happening::HenKhamLai,
        Happening::ChuyenVien,
        Happening::ChuyenVienTheoYeuCau,
        Happening::XinRaVien,
        Happening::RaVien,
        Happening::RaVienSauPhauThuat,
        Happening::TuVong,
        Happening::TuThi,
        Happening::YeuCau,
    ];

    /// As written in the forms, `nhap_vien`.
    pub fn key(self) -> &'static str {
        match self {
            Happening::NhapVien => "nhap_vien",
            Happening::CapCuu => "cap_cuu",
            Happening::KhamBenh => "kham_benh",
            Happening::DieuTriNgoaiTru => "dieu_tri_ngoai_tru",
            Happening::LuuTramYTe => "luu_tram_y_te",
            Happening::ChuyenKhoa => "chuyen_khoa",
            Happening::HoiSuc => "hoi_suc",
            Happening::ChamSocCap1 => "cham_soc_cap_1",
            Happening::ChamSocCap2 => "cham_soc_cap_2",
            Happening::ChamSocCap3 => "cham_soc_cap_3",
            Happening::ChiDinh => "chi_dinh",
            Happening::HoiChan => "hoi_chan",
            Happening::PhauThuat => "phau_thuat",
            Happening::PhauThuatMat => "phau_thuat_mat",
            Happening::ThuThuat => "thu_thuat",
            Happening::ThuThuatGayMe => "thu_thuat_gay_me",
            Happening::GayMe => "gay_me",
            Happening::TruyenMau => "truyen_mau",
            Happening::TruyenDich => "truyen_dich",
            Happening::HoaXaTri => "hoa_xa_tri",
            Happening::XaTri => "xa_tri",
            Happening::SinhCon => "sinh_con",
            Happening::KhamThai => "kham_thai",
            Happening::DuongThai => "duong_thai",
            Happening::Qua15Ngay => "qua_15_ngay",
            Happening::TuChoi => "tu_choi",
            Happening::KhamTheoYeuCau => "kham_theo_yeu_cau",
            Happening::KhamBhyt => "kham_bhyt",
            Happening::NghiViec => "nghi_viec",
            Happening::HenKhamLai => "hen_kham_lai",
            Happening::ChuyenVien => "chuyen_vien",
            Happening::ChuyenVienTheoYeuCau => "chuyen_vien_theo_yeu_cau",
            Happening::XinRaVien => "xin_ra_vien",
            Happening::RaVien => "ra_vien",
            Happening::RaVienSauPhauThuat => "ra_vien_sau_phau_thuat",
            Happening::TuVong => "tu_vong",
            Happening::TuThi => "tu_thi",
            Happening::YeuCau => "yeu_cau",
        }
    }

    pub fn from_key(key: &str) -> Option<Happening> {
        Happening::ALL.into_iter().find(|h| h.key() == key)
    }

    /// In the words of the ward.
    pub fn title(self) -> &'static str {
        match self {
            Happening::NhapVien => "Nhập viện nội trú",
            Happening::CapCuu => "Vào cấp cứu",
            Happening::KhamBenh => "Khám bệnh ngoại trú",
            Happening::DieuTriNgoaiTru => "Điều trị ngoại trú theo đợt",
            Happening::LuuTramYTe => "Lưu tại trạm y tế",
            Happening::ChuyenKhoa => "Chuyển khoa",
            Happening::HoiSuc => "Vào hồi sức tích cực",
            Happening::ChamSocCap1 => "Chăm sóc cấp 1",
            Happening::ChamSocCap2 => "Chăm sóc cấp 2",
            Happening::ChamSocCap3 => "Chăm sóc cấp 3",
            Happening::ChiDinh => "Có chỉ định cận lâm sàng",
            Happening::HoiChan => "Hội chẩn",
            Happening::PhauThuat => "Phẫu thuật",
            Happening::PhauThuatMat => "Phẫu thuật mắt",
            Happening::ThuThuat => "Thủ thuật",
            Happening::ThuThuatGayMe => "Thủ thuật có gây mê",
            Happening::GayMe => "Gây mê",
            Happening::TruyenMau => "Truyền máu",
            Happening::TruyenDich => "Truyền dịch",
            Happening::HoaXaTri => "Hóa trị, xạ trị",
            Happening::XaTri => "Xạ trị",
            Happening::SinhCon => "Sinh con",
            Happening::KhamThai => "Khám thai",
            Happening::DuongThai => "Nghỉ dưỡng thai",
            Happening::Qua15Ngay => "Nằm viện quá 15 ngày",
            Happening::TuChoi => "Từ chối dịch vụ",
            Happening::KhamTheoYeuCau => "Khám theo yêu cầu",
            Happening::KhamBhyt => "Khám, chữa bệnh bảo hiểm y tế",
            Happening::NghiViec => "Nghỉ việc hưởng bảo hiểm xã hội",
            Happening::HenKhamLai => "Hẹn khám lại",
            Happening::ChuyenVien => "Chuyển cơ sở khác",
            Happening::ChuyenVienTheoYeuCau => "Chuyển cơ sở theo yêu cầu",
            Happening::XinRaVien => "Xin ra viện",
            Happening::RaVien => "Ra viện",
            Happening::RaVienSauPhauThuat => "Ra viện sau phẫu thuật",
            Happening::TuVong => "Tử vong",
            Happening::TuThi => "Khám nghiệm tử thi",
            Happening::YeuCau => "Có yêu cầu",
        }
    }
}

/// One answer that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// What is kept: the number before the point, otherwise the whole text.
    pub value: &'a str,
    /// What is read, without the number.
    pub label: &'a str,
}

impl<'a> Choice<'a> {
    /// `"1. Khỏi"` is kept as `1` and read as `Khỏi`.
    pub fn of(option: &'a str) -> Choice<'a> {
        match option.split_once('.') {
            Some((number, label)) if !number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit()) => {
                Choice { value: number, label: label.trim() }
            }
            _ => Choice { value: option, label: option },
        }
    }
}

impl Form {
    /// All fields in printing order, without the columns of tables.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.sections.iter().flat_map(|section| &section.fields)
    }

    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields().find(|field| field.id == id)
    }
}

impl Field {
    /// The answers of a choice, in printing order.
    pub fn choices(&self) -> impl Iterator<Item = Choice<'_>> {
        self.options.iter().map(|option| Choice::of(option))
    }

    /// The ids under which values are kept: one, or one for each eye.
    pub fn value_ids(&self) -> Vec<String> {
        if self.both_eyes {
            vec![format!("{}_mp", self.id), format!("{}_mt", self.id)]
        } else {
            vec![self.id.clone()]
        }
    }
}

fn first() -> i32 {
    1
}

//! Rooms and counters: where people wait, are seen, and where slips send them.

mod store;

pub use store::*;

use crate::written;
use base::{Problems, RoomId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Exam,
    Lab,
    Imaging,
    Procedure,
    Cashier,
    Reception,
    Pharmacy,
    /// A department where people lie in beds; its beds belong to `inpatient`.
    Ward,
}

impl Kind {
    pub const ALL: [Kind; 8] =
        [Kind::Exam, Kind::Lab, Kind::Imaging, Kind::Procedure, Kind::Cashier, Kind::Reception, Kind::Pharmacy, Kind::Ward];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Exam => "exam",
            Kind::Lab => "lab",
            Kind::Imaging => "imaging",
            Kind::Procedure => "procedure",
            Kind::Cashier => "cashier",
            Kind::Reception => "reception",
            Kind::Pharmacy => "pharmacy",
            Kind::Ward => "ward",
        }
    }

    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Exam => "Khám bệnh",
            Kind::Lab => "Xét nghiệm",
            Kind::Imaging => "Chẩn đoán hình ảnh",
            Kind::Procedure => "Thủ thuật",
            Kind::Cashier => "Thu ngân",
            Kind::Reception => "Tiếp nhận",
            Kind::Pharmacy => "Nhà thuốc",
            Kind::Ward => "Khoa điều trị",
        }
    }
}

/// A room of the facility. A room that is no longer used has a last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    pub code: String,
    pub name: String,
    /// What boards and slips print, e.g. "P. Nội 1".
    pub short_name: String,
    pub kind: Kind,
    pub department: String,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
}

impl Room {
    pub fn is_active_on(&self, day: NaiveDate) -> bool {
        self.active_from <= day && self.active_to.is_none_or(|last| day <= last)
    }
}

/// What the owner typed about a room.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoomForm {
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub kind: String,
    pub department: String,
}

/// A room's facts, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomFacts {
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub kind: Kind,
    pub department: String,
}

/// Reads the form; an empty short name takes the name.
pub fn check(form: &RoomForm) -> Result<RoomFacts, Problems> {
    let mut problems = Problems::none();
    let code = written::code(&mut problems, "code", "mã phòng", &form.code);
    let name = written::required(&mut problems, "name", "tên phòng", &form.name, 120);
    let mut short_name = written::optional(&mut problems, "short_name", "tên ngắn", &form.short_name, 30);
    if short_name.is_empty() {
        short_name = name.chars().take(30).collect();
    }
    let department = written::optional(&mut problems, "department", "khoa", &form.department, 120);
    let kind = Kind::from_key(&form.kind);
    problems.add_if(kind.is_none(), "kind", "Chưa chọn loại phòng. Chọn một loại trong danh sách.");
    let kind = kind.unwrap_or(Kind::Exam);
    problems.or(RoomFacts { code, name, short_name, kind, department })
}

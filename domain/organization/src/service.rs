//! Services: what the facility does for people and charges for, from the examination itself to a blood count.

mod store;

pub use store::*;

use crate::room::Room;
use crate::written;
use base::{Problems, RoomId, Vnd, fold};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What kind of service; orders go to rooms and slips by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Exam,
    Lab,
    Imaging,
    Procedure,
    Other,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Exam, Kind::Lab, Kind::Imaging, Kind::Procedure, Kind::Other];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Exam => "exam",
            Kind::Lab => "lab",
            Kind::Imaging => "imaging",
            Kind::Procedure => "procedure",
            Kind::Other => "other",
        }
    }

    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Exam => "Khám",
            Kind::Lab => "Xét nghiệm",
            Kind::Imaging => "Hình ảnh",
            Kind::Procedure => "Thủ thuật",
            Kind::Other => "Khác",
        }
    }

    /// The icon that stands for it everywhere.
    pub fn icon(self) -> &'static str {
        match self {
            Kind::Exam => "stethoscope",
            Kind::Lab => "test-pipe",
            Kind::Imaging => "photo-scan",
            Kind::Procedure => "activity-heartbeat",
            Kind::Other => "receipt",
        }
    }

    /// Reads a key or the words people write into a sheet.
    pub fn read(typed: &str) -> Option<Kind> {
        Kind::from_key(typed.trim()).or_else(|| match fold(typed).as_str() {
            "kham" | "kham benh" | "cong kham" => Some(Kind::Exam),
            "xet nghiem" | "xn" => Some(Kind::Lab),
            "hinh anh" | "chan doan hinh anh" | "cdha" | "sieu am" | "x quang" | "noi soi" => Some(Kind::Imaging),
            "thu thuat" | "phau thuat" | "tham do" | "tham do chuc nang" | "tdcn" => Some(Kind::Procedure),
            "khac" => Some(Kind::Other),
            _ => None,
        })
    }
}

/// A service of the facility's own list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub id: Uuid,
    pub facts: ServiceFacts,
    pub active_from: NaiveDate,
    /// The last day on which it can be ordered.
    pub active_to: Option<NaiveDate>,
    /// The price on the day that was asked about; `None` when no price holds then.
    pub price: Option<Vnd>,
    /// The name of its usual room, for lists.
    pub room_name: Option<String>,
}

/// What the owner decides about a service, apart from its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    pub code: String,
    pub name: String,
    pub kind: Kind,
    pub room: Option<RoomId>,
    pub unit: String,
    pub national_code: String,
    pub specimen: String,
    pub preparation: String,
    pub aliases: String,
}

impl ServiceFacts {
    /// The text that searches look in.
    pub fn search_text(&self) -> String {
        crate::search::search_text(&self.code, &self.name, &[&self.aliases, &self.national_code])
    }
}

/// What the owner typed, in the form or in one row of a sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServiceForm {
    pub code: String,
    pub name: String,
    pub kind: String,
    /// The room's id (form), code or name (sheet).
    pub room: String,
    pub unit: String,
    pub national_code: String,
    pub specimen: String,
    pub preparation: String,
    pub aliases: String,
}

/// Reads the form. Refuses a missing or odd code, a missing name, an unknown kind, and a room that is not in `rooms`.
pub fn check(form: &ServiceForm, rooms: &[Room]) -> Result<ServiceFacts, Problems> {
    let mut problems = Problems::none();
    let code = written::code(&mut problems, "code", "mã dịch vụ", &form.code);
    let name = written::required(&mut problems, "name", "tên dịch vụ", &form.name, 250);
    let unit = written::optional(&mut problems, "unit", "đơn vị", &form.unit, 20);
    let national_code = written::optional(&mut problems, "national_code", "mã tương đương", &form.national_code, 30);
    let specimen = written::optional(&mut problems, "specimen", "bệnh phẩm", &form.specimen, 120);
    let preparation = written::optional(&mut problems, "preparation", "chuẩn bị", &form.preparation, 200);
    let aliases = written::optional(&mut problems, "aliases", "từ gợi nhớ", &form.aliases, 200);
    let kind = Kind::read(&form.kind);
    if kind.is_none() {
        let typed = written::line(&form.kind);
        problems.add(
            "kind",
            if typed.is_empty() {
                "Chưa có loại dịch vụ. Chọn Khám, Xét nghiệm, Hình ảnh, Thủ thuật hoặc Khác.".to_owned()
            } else {
                format!("Loại “{typed}” không có. Dùng Khám, Xét nghiệm, Hình ảnh, Thủ thuật hoặc Khác.")
            },
        );
    }
    let typed_room = written::line(&form.room);
    let room = find_room(&typed_room, rooms);
    if !typed_room.is_empty() && room.is_none() {
        problems.add("room", format!("Không có phòng “{typed_room}”. Dùng mã hoặc tên phòng đã khai báo ở mục Phòng."));
    }
    problems.or(ServiceFacts {
        code,
        name,
        kind: kind.unwrap_or(Kind::Other),
        room,
        unit: if unit.is_empty() { "lần".into() } else { unit },
        national_code,
        specimen,
        preparation,
        aliases,
    })
}

fn find_room(typed: &str, rooms: &[Room]) -> Option<RoomId> {
    if let Ok(id) = typed.parse::<RoomId>() {
        return rooms.iter().find(|room| room.id == id).map(|room| room.id);
    }
    let wanted = fold(typed);
    let named = |name: &str| !wanted.is_empty() && fold(name) == wanted;
    rooms.iter().find(|r| named(&r.code) || named(&r.name) || named(&r.short_name)).map(|room| room.id)
}

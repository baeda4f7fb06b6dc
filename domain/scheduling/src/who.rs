//! Whom a booking is for, and who made it: as far as one tells it over the phone.

use base::names::tidy_name;
use base::{PatientId, Problem, Problems, fold};
use chrono::NaiveDate;
use patient::{Birth, Sex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The person as typed or said. Empty where nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TypedWho {
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub phone: String,
    pub cccd: String,
    pub card_no: String,
}

/// The person a booking is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The facility's own patient, where known.
    pub patient: Option<PatientId>,
    pub name: String,
    /// Absent while only a place is held.
    pub birth: Option<Birth>,
    pub sex: Sex,
    pub phone: String,
    pub cccd: String,
    pub card_no: String,
}

/// Who made the booking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Booker {
    pub account: Option<Uuid>,
    pub partner: Option<Uuid>,
    pub name: String,
    pub phone: String,
    /// `self`, `child`, `parent`, `spouse` or `other`: what the patient is to the one who books.
    pub relation: String,
}

impl Who {
    /// Nobody yet: a place held while the form is filled. `key` keeps two such holds of one browser from standing side by side.
    pub fn nobody(phone: &str) -> Who {
        Who { patient: None, name: String::new(), birth: None, sex: Sex::Unknown, phone: phone.into(), cccd: String::new(), card_no: String::new() }
    }

    /// Reads what was told. Refuses a missing name or birth and a phone number that is none, all at once, beside the fields
    /// `name`, `birth`, `phone`, `cccd`.
    pub fn read(typed: &TypedWho, today: NaiveDate) -> Result<Who, Problems> {
        let mut problems = Problems::none();
        let name = tidy_name(&typed.name);
        problems.add_if(name.is_empty(), "name", "Chưa có họ tên người khám.");
        problems.add_if(name.chars().count() > 100, "name", "Họ tên dài quá 100 ký tự. Xem lại.");
        problems.add_if(name.chars().any(|c| c.is_ascii_digit() || "<>{}[]|\\".contains(c)), "name", "Họ tên chỉ gồm chữ. Xem lại.");
        let birth = match Birth::parse("birth", &typed.birth, today) {
            Ok(birth) => Some(birth),
            Err(problem) => {
                problems.0.push(problem);
                None
            }
        };
        let phone = match read_phone(&typed.phone) {
            Some(phone) => phone,
            None => {
                problems.add("phone", phone_problem(&typed.phone));
                String::new()
            }
        };
        let cccd = patient::cccd::tidy_number(&typed.cccd);
        if !cccd.is_empty() && let Some(text) = patient::cccd::number_problem(&cccd) {
            problems.add("cccd", text);
        }
        let sex = Sex::from_key(&typed.sex).unwrap_or(Sex::Unknown);
        let card_no: String = typed.card_no.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
        problems.add_if(card_no.chars().count() > 20, "card_no", "Số thẻ BHYT dài quá. Xem lại số trên thẻ.");
        problems.or(Who { patient: None, name, birth, sex, phone, cccd, card_no })
    }

    /// The same human being by what a booking knows: the citizen number, otherwise name and birth with the phone. An
    /// unnamed hold is known by its phone or not at all.
    pub fn key(&self, fallback: Uuid) -> String {
        let text = match (self.cccd.is_empty(), self.birth) {
            (false, _) => format!("cccd/{}", self.cccd),
            (true, Some(birth)) => format!("{}/{}/{}", fold(&self.name), birth.date, self.phone),
            (true, None) => format!("hold/{fallback}"),
        };
        hex::encode(&Sha256::digest(text.as_bytes())[..16])
    }
}

/// A Vietnamese phone number as it is kept, `0xxxxxxxxx`: mobile numbers of ten digits and landlines of eleven (02…),
/// written with or without +84, spaces, dots or hyphens. `None` when it is no number of a phone in Vietnam.
pub fn read_phone(typed: &str) -> Option<String> {
    let mut digits = String::new();
    for c in typed.trim().chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => {}
            ' ' | '.' | '-' | '(' | ')' | '\u{a0}' => {}
            _ => return None,
        }
    }
    let national = match digits.strip_prefix("84") {
        Some(rest) if digits.len() >= 11 => format!("0{rest}"),
        _ => digits,
    };
    let bytes = national.as_bytes();
    let is_phone = match bytes {
        [b'0', b'3' | b'5' | b'7' | b'8' | b'9', ..] => bytes.len() == 10,
        [b'0', b'2', ..] => bytes.len() == 11,
        _ => false,
    };
    is_phone.then_some(national)
}

/// What is wrong with a number that [`read_phone`] does not take.
pub fn phone_problem(typed: &str) -> String {
    match typed.trim().is_empty() {
        true => "Chưa có số điện thoại. Ghi số di động để nhận mã đặt lịch.".into(),
        false => format!("{} không phải số điện thoại ở Việt Nam. Số di động có 10 chữ số, bắt đầu bằng 0.", typed.trim().chars().take(30).collect::<String>()),
    }
}

impl Booker {
    /// Refuses a relation that is none and a phone number that is none.
    pub fn check(&self) -> Result<(), Problem> {
        if !["self", "child", "parent", "spouse", "other"].contains(&self.relation.as_str()) {
            return Err(Problem::at("relation", "Chọn người khám là ai: bản thân, con, cha mẹ, vợ chồng hoặc người khác."));
        }
        if !self.phone.is_empty() && read_phone(&self.phone).as_deref() != Some(&self.phone) {
            return Err(Problem::at("phone", phone_problem(&self.phone)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_read_as_people_write_them() {
        for (typed, kept) in [
            ("0900 000 001", Some("0900000001")),
            ("+84 900.000.001", Some("0900000001")),
            ("84900000001", Some("0900000001")),
            ("(0270) 382 2111", Some("02703822111")),
            ("0900000", None),
            ("01234567890", None),
            ("1900 1234", None),
            ("0900000001x", None),
            ("", None),
            ("٠٩٠٠٠٠٠٠٠١", None),
        ] {
            assert_eq!(read_phone(typed).as_deref(), kept, "{typed}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let problems = Who::read(&TypedWho { name: " ".into(), birth: "31/02/2020".into(), phone: "12".into(), ..TypedWho::default() }, today).unwrap_err();
        for field in ["name", "birth", "phone"] {
            assert_ne!(problems.at(field), "", "{field}");
        }
        let who = Who::read(&TypedWho { name: "nguyễn  minh khuê".into(), birth: "10/01/2026".into(), phone: "+84900000001".into(), ..TypedWho::default() }, today).unwrap();
        assert_eq!((who.name.as_str(), who.phone.as_str()), ("Nguyễn Minh Khuê", "0900000001"));
    }
}

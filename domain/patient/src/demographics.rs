//! Who somebody is, as the desk types it and as it is stored: parsed once, every problem told at once.

use crate::bhyt::CardNumber;
use crate::birth::{Birth, Sex};
use crate::cccd;
use base::{Problem, Problems, fold, names::tidy_name};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The form as it was typed; a problem gives it back unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub phone: String,
    pub cccd: String,
    pub cccd_issued_on: String,
    pub ethnic_code: String,
    pub occupation: String,
    pub address_line: String,
    pub commune_code: String,
    pub commune_name: String,
    /// The ward of before July 2025 that the card named, when the successor was taken instead.
    pub old_ward_code: String,
    pub card_no: String,
    pub card_from: String,
    pub card_to: String,
    pub card_registered_at: String,
    pub contact_name: String,
    pub contact_relation: String,
    pub contact_phone: String,
}

/// Checked demographics, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demographics {
    pub name: String,
    pub birth: Birth,
    pub sex: Sex,
    /// Digits with a leading 0, or "".
    pub phone: String,
    pub cccd: String,
    pub cccd_issued_on: Option<NaiveDate>,
    pub ethnic_code: String,
    pub occupation: String,
    pub address_line: String,
    pub commune_code: String,
    /// The whole address as shown and printed.
    pub address_text: String,
    pub old_ward_code: String,
    pub cover: Option<Cover>,
    pub contact: Option<Contact>,
}

/// An insurance card as entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    pub number: CardNumber,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub registered_at: String,
}

/// A family member or guardian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub name: String,
    pub relation: String,
    pub phone: String,
}

/// Relations the form offers, with their words.
pub const RELATIONS: [(&str, &str); 8] = [
    ("mother", "Mẹ"),
    ("father", "Cha"),
    ("spouse", "Vợ/chồng"),
    ("child", "Con"),
    ("sibling", "Anh/chị/em"),
    ("grandparent", "Ông/bà"),
    ("guardian", "Người giám hộ"),
    ("other", "Người khác"),
];

/// The word for a relation key; "" for an unknown key.
pub fn relation_label(key: &str) -> &'static str {
    RELATIONS.iter().find(|(k, _)| *k == key).map_or("", |(_, label)| label)
}

impl Demographics {
    /// Checks a form on `today`. Asked for are name, birth, sex; for a child under 6 also who brings it, because
    /// the prescription must name that person (Circular 26/2025/TT-BYT).
    pub fn check(typed: &Typed, today: NaiveDate) -> Result<Demographics, Problems> {
        let mut problems = Problems::none();
        let name = text(&mut problems, "name", "Họ tên", &typed.name, 100);
        let name = tidy_name(&name);
        if name.is_empty() && problems.at("name").is_empty() {
            problems.add("name", "Chưa có họ tên. Ghi đủ họ, chữ đệm và tên như trên giấy tờ.");
        } else if let Some(wrong) = name.chars().find(|c| c.is_ascii_digit() || "|<>{}[]@#$%^*=+\\".contains(*c)) {
            problems.add("name", format!("Họ tên có ký tự “{wrong}”. Chỉ ghi chữ, dấu nháy và gạch nối."));
        } else if !name.is_empty() && fold(&name).is_empty() {
            problems.add("name", "Họ tên chưa có chữ nào đọc được. Ghi như trên giấy tờ.");
        }
        let birth = match Birth::parse("birth", &typed.birth, today) {
            Ok(birth) => Some(birth),
            Err(problem) => {
                problems.0.push(problem);
                None
            }
        };
        let sex = Sex::from_key(&typed.sex);
        problems.add_if(sex.is_none(), "sex", "Chưa chọn giới tính. Chọn Nam, Nữ hoặc Chưa rõ.");

        let phone = phone(&mut problems, "phone", &typed.phone);
        let number = cccd::tidy_number(&typed.cccd);
        if !number.is_empty()
            && let Some(wrong) = cccd::number_problem(&number)
        {
            let child = birth.is_some_and(|b| b.age_on(today).years < 14);
            let hint = if child { " Trẻ chưa có mã thì để trống." } else { "" };
            problems.add("cccd", format!("Số CCCD {wrong}{hint}"));
        }
        let issued = date(&mut problems, "cccd_issued_on", "Ngày cấp", &typed.cccd_issued_on);
        problems.add_if(
            issued.is_some_and(|d| d > today),
            "cccd_issued_on",
            "Ngày cấp còn ở tương lai. Xem lại mặt sau thẻ.",
        );

        let line = text(&mut problems, "address_line", "Địa chỉ", &typed.address_line, 200);
        let commune = text(&mut problems, "commune_name", "Xã/phường", &typed.commune_name, 100);
        let code = plain_code(&typed.commune_code, 5);
        problems.add_if(
            code.is_empty() && !commune.is_empty(),
            "commune_name",
            "Chưa nhận ra xã/phường này. Gõ vài chữ rồi chọn trong danh sách gợi ý.",
        );
        let address_text = [line.as_str(), commune.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ");

        let cover = cover(&mut problems, typed);
        let contact = contact(&mut problems, typed);
        let young = birth.is_some_and(|b| b.age_on(today).years < 6);
        problems.add_if(
            young && contact.is_none() && problems.at("contact_name").is_empty(),
            "contact_name",
            "Trẻ dưới 6 tuổi cần tên người đưa trẻ. Ghi cha, mẹ hoặc người giám hộ.",
        );

        let ethnic_code = plain_code(&typed.ethnic_code, 2);
        let occupation = text(&mut problems, "occupation", "Nghề nghiệp", &typed.occupation, 100);
        let (Some(birth), Some(sex)) = (birth, sex) else {
            return Err(problems);
        };
        problems.or(Demographics {
            name,
            birth,
            sex,
            phone,
            cccd: number,
            cccd_issued_on: issued,
            ethnic_code,
            occupation,
            address_line: line,
            commune_code: code,
            address_text,
            old_ward_code: plain_code(&typed.old_ward_code, 5),
            cover,
            contact,
        })
    }
}

/// One line of text: trimmed, single spaces; refuses control characters and what is too long.
fn text(problems: &mut Problems, field: &'static str, label: &str, typed: &str, longest: usize) -> String {
    let length = typed.chars().count();
    if length > longest + 100 || typed.split_whitespace().map(|w| w.chars().count() + 1).sum::<usize>() > longest + 1 {
        problems.add(field, format!("{label} dài {length} chữ, nhiều nhất {longest}. Có thể đã dán nhầm, xóa bớt."));
        return String::new();
    }
    if typed.chars().any(|c| c.is_control() && !c.is_whitespace() || is_invisible(c)) {
        problems.add(field, format!("{label} có ký tự ẩn không in được. Xóa ô này và gõ lại."));
        return String::new();
    }
    typed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Marks that change the reading direction or take no room: a name with them looks right and is never found again.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A Vietnamese phone number: ten digits from 03, 05, 07, 08, 09, or a landline of 10–11 digits from 02; `+84` is
/// read as 0. "" is allowed: not everybody has one.
fn phone(problems: &mut Problems, field: &'static str, typed: &str) -> String {
    let kept: String = typed.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '\u{a0}')).take(40).collect();
    if kept.is_empty() {
        return String::new();
    }
    let number = match kept.strip_prefix("+84").or_else(|| kept.strip_prefix("0084")) {
        Some(rest) => format!("0{rest}"),
        None => kept,
    };
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        problems.add(field, "Số điện thoại chỉ gồm chữ số. Bỏ chữ và ký hiệu, ghi như 0912 345 678.");
    } else if !number.starts_with('0') {
        problems.add(field, "Số điện thoại bắt đầu bằng 0 hoặc +84. Thêm số 0 ở đầu.");
    } else if number.starts_with("02") && !(10..=11).contains(&number.len()) {
        problems.add(field, format!("Số máy bàn có 10 hoặc 11 số, mới có {}. Ghi cả mã vùng.", number.len()));
    } else if !number.starts_with("02") && number.len() != 10 {
        problems.add(field, format!("Số di động có 10 số, đang có {}. Ghi như 0912 345 678.", number.len()));
    } else if matches!(number.as_bytes()[1], b'0' | b'1' | b'4' | b'6') {
        problems.add(field, format!("Không có đầu số {}. Hỏi lại người bệnh.", &number[..2]));
    } else {
        return number;
    }
    String::new()
}

fn date(problems: &mut Problems, field: &'static str, label: &str, typed: &str) -> Option<NaiveDate> {
    if typed.trim().is_empty() {
        return None;
    }
    let day = base::parse_date_vi(typed);
    problems.add_if(day.is_none(), field, format!("{label} không có trong lịch. Ghi như 20/04/2021."));
    day
}

fn cover(problems: &mut Problems, typed: &Typed) -> Option<Cover> {
    if typed.card_no.trim().is_empty() {
        return None;
    }
    let number = CardNumber::parse("card_no", &typed.card_no);
    let valid_from = date(problems, "card_from", "Ngày thẻ có giá trị", &typed.card_from);
    let valid_to = date(problems, "card_to", "Ngày thẻ hết hạn", &typed.card_to);
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && to < from
    {
        problems.add("card_to", "Thẻ hết hạn trước ngày bắt đầu. Xem lại hai ngày in trên thẻ.");
    }
    match number {
        Ok(number) => Some(Cover { number, valid_from, valid_to, registered_at: plain_code(&typed.card_registered_at, 5) }),
        Err(Problem { field, text }) => {
            problems.add(field, text);
            None
        }
    }
}

fn contact(problems: &mut Problems, typed: &Typed) -> Option<Contact> {
    let name = tidy_name(&text(problems, "contact_name", "Tên người liên hệ", &typed.contact_name, 100));
    let phone = phone(problems, "contact_phone", &typed.contact_phone);
    if name.is_empty() {
        problems.add_if(
            !phone.is_empty() && problems.at("contact_name").is_empty(),
            "contact_name",
            "Có số điện thoại người liên hệ mà chưa có tên. Ghi tên người đó.",
        );
        return None;
    }
    let relation = if relation_label(&typed.contact_relation).is_empty() { "other" } else { &typed.contact_relation };
    Some(Contact { name, relation: relation.to_owned(), phone })
}

/// A catalogue code: letters and digits up to a length; anything else counts as none.
fn plain_code(typed: &str, longest: usize) -> String {
    let code = typed.trim();
    let fits = code.len() <= longest && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { code.to_ascii_uppercase() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    fn typed() -> Typed {
        Typed {
            name: "nguyễn văn an".into(),
            birth: "15/03/1985".into(),
            sex: "male".into(),
            phone: "0900 000 001".into(),
            cccd: "084 085 012 345".into(),
            address_line: "Ấp Phú Hòa".into(),
            commune_code: "29254".into(),
            commune_name: "Xã Long Hồ, Tỉnh Vĩnh Long".into(),
            card_no: "GD4860012345678".into(),
            card_from: "01/01/2026".into(),
            card_to: "31/12/2026".into(),
            ..Typed::default()
        }
    }

    #[test]
    fn a_whole_form_is_tidied() {
        let person = Demographics::check(&typed(), today()).unwrap();
        assert_eq!(person.name, "Nguyễn Văn An");
        assert_eq!(person.phone, "0900000001");
        assert_eq!(person.cccd, "084085012345");
        assert_eq!(person.address_text, "Ấp Phú Hòa, Xã Long Hồ, Tỉnh Vĩnh Long");
        assert_eq!(person.cover.unwrap().number.benefit_percent(), Some(80));
    }

    #[test]
    fn every_problem_is_told_at_once_beside_its_field() {
        let wrong = Typed {
            name: "Trần 3 Trâm".into(),
            birth: "31/02/2024".into(),
            sex: "".into(),
            phone: "09123".into(),
            cccd: "08932400123".into(),
            commune_code: "".into(),
            commune_name: "xã gì đó".into(),
            card_no: "TE1".into(),
            card_from: "45/01/2026".into(),
            contact_phone: "0912345678".into(),
            cccd_issued_on: "01/01/2027".into(),
            ..typed()
        };
        let problems = Demographics::check(&wrong, today()).unwrap_err();
        for field in [
            "name", "birth", "sex", "phone", "cccd", "commune_name", "card_no", "card_from", "contact_name", "cccd_issued_on",
        ] {
            assert!(!problems.at(field).is_empty(), "{field}");
        }
    }

    #[test]
    fn a_small_child_needs_somebody() {
        let child = Typed { birth: "10/01/2026".into(), cccd: "".into(), ..typed() };
        assert!(Demographics::check(&child, today()).unwrap_err().at("contact_name").contains("người đưa trẻ"));
        let with_mother =
            Typed { contact_name: "Lê Thị Hồng Đào".into(), contact_relation: "mother".into(), ..child };
        assert_eq!(Demographics::check(&with_mother, today()).unwrap().contact.unwrap().relation, "mother");
    }

    #[test]
    fn phones_as_people_write_them() {
        for (typed_phone, kept) in [
            ("+84 912 345 678", "0912345678"),
            ("0912.345.678", "0912345678"),
            ("0270 3822 222", "02703822222"),
            ("", ""),
        ] {
            let form = Typed { phone: typed_phone.into(), ..typed() };
            assert_eq!(Demographics::check(&form, today()).unwrap().phone, kept);
        }
        for typed_phone in ["912345678", "09123456789", "0112345678", "không có", "٠٩١٢٣٤٥٦٧٨"] {
            let form = Typed { phone: typed_phone.into(), ..typed() };
            assert!(!Demographics::check(&form, today()).unwrap_err().at("phone").is_empty(), "{typed_phone}");
        }
    }

    #[test]
    fn a_huge_paste_and_hidden_marks_are_told_from_a_name() {
        let paste = Typed { name: "Nguyễn ".repeat(1_500_000), ..typed() };
        assert!(Demographics::check(&paste, today()).unwrap_err().at("name").contains("nhiều nhất 100"));
        for hidden in ["An\u{0}", "An\u{202e}", "\u{200b}An"] {
            let form = Typed { name: hidden.into(), ..typed() };
            assert!(Demographics::check(&form, today()).unwrap_err().at("name").contains("ký tự ẩn"));
        }
    }

    proptest! {
        #[test]
        fn no_typing_makes_the_form_panic(a in "\\PC{0,80}", b in "\\PC{0,40}", c in "\\PC{0,40}") {
            let form = Typed {
                name: a.clone(), birth: b.clone(), sex: c.clone(), phone: a.clone(), cccd: b.clone(),
                cccd_issued_on: c.clone(), address_line: a.clone(), commune_code: b.clone(), commune_name: c.clone(),
                card_no: a.clone(), card_from: b.clone(), card_to: c.clone(), contact_name: a, contact_phone: b, ..Typed::default()
            };
            let _ = Demographics::check(&form, today());
        }
    }
}

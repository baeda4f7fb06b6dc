//! The citizen card (CCCD, thẻ căn cước): its number and the QR code on it.
//!
//! QR text: `số|CMND cũ|họ tên|ngày sinh|giới tính|địa chỉ|ngày cấp`, dates as `ddmmyyyy`. Cards of the Law on
//! Identification 2023 may carry more fields behind the seventh; they are read over.

use crate::birth::{Birth, Sex};
use base::Problem;
use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;

/// A scan is short; anything longer is a paste that went astray.
const LONGEST_SCAN: usize = 2_000;

/// What the QR code of a citizen card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CccdQr {
    /// Twelve digits.
    pub number: String,
    /// The old nine-digit number, when the card names it.
    pub old_number: Option<String>,
    /// As printed on the card, tidied into capital initials.
    pub name: String,
    pub birth: Birth,
    pub sex: Sex,
    /// One line; cards from before July 2025 still name the old ward and district.
    pub address: String,
    pub issued_on: Option<NaiveDate>,
}

/// Whether a scanned text has the outline of a citizen card, before it is read for good.
pub fn looks_like_cccd(text: &str) -> bool {
    let number = text.split('|').next().unwrap_or_default().trim();
    text.contains('|') && number.len() == 12 && number.bytes().all(|b| b.is_ascii_digit())
}

impl CccdQr {
    /// Reads the text a scanner typed. Refuses with a sentence for the person at the desk: nothing read, another
    /// kind of code, a damaged code, an impossible date.
    pub fn parse(text: &str, today: NaiveDate) -> Result<CccdQr, Problem> {
        let refuse = |text: &'static str| Problem::at("scan", text);
        if text.len() > LONGEST_SCAN {
            return Err(refuse("Đoạn vừa dán quá dài, không phải mã QR của thẻ căn cước. Quét lại thẻ."));
        }
        let text: String = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').nfc().collect();
        if text.is_empty() {
            return Err(refuse("Chưa đọc được gì. Quét lại, giữ thẻ cách đầu đọc khoảng 10 cm."));
        }
        if text.starts_with("000201") {
            return Err(refuse("Đây là mã QR chuyển khoản, không phải thẻ căn cước. Quét mã ở góc thẻ căn cước."));
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            return Err(refuse("Đây là mã QR của một trang web, không phải thẻ căn cước. Quét mã ở góc thẻ căn cước."));
        }
        if text.chars().any(char::is_control) {
            return Err(refuse("Mã QR có ký tự lạ, có thể đầu đọc bị nhiễu. Quét lại, hoặc nhập tay."));
        }
        let fields: Vec<&str> = text.split('|').map(str::trim).collect();
        if fields.len() < 7 {
            return Err(refuse("Mã QR không đủ 7 phần của thẻ căn cước, có thể mới đọc được một nửa. Quét lại, hoặc nhập tay."));
        }
        if let Some(text) = number_problem(fields[0]) {
            return Err(Problem::at("scan", format!("Số trên mã QR chưa đúng: {text}")));
        }
        let name = base::names::tidy_name(fields[2]);
        if name.is_empty() || name.chars().count() > 100 {
            return Err(refuse("Mã QR không có họ tên đọc được. Quét lại, hoặc nhập tay."));
        }
        let sex = Sex::from_card(fields[4])
            .ok_or_else(|| refuse("Mã QR không ghi giới tính Nam hoặc Nữ. Quét lại, hoặc nhập tay."))?;
        let birth = Birth::parse("scan", fields[3], today)?;
        let issued_on = match fields[6] {
            "" => None,
            day => Some(base::parse_date_vi(day).ok_or_else(|| {
                refuse("Ngày cấp trên mã QR không có trong lịch. Quét lại, hoặc nhập tay.")
            })?),
        };
        Ok(CccdQr {
            number: fields[0].to_owned(),
            old_number: Some(fields[1].to_owned()).filter(|n| !n.is_empty()),
            name,
            birth,
            sex,
            address: fields[5].to_owned(),
            issued_on,
        })
    }

    /// The same text as the card carries; used by tests and by the demo world to print cards.
    pub fn to_text(&self) -> String {
        let birth =
            if self.birth.year_only { self.birth.to_string() } else { self.birth.date.format("%d%m%Y").to_string() };
        format!(
            "{}|{}|{}|{birth}|{}|{}|{}",
            self.number,
            self.old_number.as_deref().unwrap_or_default(),
            self.name,
            self.sex.label(),
            self.address,
            self.issued_on.map(|d| d.format("%d%m%Y").to_string()).unwrap_or_default(),
        )
    }
}

/// Takes spaces and dots out of a typed number.
pub fn tidy_number(typed: &str) -> String {
    typed.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '\u{a0}')).take(64).collect()
}

/// Why a text is not a citizen number; `None` when it is one. Twelve digits: province of birth registration (3),
/// century and sex (1), year (2), serial (6); Decree 70/2024/NĐ-CP.
pub fn number_problem(number: &str) -> Option<String> {
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Some("chỉ gồm 12 chữ số.".into());
    }
    match number.len() {
        12 => None,
        9 => Some("đây có 9 số như CMND cũ. Ghi vào ô CMND, hoặc hỏi số căn cước 12 số.".into()),
        have => Some(format!("cần đủ 12 số, mới có {have}.")),
    }
}

/// What the number itself says about birth year and sex disagrees with the form: a hint, never a refusal, because
/// cards with corrected civil status exist.
pub fn number_hint(number: &str, birth: &Birth, sex: Sex) -> Option<String> {
    let digits: Vec<i32> = number.bytes().map(|b| i32::from(b) - i32::from(b'0')).collect();
    if digits.len() != 12 || digits.iter().any(|d| !(0..=9).contains(d)) {
        return None;
    }
    let year = 1900 + (digits[3] / 2) * 100 + digits[4] * 10 + digits[5];
    let told = if digits[3] % 2 == 0 { Sex::Male } else { Sex::Female };
    if year != birth.date.year() {
        return Some(format!("Số căn cước cho biết năm sinh {year}, khác với {} đã ghi. Xem lại thẻ.", birth.year()));
    }
    (sex != Sex::Unknown && told != sex).then(|| {
        format!("Số căn cước cho biết giới tính {}, khác với {} đã ghi. Xem lại thẻ.", told.label(), sex.label())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AN: &str = "084085012345||NGUYỄN VĂN AN|15031985|Nam|Ấp Phú Hòa, Long An, Long Hồ, Vĩnh Long|20042021";

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    #[test]
    fn a_card_is_read() {
        let card = CccdQr::parse(&format!("{AN}\r\n"), today()).unwrap();
        assert_eq!(card.name, "Nguyễn Văn An");
        assert_eq!(card.number, "084085012345");
        assert_eq!(card.birth.to_string(), "15/03/1985");
        assert_eq!(card.old_number, None);
        assert_eq!(card.issued_on, "2021-04-20".parse().ok());
    }

    #[test]
    fn fields_behind_the_seventh_are_read_over() {
        let new_card = format!("{AN}||Nguyễn Văn Bình|Lê Thị Hoa|");
        assert_eq!(CccdQr::parse(&new_card, today()).unwrap().number, "084085012345");
    }

    #[test]
    fn broken_and_foreign_codes_say_what_to_do() {
        for (text, says) in [
            ("", "Chưa đọc được gì"),
            ("   \n", "Chưa đọc được gì"),
            ("00020101021238540010A00000072701240006970436", "chuyển khoản"),
            ("https://example.vn/menu", "trang web"),
            ("084085012345||NGUYỄN VĂN AN|15031985", "không đủ 7 phần"),
            ("08408501234||NGUYỄN VĂN AN|15031985|Nam|x|20042021", "mới có 11"),
            ("084085012345||NGUYỄN VĂN AN|31021985|Nam|x|20042021", "chưa phải ngày sinh"),
            ("084085012345||NGUYỄN VĂN AN|15032030|Nam|x|20042021", "tương lai"),
            ("084085012345||NGUYỄN VĂN AN|15031985|Khác|x|20042021", "giới tính"),
            ("084085012345|||15031985|Nam|x|20042021", "họ tên"),
            ("084085012345||NGUYỄN\u{7}AN|15031985|Nam|x|20042021", "ký tự lạ"),
            ("084085012345||NGUYỄN VĂN AN|15031985|Nam|x|99999999", "Ngày cấp"),
        ] {
            let problem = CccdQr::parse(text, today()).unwrap_err();
            assert!(problem.text.contains(says), "{text:?}: {}", problem.text);
        }
        assert!(CccdQr::parse(&"|9".repeat(5_000_000), today()).unwrap_err().text.contains("quá dài"));
    }

    #[test]
    fn the_number_tells_year_and_sex() {
        let birth = Birth::day("1985-03-15".parse().unwrap());
        assert_eq!(number_hint("084085012345", &birth, Sex::Male), None);
        assert!(number_hint("084185012345", &birth, Sex::Male).unwrap().contains("giới tính Nữ"));
        assert!(number_hint("084086012345", &birth, Sex::Male).unwrap().contains("1986"));
        assert_eq!(number_hint("0840850", &birth, Sex::Male), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = CccdQr::parse(&text, today());
            let _ = looks_like_cccd(&text);
        }

        #[test]
        fn card_like_noise_never_panics(
            fields in proptest::collection::vec("([0-9]{0,14}|[A-ZĐƯƠa-zăâđêôơư ]{0,12}|\\PC{0,6})", 0..12)
        ) {
            let _ = CccdQr::parse(&fields.join("|"), today());
        }

        #[test]
        fn what_is_written_reads_back(
            number in "[0-9]{12}", old in proptest::option::of("[0-9]{9}"),
            name in "[A-ZĐ][a-zăâđêôơư]{1,6}( [A-ZĐ][a-zăâđêôơư]{1,6}){1,4}",
            days in 0i64..36_000, male: bool, address in "[A-Za-zĐđ0-9]{1,10}(, [A-Za-z]{1,10}){0,3}",
        ) {
            let card = CccdQr {
                number, old_number: old, name,
                birth: Birth::day(today() - chrono::TimeDelta::days(days)),
                sex: if male { Sex::Male } else { Sex::Female },
                address: address.nfc().collect(),
                issued_on: Some(today() - chrono::TimeDelta::days(days / 3)),
            };
            prop_assert_eq!(CccdQr::parse(&card.to_text(), today()), Ok(card));
        }
    }
}

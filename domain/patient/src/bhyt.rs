//! The health-insurance card (thẻ BHYT): its number and the QR code on it.
//!
//! The number has 15 characters: group (2 letters), benefit (1 digit), province (2), social-insurance number (10).
//! Cards of the 2021 model print only the last ten; group and benefit then come from the insurance portal.

use crate::birth::{Birth, Sex};
use base::Problem;
use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

/// A scan is short; anything longer is a paste that went astray.
const LONGEST_SCAN: usize = 8_000;

/// A card number taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardNumber {
    /// Participant group, e.g. "GD" (household); `None` on the ten-digit model.
    pub group: Option<String>,
    /// 1–5; `None` on the ten-digit model.
    pub benefit: Option<u8>,
    /// Province that issued the card, two digits of the old list; `None` on the ten-digit model.
    pub province: Option<String>,
    /// Social-insurance number: ten digits that stay for life.
    pub bhxh_no: String,
}

impl CardNumber {
    /// Reads a typed or scanned number, spaces allowed. Refuses with what is missing.
    pub fn parse(field: &'static str, typed: &str) -> Result<CardNumber, Problem> {
        let number: String =
            typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64).flat_map(char::to_uppercase).collect();
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !number.is_ascii() || number.is_empty() {
            return Err(Problem::at(field, "Số thẻ BHYT gồm 2 chữ cái và 13 số, hoặc 10 số. Xem lại thẻ."));
        }
        match number.len() {
            10 if digits(&number) => Ok(CardNumber { group: None, benefit: None, province: None, bhxh_no: number }),
            15 if number[..2].bytes().all(|b| b.is_ascii_uppercase()) && digits(&number[2..]) => {
                let benefit = number.as_bytes()[2] - b'0';
                if !(1..=5).contains(&benefit) {
                    let text = format!("Ký tự thứ 3 của thẻ BHYT là mức hưởng 1 đến 5, đang là {benefit}. Xem lại thẻ.");
                    return Err(Problem::at(field, text));
                }
                Ok(CardNumber {
                    group: Some(number[..2].to_owned()),
                    benefit: Some(benefit),
                    province: Some(number[3..5].to_owned()),
                    bhxh_no: number[5..].to_owned(),
                })
            }
            15 => Err(Problem::at(field, "Thẻ BHYT 15 ký tự bắt đầu bằng 2 chữ cái, sau đó là 13 số. Xem lại thẻ.")),
            have => {
                let text = format!("Thẻ BHYT có 15 ký tự hoặc 10 số, mới có {have}. Xem lại thẻ.");
                Err(Problem::at(field, text))
            }
        }
    }

    /// What the fund pays of covered costs, in percent, as the benefit digit says; `None` when only the portal knows.
    /// Law on health insurance, article 22(1): 1, 2 and 5 = 100 %, 3 = 95 %, 4 = 80 %.
    pub fn benefit_percent(&self) -> Option<i16> {
        self.benefit.map(|benefit| match benefit {
            3 => 95,
            4 => 80,
            _ => 100,
        })
    }

    /// The number without spaces, as it is stored.
    pub fn plain(&self) -> String {
        match (&self.group, self.benefit, &self.province) {
            (Some(group), Some(benefit), Some(province)) => format!("{group}{benefit}{province}{}", self.bhxh_no),
            _ => self.bhxh_no.clone(),
        }
    }
}

/// `GD 4 86 00123 45678`, as cards print it.
impl std::fmt::Display for CardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let (Some(group), Some(benefit), Some(province)) = (&self.group, self.benefit, &self.province) {
            write!(f, "{group} {benefit} {province} ")?;
        }
        write!(f, "{} {}", &self.bhxh_no[..5], &self.bhxh_no[5..])
    }
}

/// What the QR code of an insurance card says, as far as the desk needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BhytQr {
    pub number: CardNumber,
    pub name: String,
    pub birth: Birth,
    pub sex: Sex,
    pub address: String,
    /// Facility of first registration, five characters, e.g. "01C54"; "" when the card does not say.
    pub registered_at: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub issued_on: Option<NaiveDate>,
    /// Father, mother or guardian, on children's cards.
    pub parent_name: String,
    pub five_years_from: Option<NaiveDate>,
}

/// Whether a scanned text has the outline of an insurance card: many fields and the `$` that ends it.
pub fn looks_like_bhyt(text: &str) -> bool {
    let text = text.trim();
    text.ends_with('$') && text.len() <= LONGEST_SCAN && text.matches('|').count() >= 7
}

impl BhytQr {
    /// Reads the text a scanner typed; refuses with a sentence for the desk.
    pub fn parse(text: &str, today: NaiveDate) -> Result<BhytQr, Problem> {
        let refuse = |text: &'static str| Problem::at("scan", text);
        if text.len() > LONGEST_SCAN {
            return Err(refuse("Đoạn vừa dán quá dài, không phải mã QR của thẻ BHYT. Quét lại thẻ."));
        }
        let text = text.trim();
        if text.is_empty() {
            return Err(refuse("Chưa đọc được gì. Quét lại thẻ BHYT."));
        }
        if !text.ends_with('$') {
            return Err(refuse("Mã QR thẻ BHYT bị thiếu phần cuối. Quét lại, giữ thẻ phẳng và đủ sáng."));
        }
        let fields: Vec<&str> = text.trim_end_matches('$').split('|').map(str::trim).collect();
        if fields.len() < 9 {
            return Err(refuse("Mã QR không đủ các phần của thẻ BHYT. Quét lại, hoặc nhập số thẻ."));
        }
        let words = |i: usize| -> Result<String, Problem> {
            let field = fields.get(i).copied().unwrap_or_default();
            from_hex(field).ok_or_else(|| refuse("Chữ trên mã QR thẻ BHYT đọc không ra. Quét lại, hoặc nhập tay."))
        };
        let day = |i: usize| -> Result<Option<NaiveDate>, Problem> {
            match fields.get(i).copied().unwrap_or_default() {
                "" | "-" => Ok(None),
                text => base::parse_date_vi(text)
                    .map(Some)
                    .ok_or_else(|| refuse("Ngày trên mã QR thẻ BHYT không có trong lịch. Quét lại, hoặc nhập tay.")),
            }
        };
        let number = CardNumber::parse("scan", fields[0])?;
        let name = base::names::tidy_name(&words(1)?);
        if name.is_empty() || name.chars().count() > 100 {
            return Err(refuse("Mã QR thẻ BHYT không có họ tên đọc được. Quét lại, hoặc nhập tay."));
        }
        let (valid_from, valid_to) = (day(6)?, day(7)?);
        if let (Some(from), Some(to)) = (valid_from, valid_to)
            && to < from
        {
            return Err(refuse("Hạn thẻ BHYT kết thúc trước khi bắt đầu. Xem ngày in trên thẻ và nhập tay."));
        }
        Ok(BhytQr {
            number,
            name,
            birth: Birth::parse("scan", fields[2], today)?,
            sex: match fields[3] {
                "1" => Sex::Male,
                "2" => Sex::Female,
                _ => Sex::Unknown,
            },
            address: words(4)?,
            registered_at: facility_code(fields[5]),
            valid_from,
            valid_to,
            issued_on: day(8)?,
            parent_name: words(10)?,
            // Behind the issue date older cards differ, so an unreadable date here is left out, not refused.
            five_years_from: day(12).unwrap_or(None),
        })
    }

    /// The text such a card carries; used by tests and by the demo world.
    pub fn to_text(&self) -> String {
        let day = |d: Option<NaiveDate>| d.map_or("-".into(), base::show_date);
        let words = |s: &str| if s.is_empty() { "-".into() } else { hex::encode(s) };
        let registered = match self.registered_at.split_at_checked(2) {
            Some((province, rest)) if !rest.is_empty() => format!("{province} - {rest}"),
            _ => self.registered_at.clone(),
        };
        let sex = match self.sex {
            Sex::Male => "1",
            Sex::Female => "2",
            Sex::Unknown => "",
        };
        [
            self.number.plain(),
            words(&self.name),
            self.birth.to_string(),
            sex.into(),
            words(&self.address),
            registered,
            day(self.valid_from),
            day(self.valid_to),
            day(self.issued_on),
            "0".into(),
            words(&self.parent_name),
            "4".into(),
            day(self.five_years_from),
            "0-0".into(),
            self.number.benefit.map_or("-".into(), |b| b.to_string()),
            "-".into(),
        ]
        .join("|")
            + "|$"
    }
}

/// The text behind hex UTF-8; "-" and "" are nothing. `None` when it is not hex, not UTF-8 or holds control characters.
fn from_hex(field: &str) -> Option<String> {
    if field.is_empty() || field == "-" {
        return Some(String::new());
    }
    let text = String::from_utf8(hex::decode(field).ok()?).ok()?;
    let text: String = text.trim().nfc().collect();
    (!text.chars().any(char::is_control)).then_some(text)
}

/// `01 - C54` → `01C54`; anything unexpected is kept only if it is short and plain.
fn facility_code(field: &str) -> String {
    let code: String = field.chars().filter(char::is_ascii_alphanumeric).collect();
    if code.len() == 5 { code } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    fn card_of_an() -> BhytQr {
        BhytQr {
            number: CardNumber::parse("card", "GD4860012345678").unwrap(),
            name: "Nguyễn Văn An".into(),
            birth: Birth::day("1985-03-15".parse().unwrap()),
            sex: Sex::Male,
            address: "Ấp Phú Hòa, Xã Long Hồ, Vĩnh Long".into(),
            registered_at: "86C01".into(),
            valid_from: "2026-01-01".parse().ok(),
            valid_to: "2026-12-31".parse().ok(),
            issued_on: "2025-12-20".parse().ok(),
            parent_name: String::new(),
            five_years_from: "2024-05-01".parse().ok(),
        }
    }

    #[test]
    fn numbers_are_taken_apart() {
        let card = CardNumber::parse("card", "gd 4 86 00123 45678").unwrap();
        assert_eq!(card.to_string(), "GD 4 86 00123 45678");
        assert_eq!(card.plain(), "GD4860012345678");
        assert_eq!(card.benefit_percent(), Some(80));
        assert_eq!(CardNumber::parse("card", "0012345678").unwrap().benefit_percent(), None);
        for (typed, says) in [
            ("", "2 chữ cái"),
            ("GD48600123", "2 chữ cái và 13 số|mới có 10"),
            ("GD9860012345678", "mức hưởng 1 đến 5"),
            ("1D4860012345678", "bắt đầu bằng 2 chữ cái"),
            ("GĐ4860012345678", "2 chữ cái"),
            ("TE18689012345", "mới có 13"),
        ] {
            let text = CardNumber::parse("card", typed).unwrap_err().text;
            assert!(says.split('|').any(|s| text.contains(s)), "{typed}: {text}");
        }
    }

    #[test]
    fn a_card_is_read() {
        let card = card_of_an();
        assert_eq!(BhytQr::parse(&card.to_text(), today()), Ok(card));
    }

    #[test]
    fn damaged_cards_say_what_to_do() {
        let good = card_of_an().to_text();
        for (text, says) in [
            (String::new(), "Chưa đọc được gì"),
            (good[..good.len() - 1].to_owned(), "thiếu phần cuối"),
            ("GD4860012345678|4e67|$".into(), "không đủ các phần"),
            (good.replacen("4e677579", "zz677579", 1), "đọc không ra"),
            (good.replacen("15/03/1985", "31/02/1985", 1), "tháng 2/1985"),
            (good.replacen("31/12/2026", "31/12/2020", 1), "kết thúc trước"),
            (good.replacen("GD486", "GD086", 1), "mức hưởng"),
        ] {
            let problem = BhytQr::parse(&text, today()).unwrap_err();
            assert!(problem.text.contains(says), "{text}: {}", problem.text);
        }
        assert!(BhytQr::parse(&"a|".repeat(5_000_000), today()).unwrap_err().text.contains("quá dài"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = BhytQr::parse(&text, today());
            let _ = CardNumber::parse("card", &text);
        }

        #[test]
        fn card_like_noise_never_panics(
            fields in proptest::collection::vec("([0-9a-f]{0,16}|[0-9/]{0,10}|\\PC{0,6})", 0..20)
        ) {
            let _ = BhytQr::parse(&format!("{}$", fields.join("|")), today());
        }

        #[test]
        fn what_is_written_reads_back(
            group in "[A-Z]{2}", benefit in 1u8..=5, rest in "[0-9]{12}", short: bool,
            name in "[A-ZĐ][a-zăâđêôơư]{1,6}( [A-ZĐ][a-zăâđêôơư]{1,6}){1,4}",
            days in 0i64..36_000, year_only: bool, parent in "([A-Z][a-z]{1,5} [A-Z][a-z]{1,5})?",
            registered in "[0-9]{2}[A-Z0-9]{3}",
        ) {
            let typed = if short { rest[..10].to_owned() } else { format!("{group}{benefit}{rest}") };
            let born = today() - chrono::TimeDelta::days(days);
            let birth = if year_only { Birth::parse("", &born.format("%Y").to_string(), today()).unwrap() } else { Birth::day(born) };
            let card = BhytQr {
                number: CardNumber::parse("card", &typed).unwrap(),
                name, birth, registered_at: registered, parent_name: parent, ..card_of_an()
            };
            prop_assert_eq!(BhytQr::parse(&card.to_text(), today()), Ok(card));
        }
    }
}

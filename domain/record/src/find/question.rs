//! What is asked: typed words and ticked filters, read into one question that the index understands.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The form as the address carries it: it can be kept, sent to a colleague and asked again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Typed words.
    pub q: String,
    /// Ticked kinds of paper: keys of [`KINDS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kind: Vec<String>,
    /// Ticked states: keys of [`STATES`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
    /// Ticked wards and rooms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub room: Vec<Uuid>,
    pub doctor: String,
    pub icd: String,
    pub from: String,
    pub to: String,
    /// `"new"` (newest first) or `"old"`.
    pub order: String,
    /// Where the next page begins: microseconds and document.
    pub after: String,
}

/// Kinds of paper, as a records clerk sorts them: key, words, which forms.
pub const KINDS: [(&str, &str); 6] = [
    ("benh_an", "Bệnh án"),
    ("ra_vien", "Giấy ra viện, tóm tắt"),
    ("ket_qua", "Kết quả cận lâm sàng"),
    ("phieu", "Phiếu, tờ điều trị, biên bản"),
    ("don_thuoc", "Đơn thuốc"),
    ("scan", "Bản quét"),
];

/// States of record and document.
pub const STATES: [(&str, &str); 4] =
    [("archived", "Đã lưu trữ"), ("open", "Đang điều trị"), ("completing", "Chờ hoàn thiện"), ("unsigned", "Thiếu chữ ký")];

/// A question ready for the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// For `to_tsquery('simple', …)`; `None` when only filters were given.
    pub words: Option<String>,
    /// An archive number, typed whole: `2026/00123`.
    pub archive_no: Option<String>,
    /// ICD-10 codes or groups, in capitals.
    pub icd: Vec<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// The folded words, for showing where they stand.
    pub marks: Vec<String>,
}

/// More words than this ask for less, not more.
const WORDS: usize = 12;

/// Reads what was asked for the facility. Typed words all have to occur; the last one may be the beginning of a word.
/// Dates that cannot be read are left out; a month (`01/2019`) is read as its first or last day.
pub fn read(asked: &Asked, facility: i32) -> Question {
    let archive_no = Some(asked.q.trim()).filter(|q| is_archive_no(q)).map(str::to_owned);
    let mut marks: Vec<String> = if archive_no.is_some() { Vec::new() } else { base::fold(&asked.q).split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect() };
    marks.truncate(WORDS);
    marks.iter_mut().for_each(|word| word.truncate(60));
    // Folded words hold only letters and digits, so nothing in them can be read as an operator.
    let words = (!marks.is_empty()).then(|| {
        let last = marks.len() - 1;
        let all = marks.iter().enumerate().map(|(n, word)| if n == last && !asked.q.ends_with(' ') { format!("{word}:*") } else { word.clone() });
        std::iter::once(format!("f{facility}")).chain(all).collect::<Vec<_>>().join(" & ")
    });
    let icd = asked.icd.to_uppercase().split([' ', ',', ';']).map(str::trim).filter(|c| is_icd(c)).take(10).map(str::to_owned).collect();
    Question {
        words,
        archive_no,
        icd,
        from: day(&asked.from, false).map(base::dates::start_of_day),
        to: day(&asked.to, true).and_then(|d| d.succ_opt()).map(base::dates::start_of_day),
        marks,
    }
}

fn is_archive_no(text: &str) -> bool {
    text.split_once('/').is_some_and(|(year, number)| {
        year.len() == 4 && (1..=8).contains(&number.len()) && year.bytes().chain(number.bytes()).all(|b| b.is_ascii_digit())
    })
}

fn is_icd(code: &str) -> bool {
    let bytes = code.as_bytes();
    (3..=6).contains(&bytes.len()) && bytes[0].is_ascii_uppercase() && bytes[1].is_ascii_digit() && bytes[2].is_ascii_digit() && (bytes.len() == 3 || bytes[3] == b'.')
}

/// `05/11/2026` or `11/2026`.
fn day(text: &str, last: bool) -> Option<NaiveDate> {
    base::parse_date_vi(text).or_else(|| {
        let (month, year) = text.trim().split_once(['/', '-'])?;
        let first = NaiveDate::from_ymd_opt(year.parse().ok().filter(|y| (1850..2200).contains(y))?, month.parse().ok()?, 1)?;
        if last { first.checked_add_months(chrono::Months::new(1))?.pred_opt() } else { Some(first) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(q: &str) -> Asked {
        Asked { q: q.into(), ..Asked::default() }
    }

    #[test]
    fn words_are_asked_without_marks_and_the_last_may_go_on() {
        for (typed, words) in [
            ("Nguyễn Văn An viêm phổi", Some("f4 & nguyen & van & an & viem & phoi:*")),
            ("nguyen van an viem phoi ", Some("f4 & nguyen & van & an & viem & phoi")),
            ("BV-26-104733", Some("f4 & bv & 26 & 104733:*")),
            ("đặng & !(x|y):*", Some("f4 & dang & x & y:*")),
            ("  ", None),
        ] {
            assert_eq!(read(&asked(typed), 4).words.as_deref(), words, "{typed}");
        }
    }

    #[test]
    fn numbers_codes_and_months_are_known_by_their_look() {
        assert_eq!(read(&asked("2026/00123"), 4).archive_no.as_deref(), Some("2026/00123"));
        assert_eq!(read(&asked("2026/"), 4).archive_no, None);
        let q = read(&Asked { icd: "j18, j18.9;x  E11".into(), from: "01/2019".into(), to: "11/2026".into(), ..Asked::default() }, 4);
        assert_eq!(q.icd, ["J18", "J18.9", "E11"]);
        assert_eq!(q.from, "2018-12-31T17:00:00Z".parse().ok());
        assert_eq!(q.to, "2026-11-30T17:00:00Z".parse().ok());
        assert_eq!(read(&Asked { to: "13/2026".into(), ..Asked::default() }, 4).to, None);
    }

    proptest! {
        /// Whatever is typed, the question holds only words and the two marks that we put there.
        #[test]
        fn nothing_typed_becomes_an_operator(q in ".{0,200}") {
            if let Some(words) = read(&asked(&q), 4).words {
                prop_assert!(words.split(" & ").all(|w| !w.is_empty() && w.trim_end_matches(":*").chars().all(char::is_alphanumeric)), "{}", words);
            }
        }
    }
}

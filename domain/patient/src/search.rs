//! The one search box: what was typed, and the keys under which a person is found.
//!
//! A person is stored under the folded name from each word on and then round, so that every word can be the
//! beginning of a key and every key still holds the whole name; under whole numbers (`#`), and under the last
//! four digits of phone and citizen number (`*`). Looking up is then only prefix ranges in one b-tree.

use base::fold;
use chrono::{Datelike, NaiveDate};

/// What was typed is cut here; nobody types longer names, and a 10 MB paste must cost nothing.
const LONGEST_QUERY: usize = 120;
/// More words than any name has.
const MOST_WORDS: usize = 6;

/// A person's keys, without repetition.
pub fn keys_of(person: &SearchFacts) -> Vec<String> {
    let folded = fold(person.name);
    let words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).collect();
    let mut keys: Vec<String> = (0..words.len().min(8))
        .map(|i| words[i..].iter().chain(&words[..i]).copied().collect::<Vec<_>>().join(" "))
        .collect();
    for number in person.numbers {
        let number = tidy(number);
        if !number.is_empty() {
            keys.push(format!("#{number}"));
        }
    }
    for number in [person.phone, person.cccd] {
        if let Some(last) = number.len().checked_sub(4).and_then(|i| number.get(i..)) {
            keys.push(format!("*{last}"));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// What a person is found by.
pub struct SearchFacts<'a> {
    pub name: &'a str,
    pub phone: &'a str,
    pub cccd: &'a str,
    /// Phone, citizen number, insurance numbers, other papers.
    pub numbers: &'a [&'a str],
}

/// What was typed into the box, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Folded words of a name, each a prefix, in the order typed.
    pub words: Vec<String>,
    /// A birth year, from "1985" or "85" beside a name, or of a typed date.
    pub birth_year: Option<i16>,
    /// A number without spaces, upper letters lowered: phone, card, record.
    pub number: Option<String>,
}

impl Query {
    /// Understands "nguyen van a 85", "0900 000 001", "2345", "GD 4 86 00123 45678", "AT-0012874". Never fails.
    pub fn parse(typed: &str, today: NaiveDate) -> Query {
        let cut: String = typed.chars().take(LONGEST_QUERY).filter(|c| !c.is_control()).collect();
        let mut query = Query::default();
        let plain = tidy(&cut);
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        // A number of any kind: mostly digits, at most two letters in front (card group, record prefix).
        if digits >= 3 && plain.len() - digits <= 4 && plain.is_ascii() && !has_name_word(&cut) {
            query.number = Some(plain);
            return query;
        }
        for word in fold(&cut).split(' ').filter(|w| !w.is_empty()) {
            match birth_year(word, today) {
                Some(year) if query.birth_year.is_none() => query.birth_year = Some(year),
                _ if query.words.len() < MOST_WORDS && !word.bytes().all(|b| b.is_ascii_digit()) => {
                    query.words.push(word.to_owned());
                }
                _ => {}
            }
        }
        query
    }

    /// The running number of a record, when that may have been typed: "AT-0012874", "0012874", "12874". A record number
    /// is no key: it is looked up in the record itself.
    pub fn record_seq(&self) -> Option<i64> {
        record_seq(self.number.as_deref()?)
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.number.is_none()
    }

    /// The key ranges to look through, as prefixes, most telling first. Every order of up to three words is tried
    /// as typed; longer queries are tried from each word on and round, as the keys are stored.
    pub fn prefixes(&self) -> Vec<String> {
        if let Some(number) = &self.number {
            let mut prefixes = vec![format!("#{number}")];
            if number.len() == 4 {
                prefixes.push(format!("*{number}"));
            }
            return prefixes;
        }
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let mut orders: Vec<Vec<&str>> = match words[..] {
            [] => vec![],
            [a] => vec![vec![a]],
            [a, b] => vec![vec![a, b], vec![b, a]],
            [a, b, c] => {
                vec![vec![a, b, c], vec![b, c, a], vec![c, a, b], vec![c, b, a], vec![a, c, b], vec![b, a, c]]
            }
            _ => (0..words.len()).map(|i| words[i..].iter().chain(&words[..i]).copied().collect()).collect(),
        };
        orders.dedup();
        orders.into_iter().map(|o| o.join(" ")).collect()
    }

    /// SQL LIKE patterns that `' ' || key` must all match: each word begins a word of the name.
    pub fn patterns(&self) -> Vec<String> {
        self.words.iter().map(|w| format!("% {w}%")).collect()
    }
}

/// The digits of a record number behind its letters, without leading zeros.
pub fn record_seq(number: &str) -> Option<i64> {
    let digits = number.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().ok().filter(|n| *n > 0)
}

/// Letters and digits only, lowered; marks dropped.
fn tidy(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A word of at least three letters and no digit is a name, not the front of a number.
fn has_name_word(text: &str) -> bool {
    fold(text).split(' ').any(|w| w.chars().count() >= 4 && w.chars().all(char::is_alphabetic))
        || fold(text).split(' ').filter(|w| w.chars().all(char::is_alphabetic)).count() >= 2
}

/// "1985" or "85" as a birth year that somebody alive can have.
fn birth_year(word: &str, today: NaiveDate) -> Option<i16> {
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = word.parse().ok()?;
    let year = match word.len() {
        4 => number,
        2 if 2000 + number <= today.year() => {
            // "20" is a child of 2020 rather than somebody of 106 years.
            2000 + number
        }
        2 => 1900 + number,
        _ => return None,
    };
    (today.year() - 125..=today.year()).contains(&year).then_some(year as i16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }
    fn query(typed: &str) -> Query {
        Query::parse(typed, today())
    }

    #[test]
    fn what_was_typed_is_understood() {
        let name = query("Nguyễn văn A 85");
        assert_eq!(name.words, ["nguyen", "van", "a"]);
        assert_eq!(name.birth_year, Some(1985));
        assert_eq!(query("1985 lành").birth_year, Some(1985));
        assert_eq!(query("khue 26").birth_year, Some(2026));
        for (typed, number) in [
            ("0900 000 001", "0900000001"),
            ("2345", "2345"),
            ("GD 4 86 00123 45678", "gd4860012345678"),
            ("AT-0012874", "at0012874"),
            ("084085012345", "084085012345"),
        ] {
            assert_eq!(query(typed).number.as_deref(), Some(number), "{typed}");
        }
        assert!(query("  \u{0} ").is_empty());
        assert!(query("!!!").is_empty());
    }

    #[test]
    fn a_record_number_is_understood_with_and_without_its_letters_and_zeros() {
        for typed in ["AT-0012874", "0012874", "12874"] {
            assert_eq!(query(typed).record_seq(), Some(12_874), "{typed}");
        }
        for typed in ["000", "nguyen van a", "GD 4 86 00123 45678 99999999999"] {
            assert_eq!(query(typed).record_seq(), None, "{typed}");
        }
    }

    #[test]
    fn four_digits_are_also_the_end_of_a_phone_or_card() {
        assert_eq!(query("2345").prefixes(), ["#2345", "*2345"]);
    }

    #[test]
    fn a_person_is_found_from_each_word() {
        let keys = keys_of(&SearchFacts {
            name: "Nguyễn Văn Đạt",
            phone: "0900000001",
            cccd: "084085012345",
            numbers: &["0900000001", "084085012345", "GD 4 86 00123 45678"],
        });
        for key in [
            "nguyen van dat",
            "van dat nguyen",
            "dat nguyen van",
            "#0900000001",
            "#084085012345",
            "#gd4860012345678",
            "*0001",
            "*2345",
        ] {
            assert!(keys.contains(&key.to_owned()), "{key} in {keys:?}");
        }
        assert_eq!(keys.len(), 8);
    }

    proptest! {
        #[test]
        fn any_typing_is_understood_somehow(typed in "\\PC*") {
            let q = query(&typed);
            prop_assert!(q.words.len() <= MOST_WORDS && q.prefixes().len() <= 6);
        }

        #[test]
        fn every_order_of_a_name_finds_it(
            words in proptest::collection::vec("[a-z]{2,6}", 2..4), shift in 0usize..4, cut in 1usize..4
        ) {
            let name = words.join(" ");
            let keys = keys_of(&SearchFacts { name: &name, phone: "", cccd: "", numbers: &[] });
            let mut typed = words.clone();
            typed.rotate_left(shift % words.len());
            if let Some(last) = typed.last_mut() {
                last.truncate(cut.max(1));
            }
            let q = query(&typed.join(" "));
            prop_assert!(keys.iter().any(|k| q.prefixes().iter().any(|p| k.starts_with(p.as_str()))));
        }
    }
}

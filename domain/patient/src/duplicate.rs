//! Probable duplicates: how alike two people look, in parts that a receptionist can read.
//!
//! The same citizen number decides alone. Otherwise points are added for what agrees and taken away for what
//! contradicts; what one side does not know counts nothing. 100 is certain, from [`ASK`] on the desk must look.

use crate::birth::{Birth, Sex};
use base::fold;

/// From this score on, saving asks the person at the desk to say that it is somebody else.
pub const ASK: u8 = 60;
/// Below this score a candidate is not worth showing.
pub const SHOW: u8 = 45;

/// What is compared. Empty strings are "not known".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness<'a> {
    pub name: &'a str,
    pub birth: Birth,
    pub sex: Sex,
    pub cccd: &'a str,
    pub phone: &'a str,
    /// Social-insurance number, the last ten digits of the insurance card.
    pub bhxh_no: &'a str,
    pub commune_code: &'a str,
    pub address: &'a str,
}

/// One compared part, e.g. "Ngày sinh" agrees with +25.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub label: &'static str,
    pub agrees: bool,
    pub points: i32,
}

/// The score with its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// 0–100.
    pub percent: u8,
    pub parts: Vec<Part>,
}

impl Score {
    pub fn must_ask(&self) -> bool {
        self.percent >= ASK
    }
}

/// Compares two people. The order does not matter.
pub fn score(a: &Likeness, b: &Likeness) -> Score {
    let mut parts = Vec::new();
    let mut add = |label, agrees, points| parts.push(Part { label, agrees, points });

    let both = |x: &str, y: &str| !x.is_empty() && !y.is_empty();
    let same_number = both(a.cccd, b.cccd) && a.cccd == b.cccd;
    if both(a.cccd, b.cccd) {
        if same_number {
            add("Số CCCD", true, 100);
        } else {
            // Two different living citizen numbers are two people, unless one was mistyped.
            let typo = differing_digits(a.cccd, b.cccd) == 1;
            add(if typo { "CCCD lệch 1 số" } else { "Số CCCD" }, false, if typo { -10 } else { -50 });
        }
    }
    if both(a.bhxh_no, b.bhxh_no) {
        let same = a.bhxh_no == b.bhxh_no;
        add("Số BHXH", same, if same { 40 } else { -15 });
    }

    let (name_a, name_b) = (fold(a.name), fold(b.name));
    if name_a == name_b {
        let same_marks = a.name.to_lowercase() == b.name.to_lowercase();
        add(if same_marks { "Họ tên" } else { "Tên khác dấu" }, same_marks, if same_marks { 35 } else { 28 });
    } else if same_words(&name_a, &name_b) {
        add("Họ tên đảo thứ tự", true, 24);
    } else if edits(&name_a, &name_b) == 1 {
        add("Tên lệch 1 chữ", false, 20);
    } else if name_a.split(' ').next_back() == name_b.split(' ').next_back() {
        add("Chỉ trùng tên gọi", false, 2);
    } else {
        add("Họ tên", false, -25);
    }

    if a.birth == b.birth && !a.birth.year_only {
        add("Ngày sinh", true, 25);
    } else if a.birth.agrees_with(&b.birth) {
        add("Năm sinh", true, 18);
    } else if a.birth.year() == b.birth.year() {
        add("Cùng năm, khác ngày sinh", false, 5);
    } else if swapped(&a.birth, &b.birth) {
        add("Ngày sinh đảo ngày–tháng", false, 12);
    } else {
        add("Ngày sinh", false, -20);
    }

    if a.sex != Sex::Unknown && b.sex != Sex::Unknown {
        let same = a.sex == b.sex;
        add("Giới tính", same, if same { 3 } else { -25 });
    }
    if both(a.phone, b.phone) {
        let same = a.phone == b.phone;
        // A family shares a phone and people change numbers, so neither way weighs much.
        add("Số điện thoại", same, if same { 20 } else { -3 });
    }
    if both(a.commune_code, b.commune_code) {
        let same = a.commune_code == b.commune_code;
        add("Xã/phường", same, if same { 8 } else { -4 });
    } else if both(a.address, b.address) {
        let same = fold(a.address) == fold(b.address);
        add("Địa chỉ", same, if same { 10 } else { 0 });
    }

    let total: i32 = parts.iter().map(|p| p.points).sum();
    // Without a shared number the likeness stays a guess, however good.
    let ceiling = if same_number { 100 } else { 95 };
    let floor = if same_number { 85 } else { 0 };
    parts.retain(|p| p.points != 0);
    parts.sort_by_key(|p| -p.points.abs());
    Score { percent: total.clamp(floor, ceiling) as u8, parts }
}

fn differing_digits(a: &str, b: &str) -> usize {
    if a.len() != b.len() {
        return usize::MAX;
    }
    a.bytes().zip(b.bytes()).filter(|(x, y)| x != y).count()
}

fn same_words(a: &str, b: &str) -> bool {
    let sorted = |s: &str| {
        let mut words: Vec<String> = s.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    sorted(a) == sorted(b)
}

/// Day and month typed the other way round.
fn swapped(a: &Birth, b: &Birth) -> bool {
    use chrono::Datelike;
    a.year() == b.year() && a.date.day() == b.date.month() && a.date.month() == b.date.day()
}

/// Letters to insert, drop or change to turn one text into the other; 2 stands for "two or more".
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 1 {
        return 2;
    }
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let back = a[front..].iter().rev().zip(b[front..].iter().rev()).take_while(|(x, y)| x == y).count();
    (a.len().max(b.len()) - front - back).min(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn an() -> Likeness<'static> {
        Likeness {
            name: "Nguyễn Văn An",
            birth: Birth::day("1985-03-15".parse().unwrap()),
            sex: Sex::Male,
            cccd: "084085012345",
            phone: "0900000001",
            bhxh_no: "0012345678",
            commune_code: "29254",
            address: "Ấp Phú Hòa",
        }
    }

    #[test]
    fn the_same_card_decides() {
        let other = Likeness { name: "Lê Thị Bưởi", phone: "", sex: Sex::Unknown, bhxh_no: "", ..an() };
        assert!(score(&an(), &other).percent >= 85);
        assert_eq!(score(&an(), &an()).percent, 100);
    }

    #[test]
    fn likeness_is_ranked_as_a_receptionist_would() {
        let without = Likeness { cccd: "", bhxh_no: "", ..an() };
        let no_marks = Likeness { name: "Nguyễn Văn Ân", phone: "0900000009", ..without.clone() };
        let year = Likeness {
            birth: Birth { date: "1985-01-01".parse().unwrap(), year_only: true },
            phone: "",
            commune_code: "",
            address: "",
            ..without.clone()
        };
        let namesake = Likeness {
            birth: Birth::day("1990-07-01".parse().unwrap()),
            phone: "0911111111",
            commune_code: "00004",
            ..without.clone()
        };
        let family = Likeness { name: "Nguyễn Thị Hoa", sex: Sex::Female, birth: namesake.birth, ..without.clone() };
        let scores: Vec<u8> = [&without, &no_marks, &year, &namesake, &family]
            .into_iter()
            .map(|other| score(&an(), other).percent)
            .collect();
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
        assert!(scores[1] >= ASK && scores[3] < SHOW, "{scores:?}");
    }

    #[test]
    fn two_living_cards_are_two_people_but_a_typo_is_shown() {
        let twin = Likeness { cccd: "084085999999", bhxh_no: "", phone: "", ..an() };
        assert!(score(&an(), &twin).percent < ASK);
        let typo = Likeness { cccd: "084085012346", ..an() };
        let typo = score(&an(), &typo);
        assert!(typo.must_ask());
        assert!(typo.parts.iter().any(|p| p.label == "CCCD lệch 1 số"));
    }

    #[test]
    fn one_letter_is_one_edit() {
        for (a, b, n) in [("an", "an", 0), ("an", "ang", 1), ("an", "en", 1), ("an", "na", 2), ("", "a", 1), ("an", "anhh", 2)] {
            assert_eq!(edits(a, b), n, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn order_does_not_matter(
            name_a in "\\PC{0,20}", name_b in "\\PC{0,20}", cccd in "([0-9]{12})?", phone in "(09[0-9]{8})?", days in 0i64..30_000
        ) {
            let other = Likeness {
                name: &name_b, cccd: &cccd, phone: &phone,
                birth: Birth::day("2026-01-01".parse::<chrono::NaiveDate>().unwrap() - chrono::TimeDelta::days(days)),
                ..an()
            };
            let one = Likeness { name: &name_a, ..an() };
            prop_assert_eq!(score(&one, &other).percent, score(&other, &one).percent);
        }
    }
}

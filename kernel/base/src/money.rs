//! Money: whole đồng in an `i64`, never a float.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// An amount in đồng.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vnd(pub i64);

impl Vnd {
    pub const ZERO: Vnd = Vnd(0);

    /// `265540` → `265.540`, minus sign `−`.
    pub fn digits(self) -> String {
        let raw = self.0.unsigned_abs().to_string();
        let mut out = String::with_capacity(raw.len() + raw.len() / 3 + 1);
        if self.0 < 0 {
            out.push('−');
        }
        for (i, c) in raw.chars().enumerate() {
            if i > 0 && (raw.len() - i).is_multiple_of(3) {
                out.push('.');
            }
            out.push(c);
        }
        out
    }

    /// Reads `265.540`, `265540 đ`, `265,540`; refuses anything else or more than 15 digits.
    pub fn parse(text: &str) -> Option<Vnd> {
        let body = text.trim().trim_end_matches(['đ', 'Đ']).trim();
        let (negative, body) = match body.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, body),
        };
        let digits: String = body.chars().filter(|c| !matches!(c, '.' | ',' | ' ' | '\u{a0}')).collect();
        if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let amount: i64 = digits.parse().ok()?;
        Some(Vnd(if negative { -amount } else { amount }))
    }

    /// The amount in Vietnamese words with a capital first letter and "đồng", as receipts require.
    pub fn in_words(self) -> String {
        let mut words = String::new();
        if self.0 < 0 {
            words.push_str("âm ");
        }
        words.push_str(&number_in_words(self.0.unsigned_abs()));
        words.push_str(" đồng");
        let mut chars = words.chars();
        match chars.next() {
            Some(first) => first.to_uppercase().chain(chars).collect(),
            None => words,
        }
    }
}

/// A whole number in Vietnamese words: 1005 → "một nghìn không trăm linh năm".
pub fn number_in_words(number: u64) -> String {
    const UNITS: [&str; 7] = ["", " nghìn", " triệu", " tỷ", " nghìn tỷ", " triệu tỷ", " tỷ tỷ"];
    if number == 0 {
        return "không".into();
    }
    let mut groups = Vec::new();
    let mut rest = number;
    while rest > 0 {
        groups.push((rest % 1000) as usize);
        rest /= 1000;
    }
    let mut parts = Vec::new();
    for (i, group) in groups.iter().enumerate().rev() {
        if *group > 0 {
            let leading = i + 1 == groups.len();
            parts.push(format!("{}{}", three_digits(*group, leading), UNITS[i]));
        }
    }
    parts.join(" ")
}

fn three_digits(group: usize, leading: bool) -> String {
    const DIGITS: [&str; 10] =
        ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
    let (hundreds, tens, ones) = (group / 100, group / 10 % 10, group % 10);
    let mut words: Vec<&str> = Vec::new();
    if hundreds > 0 || !leading {
        words.push(DIGITS[hundreds]);
        words.push("trăm");
    }
    match tens {
        0 if ones > 0 && !words.is_empty() => words.push("linh"),
        0 => {}
        1 => words.push("mười"),
        _ => {
            words.push(DIGITS[tens]);
            words.push("mươi");
        }
    }
    match (tens, ones) {
        (_, 0) => {}
        (2.., 1) => words.push("mốt"),
        (2.., 4) => words.push("tư"),
        (1.., 5) => words.push("lăm"),
        _ => words.push(DIGITS[ones]),
    }
    words.join(" ")
}

impl fmt::Display for Vnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits())
    }
}
impl Add for Vnd {
    type Output = Vnd;
    fn add(self, other: Vnd) -> Vnd {
        Vnd(self.0 + other.0)
    }
}
impl AddAssign for Vnd {
    fn add_assign(&mut self, other: Vnd) {
        self.0 += other.0;
    }
}
impl Sub for Vnd {
    type Output = Vnd;
    fn sub(self, other: Vnd) -> Vnd {
        Vnd(self.0 - other.0)
    }
}
impl Neg for Vnd {
    type Output = Vnd;
    fn neg(self) -> Vnd {
        Vnd(-self.0)
    }
}
impl Mul<i64> for Vnd {
    type Output = Vnd;
    fn mul(self, times: i64) -> Vnd {
        Vnd(self.0 * times)
    }
}
impl Sum for Vnd {
    fn sum<I: Iterator<Item = Vnd>>(amounts: I) -> Vnd {
        amounts.fold(Vnd::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_read_aloud() {
        for (amount, words) in [
            (0, "Không đồng"),
            (265_540, "Hai trăm sáu mươi lăm nghìn năm trăm bốn mươi đồng"),
            (1_005, "Một nghìn không trăm linh năm đồng"),
            (21_000_015, "Hai mươi mốt triệu không trăm mười lăm đồng"),
            (2_000_000_000, "Hai tỷ đồng"),
            (44_034, "Bốn mươi tư nghìn không trăm ba mươi tư đồng"),
        ] {
            assert_eq!(Vnd(amount).in_words(), words);
        }
    }

    #[test]
    fn nonsense_is_not_money() {
        for text in ["", "abc", "1e9", "12345678901234567890", "--5"] {
            assert_eq!(Vnd::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(amount in -999_999_999_999_999i64..=999_999_999_999_999) {
            prop_assert_eq!(Vnd::parse(&Vnd(amount).digits()), Some(Vnd(amount)));
        }
    }
}

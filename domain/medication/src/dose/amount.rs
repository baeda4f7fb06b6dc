//! How much of something: thousandths of a unit in an integer, so that half a tablet, 2,5 ml and 1/3 of a sachet
//! add up without a float.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Thousandths of whatever unit stands beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Milli(pub i64);

impl Milli {
    pub const ZERO: Milli = Milli(0);
    /// The largest amount anybody may type; larger numbers are a slip of the finger.
    pub const MOST: Milli = Milli(99_999_000);

    /// A whole number of units.
    pub const fn whole(units: i64) -> Milli {
        Milli(units * 1000)
    }

    /// `numerator / denominator`, cut (not rounded) to the thousandth: three thirds then never cost a fourth unit.
    pub fn fraction(numerator: i64, denominator: i64) -> Option<Milli> {
        (denominator > 0 && (0..=1000).contains(&numerator)).then(|| Milli(numerator * 1000 / denominator))
    }

    /// Reads `2`, `0,5`, `2.25`, `1/2`; refuses signs, more than three decimals and anything above [`Milli::MOST`].
    pub fn parse(text: &str) -> Option<Milli> {
        let text = text.trim();
        if let Some((above, below)) = text.split_once('/') {
            return Milli::fraction(small_number(above)?, small_number(below)?);
        }
        let (units, decimals) = text.split_once([',', '.']).unwrap_or((text, ""));
        if decimals.len() > 3 || (text.len() > units.len() && decimals.is_empty()) {
            return None;
        }
        let units = small_number(units)?;
        let thousandths = if decimals.is_empty() { 0 } else { small_number(&format!("{decimals:0<3}"))? };
        let amount = Milli(units * 1000 + thousandths);
        (amount <= Milli::MOST).then_some(amount)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_whole(self) -> bool {
        self.0 % 1000 == 0
    }

    /// `self × count`, or `None` when it no longer fits.
    pub fn times(self, count: i64) -> Option<Milli> {
        self.0.checked_mul(count).map(Milli)
    }

    pub fn plus(self, other: Milli) -> Option<Milli> {
        self.0.checked_add(other.0).map(Milli)
    }

    /// Up to the next whole unit: nobody dispenses half a bottle.
    pub fn rounded_up(self) -> Milli {
        Milli(self.0.div_euclid(1000) * 1000 + if self.is_whole() { 0 } else { 1000 })
    }

    /// How many whole units of the given size hold this amount.
    pub fn packs_of(self, size: Milli) -> Option<i64> {
        (size.0 > 0).then(|| self.0.max(0).unsigned_abs().div_ceil(size.0.unsigned_abs()) as i64)
    }

    /// As papers write it: below ten units with a leading zero, so that a stroke cannot turn 5 into 15
    /// (Circular 26/2025/TT-BYT art. 6(7)). The threshold comes from the dated parameters.
    pub fn on_paper(self, leading_zero_below: i64) -> String {
        if self.is_whole() && self.0 > 0 && self.0 / 1000 < leading_zero_below && self.0 < 10_000 {
            format!("0{}", self.0 / 1000)
        } else {
            self.to_string()
        }
    }
}

impl fmt::Display for Milli {
    /// Halves, thirds and quarters as fractions (that is how tablets are broken), otherwise a decimal comma.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = match self.0 {
            250 => "1/4",
            333 => "1/3",
            500 => "1/2",
            666 => "2/3",
            750 => "3/4",
            _ => "",
        };
        if !fraction.is_empty() {
            return f.write_str(fraction);
        }
        let (sign, size) = if self.0 < 0 { ("−", self.0.unsigned_abs()) } else { ("", self.0.unsigned_abs()) };
        let (units, rest) = (size / 1000, size % 1000);
        if rest == 0 {
            write!(f, "{sign}{units}")
        } else {
            write!(f, "{sign}{units},{}", format!("{rest:03}").trim_end_matches('0'))
        }
    }
}

/// Plain digits, at most six of them.
fn small_number(text: &str) -> Option<i64> {
    let fits = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_as_typed_and_as_shown() {
        for (typed, milli, shown) in [
            ("1", 1000, "1"),
            ("0,5", 500, "1/2"),
            ("0.5", 500, "1/2"),
            ("1/2", 500, "1/2"),
            ("1/4", 250, "1/4"),
            ("2/3", 666, "2/3"),
            ("1,5", 1500, "1,5"),
            ("7,125", 7125, "7,125"),
            ("38,5", 38500, "38,5"),
            ("120", 120_000, "120"),
        ] {
            assert_eq!(Milli::parse(typed), Some(Milli(milli)), "{typed}");
            assert_eq!(Milli(milli).to_string(), shown);
        }
    }

    #[test]
    fn nonsense_is_not_an_amount() {
        for typed in ["", "-1", "+1", "1,", ",5", "1,2345", "1/0", "1e3", "1000000", "٣", "1/2/3", "999999"] {
            assert_eq!(Milli::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn papers_show_a_leading_zero_below_ten() {
        assert_eq!(Milli::whole(5).on_paper(10), "05");
        assert_eq!(Milli::whole(10).on_paper(10), "10");
        assert_eq!(Milli(2500).on_paper(10), "2,5");
        assert_eq!(Milli::ZERO.on_paper(10), "0");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(milli in 0i64..=99_999_000) {
            prop_assert_eq!(Milli::parse(&Milli(milli).to_string()), Some(Milli(milli)));
        }

        #[test]
        fn rounding_up_never_loses_and_never_adds_a_unit(milli in 0i64..=99_999_000) {
            let up = Milli(milli).rounded_up();
            prop_assert!(up.is_whole() && up.0 >= milli && up.0 < milli + 1000);
        }
    }
}

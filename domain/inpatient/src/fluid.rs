//! What goes into a patient and what comes out, shift by shift: the shifts stand in `shifts.tsv`, and the night shift
//! belongs to the day on which it began.

use base::dates::vietnam;
use base::local_time;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use organization::seed::rows;

/// A kind of fluid: key, word, whether it comes out.
pub const KINDS: [(&str, &str, bool); 11] = [
    ("infusion", "Dịch truyền", false),
    ("drink", "Uống", false),
    ("tube", "Ăn qua ống thông", false),
    ("blood", "Máu, chế phẩm máu", false),
    ("drug", "Thuốc tiêm, bơm", false),
    ("urine", "Nước tiểu", true),
    ("vomit", "Nôn, dịch dạ dày", true),
    ("drain", "Dẫn lưu", true),
    ("stool", "Phân lỏng", true),
    ("bleeding", "Máu mất", true),
    ("other_out", "Dịch ra khác", true),
];

/// The word of a kind and whether it comes out; `None` for an unknown key.
pub fn kind(key: &str) -> Option<(&'static str, bool)> {
    KINDS.iter().find(|(known, ..)| *known == key).map(|(_, word, out)| (*word, *out))
}

/// A shift of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub name: &'static str,
    from: NaiveTime,
    to: NaiveTime,
}

impl Shift {
    /// Runs over midnight.
    fn is_overnight(&self) -> bool {
        self.to <= self.from
    }
    /// `Ca đêm (22:00–06:00)`.
    pub fn shown(&self) -> String {
        format!("{} ({}–{})", self.name, self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

/// The shifts in the order of the day.
pub fn shifts() -> Vec<Shift> {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap_or(NaiveTime::MIN);
    rows(include_str!("shifts.tsv")).map(|r| Shift { name: r["name"], from: time(r["from"]), to: time(r["to"]) }).collect()
}

/// The day and the shift to which an instant belongs: 02:00 belongs to the night shift of the day before.
pub fn shift_of(at: DateTime<Utc>, shifts: &[Shift]) -> (NaiveDate, usize) {
    let local = local_time(at);
    let (day, time) = (local.date_naive(), local.time());
    for (n, shift) in shifts.iter().enumerate() {
        if shift.is_overnight() {
            if time >= shift.from {
                return (day, n);
            }
            if time < shift.to {
                return (day - Days::new(1), n);
            }
        } else if time >= shift.from && time < shift.to {
            return (day, n);
        }
    }
    (day, 0)
}

/// When the first shift of a day begins, and the one of the next day: the span of a balance.
pub fn span(day: NaiveDate, shifts: &[Shift]) -> (DateTime<Utc>, DateTime<Utc>) {
    let at = |day: NaiveDate| {
        let time = shifts.first().map_or(NaiveTime::MIN, |s| s.from);
        day.and_time(time).and_local_timezone(vietnam()).single().map_or_else(|| base::dates::start_of_day(day), |t| t.with_timezone(&Utc))
    };
    (at(day), at(day + Days::new(1)))
}

/// Sums of one shift, in millilitres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub into: i64,
    pub out: i64,
}

impl Sum {
    pub fn balance(self) -> i64 {
        self.into - self.out
    }
    /// `+350`, `-120`, `0`.
    pub fn shown(self) -> String {
        let balance = self.balance();
        if balance > 0 { format!("+{balance}") } else { balance.to_string() }
    }
}

/// The sums of each shift of a day; what belongs to another day is left out. `entries`: when, whether it came out, how much.
pub fn sums(day: NaiveDate, entries: &[(DateTime<Utc>, bool, i32)], shifts: &[Shift]) -> Vec<Sum> {
    let mut all = vec![Sum::default(); shifts.len()];
    for (at, is_out, volume) in entries {
        let (of, n) = shift_of(*at, shifts);
        if of == day
            && let Some(sum) = all.get_mut(n)
        {
            if *is_out { sum.out += i64::from(*volume) } else { sum.into += i64::from(*volume) }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+07:00").parse().unwrap()
    }

    #[test]
    fn the_night_belongs_to_the_day_on_which_it_began() {
        let shifts = shifts();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (text, of, n) in [
            ("2026-11-24T05:59:00", "2026-11-23", 2),
            ("2026-11-24T06:00:00", "2026-11-24", 0),
            ("2026-11-24T13:59:00", "2026-11-24", 0),
            ("2026-11-24T14:00:00", "2026-11-24", 1),
            ("2026-11-24T22:00:00", "2026-11-24", 2),
            ("2026-11-24T23:59:00", "2026-11-24", 2),
            ("2026-11-25T00:00:00", "2026-11-24", 2),
        ] {
            assert_eq!(shift_of(at(text), &shifts), (day(of), n), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_millilitre_is_lost_or_counted_twice(entries in proptest::collection::vec((0i64..2880, any::<bool>(), 1i32..2000), 0..40)) {
            let shifts = shifts();
            let begin = at("2026-11-24T00:00:00");
            let entries: Vec<_> = entries.into_iter().map(|(m, out, ml)| (begin + chrono::TimeDelta::minutes(m), out, ml)).collect();
            let days = ["2026-11-23", "2026-11-24", "2026-11-25"].map(|d| d.parse::<NaiveDate>().unwrap());
            let all: i64 = days.iter().flat_map(|d| sums(*d, &entries, &shifts)).map(Sum::balance).sum();
            let expected: i64 = entries.iter().map(|(_, out, ml)| if *out { -i64::from(*ml) } else { i64::from(*ml) }).sum();
            prop_assert_eq!(all, expected);
        }
    }
}

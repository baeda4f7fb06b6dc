//! The result against the person's previous one: a jump asks whether the tube is really theirs.

use rust_decimal::Decimal;

/// When a change asks for a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// In per cent of the previous value.
    pub percent: Decimal,
    /// Only against a result of at most so many days ago.
    pub days: i32,
}

/// The change in per cent when it goes beyond the limit; `None` when it does not or cannot be told.
pub fn exceeds(now: Decimal, before: Decimal, days_between: i64, limit: Option<Limit>) -> Option<Decimal> {
    let limit = limit.filter(|limit| (0..=i64::from(limit.days)).contains(&days_between))?;
    if before.is_zero() {
        return None;
    }
    let change = ((now - before) * Decimal::ONE_HUNDRED).checked_div(before.abs())?;
    (change.abs() > limit.percent).then_some(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_within_its_days_is_told() {
        let limit = Some(Limit { percent: Decimal::from(20), days: 7 });
        let dec = |text: &str| text.parse::<Decimal>().unwrap();
        for (now, before, days, limit, told) in [
            ("120", "100", 1, limit, None),
            ("121", "100", 1, limit, Some("21")),
            ("79", "100", 7, limit, Some("-21")),
            ("79", "100", 8, limit, None),
            ("79", "100", -1, limit, None),
            ("5", "0", 1, limit, None),
            ("500", "100", 1, None, None),
        ] {
            assert_eq!(exceeds(dec(now), dec(before), days, limit), told.map(dec), "{before} → {now} in {days}");
        }
    }
}

//! What a stretch of use costs and how long it lasts: months by the calendar, an upgrade by the day and to the đồng.

use base::Vnd;
use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use organization::package::{Kind, Period, period_on, term};

/// The last day of `months` months that begin on `from`: the day before the same date, or the end of a month that is
/// too short for it (31/01 + 1 month ends 28/02).
pub fn last_day(from: NaiveDate, months: u32) -> NaiveDate {
    let same = from.checked_add_months(Months::new(months)).unwrap_or(from);
    if same.day() < from.day() { same } else { same - TimeDelta::days(1) }
}

/// How many months one gets for so many paid: a year at once brings the months of the terms on top.
pub fn months_given(paid: u32, day: NaiveDate) -> u32 {
    paid + if paid >= 12 { u32::try_from(term("year_free_months", day)).unwrap_or(0) } else { 0 }
}

/// The stretch that a renewal paid on `day` begins with: right after what is bought already, also in the days of grace,
/// which were used; on the day itself once nothing could be written any more.
pub fn renewal_from(periods: &[Period], day: NaiveDate) -> NaiveDate {
    let standing = organization::package::standing_on(periods, day);
    match organization::package::bought_until(periods) {
        Some(last) if standing.may_write() => last + TimeDelta::days(1),
        _ => day,
    }
}

/// What must be paid on `day` so that everything bought until `until` becomes the bigger package: the difference of the
/// monthly prices, for each stretch by its days. Days of a trial cost nothing, and a stretch that is as big already
/// neither. `price` is the monthly price of a package. Rounded once, half a đồng up.
pub fn upgrade_price(periods: &[Period], day: NaiveDate, until: NaiveDate, to: &str, price: impl Fn(&str) -> Vnd) -> Vnd {
    let mut sum = Fraction::ZERO;
    let mut at = day;
    while at <= until {
        let Some(row) = period_on(periods, at) else { break };
        // This row holds until its last day or until a later one begins.
        let next = periods.iter().filter(|p| p.seq > row.seq && p.from > at).map(|p| p.from).min();
        let end = next.map_or(until, |from| until.min(from - TimeDelta::days(1)));
        let end = row.to.map_or(end, |last| end.min(last));
        if end < at {
            break;
        }
        let more = (price(to).0 - price(&row.package).0).max(0);
        if row.kind == Kind::Paid && let Some(last) = row.to {
            let whole = (last - row.from).num_days() + 1;
            let used = (end - at).num_days() + 1;
            sum = sum.plus(i128::from(more) * i128::from(months_in(row.from, last)) * i128::from(used), i128::from(whole));
        }
        at = end + TimeDelta::days(1);
    }
    Vnd(sum.rounded())
}

/// How many months were paid for a stretch: the free ones of a year are not.
fn months_in(from: NaiveDate, last: NaiveDate) -> i64 {
    let end = last + TimeDelta::days(1);
    let months = i64::from(end.year() - from.year()) * 12 + i64::from(end.month()) - i64::from(from.month());
    let months = if end.day() + 3 < from.day() { months - 1 } else { months };
    let free = term("year_free_months", from);
    if months >= 12 + free { months - free } else { months.max(1) }
}

/// An exact sum of fractions, so that nothing is lost between the stretches.
#[derive(Clone, Copy)]
struct Fraction(i128, i128);

impl Fraction {
    const ZERO: Fraction = Fraction(0, 1);
    fn plus(self, top: i128, bottom: i128) -> Fraction {
        Fraction(self.0 * bottom + top * self.1, self.1 * bottom)
    }
    fn rounded(self) -> i64 {
        i64::try_from((self.0 * 2 + self.1) / (self.1 * 2)).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn row(seq: i32, package: &str, kind: Kind, from: NaiveDate, to: NaiveDate) -> Period {
        Period { seq, package: package.into(), kind, from, to: Some(to), reason: String::new() }
    }
    fn price(package: &str) -> Vnd {
        Vnd(if package == "STANDARD" { 650_000 } else { 350_000 })
    }

    #[test]
    fn months_end_where_the_calendar_lets_them() {
        for (from, months, last) in [
            ("2026-11-24", 1, "2026-12-23"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2026-01-01", 1, "2026-01-31"),
            ("2026-03-31", 1, "2026-04-30"),
            ("2026-12-15", 1, "2027-01-14"),
            ("2026-11-24", 13, "2027-12-23"),
            ("2028-02-29", 12, "2029-02-28"),
        ] {
            assert_eq!(last_day(day(from), months), day(last), "{from} + {months}");
        }
        assert_eq!((months_given(1, day("2026-11-24")), months_given(12, day("2026-11-24"))), (1, 13));
    }

    #[test]
    fn a_renewal_begins_where_the_bought_days_end() {
        let month = [row(1, "BASIC", Kind::Paid, day("2026-11-01"), day("2026-11-30"))];
        for (paid_on, from) in [
            ("2026-11-10", "2026-12-01"),
            ("2026-11-30", "2026-12-01"),
            ("2026-12-05", "2026-12-01"),
            ("2026-12-07", "2026-12-01"),
            ("2026-12-08", "2026-12-08"),
            ("2027-03-03", "2027-03-03"),
        ] {
            assert_eq!(renewal_from(&month, day(paid_on)), day(from), "{paid_on}");
        }
    }

    #[test]
    fn an_upgrade_costs_the_difference_of_the_days_left() {
        let month = [row(1, "BASIC", Kind::Paid, day("2026-11-01"), day("2026-11-30"))];
        let until = day("2026-11-30");
        let on = |d: &str| upgrade_price(&month, day(d), until, "STANDARD", price).0;
        assert_eq!(on("2026-11-01"), 300_000);
        assert_eq!(on("2026-11-16"), 150_000);
        assert_eq!(on("2026-11-30"), 10_000);
        // Renewed early with the same package: the next month is paid up as well.
        let two = [month[0].clone(), row(2, "BASIC", Kind::Paid, day("2026-12-01"), day("2026-12-31"))];
        assert_eq!(upgrade_price(&two, day("2026-11-16"), day("2026-12-31"), "STANDARD", price).0, 450_000);
        // A trial costs nothing; what is big enough already costs nothing more.
        let mixed = [row(1, "BASIC", Kind::Trial, day("2026-11-01"), day("2026-11-14")), row(2, "STANDARD", Kind::Paid, day("2026-11-15"), day("2026-12-14"))];
        assert_eq!(upgrade_price(&mixed, day("2026-11-10"), day("2026-12-14"), "STANDARD", price), Vnd::ZERO);
    }

    #[test]
    fn a_year_with_its_free_month_is_priced_as_twelve() {
        let from = day("2026-11-24");
        let year = [row(1, "BASIC", Kind::Paid, from, last_day(from, 13))];
        assert_eq!(upgrade_price(&year, from, last_day(from, 13), "STANDARD", price).0, 12 * 300_000);
    }

    proptest! {
        #[test]
        fn an_upgrade_is_fair_on_every_day(start in 0i64..3000, months in 1u32..14, later in 0i64..400, basic in 1i64..2_000_000, more in 0i64..2_000_000) {
            let from = day("2026-01-01") + TimeDelta::days(start);
            let until = last_day(from, months);
            let rows = [row(1, "BASIC", Kind::Paid, from, until)];
            let price = |p: &str| Vnd(if p == "STANDARD" { basic + more } else { basic });
            let on = from + TimeDelta::days(later % ((until - from).num_days() + 1));
            let now = upgrade_price(&rows, on, until, "STANDARD", price);
            let whole = upgrade_price(&rows, from, until, "STANDARD", price);
            prop_assert!(Vnd::ZERO <= now && now <= whole);
            // The days used and the days left make the whole, but for the rounding of each.
            let used = if on == from { Vnd::ZERO } else { upgrade_price(&rows, from, on - TimeDelta::days(1), "STANDARD", price) };
            prop_assert!((used.0 + now.0 - whole.0).abs() <= 1, "{} + {} ≠ {}", used.0, now.0, whole.0);
            // A day later it never costs more.
            if on < until {
                prop_assert!(upgrade_price(&rows, on + TimeDelta::days(1), until, "STANDARD", price) <= now);
            }
        }
    }
}

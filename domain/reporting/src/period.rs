//! From which day to which day a report looks. Days are business dates: the day of service of a charge, the day on
//! which money changed hands; never the moment a row was written.

use base::{Problems, parse_date_vi, show_date};
use chrono::{Datelike, Days, NaiveDate};

/// The longest stretch one report covers; a year with its leap day.
const LONGEST_DAYS: i64 = 366;

/// Both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// Reads what was typed; nothing typed is today. Refuses dates that do not exist, an end before the start, the
    /// future, and more than a year.
    pub fn read(from: &str, to: &str, today: NaiveDate) -> Result<Period, Problems> {
        let (period, mut problems) = Period::typed(from, to, today, today);
        if period.from > today {
            problems.add("from", "Ngày này chưa tới. Chọn ngày từ hôm nay trở về trước.");
        }
        problems.or(period)
    }

    /// The same for what lies ahead: nothing typed is the week that begins today.
    pub fn read_ahead(from: &str, to: &str, today: NaiveDate) -> Result<Period, Problems> {
        let in_a_week = today.checked_add_days(Days::new(6)).unwrap_or(today);
        let (mut period, problems) = Period::typed(from, to, today, in_a_week);
        // A start beyond the coming week, with no end typed, asks for that one day.
        if to.trim().is_empty() {
            period.to = period.to.max(period.from);
        }
        problems.or(period)
    }

    /// What was typed and what is wrong with it, whatever today is.
    fn typed(from: &str, to: &str, first: NaiveDate, last: NaiveDate) -> (Period, Problems) {
        let mut problems = Problems::none();
        let mut day = |field: &'static str, typed: &str, otherwise: NaiveDate| {
            if typed.trim().is_empty() {
                return otherwise;
            }
            parse_date_vi(typed).unwrap_or_else(|| {
                problems.add(field, "Ngày này không có. Gõ ngày/tháng/năm, ví dụ 24/11/2026.");
                otherwise
            })
        };
        let from_day = day("from", from, first);
        let to_day = day("to", to, last);
        if from_day > to_day && !to.trim().is_empty() {
            problems.add("to", format!("Đến ngày phải từ {} trở đi.", show_date(from_day)));
        } else if (to_day - from_day).num_days() >= LONGEST_DAYS {
            problems.add("to", "Mỗi báo cáo xem tối đa một năm. Chọn khoảng ngắn hơn.");
        }
        (Period { from: from_day, to: to_day }, problems)
    }

    /// The stretches in which people are called to come again.
    pub fn usual_ahead(today: NaiveDate) -> Vec<(&'static str, Period)> {
        let ahead = |days: u64| today.checked_add_days(Days::new(days)).unwrap_or(today);
        let back = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today);
        vec![
            ("Hôm nay", Period::day(today)),
            ("Ngày mai", Period::day(ahead(1))),
            ("7 ngày tới", Period { from: today, to: ahead(6) }),
            ("30 ngày tới", Period { from: today, to: ahead(29) }),
            ("Lỡ hẹn 30 ngày qua", Period { from: back(30), to: back(1) }),
        ]
    }

    pub fn day(day: NaiveDate) -> Period {
        Period { from: day, to: day }
    }

    /// `24/11/2026` or `01/11/2026 – 24/11/2026`.
    pub fn shown(&self) -> String {
        if self.from == self.to {
            show_date(self.from)
        } else {
            format!("{} – {}", show_date(self.from), show_date(self.to))
        }
    }

    /// The stretches people ask for most, with their names.
    pub fn usual(today: NaiveDate) -> Vec<(&'static str, Period)> {
        let back = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let first = today.with_day(1).unwrap_or(today);
        let last_of_previous = first.pred_opt().unwrap_or(first);
        vec![
            ("Hôm nay", Period::day(today)),
            ("Hôm qua", Period::day(back(1))),
            ("7 ngày", Period { from: back(6), to: today }),
            ("Tháng này", Period { from: first, to: today }),
            ("Tháng trước", Period { from: last_of_previous.with_day(1).unwrap_or(first), to: last_of_previous }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date_vi(text).unwrap()
    }

    #[test]
    fn what_was_typed_becomes_days() {
        let today = day("24/11/2026");
        for (from, to, expected) in [
            ("", "", ("24/11/2026", "24/11/2026")),
            ("2026-11-01", "", ("01/11/2026", "24/11/2026")),
            ("01/11/2026", "15/11/2026", ("01/11/2026", "15/11/2026")),
            ("01/11/2026", "30/11/2026", ("01/11/2026", "30/11/2026")),
            ("25/11/2025", "24/11/2026", ("25/11/2025", "24/11/2026")),
        ] {
            let read = Period::read(from, to, today).unwrap_or_else(|_| panic!("{from} {to}"));
            assert_eq!(read, Period { from: day(expected.0), to: day(expected.1) }, "{from} {to}");
        }
    }

    #[test]
    fn impossible_periods_are_refused_beside_the_field() {
        let today = day("24/11/2026");
        for (from, to, field) in [
            ("31/02/2026", "", "from"),
            ("x", "", "from"),
            ("", "99/99/2026", "to"),
            ("25/11/2026", "26/11/2026", "from"),
            ("20/11/2026", "19/11/2026", "to"),
            ("20/11/2024", "24/11/2026", "to"),
        ] {
            let problems = Period::read(from, to, today).expect_err(from);
            assert_ne!(problems.at(field), "", "{from} {to}");
        }
    }

    #[test]
    fn the_month_before_january_is_december() {
        let usual = Period::usual(day("05/01/2027"));
        assert_eq!(usual[4].1, Period { from: day("01/12/2026"), to: day("31/12/2026") });
    }

    #[test]
    fn what_lies_ahead_may_be_asked_for() {
        let today = day("30/12/2026");
        for (from, to, expected) in [
            ("", "", ("30/12/2026", "05/01/2027")),
            ("10/01/2027", "", ("10/01/2027", "10/01/2027")),
            ("01/12/2026", "31/01/2027", ("01/12/2026", "31/01/2027")),
        ] {
            let read = Period::read_ahead(from, to, today).unwrap_or_else(|_| panic!("{from} {to}"));
            assert_eq!(read, Period { from: day(expected.0), to: day(expected.1) }, "{from} {to}");
        }
        assert_ne!(Period::read_ahead("10/01/2027", "09/01/2027", today).unwrap_err().at("to"), "");
        assert_eq!(Period::usual_ahead(today)[1].1, Period::day(day("31/12/2026")));
    }
}

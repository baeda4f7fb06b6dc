//! How long people wait for a result, from the sample to the release, test by test.

use base::{Problem, parse_date_vi};
use chrono::{Datelike, NaiveDate};

/// One test over a period.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Line {
    pub code: String,
    pub name: String,
    pub count: i64,
    /// Minutes from collection to release: half, nine in ten, 95 in 100, and the longest.
    pub p50_min: i32,
    pub p90_min: i32,
    pub p95_min: i32,
    pub longest_min: i32,
}

/// Minutes as people say them: `45 phút`, `2 giờ 05`, `1 ngày 3 giờ`.
pub fn show_minutes(minutes: i32) -> String {
    match minutes {
        m if m < 60 => format!("{m} phút"),
        m if m < 1440 => format!("{} giờ {:02}", m / 60, m % 60),
        m => format!("{} ngày {} giờ", m / 1440, m % 1440 / 60),
    }
}

/// The longest period of one report.
const MOST_DAYS: i64 = 366;

/// Reads a period; empty fields mean this month until today. Refuses one that ends before it begins or is longer than a year.
pub fn period(from: &str, to: &str, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), Problem> {
    let read = |typed: &str, field: &'static str, otherwise: NaiveDate| match typed.trim() {
        "" => Ok(otherwise),
        text => parse_date_vi(text).ok_or_else(|| Problem::at(field, format!("“{text}” không phải ngày. Ghi như 24/11/2026."))),
    };
    let to = read(to, "to", today)?;
    let from = read(from, "from", to.with_day(1).unwrap_or(to))?;
    if from > to || (to - from).num_days() > MOST_DAYS {
        return Err(Problem::at("from", "Khoảng thời gian phải xuôi chiều và không quá một năm."));
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_told_in_words() {
        for (minutes, words) in [(0, "0 phút"), (59, "59 phút"), (60, "1 giờ 00"), (125, "2 giờ 05"), (1620, "1 ngày 3 giờ")] {
            assert_eq!(show_minutes(minutes), words);
        }
    }

    #[test]
    fn a_period_runs_forwards_and_ends() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-24");
        assert_eq!(period("", "", today), Ok((day("2026-11-01"), today)));
        assert_eq!(period("01/10/2026", "31/10/2026", today), Ok((day("2026-10-01"), day("2026-10-31"))));
        for (from, to) in [("25/11/2026", "24/11/2026"), ("01/01/2020", ""), ("x", ""), ("", "31/02/2026")] {
            assert!(period(from, to, today).is_err(), "{from} {to}");
        }
    }
}

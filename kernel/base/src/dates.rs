//! Dates as Vietnam writes them. Instants are stored in UTC and shown at +07:00; a birthday has no time zone.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike, Utc, Weekday};

/// Vietnam's offset: +07:00 all year since 1975.
pub fn vietnam() -> FixedOffset {
    FixedOffset::east_opt(7 * 3600).expect("seven hours is a valid offset")
}

/// The calendar day in Vietnam at that instant.
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    local_time(at).date_naive()
}

/// The instant at Vietnam's offset.
pub fn local_time(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&vietnam())
}

/// The instant at which that day begins in Vietnam.
pub fn start_of_day(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(0, 0, 0)
        .expect("midnight exists")
        .and_local_timezone(vietnam())
        .single()
        .expect("a fixed offset has no gaps")
        .with_timezone(&Utc)
}

/// `22/11/2026`.
pub fn show_date(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// `Chủ nhật, 22/11/2026`.
pub fn show_date_long(day: NaiveDate) -> String {
    let weekday = match day.weekday() {
        Weekday::Mon => "Thứ hai",
        Weekday::Tue => "Thứ ba",
        Weekday::Wed => "Thứ tư",
        Weekday::Thu => "Thứ năm",
        Weekday::Fri => "Thứ sáu",
        Weekday::Sat => "Thứ bảy",
        Weekday::Sun => "Chủ nhật",
    };
    format!("{weekday}, {}", show_date(day))
}

/// `ngày 22 tháng 11 năm 2026`, as papers write it.
pub fn show_date_in_words(day: NaiveDate) -> String {
    format!("ngày {:02} tháng {:02} năm {}", day.day(), day.month(), day.year())
}

/// `09:41`, Vietnam time.
pub fn show_time(at: DateTime<Utc>) -> String {
    let local = local_time(at);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// Reads `15/03/1985`, `15-3-1985`, `15.03.1985`, `15031985`, `1985-03-15`; `None` for dates that do not exist
/// or lie outside 1850–2200.
pub fn parse_date_vi(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    if text.len() > 10 {
        return None;
    }
    let numbers: Vec<&str> = text.split(['/', '-', '.', ' ']).collect();
    let all_digits = |s: &str| !s.is_empty() && s.len() <= 4 && s.bytes().all(|b| b.is_ascii_digit());
    let (day, month, year) = match numbers.as_slice() {
        [y, m, d] if y.len() == 4 && all_digits(y) && all_digits(m) && all_digits(d) => {
            (d.parse().ok()?, m.parse().ok()?, y.parse().ok()?)
        }
        [d, m, y] if y.len() == 4 && all_digits(y) && all_digits(m) && all_digits(d) => {
            (d.parse().ok()?, m.parse().ok()?, y.parse().ok()?)
        }
        [run] if run.len() == 8 && run.bytes().all(|b| b.is_ascii_digit()) => {
            (run[0..2].parse().ok()?, run[2..4].parse().ok()?, run[4..8].parse().ok()?)
        }
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, month, day).filter(|d| (1850..=2200).contains(&d.year()))
}

/// How old somebody is on a day. Children under six are told in months, babies under one month in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    pub years: i32,
    /// Whole months since birth.
    pub months: i32,
    pub days: i64,
}

impl Age {
    /// Age on `on`; all zero when `birth` is later than `on`.
    pub fn on(birth: NaiveDate, on: NaiveDate) -> Age {
        if birth > on {
            return Age { years: 0, months: 0, days: 0 };
        }
        let mut months = (on.year() - birth.year()) * 12 + on.month() as i32 - birth.month() as i32;
        // Someone born on the 31st completes a month on the last day of a shorter one.
        let last = last_day_of_month(on.year(), on.month());
        if on.day() < birth.day().min(last) {
            months -= 1;
        }
        Age { years: months / 12, months, days: (on - birth).num_days() }
    }
}

impl std::fmt::Display for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.months < 1 {
            write!(f, "{} ngày", self.days)
        } else if self.months < 72 {
            write!(f, "{} tháng", self.months)
        } else {
            write!(f, "{} tuổi", self.years)
        }
    }
}

fn last_day_of_month(year: i32, month: u32) -> u32 {
    let next = if month == 12 {
        NaiveDate::from_ymd_opt(year + 1, 1, 1)
    } else {
        NaiveDate::from_ymd_opt(year, month + 1, 1)
    };
    next.and_then(|d| d.pred_opt()).map_or(28, |d| d.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        for (birth, on, shown) in [
            (day(1985, 3, 15), day(2026, 11, 22), "41 tuổi"),
            (day(2026, 1, 10), day(2026, 11, 22), "10 tháng"),
            (day(2026, 11, 20), day(2026, 11, 22), "2 ngày"),
            (day(1951, 11, 23), day(2026, 11, 22), "74 tuổi"),
            (day(1951, 11, 22), day(2026, 11, 22), "75 tuổi"),
            (day(2024, 2, 29), day(2025, 2, 28), "12 tháng"),
            (day(2026, 1, 31), day(2026, 2, 28), "1 tháng"),
        ] {
            assert_eq!(Age::on(birth, on).to_string(), shown, "{birth} on {on}");
        }
    }

    #[test]
    fn the_day_changes_at_seventeen_hours_utc() {
        let before = "2026-11-22T16:59:59Z".parse().unwrap();
        let after = "2026-11-22T17:00:00Z".parse().unwrap();
        assert_eq!(local_date(before), day(2026, 11, 22));
        assert_eq!(local_date(after), day(2026, 11, 23));
        assert_eq!(start_of_day(day(2026, 11, 23)), after);
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["31/02/2026", "00/01/2026", "15/13/2026", "1/1/85", "99999999", "15/03/1985x", "", "٣/٣/١٩٨٥"] {
            assert_eq!(parse_date_vi(text), None, "{text}");
        }
        for text in ["15/03/1985", "15031985", "1985-03-15", "15-3-1985"] {
            assert_eq!(parse_date_vi(text), Some(day(1985, 3, 15)), "{text}");
        }
    }
}

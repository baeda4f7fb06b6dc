//! When somebody was born, as papers tell it: a day, or only a year. And their sex, as papers tell it.

use base::{Age, Problem, show_date};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A birth date; when only the year is known, the date is 1 January of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Birth {
    pub date: NaiveDate,
    pub year_only: bool,
}

/// Nobody has lived longer than this; an older birth is a typing error.
const OLDEST_YEARS: i32 = 125;

impl Birth {
    pub fn day(date: NaiveDate) -> Self {
        Self { date, year_only: false }
    }

    /// Reads a day in any of the usual ways (`15/03/1985`, `15031985`, `1985-03-15`) or a bare year (`1985`), and
    /// refuses what is not in the calendar, lies after `today` or more than 125 years back, saying how to repair it.
    pub fn parse(field: &'static str, typed: &str, today: NaiveDate) -> Result<Birth, Problem> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Problem::at(field, "Chưa có ngày sinh. Ghi ngày/tháng/năm, hoặc chỉ năm nếu giấy tờ chỉ có năm."));
        }
        let birth = match year(typed) {
            Some(year) => NaiveDate::from_ymd_opt(year, 1, 1).map(|date| Birth { date, year_only: true }),
            None => base::parse_date_vi(typed).map(Birth::day),
        };
        let Some(birth) = birth else {
            return Err(Problem::at(field, why_not_a_date(typed)));
        };
        if birth.date > today {
            let text = format!("{birth} còn ở tương lai. Xem lại năm sinh trên giấy tờ.");
            return Err(Problem::at(field, text));
        }
        if today.year() - birth.date.year() > OLDEST_YEARS {
            let text = format!("Sinh {birth} thì đã hơn {OLDEST_YEARS} tuổi. Xem lại năm sinh trên giấy tờ.");
            return Err(Problem::at(field, text));
        }
        Ok(birth)
    }

    /// The age on a day; for a bare year the completed years may be one too many before the real birthday.
    pub fn age_on(&self, day: NaiveDate) -> Age {
        Age::on(self.date, day)
    }

    pub fn year(&self) -> i32 {
        self.date.year()
    }

    /// Whether both may be the same birth: equal, or one knows only the year and the years agree.
    pub fn agrees_with(&self, other: &Birth) -> bool {
        self.date == other.date || ((self.year_only || other.year_only) && self.year() == other.year())
    }
}

/// `15/03/1985`, or `1985` when only the year is known.
impl std::fmt::Display for Birth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.year_only { write!(f, "{}", self.year()) } else { f.write_str(&show_date(self.date)) }
    }
}

fn year(typed: &str) -> Option<i32> {
    (typed.len() == 4 && typed.bytes().all(|b| b.is_ascii_digit())).then(|| typed.parse().ok()).flatten()
}

/// Says what is wrong with a typed date: a day the month does not have is told with the month's length.
fn why_not_a_date(typed: &str) -> String {
    let shown: String = typed.chars().filter(|c| !c.is_control()).take(12).collect();
    let parts: Vec<u32> = typed.split(['/', '-', '.', ' ']).filter_map(|p| p.parse().ok()).collect();
    if let [day, month, year] = parts[..]
        && (1..=12).contains(&month)
        && (1850..=2200).contains(&year)
    {
        let year = year as i32;
        let last = (28..=31).rev().find(|d| NaiveDate::from_ymd_opt(year, month, *d).is_some()).unwrap_or(28);
        if day > last {
            return format!("{shown} không có trong lịch: tháng {month}/{year} có {last} ngày. Xem lại ngày sinh.");
        }
    }
    format!("“{shown}” chưa phải ngày sinh. Ghi như 15/03/1985, hoặc chỉ năm như 1985.")
}

/// Sex as papers tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Male,
    Female,
    Unknown,
}

impl Sex {
    /// The word in the database and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Sex::Male => "male",
            Sex::Female => "female",
            Sex::Unknown => "unknown",
        }
    }

    pub fn from_key(key: &str) -> Option<Sex> {
        [Sex::Male, Sex::Female, Sex::Unknown].into_iter().find(|s| s.key() == key)
    }

    /// `Nam`, `Nữ`, `Chưa rõ`.
    pub fn label(self) -> &'static str {
        match self {
            Sex::Male => "Nam",
            Sex::Female => "Nữ",
            Sex::Unknown => "Chưa rõ",
        }
    }

    /// Reads the word printed on cards, with or without marks.
    pub fn from_card(word: &str) -> Option<Sex> {
        match base::fold(word).as_str() {
            "nam" => Some(Sex::Male),
            "nu" => Some(Sex::Female),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_years_and_what_is_neither() {
        let today = on("2026-11-24");
        for (typed, shown) in
            [("15/03/1985", "15/03/1985"), ("15031985", "15/03/1985"), ("1985", "1985"), ("24/11/2026", "24/11/2026")]
        {
            assert_eq!(Birth::parse("birth", typed, today).unwrap().to_string(), shown);
        }
        for (typed, says) in [
            ("", "Chưa có ngày sinh"),
            ("31/02/2024", "tháng 2/2024 có 29 ngày"),
            ("31/04/2024", "tháng 4/2024 có 30 ngày"),
            ("25/11/2026", "tương lai"),
            ("2027", "tương lai"),
            ("01/01/1900", "hơn 125 tuổi"),
            ("15/13/1985", "chưa phải ngày sinh"),
            ("hôm qua", "chưa phải ngày sinh"),
            ("\u{0}\u{7}", "chưa phải ngày sinh"),
        ] {
            let text = Birth::parse("birth", typed, today).unwrap_err().text;
            assert!(text.contains(says), "{typed:?}: {text}");
        }
    }

    #[test]
    fn a_bare_year_agrees_with_any_day_of_it() {
        let year = Birth { date: on("1985-01-01"), year_only: true };
        assert!(year.agrees_with(&Birth::day(on("1985-03-15"))));
        assert!(!Birth::day(on("1985-01-01")).agrees_with(&Birth::day(on("1985-03-15"))));
    }
}

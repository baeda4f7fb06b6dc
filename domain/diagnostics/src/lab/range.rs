//! Which range holds for whom, and what a value is against it.

use super::result::{Comparator, Entered, show_limit};
use base::{Problems, fold};
use rust_decimal::Decimal;

/// A reference range of one analyte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// `male`, `female`, or "" for both.
    pub sex: String,
    pub is_pregnant: bool,
    pub age_from_days: i32,
    /// The first day of life on which it no longer holds.
    pub age_to_days: Option<i32>,
    pub limits: Limits,
}

/// The numbers (or the normal word) that a value is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub low: Option<Decimal>,
    pub high: Option<Decimal>,
    pub critical_low: Option<Decimal>,
    pub critical_high: Option<Decimal>,
    pub normal_text: String,
}

impl Limits {
    /// As printed beside the result: `3,4–4,5`, `< 5`, `> 0,9`, `Âm tính`, or "".
    pub fn shown(&self) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{}–{}", show_limit(low), show_limit(high)),
            (None, Some(high)) => format!("< {}", show_limit(high)),
            (Some(low), None) => format!("> {}", show_limit(low)),
            (None, None) => self.normal_text.clone(),
        }
    }
}

/// The range for somebody of that sex (`male`, `female`, `unknown`) at that age in days. What is said of pregnancy
/// comes before what is said of a sex, that before what holds for both; of equals the one for fewer days of life.
pub fn pick<'a>(ranges: &'a [Range], sex: &str, age_days: i32, is_pregnant: bool) -> Option<&'a Range> {
    ranges
        .iter()
        .filter(|range| range.sex.is_empty() || range.sex == sex)
        .filter(|range| !range.is_pregnant || is_pregnant)
        .filter(|range| range.age_from_days <= age_days && range.age_to_days.is_none_or(|to| age_days < to))
        .min_by_key(|range| {
            let span = range.age_to_days.map_or(i32::MAX, |to| to - range.age_from_days);
            (!range.is_pregnant, range.sex.is_empty(), span, -range.age_from_days)
        })
}

/// What a value is against its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flag {
    /// Within the range, or nothing to hold it against.
    #[default]
    Normal,
    Low,
    High,
    CriticalLow,
    CriticalHigh,
    /// A word that is not the normal one.
    Abnormal,
}

impl Flag {
    pub const ALL: [Flag; 6] =
        [Flag::Normal, Flag::Low, Flag::High, Flag::CriticalLow, Flag::CriticalHigh, Flag::Abnormal];

    /// The key as it is stored and sent to programs (HL7 table 0078).
    pub fn key(self) -> &'static str {
        match self {
            Flag::Normal => "",
            Flag::Low => "L",
            Flag::High => "H",
            Flag::CriticalLow => "LL",
            Flag::CriticalHigh => "HH",
            Flag::Abnormal => "A",
        }
    }

    pub fn from_key(key: &str) -> Flag {
        Flag::ALL.into_iter().find(|flag| flag.key() == key).unwrap_or_default()
    }

    pub fn is_critical(self) -> bool {
        matches!(self, Flag::CriticalLow | Flag::CriticalHigh)
    }

    pub fn is_abnormal(self) -> bool {
        self != Flag::Normal
    }

    /// The mark beside the value: shape and direction, so that nobody depends on colour.
    pub fn mark(self) -> &'static str {
        match self {
            Flag::Normal => "",
            Flag::Low => "▼",
            Flag::High => "▲",
            Flag::CriticalLow => "▼▼",
            Flag::CriticalHigh => "▲▲",
            Flag::Abnormal => "●",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Flag::Normal => "Bình thường",
            Flag::Low => "Thấp",
            Flag::High => "Cao",
            Flag::CriticalLow => "Nguy kịch thấp",
            Flag::CriticalHigh => "Nguy kịch cao",
            Flag::Abnormal => "Bất thường",
        }
    }
}

/// What a value is. "< 0,5" is judged by what is known of it: it is low only when everything below 0,5 is low.
pub fn flag(entered: &Entered, limits: &Limits) -> Flag {
    let Some(value) = entered.value else {
        let is_word = !entered.shown.is_empty() && !entered.is_not_done();
        let differs = is_word && !limits.normal_text.is_empty() && fold(&entered.shown) != fold(&limits.normal_text);
        return if differs { Flag::Abnormal } else { Flag::Normal };
    };
    let below = |limit: Option<Decimal>| {
        limit.is_some_and(|limit| match entered.comparator {
            Comparator::Equal => value < limit,
            Comparator::Below => value <= limit,
            Comparator::Above => false,
        })
    };
    let above = |limit: Option<Decimal>| {
        limit.is_some_and(|limit| match entered.comparator {
            Comparator::Equal => value > limit,
            Comparator::Above => value >= limit,
            Comparator::Below => false,
        })
    };
    if below(limits.critical_low) {
        Flag::CriticalLow
    } else if above(limits.critical_high) {
        Flag::CriticalHigh
    } else if below(limits.low) {
        Flag::Low
    } else if above(limits.high) {
        Flag::High
    } else {
        Flag::Normal
    }
}

/// Refuses limits that contradict each other.
pub fn check(limits: &Limits, problems: &mut Problems) {
    let ordered = |a: Option<Decimal>, b: Option<Decimal>| a.zip(b).is_none_or(|(a, b)| a <= b);
    problems.add_if(!ordered(limits.low, limits.high), "high", "Giới hạn trên nhỏ hơn giới hạn dưới. Đổi lại hai số.");
    problems.add_if(
        !ordered(limits.critical_low, limits.low),
        "critical_low",
        "Ngưỡng nguy kịch thấp phải nhỏ hơn giới hạn dưới của khoảng tham chiếu.",
    );
    problems.add_if(
        !ordered(limits.high, limits.critical_high),
        "critical_high",
        "Ngưỡng nguy kịch cao phải lớn hơn giới hạn trên của khoảng tham chiếu.",
    );
    let both = limits.critical_low.zip(limits.critical_high);
    problems.add_if(both.is_some_and(|(low, high)| low >= high), "critical_high", "Hai ngưỡng nguy kịch chồng lên nhau.");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn limits(low: &str, high: &str, critical_low: &str, critical_high: &str) -> Limits {
        let number = |text: &str| (!text.is_empty()).then(|| dec(text));
        Limits {
            low: number(low),
            high: number(high),
            critical_low: number(critical_low),
            critical_high: number(critical_high),
            normal_text: String::new(),
        }
    }

    #[test]
    fn a_value_is_held_against_its_limits() {
        let potassium = limits("3.4", "4.5", "2.8", "6.2");
        let equal = |text| Entered::number(Comparator::Equal, dec(text), 1);
        for (value, flagged) in [
            (equal("3.4"), Flag::Normal),
            (equal("4.5"), Flag::Normal),
            (equal("3.3"), Flag::Low),
            (equal("4.6"), Flag::High),
            (equal("2.8"), Flag::Low),
            (equal("2.7"), Flag::CriticalLow),
            (equal("6.2"), Flag::High),
            (equal("6.8"), Flag::CriticalHigh),
            (Entered::number(Comparator::Below, dec("2.8"), 1), Flag::CriticalLow),
            (Entered::number(Comparator::Below, dec("4.0"), 1), Flag::Normal),
            (Entered::number(Comparator::Above, dec("4.5"), 1), Flag::High),
            (Entered::number(Comparator::Above, dec("6.2"), 1), Flag::CriticalHigh),
            (Entered::words("Không làm"), Flag::Normal),
        ] {
            assert_eq!(flag(&value, &potassium), flagged, "{}", value.shown);
        }
    }

    #[test]
    fn words_are_normal_or_not() {
        let negative = Limits { normal_text: "Âm tính".into(), ..Limits::default() };
        assert_eq!(flag(&Entered::words("âm tính"), &negative), Flag::Normal);
        assert_eq!(flag(&Entered::words("Dương tính"), &negative), Flag::Abnormal);
        assert_eq!(flag(&Entered::words("AB"), &Limits::default()), Flag::Normal, "a blood group has no normal");
    }

    #[test]
    fn children_have_their_own_range_by_days() {
        let range = |sex: &str, from, to, high: &str| Range {
            sex: sex.into(),
            age_from_days: from,
            age_to_days: to,
            limits: limits("", high, "", ""),
            is_pregnant: false,
        };
        let mut ranges = vec![
            range("male", 0, None, "175"),
            range("female", 0, None, "155"),
            range("", 0, None, "170"),
            range("", 0, Some(14), "225"),
            range("", 14, Some(4383), "140"),
        ];
        // A child's range says more than one for all ages, even for a boy or a girl.
        for range in &mut ranges[..3] {
            range.age_from_days = 4383;
        }
        ranges.push(Range { is_pregnant: true, ..range("female", 4383, None, "140.5") });
        for (sex, age, pregnant, high) in [
            ("male", 0, false, "225"),
            ("male", 13, false, "225"),
            ("male", 14, false, "140"),
            ("female", 4382, false, "140"),
            ("female", 4383, false, "155"),
            ("male", 15_000, false, "175"),
            ("unknown", 15_000, false, "170"),
            ("female", 10_000, true, "140.5"),
            ("male", 10_000, true, "175"),
        ] {
            let picked = pick(&ranges, sex, age, pregnant).expect("a range");
            assert_eq!(picked.limits.high, Some(dec(high)), "{sex} {age} {pregnant}");
        }
        assert_eq!(pick(&[range("female", 0, None, "1")], "male", 1, false), None);
    }

    #[test]
    fn ranges_are_shown_as_papers_print_them() {
        assert_eq!(limits("3.40", "4.5", "", "").shown(), "3,4–4,5");
        assert_eq!(limits("", "5", "", "").shown(), "< 5");
        assert_eq!(limits("0.9", "", "", "").shown(), "> 0,9");
    }

    #[test]
    fn limits_that_cross_are_refused() {
        for (crossed, field) in [
            (limits("5", "4", "", ""), "high"),
            (limits("3", "4", "3.5", ""), "critical_low"),
            (limits("3", "4", "", "3.5"), "critical_high"),
            (limits("", "", "7", "2"), "critical_high"),
        ] {
            let mut problems = Problems::none();
            check(&crossed, &mut problems);
            assert!(!problems.at(field).is_empty(), "{field}");
        }
    }
}

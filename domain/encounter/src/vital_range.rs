//! Which vital signs are normal at which age. The ranges and their published sources are rows of
//! `catalogues/vital_ranges.tsv`, each in force from a day; nobody need change code when a guideline changes.

use crate::vitals::Measure;
use base::Age;
use chrono::NaiveDate;
use std::sync::LazyLock;

/// How far a value lies from the range of that age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// No published range for this measure at this age.
    Unjudged,
    Normal,
    Low,
    High,
    /// Low enough to call for action now.
    AlarmLow,
    /// High enough to call for action now.
    AlarmHigh,
}

impl Level {
    pub fn is_alarm(self) -> bool {
        matches!(self, Level::AlarmLow | Level::AlarmHigh)
    }
    pub fn is_abnormal(self) -> bool {
        !matches!(self, Level::Unjudged | Level::Normal)
    }
    /// The meaning class of the design language.
    pub fn css(self) -> &'static str {
        match self {
            Level::Unjudged | Level::Normal => "",
            Level::Low | Level::High => "warning",
            Level::AlarmLow | Level::AlarmHigh => "critical",
        }
    }
    /// The word that goes with the colour.
    pub fn word(self, measure: Measure) -> &'static str {
        match (self, measure) {
            (Level::Unjudged | Level::Normal, _) => "",
            (Level::High, Measure::Temperature) => "Sốt",
            (Level::AlarmHigh, Measure::Temperature) => "Sốt nguy hiểm",
            (Level::Low | Level::AlarmLow, Measure::Temperature) => "Hạ thân nhiệt",
            (Level::Low, Measure::Pulse) => "Chậm",
            (Level::High, Measure::Pulse | Measure::Breaths) => "Nhanh",
            (Level::AlarmHigh, Measure::Pulse | Measure::Breaths) => "Rất nhanh",
            (Level::AlarmLow, Measure::Pulse | Measure::Breaths) => "Rất chậm",
            (Level::Low, _) => "Thấp",
            (Level::High, _) => "Cao",
            (Level::AlarmLow, _) => "Rất thấp",
            (Level::AlarmHigh, _) => "Rất cao",
        }
    }
}

/// One row of the range table.
#[derive(Clone, Debug)]
pub struct Range {
    pub measure: Measure,
    from_month: i32,
    before_month: i32,
    pub low: Option<i32>,
    pub high: Option<i32>,
    alarm_at_or_below: Option<i32>,
    alarm_at_or_above: Option<i32>,
    /// The publication the row was taken from.
    pub source: &'static str,
    valid_from: NaiveDate,
}

impl Range {
    pub fn judge(&self, value: i32) -> Level {
        if self.alarm_at_or_below.is_some_and(|limit| value <= limit) {
            Level::AlarmLow
        } else if self.alarm_at_or_above.is_some_and(|limit| value >= limit) {
            Level::AlarmHigh
        } else if self.low.is_some_and(|limit| value < limit) {
            Level::Low
        } else if self.high.is_some_and(|limit| value > limit) {
            Level::High
        } else {
            Level::Normal
        }
    }

    /// `alarm low|low|high|alarm high` in the smallest step, empty where there is none: for the browser, which colours
    /// a field while somebody types.
    pub fn limits(&self) -> String {
        let text = |limit: Option<i32>| limit.map(|v| v.to_string()).unwrap_or_default();
        [self.alarm_at_or_below, self.low, self.high, self.alarm_at_or_above].map(text).join("|")
    }

    /// `60–100`, `từ 95`.
    pub fn show(&self) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{}–{}", self.measure.show(low), self.measure.show(high)),
            (Some(low), None) => format!("từ {}", self.measure.show(low)),
            (None, Some(high)) => format!("đến {}", self.measure.show(high)),
            (None, None) => String::new(),
        }
    }
}

static RANGES: LazyLock<Vec<Range>> =
    LazyLock::new(|| include_str!("../../../catalogues/vital_ranges.tsv").lines().skip(1).map(read_range).collect());

fn read_range(line: &'static str) -> Range {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let measure = Measure::from_field(cells[0]).expect("vital_ranges.tsv names a known measure");
    let value = |i: usize| measure.parse(cells[i]).expect("vital_ranges.tsv holds numbers");
    Range {
        measure,
        from_month: cells[1].parse().expect("a month"),
        before_month: cells[2].parse().unwrap_or(i32::MAX),
        low: value(3),
        high: value(4),
        alarm_at_or_below: value(5),
        alarm_at_or_above: value(6),
        source: cells[7],
        valid_from: cells[8].parse().expect("a date"),
    }
}

/// The range in force on `day` for that age; `None` where nothing is published (weight, height, pain).
pub fn range(measure: Measure, age: Age, day: NaiveDate) -> Option<&'static Range> {
    RANGES
        .iter()
        .filter(|r| r.measure == measure && r.valid_from <= day)
        .filter(|r| (r.from_month..r.before_month).contains(&age.months))
        .max_by_key(|r| r.valid_from)
}

/// The value against the range of that age.
pub fn judge(measure: Measure, value: i32, age: Age, day: NaiveDate) -> Level {
    range(measure, age, day).map_or(Level::Unjudged, |r| r.judge(value))
}

/// The class of an adult's body mass index with the cut-offs for Asian people: WHO Western Pacific 2000, taken over
/// by QĐ 2892/QĐ-BYT of 22/10/2022 on obesity. Under 19 the growth z-score is used instead.
pub fn adult_bmi_class(bmi_tenths: i32) -> (&'static str, Level) {
    match bmi_tenths {
        ..185 => ("Gầy", Level::Low),
        185..230 => ("Bình thường", Level::Normal),
        230..250 => ("Thừa cân", Level::High),
        250..300 => ("Béo phì độ I", Level::High),
        _ => ("Béo phì độ II", Level::High),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vitals::Vitals;

    fn age(years: i32) -> Age {
        Age { years, months: years * 12, days: i64::from(years) * 365 }
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    #[test]
    fn the_same_number_means_another_thing_at_another_age() {
        for (measure, years, value, level) in [
            (Measure::Pulse, 41, 96, Level::Normal),
            (Measure::Pulse, 41, 131, Level::AlarmHigh),
            (Measure::Pulse, 0, 131, Level::Normal),
            (Measure::Pulse, 0, 58, Level::AlarmLow),
            (Measure::Breaths, 41, 30, Level::AlarmHigh),
            (Measure::Breaths, 4, 30, Level::High),
            (Measure::Breaths, 0, 45, Level::Normal),
            (Measure::Systolic, 41, 128, Level::Normal),
            (Measure::Systolic, 41, 182, Level::AlarmHigh),
            (Measure::Systolic, 3, 128, Level::High),
            (Measure::Systolic, 3, 74, Level::AlarmLow),
            (Measure::Temperature, 41, 382, Level::High),
            (Measure::Temperature, 0, 381, Level::AlarmHigh),
            (Measure::Spo2, 41, 97, Level::Normal),
            (Measure::Spo2, 41, 91, Level::AlarmLow),
            (Measure::Weight, 41, 68_000, Level::Unjudged),
        ] {
            assert_eq!(judge(measure, value, age(years), today()), level, "{measure:?} {value} at {years}");
        }
    }

    #[test]
    fn every_age_has_exactly_one_range_of_each_judged_measure() {
        for months in 0..1_300 {
            let age = Age { years: months / 12, months, days: i64::from(months) * 30 };
            for measure in [
                Measure::Systolic,
                Measure::Diastolic,
                Measure::Pulse,
                Measure::Temperature,
                Measure::Spo2,
                Measure::Breaths,
            ] {
                let rows = RANGES
                    .iter()
                    .filter(|r| r.measure == measure)
                    .filter(|r| (r.from_month..r.before_month).contains(&age.months));
                assert_eq!(rows.count(), 1, "{measure:?} at {months} months");
            }
        }
    }

    #[test]
    fn adult_bmi_uses_asian_cut_offs() {
        let mut vitals = Vitals::default();
        vitals.set(Measure::Weight, Some(68_000));
        assert_eq!(vitals.bmi_tenths(), None);
        vitals.set(Measure::Height, Some(1_730));
        assert_eq!(vitals.bmi_tenths(), Some(227));
        for (bmi, class) in [
            (184, "Gầy"),
            (185, "Bình thường"),
            (229, "Bình thường"),
            (230, "Thừa cân"),
            (250, "Béo phì độ I"),
            (300, "Béo phì độ II"),
        ] {
            assert_eq!(adult_bmi_class(bmi).0, class);
        }
    }
}

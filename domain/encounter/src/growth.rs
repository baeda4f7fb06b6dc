//! Growth of children under 19 against the WHO standards (2006, birth to 5 years) and reference (2007, 5–19 years).
//!
//! A z-score tells how many standard deviations a child lies from the median of its age and sex. WHO gives for each
//! age the Box-Cox power L, the median M and the coefficient of variation S; beyond ±3 the weight-based indicators
//! continue in steps of the distance between 2 and 3 SD, because the data are too thin there for the power curve
//! (WHO, *Child Growth Standards: Methods and development*, 2006, chapter 7).

use crate::vital_range::Level;
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    Male,
    Female,
}

impl Sex {
    /// `None` for anything but the two sexes that WHO has tables for.
    pub fn from_word(word: &str) -> Option<Sex> {
        match word {
            "male" => Some(Sex::Male),
            "female" => Some(Sex::Female),
            _ => None,
        }
    }
}

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Indicator {
    WeightForAge,
    HeightForAge,
    /// Weight for length under two years, weight for height from two to five.
    WeightForHeight,
    BmiForAge,
    HeadForAge,
}

impl Indicator {
    pub fn name(self) -> &'static str {
        match self {
            Indicator::WeightForAge => "Cân nặng theo tuổi",
            Indicator::HeightForAge => "Chiều cao theo tuổi",
            Indicator::WeightForHeight => "Cân nặng theo chiều cao",
            Indicator::BmiForAge => "BMI theo tuổi",
            Indicator::HeadForAge => "Vòng đầu theo tuổi",
        }
    }

    /// Heights and heads are normally distributed, so their plain z-score holds at any distance.
    fn is_restricted(self) -> bool {
        !matches!(self, Indicator::HeightForAge | Indicator::HeadForAge)
    }

    /// Outside these WHO says that the measurement, not the child, is wrong.
    fn plausible(self) -> (f64, f64) {
        match self {
            Indicator::WeightForAge => (-6.0, 5.0),
            Indicator::HeightForAge => (-6.0, 6.0),
            Indicator::WeightForHeight | Indicator::BmiForAge | Indicator::HeadForAge => (-5.0, 5.0),
        }
    }
}

/// The measured child.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    pub sex: Sex,
    pub age_days: i64,
    pub weight_g: Option<i32>,
    pub height_mm: Option<i32>,
    /// Measured lying down; WHO expects it under two years and corrects by 7 mm when it was done the other way.
    pub lying: bool,
    pub head_mm: Option<i32>,
}

/// One comparison and what it means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZScore {
    pub indicator: Indicator,
    /// Standard deviations from the median, two decimals.
    pub z: f64,
    pub meaning: &'static str,
    pub level: Level,
}

impl ZScore {
    /// `−1,36` with a true minus sign, as shown on screen.
    pub fn show(&self) -> String {
        let text = format!("{:.2}", self.z.abs()).replace('.', ",");
        let sign = if self.z <= -0.005 {
            "−"
        } else if self.z >= 0.005 {
            "+"
        } else {
            ""
        };
        format!("{sign}{text}")
    }
}

/// Two years in days, where lying turns into standing.
const TWO_YEARS_DAYS: i64 = 731;
/// Five years and one month, where the reference of 2007 takes over.
const REFERENCE_2007_DAYS: i64 = 1_857;
/// The reference ends with the 228th month, the nineteenth birthday.
const NINETEEN_YEARS_DAYS: f64 = 228.0 * DAYS_PER_MONTH;
const DAYS_PER_MONTH: f64 = 30.4375;
/// A standing child measures 7 mm less than the same child lying.
const LYING_EXTRA_MM: i32 = 7;

/// All z-scores that can be told from what was measured; empty from 19 years on.
pub fn assess(child: Child) -> Vec<ZScore> {
    if child.age_days < 0 || child.age_days as f64 >= NINETEEN_YEARS_DAYS {
        return Vec::new();
    }
    let mut scores = Vec::new();
    let height_mm = child.height_mm.map(|mm| height_in_expected_position(mm, child.lying, child.age_days));
    let mut add = |indicator, index: f64, value: f64| {
        if let Some(z) = z_score(indicator, child.sex, index, value) {
            scores.push(meaning(indicator, (z * 100.0).round() / 100.0, child.age_days));
        }
    };
    let age = child.age_days as f64;
    let weight_kg = child.weight_g.map(|g| f64::from(g) / 1000.0);
    if let Some(kg) = weight_kg {
        add(Indicator::WeightForAge, age, kg);
    }
    if let Some(mm) = height_mm {
        add(Indicator::HeightForAge, age, f64::from(mm) / 10.0);
    }
    if let (Some(kg), Some(mm)) = (weight_kg, height_mm) {
        if child.age_days < REFERENCE_2007_DAYS {
            // Lengths and heights have tables of their own; heights are kept on the negative side of one index.
            let length = f64::from(mm) / 10.0;
            let index = if child.age_days < TWO_YEARS_DAYS { length } else { -length };
            add(Indicator::WeightForHeight, index, kg);
        }
        let metres = f64::from(mm) / 1000.0;
        add(Indicator::BmiForAge, age, kg / (metres * metres));
    }
    if let Some(mm) = child.head_mm {
        add(Indicator::HeadForAge, age, f64::from(mm) / 10.0);
    }
    scores
}

fn height_in_expected_position(mm: i32, lying: bool, age_days: i64) -> i32 {
    match (age_days < TWO_YEARS_DAYS, lying) {
        (true, false) => mm + LYING_EXTRA_MM,
        (false, true) => mm - LYING_EXTRA_MM,
        _ => mm,
    }
}

struct Lms {
    l: f64,
    m: f64,
    s: f64,
}

impl Lms {
    /// The value that lies `z` standard deviations from the median.
    fn value_at(&self, z: f64) -> f64 {
        if self.l.abs() < 1e-9 {
            self.m * (self.s * z).exp()
        } else {
            self.m * (1.0 + self.l * self.s * z).powf(1.0 / self.l)
        }
    }

    fn z(&self, value: f64) -> f64 {
        if self.l.abs() < 1e-9 {
            (value / self.m).ln() / self.s
        } else {
            ((value / self.m).powf(self.l) - 1.0) / (self.l * self.s)
        }
    }

    fn restricted_z(&self, value: f64) -> f64 {
        let z = self.z(value);
        if z > 3.0 {
            let (second, third) = (self.value_at(2.0), self.value_at(3.0));
            3.0 + (value - third) / (third - second)
        } else if z < -3.0 {
            let (second, third) = (self.value_at(-2.0), self.value_at(-3.0));
            -3.0 + (value - third) / (second - third)
        } else {
            z
        }
    }
}

fn z_score(indicator: Indicator, sex: Sex, index: f64, value: f64) -> Option<f64> {
    let curve = TABLES.get(&(indicator, sex))?;
    let lms = at(curve, index)?;
    Some(if indicator.is_restricted() { lms.restricted_z(value) } else { lms.z(value) })
}

/// One row of a curve: index (age in days, length in cm, or minus height in cm), L, M, S.
type Row = (f64, f64, f64, f64);

/// The row at `index`, interpolated between neighbours as WHO's own programs do; `None` outside the table.
fn at(curve: &[Row], index: f64) -> Option<Lms> {
    let after = curve.partition_point(|row| row.0 < index - 1e-6);
    let next = curve.get(after)?;
    if (next.0 - index).abs() < 1e-6 {
        return Some(Lms { l: next.1, m: next.2, s: next.3 });
    }
    let before = curve.get(after.checked_sub(1)?)?;
    // Lengths and heights are two tables in one list; nothing lies between them.
    if before.0 < 0.0 && next.0 > 0.0 {
        return None;
    }
    let part = (index - before.0) / (next.0 - before.0);
    let mix = |a: f64, b: f64| a + (b - a) * part;
    Some(Lms { l: mix(before.1, next.1), m: mix(before.2, next.2), s: mix(before.3, next.3) })
}

/// Parsed once, at the first child that is measured.
static TABLES: LazyLock<HashMap<(Indicator, Sex), Vec<Row>>> = LazyLock::new(|| {
    let mut tables: HashMap<(Indicator, Sex), Vec<Row>> = HashMap::new();
    let lms = include_str!("../../../catalogues/growth_lms.tsv");
    for cells in lms.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>()) {
        // Days and tenths of a centimetre come from 2006; months of the older children from 2007.
        let index = number(cells[3]);
        let (indicator, index) = match (cells[0], cells[1]) {
            ("wfa", "day") => (Indicator::WeightForAge, index),
            ("lhfa", "day") => (Indicator::HeightForAge, index),
            ("bmi", "day") => (Indicator::BmiForAge, index),
            ("hcfa", "day") => (Indicator::HeadForAge, index),
            ("wfl", "cm") => (Indicator::WeightForHeight, index),
            ("wfh", "cm") => (Indicator::WeightForHeight, -index),
            ("wfa", "month") => (Indicator::WeightForAge, index * DAYS_PER_MONTH),
            ("lhfa", "month") => (Indicator::HeightForAge, index * DAYS_PER_MONTH),
            ("bmi", "month") => (Indicator::BmiForAge, index * DAYS_PER_MONTH),
            _ => continue,
        };
        let Some(sex) = Sex::from_word(cells[2]) else { continue };
        tables.entry((indicator, sex)).or_default().push((index, number(cells[4]), number(cells[5]), number(cells[6])));
    }
    for rows in tables.values_mut() {
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    tables
});

fn number(cell: &str) -> f64 {
    cell.trim().parse().expect("the growth tables hold numbers")
}

/// The words of WHO's training course on growth assessment (2008) for under fives and of the reference of 2007 for
/// older children.
fn meaning(indicator: Indicator, z: f64, age_days: i64) -> ZScore {
    let (least, most) = indicator.plausible();
    let young = age_days < REFERENCE_2007_DAYS;
    let (meaning, level) = if z < least || z > most {
        ("Khó tin, đo lại hoặc kiểm tra ngày sinh", Level::AlarmHigh)
    } else {
        match indicator {
            Indicator::WeightForAge if z < -3.0 => ("Nhẹ cân nặng", Level::AlarmLow),
            Indicator::WeightForAge if z < -2.0 => ("Nhẹ cân", Level::Low),
            Indicator::HeightForAge if z < -3.0 => ("Thấp còi nặng", Level::AlarmLow),
            Indicator::HeightForAge if z < -2.0 => ("Thấp còi", Level::Low),
            Indicator::WeightForHeight | Indicator::BmiForAge if z < -3.0 => ("Gầy còm nặng", Level::AlarmLow),
            Indicator::WeightForHeight | Indicator::BmiForAge if z < -2.0 => ("Gầy còm", Level::Low),
            Indicator::WeightForHeight | Indicator::BmiForAge if young && z > 3.0 => ("Béo phì", Level::High),
            Indicator::WeightForHeight | Indicator::BmiForAge if young && z > 2.0 => ("Thừa cân", Level::High),
            Indicator::WeightForHeight | Indicator::BmiForAge if young && z > 1.0 => {
                ("Có nguy cơ thừa cân", Level::Normal)
            }
            Indicator::BmiForAge if !young && z > 2.0 => ("Béo phì", Level::High),
            Indicator::BmiForAge if !young && z > 1.0 => ("Thừa cân", Level::High),
            Indicator::HeadForAge if z < -2.0 => ("Vòng đầu nhỏ", Level::Low),
            Indicator::HeadForAge if z > 2.0 => ("Vòng đầu to", Level::High),
            _ => ("Bình thường", Level::Normal),
        }
    };
    ZScore { indicator, z, meaning, level }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(scores: &[ZScore], indicator: Indicator) -> Option<f64> {
        scores.iter().find(|s| s.indicator == indicator).map(|s| s.z)
    }

    /// WHO's own answers for the children of its survey example, many of them far beyond ±3.
    #[test]
    fn agrees_with_the_scores_that_who_published() {
        let mut compared = 0;
        for line in include_str!("../tests/who_growth_vectors.tsv").lines().skip(2) {
            let cells: Vec<&str> = line.split('\t').collect();
            let child = Child {
                sex: if cells[0] == "M" { Sex::Male } else { Sex::Female },
                age_days: cells[1].parse().unwrap(),
                weight_g: cells[2].parse().ok(),
                height_mm: cells[3].parse().ok(),
                lying: cells[4] == "l",
                head_mm: cells[5].parse().ok(),
            };
            let scores = assess(child);
            for (column, indicator) in [
                (6, Indicator::HeightForAge),
                (7, Indicator::WeightForAge),
                (8, Indicator::WeightForHeight),
                (9, Indicator::BmiForAge),
                (10, Indicator::HeadForAge),
            ] {
                let Ok(published) = cells[column].parse::<f64>() else { continue };
                let ours = find(&scores, indicator).unwrap_or_else(|| panic!("{indicator:?} of {line}"));
                // WHO kept full precision of the scale's reading; we keep grams and millimetres.
                assert!((ours - published).abs() < 0.025, "{indicator:?}: {ours} against {published} of {line}");
                compared += 1;
            }
        }
        assert!(compared > 300, "only {compared} scores were compared");
    }

    /// Points of WHO's printed simplified field tables.
    #[test]
    fn meets_the_printed_tables() {
        for (sex, months, indicator, value, z) in [
            (Sex::Male, 24, Indicator::WeightForAge, 12.2, 0.0),
            (Sex::Male, 24, Indicator::WeightForAge, 8.6, -3.0),
            (Sex::Male, 24, Indicator::WeightForAge, 17.1, 3.0),
            (Sex::Female, 12, Indicator::WeightForAge, 8.9, 0.0),
            (Sex::Female, 12, Indicator::WeightForAge, 7.0, -2.0),
            (Sex::Male, 61, Indicator::BmiForAge, 15.3, 0.0),
            (Sex::Male, 61, Indicator::BmiForAge, 18.3, 2.0),
            (Sex::Male, 120, Indicator::WeightForAge, 31.2, 0.0),
            (Sex::Female, 228, Indicator::HeightForAge, 163.2, 0.0),
        ] {
            let ours = z_score(indicator, sex, f64::from(months) * DAYS_PER_MONTH, value).unwrap();
            assert!((ours - z).abs() < 0.06, "{indicator:?} at {months} months: {ours}, printed {z}");
        }
    }

    #[test]
    fn no_score_from_nineteen_and_none_without_a_table() {
        let child = Child {
            sex: Sex::Male,
            age_days: 19 * 366,
            weight_g: Some(60_000),
            height_mm: Some(1_700),
            lying: false,
            head_mm: None,
        };
        assert!(assess(child).is_empty());
        let teen = assess(Child { age_days: 15 * 365, ..child });
        assert_eq!(find(&teen, Indicator::WeightForAge), None, "WHO stops weight for age at ten years");
        assert!(find(&teen, Indicator::BmiForAge).is_some());
    }

    #[test]
    fn every_day_of_childhood_has_a_score() {
        for age_days in 0..NINETEEN_YEARS_DAYS as i64 {
            for sex in [Sex::Male, Sex::Female] {
                for indicator in [Indicator::HeightForAge, Indicator::BmiForAge] {
                    assert!(z_score(indicator, sex, age_days as f64, 80.0).is_some(), "{indicator:?} {age_days}");
                }
            }
        }
    }
}

//! What a report computes from its measurements: age and weight of a fetus, the Boston sum, the ejection fraction.

use super::biometry::{Fetus, GestationalAge, age_from_crl, hadlock_1984, median_weight_g, teichholz_ef_pct, weight_percentile};
use super::report_template::{Derive, Template};
use base::show_date;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A computed line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    pub label: String,
    pub value: String,
    /// Which formula, as short as a paper has room for.
    pub source: String,
}

/// What is computed, and the words that sentences may ask for (`{age}`, `{due}`, `{weight}`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Computed {
    pub lines: Vec<Derived>,
    pub words: BTreeMap<&'static str, String>,
}

/// Reads a number as people here type it: decimal comma or point.
pub fn number(typed: &str) -> Option<f64> {
    let typed = typed.trim();
    let plain = !typed.is_empty() && typed.len() <= 8 && typed.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.'));
    if plain { typed.replace(',', ".").parse().ok() } else { None }
}

/// Computes what the template asks for, on the day of the study, from what was typed. What cannot be computed is left out.
pub fn compute(template: &Template, typed: &BTreeMap<String, String>, day: NaiveDate) -> Computed {
    let value = |key: &str| {
        let measure = template.measures.iter().find(|measure| measure.key == key)?;
        let found = number(typed.get(key)?)?;
        (measure.min.is_none_or(|min| found >= min) && measure.max.is_none_or(|max| found <= max)).then_some(found)
    };
    match template.derive {
        Derive::Nothing => Computed::default(),
        Derive::Pregnancy => pregnancy(value, day),
        Derive::Boston => boston(typed),
        Derive::Heart => heart(value),
    }
}

fn line(label: impl Into<String>, value: impl Into<String>, source: &str) -> Derived {
    Derived { label: label.into(), value: value.into(), source: source.to_owned() }
}

fn pregnancy(value: impl Fn(&str) -> Option<f64>, day: NaiveDate) -> Computed {
    let mut computed = Computed::default();
    let fetus = Fetus { bpd_mm: value("bpd_mm"), hc_mm: value("hc_mm"), ac_mm: value("ac_mm"), fl_mm: value("fl_mm") };
    let single: [(&str, Option<GestationalAge>, &str); 5] = [
        ("Tuổi thai theo CRL", value("crl_mm").and_then(age_from_crl), "Robinson 1975"),
        ("Tuổi thai theo BPD", fetus.bpd_mm.and_then(hadlock_1984::bpd), "Hadlock 1984"),
        ("Tuổi thai theo HC", fetus.hc_mm.and_then(hadlock_1984::hc), "Hadlock 1984"),
        ("Tuổi thai theo AC", fetus.ac_mm.and_then(hadlock_1984::ac), "Hadlock 1984"),
        ("Tuổi thai theo FL", fetus.fl_mm.and_then(hadlock_1984::fl), "Hadlock 1984"),
    ];
    for (label, age, source) in single {
        if let Some(age) = age {
            computed.lines.push(line(label, age.to_string(), source));
        }
    }
    // The crown–rump length is the better clock while it can be measured.
    let Some(age) = value("crl_mm").and_then(age_from_crl).or_else(|| fetus.age()) else { return computed };
    computed.lines.push(line("Tuổi thai", age.to_string(), "tổng hợp các số đo"));
    computed.words.insert("age", age.to_string());
    if let Some(due) = age.due(day) {
        computed.lines.push(line("Dự sinh", show_date(due), "280 ngày"));
        computed.words.insert("due", show_date(due));
    }
    if let Some(weight) = fetus.weight_g() {
        let shown = format!("{weight} g");
        computed.words.insert("weight", shown.clone());
        computed.lines.push(line("Cân nặng ước tính", shown, "Hadlock 1985"));
        if let (Some(percentile), Some(median)) = (weight_percentile(weight, age), median_weight_g(age)) {
            computed.lines.push(line(
                "So với tuổi thai",
                format!("bách phân vị {percentile} (trung vị {median:.0} g)"),
                "Hadlock 1991",
            ));
        }
    }
    computed
}

/// Three segments of 0 to 3; 6 or more with no segment below 2 counts as clean enough (Lai 2009; Calderwood 2014).
fn boston(typed: &BTreeMap<String, String>) -> Computed {
    let segments: Option<Vec<u8>> = ["boston_right", "boston_transverse", "boston_left"]
        .iter()
        .map(|key| typed.get(*key)?.parse().ok().filter(|score| *score <= 3))
        .collect();
    let Some(segments) = segments else { return Computed::default() };
    let sum: u8 = segments.iter().sum();
    let clean = segments.iter().all(|score| *score >= 2);
    let words = if clean { "chuẩn bị đạt" } else { "chuẩn bị chưa đạt, có đoạn dưới 2 điểm" };
    Computed { lines: vec![line("Thang Boston", format!("{sum}/9, {words}"), "Lai 2009")], words: BTreeMap::new() }
}

fn heart(value: impl Fn(&str) -> Option<f64>) -> Computed {
    let ef = value("lvdd_mm").zip(value("lvds_mm")).and_then(|(diastole, systole)| teichholz_ef_pct(diastole, systole));
    Computed { lines: ef.map(|ef| line("EF tính từ Dd, Ds", format!("{ef} %"), "Teichholz")).into_iter().collect(), words: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::report_template::named;

    fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    fn said(computed: &Computed, label: &str) -> String {
        computed.lines.iter().find(|line| line.label == label).map(|line| line.value.clone()).unwrap_or_default()
    }

    #[test]
    fn a_crown_rump_length_dates_the_pregnancy() {
        let computed = compute(named("pregnancy_first"), &typed(&[("crl_mm", "45,0")]), day());
        assert_eq!(said(&computed, "Tuổi thai"), "11 tuần 2 ngày");
        assert_eq!(said(&computed, "Dự sinh"), "13/06/2027");
        assert_eq!(computed.words["age"], "11 tuần 2 ngày");
    }

    #[test]
    fn four_measurements_give_age_weight_and_place_among_others() {
        let all = [("bpd_mm", "76"), ("hc_mm", "280"), ("ac_mm", "264"), ("fl_mm", "58")];
        let computed = compute(named("pregnancy_third"), &typed(&all), day());
        assert_eq!(said(&computed, "Tuổi thai"), "30 tuần 1 ngày");
        assert!(said(&computed, "Cân nặng ước tính").ends_with(" g"));
        assert!(said(&computed, "So với tuổi thai").contains("bách phân vị"));
        assert_eq!(computed.lines.iter().filter(|line| line.label.starts_with("Tuổi thai theo")).count(), 4);
    }

    #[test]
    fn nonsense_computes_nothing() {
        for value in ["", "abc", "-5", "1e3", "999", "45 mm", "NaN"] {
            assert_eq!(compute(named("pregnancy_first"), &typed(&[("crl_mm", value)]), day()), Computed::default(), "{value}");
        }
    }

    #[test]
    fn the_boston_sum_needs_all_three_segments() {
        let colon = named("colon");
        let two = typed(&[("boston_right", "3"), ("boston_left", "2")]);
        assert!(compute(colon, &two, day()).lines.is_empty());
        let three = typed(&[("boston_right", "1"), ("boston_transverse", "3"), ("boston_left", "3")]);
        assert_eq!(said(&compute(colon, &three, day()), "Thang Boston"), "7/9, chuẩn bị chưa đạt, có đoạn dưới 2 điểm");
    }
}

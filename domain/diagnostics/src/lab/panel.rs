//! The first settings of a laboratory: which analytes a service reports, by the words of its name, and what is known of
//! each analyte (unit, ranges, limits). The laboratory changes them afterwards; see `catalogue/SOURCES.md`.

use super::range::{Limits, Range};
use super::result::{Kind, decimal};
use super::specimen::Tube;
use base::fold;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// An analyte as the catalogue proposes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub code: String,
    pub name: String,
    pub loinc: String,
    pub ucum: String,
    pub unit: String,
    pub bench: String,
    pub tube: Tube,
    pub kind: Kind,
    pub decimals: i32,
    pub choices: Vec<String>,
    pub formula: String,
    pub least: Option<Decimal>,
    pub most: Option<Decimal>,
    pub delta_percent: Option<Decimal>,
    pub delta_days: Option<i32>,
    pub place: i32,
    pub ranges: Vec<Range>,
}

/// The benches, in the order of a laboratory's day: key and name.
pub const BENCHES: [(&str, &str); 8] = [
    ("HUYETHOC", "Huyết học"),
    ("SINHHOA", "Sinh hóa"),
    ("DONGMAU", "Đông máu"),
    ("NUOCTIEU", "Nước tiểu"),
    ("MIENDICH", "Miễn dịch"),
    ("VISINH", "Vi sinh"),
    ("KHIMAU", "Khí máu"),
    ("KHAC", "Khác"),
];

/// The name of a bench; `None` for an unknown key.
pub fn bench_name(key: &str) -> Option<&'static str> {
    BENCHES.iter().find(|(known, _)| *known == key).map(|(_, name)| *name)
}

static TEMPLATES: LazyLock<BTreeMap<String, Template>> = LazyLock::new(templates);

/// The analyte of that code.
pub fn template(code: &str) -> Option<&'static Template> {
    TEMPLATES.get(code)
}

/// What a service reports by the words of its name, most telling words first; empty when the catalogue does not know it.
pub fn analytes_of(service_name: &str) -> Vec<&'static Template> {
    let name = format!(" {} ", fold(service_name));
    rows(include_str!("../../catalogue/panels.tsv"))
        .filter_map(|row| {
            let longest = row["words"].split(';').map(fold).filter(|w| name.contains(&format!(" {w} "))).map(|w| w.len()).max()?;
            Some((longest, row["analytes"]))
        })
        .max_by_key(|(longest, _)| *longest)
        .map(|(_, codes)| codes.split(' ').filter_map(template).collect())
        .unwrap_or_default()
}

/// What stands in for a service that the catalogue does not know: one free text under the service's own name.
pub fn plain(service_code: &str, service_name: &str) -> Template {
    Template {
        code: format!("DV-{service_code}").chars().take(40).collect(),
        name: service_name.chars().take(200).collect(),
        loinc: String::new(),
        ucum: String::new(),
        unit: String::new(),
        bench: "KHAC".into(),
        tube: Tube::Other,
        kind: Kind::Text,
        decimals: 0,
        choices: Vec::new(),
        formula: String::new(),
        least: None,
        most: None,
        delta_percent: None,
        delta_days: None,
        place: 900,
        ranges: Vec::new(),
    }
}

fn rows(text: &'static str) -> impl Iterator<Item = BTreeMap<&'static str, &'static str>> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
    lines.map(move |line| head.iter().copied().zip(line.split('\t').chain(std::iter::repeat(""))).collect())
}

/// Where the test is taken from: by the words of the national list, and by what the additive must be.
fn tube(code: &str, bench: &str, specimen: &str) -> Tube {
    match (code, bench, specimen) {
        ("HBA1C" | "HBA1C-IFCC" | "MALARIA" | "BNP", ..) | (_, "HUYETHOC", _) => Tube::Edta,
        ("BLDCULT", ..) => Tube::BloodCulture,
        ("STREPA", ..) => Tube::Swab,
        (_, "DONGMAU", _) => Tube::Citrate,
        (_, "KHIMAU", _) | ("LACT", ..) => Tube::Heparin,
        (.., "Nước tiểu") => Tube::Urine,
        (.., "Dịch tỵ hầu") => Tube::Swab,
        (.., "Đờm") => Tube::Sputum,
        (.., "Hơi thở") => Tube::Breath,
        _ => Tube::Serum,
    }
}

/// A unit of UCUM as clinics print it; units that are printed already stay.
fn printed_unit(unit: &str) -> String {
    match unit {
        "{INR}" | "ratio" | "[pH]" => String::new(),
        "mL/min/{1.73_m2}" => "ml/phút/1,73 m²".to_owned(),
        "ug/mL{FEU}" => "µg/mL FEU".to_owned(),
        other => other
            .replace("[arb'U]", "U")
            .replace("[IU]", "IU")
            .replace("mm[Hg]", "mmHg")
            .replace("umol", "µmol")
            .replace("10*", "10^"),
    }
}

/// What the national list lacks and clinics do every day.
const OWN_TESTS: &str = "code\tname_vi\tloinc\tucum_unit\tspecimen_vi\tgroup_code\n\
    STREPA\tLiên cầu nhóm A kháng nguyên (phết họng)\t\t\tDịch họng\tVISINH\n";

fn templates() -> BTreeMap<String, Template> {
    let extras: BTreeMap<&str, _> =
        rows(include_str!("../../catalogue/analytes.tsv")).map(|row| (row["code"], row)).collect();
    let national: Vec<_> = rows(include_str!("../../../../catalogues/lab_reference_ranges.tsv")).collect();
    let children: Vec<_> = rows(include_str!("../../catalogue/child_ranges.tsv")).collect();
    let number = |text: &str| decimal(text);
    let tests = rows(include_str!("../../../../catalogues/lab_tests.tsv")).chain(rows(OWN_TESTS));
    let mut all = BTreeMap::new();
    for (place, test) in tests.enumerate() {
        let (code, bench) = (test["code"], test["group_code"]);
        if bench_name(bench).is_none() {
            // Vital signs are measured by nurses.
            continue;
        }
        let extra = |key: &str| extras.get(code).and_then(|row| row.get(key)).copied().unwrap_or("");
        let choices: Vec<String> =
            extra("choices").split('|').filter(|c| !c.is_empty() && *c != "text").map(str::to_owned).collect();
        let kind = match (extra("choices"), choices.is_empty()) {
            ("text", _) => Kind::Text,
            (_, false) => Kind::Choice,
            _ => Kind::Number,
        };
        let (critical_low, critical_high) = (number(extra("critical_low")), number(extra("critical_high")));
        let has_no_normal = matches!(code, "ABO" | "RH");
        let normal_text = choices.first().filter(|_| !has_no_normal).cloned().unwrap_or_default();
        let limits = |low, high| Limits { low, high, critical_low, critical_high, normal_text: normal_text.clone() };
        let own_children: Vec<_> = children.iter().filter(|row| row["code"] == code).collect();
        let adult_from = own_children.iter().filter_map(|row| row["age_to_days"].parse().ok()).max().unwrap_or(0);
        let adults = national.iter().filter(|row| row["test_code"] == code);
        let unit = adults.clone().next().map_or(test["ucum_unit"], |row| row["unit"]).to_owned();
        let mut ranges: Vec<Range> = if kind == Kind::Number {
            adults
                .map(|row| Range {
                    sex: row["sex"].to_owned(),
                    age_from_days: adult_from,
                    limits: limits(number(row["low"]), number(row["high"])),
                    ..Range::default()
                })
                .collect()
        } else {
            Vec::new()
        };
        if ranges.is_empty() && (critical_low.is_some() || critical_high.is_some() || !normal_text.is_empty()) {
            ranges.push(Range { limits: limits(None, None), ..Range::default() });
        }
        ranges.extend(own_children.iter().map(|row| Range {
            sex: row["sex"].to_owned(),
            age_from_days: row["age_from_days"].parse().unwrap_or(0),
            age_to_days: row["age_to_days"].parse().ok(),
            // The critical limits are those of adults where the range of the age still leaves room for them.
            limits: {
                let (low, high) = (number(row["low"]), number(row["high"]));
                let own = limits(low, high);
                Limits {
                    critical_low: own.critical_low.filter(|c| low.is_none_or(|low| *c < low)),
                    critical_high: own.critical_high.filter(|c| high.is_none_or(|high| *c > high)),
                    ..own
                }
            },
            is_pregnant: false,
        }));
        let template = Template {
            code: code.to_owned(),
            name: test["name_vi"].to_owned(),
            loinc: test["loinc"].to_owned(),
            ucum: test["ucum_unit"].to_owned(),
            unit: if kind == Kind::Number { printed_unit(&unit) } else { String::new() },
            bench: bench.to_owned(),
            tube: tube(code, bench, test["specimen_vi"]),
            kind,
            decimals: extra("decimals").parse().unwrap_or(1),
            choices,
            formula: extra("formula").to_owned(),
            least: number(extra("least")),
            most: number(extra("most")),
            delta_percent: number(extra("delta_percent")),
            delta_days: extra("delta_days").parse().ok(),
            place: i32::try_from(place).unwrap_or(0) + 1,
            ranges,
        };
        all.insert(code.to_owned(), template);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::range::{check, pick};
    use super::*;
    use base::Problems;

    fn codes(service: &str) -> Vec<&'static str> {
        analytes_of(service).iter().map(|analyte| analyte.code.as_str()).collect()
    }

    #[test]
    fn services_find_their_analytes_by_name() {
        assert_eq!(codes("Tổng phân tích tế bào máu ngoại vi bằng máy laser").len(), 20);
        for (service, reported) in [
            ("Định lượng Creatinin máu", vec!["CREA", "EGFR"]),
            ("Tỷ số albumin/creatinin niệu", vec!["ACR"]),
            ("Điện giải đồ (Na, K, Cl)", vec!["NA", "K", "CL"]),
            ("Định lượng Glucose máu", vec!["GLU"]),
            ("Định lượng HDL-C", vec!["HDL"]),
            ("Test nhanh cúm A, B", vec!["FLUA", "FLUB"]),
            ("Đo hoạt độ ALT (GPT)", vec!["ALT"]),
            ("Định lượng beta-hCG", vec!["BHCG"]),
            ("HBsAg test nhanh", vec!["HBSAG"]),
            ("Dengue virus NS1Ag test nhanh", vec!["DENNS1"]),
            ("Xét nghiệm gì đó", vec![]),
        ] {
            assert_eq!(codes(service), reported, "{service}");
        }
    }

    #[test]
    fn what_is_proposed_holds_together() {
        for template in TEMPLATES.values() {
            for range in &template.ranges {
                let mut problems = Problems::none();
                check(&range.limits, &mut problems);
                assert!(problems.is_empty(), "{}: {:?}", template.code, problems);
                assert!(range.age_to_days.is_none_or(|to| to > range.age_from_days), "{}", template.code);
            }
            assert!(template.kind != Kind::Choice || template.choices.len() > 1, "{}", template.code);
        }
        let named: Vec<&str> = rows(include_str!("../../catalogue/panels.tsv")).flat_map(|row| row["analytes"].split(' ')).collect();
        for code in named.into_iter().chain(rows(include_str!("../../catalogue/analytes.tsv")).map(|row| row["code"])) {
            assert!(template(code).is_some(), "{code} is not in the list of tests");
        }
    }

    #[test]
    fn units_are_printed_as_clinics_write_them() {
        for template in TEMPLATES.values() {
            assert!(!template.unit.contains(['[', '{', '*']), "{}: {}", template.code, template.unit);
        }
        assert_eq!((template("EGFR").unwrap().unit.as_str(), template("CA125").unwrap().unit.as_str()), ("ml/phút/1,73 m²", "U/mL"));
    }

    #[test]
    fn a_newborn_is_not_judged_as_a_man() {
        let haemoglobin = &template("HGB").unwrap().ranges;
        let low = |sex: &str, days| pick(haemoglobin, sex, days, false).unwrap().limits.low.unwrap().to_string();
        assert_eq!((low("male", 3), low("male", 300), low("male", 12_000)), ("145".into(), "110".into(), "135".into()));
        assert_eq!(low("female", 12_000), "120");
    }
}

//! Who is called before others: the groups of the Law on examination and treatment, as dated rows.
//!
//! Law 15/2023/QH15, article 3(2), in force from 2024-01-01: emergency, children under 6, pregnant women, people
//! with very severe or severe disability, people from 75 years, people with merit to the revolution. Ages are
//! parameters in `priority_rules.tsv`, because they change with the law (it was 80 years until the end of 2023).

use base::Age;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A priority group, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Emergency,
    ChildUnder,
    Pregnant,
    DisabilityVerySevere,
    DisabilitySevere,
    Elderly,
    Merit,
    /// No group: the ordinary line.
    None,
}

impl Class {
    pub const GROUPS: [Class; 7] = [
        Class::Emergency,
        Class::ChildUnder,
        Class::Pregnant,
        Class::DisabilityVerySevere,
        Class::DisabilitySevere,
        Class::Elderly,
        Class::Merit,
    ];

    /// The word in the database and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Class::Emergency => "emergency",
            Class::ChildUnder => "child_under",
            Class::Pregnant => "pregnant",
            Class::DisabilityVerySevere => "disability_very_severe",
            Class::DisabilitySevere => "disability_severe",
            Class::Elderly => "elderly",
            Class::Merit => "merit",
            Class::None => "none",
        }
    }

    /// The class behind a word; anything unknown stands in the ordinary line.
    pub fn from_key(key: &str) -> Class {
        Class::GROUPS.into_iter().find(|c| c.key() == key).unwrap_or(Class::None)
    }

    /// The Tabler icon that carries the meaning beside the word.
    pub fn icon(self) -> &'static str {
        match self {
            Class::Emergency => "urgent",
            Class::ChildUnder => "baby-carriage",
            Class::Pregnant => "woman",
            Class::DisabilityVerySevere | Class::DisabilitySevere => "wheelchair",
            Class::Elderly => "old",
            Class::Merit => "star",
            Class::None => "walk",
        }
    }
}

/// What is known about the person when the ticket is issued.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    pub birth_date: Option<NaiveDate>,
    pub is_emergency: bool,
    pub is_pregnant: bool,
    pub has_very_severe_disability: bool,
    pub has_severe_disability: bool,
    pub has_merit: bool,
}

/// One dated row of the rules.
#[derive(Clone, Debug)]
pub struct Rule {
    pub class: Class,
    /// Full wording for staff, e.g. "Người từ đủ 75 tuổi".
    pub label: &'static str,
    /// Short wording for badges and the public board, e.g. "từ 75 tuổi".
    pub short: &'static str,
    /// The age in completed years, for the two groups that are told by age.
    pub years: Option<i32>,
    pub source: &'static str,
}

/// The groups in force on `day`, strongest first.
pub fn rules_on(day: NaiveDate) -> Vec<Rule> {
    let mut rules: Vec<Rule> = include_str!("../priority_rules.tsv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let f: Vec<&'static str> = line.split('\t').collect();
            let from: NaiveDate = f[5].parse().ok()?;
            let to: NaiveDate = f[6].parse().unwrap_or(NaiveDate::MAX);
            (from <= day && day <= to).then(|| Rule {
                class: Class::from_key(f[0]),
                label: f[1],
                short: f[2],
                years: (f[3] == "years").then(|| f[4].parse().ok()).flatten(),
                source: f[7],
            })
        })
        .collect();
    rules.sort_by_key(|r| r.class);
    rules
}

/// The wording of one class on a day; empty for the ordinary line or a group that was not in force.
pub fn short_label(class: Class, day: NaiveDate) -> &'static str {
    rules_on(day).into_iter().find(|r| r.class == class).map_or("", |r| r.short)
}

/// The strongest group somebody belongs to on `day`. Without a birth date the two age groups cannot apply.
pub fn class_on(day: NaiveDate, facts: &Facts) -> Class {
    let years = facts.birth_date.map(|birth| Age::on(birth, day).years);
    rules_on(day)
        .into_iter()
        .find(|rule| match rule.class {
            Class::Emergency => facts.is_emergency,
            Class::ChildUnder => matches!((years, rule.years), (Some(age), Some(limit)) if age < limit),
            Class::Pregnant => facts.is_pregnant,
            Class::DisabilityVerySevere => facts.has_very_severe_disability,
            Class::DisabilitySevere => facts.has_severe_disability,
            Class::Elderly => matches!((years, rule.years), (Some(age), Some(limit)) if age >= limit),
            Class::Merit => facts.has_merit,
            Class::None => false,
        })
        .map_or(Class::None, |rule| rule.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn born(text: &str) -> Facts {
        Facts { birth_date: Some(day(text)), ..Facts::default() }
    }

    #[test]
    fn ages_follow_the_law_of_the_day() {
        for (birth, on, class) in [
            ("1951-11-22", "2026-11-22", Class::Elderly),
            ("1951-11-23", "2026-11-22", Class::None),
            ("1946-01-01", "2023-12-31", Class::None),
            ("1943-12-31", "2023-12-31", Class::Elderly),
            ("1948-12-31", "2024-01-01", Class::Elderly),
            ("2020-11-23", "2026-11-22", Class::ChildUnder),
            ("2020-11-22", "2026-11-22", Class::None),
        ] {
            assert_eq!(class_on(day(on), &born(birth)), class, "{birth} on {on}");
        }
    }

    #[test]
    fn the_strongest_group_wins() {
        let all = Facts {
            is_emergency: true,
            is_pregnant: true,
            has_merit: true,
            ..born("1940-01-01")
        };
        assert_eq!(class_on(day("2026-11-22"), &all), Class::Emergency);
        assert_eq!(class_on(day("2026-11-22"), &Facts { is_emergency: false, ..all }), Class::Pregnant);
        assert_eq!(class_on(day("2026-11-22"), &Facts::default()), Class::None);
    }

    #[test]
    fn each_group_has_one_rule_and_a_source_today() {
        let today = rules_on(day("2026-11-24"));
        assert_eq!(today.iter().map(|r| r.class).collect::<Vec<_>>(), Class::GROUPS);
        assert!(today.iter().all(|r| r.source.contains("Luật") && !r.label.is_empty()));
        assert_eq!(short_label(Class::Elderly, day("2026-11-24")), "từ 75 tuổi");
    }
}

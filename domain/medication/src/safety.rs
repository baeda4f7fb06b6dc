//! Safety checks over a prescription being written. Everything they need is passed in, so that a rule can be read
//! and tested without a database. Each finding says what, the fact behind it, the source, and up to three repairs.
//!
//! Only two kinds of knowledge may block: the legal list of contraindicated pairs (QĐ 5948/QĐ-BYT, 30/12/2021) and an
//! allergy that the person's own record names (the substance itself, or the class as a class). Blocking ends with a
//! coded reason and words. Data that nobody verified (general interactions, cross-reactivity, pregnancy tags, daily
//! maxima) informs, visibly marked, and never blocks.

mod dosing;
pub mod known;
mod pairs;
mod person;

use base::Age;
use chrono::NaiveDate;
use codes::interaction::Interaction;
use codes::substance::{AllergyMatch, Facts, MaxDose};
use uuid::Uuid;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The prescription cannot be issued before it is removed or overruled with a reason.
    Blocks,
    Warns,
    Informs,
}

/// A repair offered as a numbered button, safest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Take a line out of the draft.
    Remove { line: Uuid, name: String },
    /// Tell the person to stop a medicine at home; counts as a reason and goes into the advice.
    StopAtHome { name: String, days: u16 },
    /// Keep it, with a coded reason and words.
    Overrule,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Names the matter, the same each time it is found: a reason given once holds for this prescription.
    pub key: String,
    pub severity: Severity,
    pub claim: String,
    pub fact: String,
    pub source: String,
    /// `false`: unverified data, said so on the card.
    pub is_verified: bool,
    pub is_allergy: bool,
    pub fixes: Vec<Fix>,
    /// The reason already recorded for it.
    pub overruled: Option<String>,
}

impl Finding {
    /// Still keeps the prescription from being issued.
    pub fn is_open_block(&self) -> bool {
        self.severity == Severity::Blocks && self.overruled.is_none()
    }
}

/// A drug of the draft or one that the person still has at home.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// The line of the draft; `None` for a medicine at home.
    pub line: Option<Uuid>,
    pub name: String,
    pub ingredient: String,
    /// "Uống"
    pub route: String,
    /// Not in the facility's list: nothing but its words is known.
    pub is_free_text: bool,
    /// Most in one day in milligrams, when strength and dose tell.
    pub most_mg_per_day: Option<f64>,
    pub days: u16,
    pub home: Option<AtHome>,
}

/// Why we think that it is still at home.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtHome {
    pub until: NaiveDate,
    pub prescribed_on: NaiveDate,
    pub code: String,
}

/// An allergy as the person's record has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allergy {
    pub substance: String,
    /// The record names a whole class ("Penicilin"), not one substance.
    pub is_class: bool,
    pub reaction: String,
}

/// Everything the checks look at. Drugs are numbered in the order of `taken`, allergies in that of `allergies`.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub taken: Vec<Taken>,
    pub allergies: Vec<Allergy>,
    pub allergies_were_asked: bool,
    pub age: Option<Age>,
    pub is_female: bool,
    pub is_pregnant: bool,
    pub is_breast_feeding: bool,
    pub weight_g: Option<i64>,
    pub interactions: Vec<Interaction>,
    pub allergy_matches: Vec<AllergyMatch>,
    pub facts: Vec<Facts>,
    pub max_doses: Vec<MaxDose>,
    /// Reasons given so far: key of the finding and the words.
    pub overruled: Vec<(String, String)>,
}

/// All findings, gravest first. Two medicines that are both already at home are not this prescription's matter.
pub fn check(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(pairs::interactions(case));
    findings.extend(person::allergies(case));
    findings.extend(pairs::duplicates(case));
    findings.extend(person::pregnancy(case));
    findings.extend(dosing::daily_maxima(case));
    findings.extend(dosing::age_notes(case));
    findings.extend(person::unknowns(case));
    let mut seen = std::collections::BTreeSet::new();
    findings.retain(|finding| seen.insert(finding.key.clone()));
    overrule(&mut findings, &case.overruled);
    findings
}

/// Notes the reasons given so far, key and words; what is overruled comes last.
pub fn overrule(findings: &mut [Finding], reasons: &[(String, String)]) {
    for finding in &mut *findings {
        finding.overruled = reasons.iter().find(|(key, _)| *key == finding.key).map(|(_, why)| why.clone());
    }
    findings.sort_by_key(|finding| (finding.overruled.is_some(), finding.severity));
}

impl Case {
    fn drug(&self, number: i32) -> Option<&Taken> {
        usize::try_from(number).ok().and_then(|n| self.taken.get(n))
    }
    /// The drugs of the draft, with their numbers.
    fn draft(&self) -> impl Iterator<Item = (i32, &Taken)> {
        self.taken.iter().enumerate().filter(|(_, t)| t.line.is_some()).map(|(n, t)| (n as i32, t))
    }
}

/// The class that an everyday word of the record means, as the catalogue names it; other words stay as they are.
pub fn class_word(recorded: &str) -> &str {
    match base::fold(recorded).as_str() {
        "sulfamid" | "sulfamide" | "sulfa" | "sulfonamid" | "thuoc sulfa" | "khang sinh sulfamid" => "Sulfonamid kháng khuẩn",
        "cotrimoxazol" | "co trimoxazol" | "bactrim" | "biseptol" => "Sulfamethoxazol + Trimethoprim",
        "thuoc giam dau khang viem" | "nsaids" | "nsaid" => "NSAID ức chế COX-1",
        _ => recorded,
    }
}

/// The key of a finding about these names, whatever their order.
fn key(kind: &str, names: &[&str]) -> String {
    let mut folded: Vec<String> = names.iter().map(|n| base::fold(n)).collect();
    folded.sort();
    format!("{kind}:{}", folded.join("+"))
}

#[cfg(test)]
mod cases;

//! What a clinic sees and what it does about it: illnesses by how often they come, and for each the usual findings,
//! orders and drugs, with doses as doctors type them.

use super::chance::{Chance, Weighted};
use super::clinic::{Clinic, Drug};
use super::names::rows;
use super::person::Person;
use anyhow::Result;
use chrono::NaiveDate;
use codes::CatalogueFiles;
use medication::dose::sentence;
use medication::line::{self, Line};
use std::collections::HashMap;

/// An illness that brings people to a clinic.
#[derive(Clone, Debug)]
pub struct Illness {
    pub code: String,
    pub name: String,
    sex: String,
    ages: std::ops::RangeInclusive<i32>,
    pub symptoms: Vec<String>,
}

/// What is usually done about illnesses whose code begins so.
#[derive(Clone, Debug)]
pub struct Care {
    prefix: String,
    pub exam: String,
    pub plan: String,
    pub follow_up_days: Option<i64>,
    pub services: Vec<String>,
    pub drugs: Vec<Dose>,
    pub child_drugs: Vec<Dose>,
}

/// An ingredient and its dose as doctors type it: `s1 t1 5n`.
#[derive(Clone, Debug)]
pub struct Dose {
    ingredient: String,
    sentence: String,
}

/// A drug of the facility with a dose, put together by the prescriber's own rules.
pub struct Written<'c> {
    pub drug: &'c Drug,
    pub line: Line,
}

/// How illnesses, examinations and treatments go together.
pub struct Practice<'c> {
    illnesses: Weighted<Illness>,
    chronic: Weighted<Illness>,
    care: Vec<Care>,
    /// By ingredient, sentence, and whether it is for a child; what the facility does not have is missing.
    written: HashMap<(String, String, bool), Written<'c>>,
}

/// Illnesses that bring somebody back every month.
const CHRONIC: [&str; 6] = ["I10", "E11.9", "E78.5", "I25.9", "M17.9", "J44.9"];

impl<'c> Practice<'c> {
    pub fn read(files: &CatalogueFiles, clinic: &'c Clinic) -> Result<Practice<'c>> {
        let list_text = files.text("icd10_2026.tsv")?;
        let names: HashMap<&str, &str> = rows(&list_text).map(|r| (r[0], r[1])).collect();
        let mix_text = files.text("outpatient_mix.tsv")?;
        let weighted: Vec<(Illness, f64)> = rows(&mix_text)
            .map(|r| {
                let illness = Illness {
                    code: r[0].to_owned(),
                    name: names.get(r[0]).copied().unwrap_or_default().to_owned(),
                    sex: r[2].to_owned(),
                    ages: r[3].parse().unwrap_or(0)..=r[4].parse().unwrap_or(120),
                    symptoms: r[5].split(';').map(|s| s.trim().to_owned()).collect(),
                };
                (illness, r[1].parse().unwrap_or(0.0))
            })
            .collect();
        let chronic = weighted.iter().filter(|(i, _)| CHRONIC.contains(&i.code.as_str())).cloned();
        let care_text = files.text("outpatient_care.tsv")?;
        let care: Vec<Care> = rows(&care_text).map(|r| Care::read(&r)).collect();
        let mut written = HashMap::new();
        for (dose, for_child) in
            care.iter().flat_map(|c| c.drugs.iter().map(|d| (d, false)).chain(c.child_drugs.iter().map(|d| (d, true))))
        {
            if let Some(w) = Written::of(clinic, dose, for_child) {
                written.insert((dose.ingredient.clone(), dose.sentence.clone(), for_child), w);
            }
        }
        Ok(Practice { chronic: Weighted::new(chronic), illnesses: Weighted::new(weighted.clone()), care, written })
    }

    /// A dose put together with the facility's drug; `None` when the facility has none that fits.
    pub fn written(&'c self, dose: &Dose, for_child: bool) -> Option<&'c Written<'c>> {
        self.written.get(&(dose.ingredient.clone(), dose.sentence.clone(), for_child))
    }

    /// An illness that fits somebody's age and sex; the last one thrown when ten did not.
    pub fn illness(&self, chance: &mut Chance, who: &Person, day: NaiveDate, regular: bool) -> &Illness {
        let age = who.age(day).years;
        let from = if regular && who.is_chronic { &self.chronic } else { &self.illnesses };
        let mut illness = from.pick(chance);
        for _ in 0..40 {
            if illness.ages.contains(&age) && (illness.sex.is_empty() || illness.sex == who.sex()) {
                break;
            }
            illness = self.illnesses.pick(chance);
        }
        illness
    }

    /// What is usually done about a code; the longest prefix wins.
    pub fn care(&self, code: &str) -> Option<&Care> {
        self.care.iter().filter(|c| code.starts_with(&c.prefix)).max_by_key(|c| c.prefix.len())
    }
}

impl Care {
    fn read(r: &[&str]) -> Care {
        let list = |cell: &str| cell.split(';').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let doses = |cell: &str| list(cell).iter().filter_map(|d| Dose::read(d)).collect();
        Care {
            prefix: r[0].to_owned(),
            exam: r[1].to_owned(),
            plan: r[2].to_owned(),
            follow_up_days: r[3].parse().ok(),
            services: list(r[4]),
            drugs: doses(r[5]),
            child_drugs: doses(r[6]),
        }
    }
}

impl Dose {
    /// `Amlodipin: s1 30n`.
    fn read(text: &str) -> Option<Dose> {
        let (ingredient, sentence) = text.split_once(':')?;
        Some(Dose { ingredient: ingredient.trim().to_owned(), sentence: sentence.trim().to_owned() })
    }
}

impl<'c> Written<'c> {
    fn of(clinic: &'c Clinic, dose: &Dose, for_child: bool) -> Option<Written<'c>> {
        let drug = clinic.drug(&dose.ingredient, for_child)?;
        let reading = sentence::read_dose(&dose.sentence);
        let line = line::write(reading, &dose.sentence, drug.on_line.clone()).ok()?;
        Some(Written { drug, line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_care_table_reads_whole_and_its_doses_are_clear() {
        let text = CatalogueFiles::Embedded.text("outpatient_care.tsv").unwrap();
        for r in rows(&text) {
            let care = Care::read(&r);
            let written = r[5..7].iter().flat_map(|c| c.split(';')).filter(|c| !c.trim().is_empty()).count();
            assert_eq!(care.drugs.len() + care.child_drugs.len(), written, "{r:?}");
            for dose in care.drugs.iter().chain(&care.child_drugs) {
                let mut reading = sentence::read_dose(&dose.sentence);
                reading.settle_spread();
                assert!(reading.is_clear(), "{dose:?}: {reading:?}");
            }
        }
    }
}

//! ICD-10: the list itself, joined with the rules on age and prescription days, the duty to report, how often the code
//! is met in a clinic, and the other words people use.

use crate::files::CatalogueFiles;
use crate::search::search_text;
use crate::tsv::{CopyText, Table};
use anyhow::Result;
use base::fold;
use std::collections::HashMap;

/// A stretch of codes, e.g. `O00` to `O99.9`.
struct Stretch<'t> {
    from: &'t str,
    to: &'t str,
}

impl Stretch<'_> {
    /// Ends are compared at their own length: `A83` to `A86` takes in `A86.0`.
    fn holds(&self, code: &str) -> bool {
        !self.from.is_empty() && code >= self.from && &code[..code.len().min(self.to.len())] <= self.to
    }
}

pub(super) fn icd10(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let age_text = files.text("icd10_age_rules.tsv")?;
    let ages = Table::read("icd10_age_rules.tsv", &age_text)?
        .rows(["from_code", "to_code", "age_min_days", "age_max_days", "reason_vi"])?;
    let long_text = files.text("icd10_over_30_days.tsv")?;
    let long = Table::read("icd10_over_30_days.tsv", &long_text)?.rows(["from_code", "to_code", "except_codes"])?;
    let notify_text = files.text("notifiable_diseases.tsv")?;
    let notify =
        Table::read("notifiable_diseases.tsv", &notify_text)?.rows(["deadline", "name_vi", "from_code", "to_code"])?;
    let synonym_text = files.text("icd10_synonyms.tsv")?;
    let synonyms: Vec<(String, &str)> = Table::read("icd10_synonyms.tsv", &synonym_text)?
        .rows(["phrase", "also_said"])?
        .into_iter()
        .map(|[phrase, also]| (fold(phrase), also))
        .collect();
    let abbreviation_text = files.text("icd10_abbreviations.tsv")?;
    let mut said: HashMap<&str, Vec<&str>> = HashMap::new();
    for [abbreviation, meaning, codes] in
        Table::read("icd10_abbreviations.tsv", &abbreviation_text)?.rows(["abbreviation", "meaning_vi", "icd10"])?
    {
        for code in codes.split(',') {
            said.entry(code.trim()).or_default().extend([abbreviation, meaning]);
        }
    }
    let mix_text = files.text("outpatient_mix.tsv")?;
    let often: HashMap<&str, &str> = Table::read("outpatient_mix.tsv", &mix_text)?
        .rows(["icd10", "weight"])?
        .into_iter()
        .map(|[code, weight]| (code, weight))
        .collect();

    let list_text = files.text("icd10_2026.tsv")?;
    for row in Table::read("icd10_2026.tsv", &list_text)?.rows([
        "code", "name_vi", "chapter", "block", "group3", "dagger_asterisk", "not_main", "discouraged_main",
        "has_more_specific", "death_only", "sex", "sex_strict", "valid_from",
    ])? {
        let [code, name, chapter, block, category, mark, not_main, discouraged, specific, death, sex, strict, from] = row;
        let age = ages.iter().find(|a| Stretch { from: a[0], to: a[1] }.holds(code));
        let over_30_days = long.iter().any(|[from, to, except]| {
            Stretch { from, to }.holds(code) && !except.split(',').any(|e| !e.is_empty() && code.starts_with(e))
        });
        let report = notify.iter().find(|n| Stretch { from: n[2], to: n[3] }.holds(code));
        let plain = code.replace('.', "");
        let folded = fold(name);
        let mut words = vec![name, &plain, category];
        words.extend(synonyms.iter().filter(|(phrase, _)| folded.contains(phrase.as_str())).map(|(_, also)| *also));
        words.extend(said.get(code).into_iter().flatten());
        out.text(code).text(&plain).text(name).text(chapter).text(block).text(category).maybe(mark);
        out.flag(not_main == "1").flag(discouraged == "1").flag(specific == "1").flag(death == "1");
        out.maybe(sex).flag(strict == "1");
        out.maybe(age.map_or("", |a| a[2])).maybe(age.map_or("", |a| a[3])).maybe(age.map_or("", |a| a[4]));
        out.flag(over_30_days).maybe(report.map_or("", |r| r[0])).maybe(report.map_or("", |r| r[1]));
        out.text(often.get(code).unwrap_or(&"0")).text(&folded).text(&search_text(words)).text(from).end_row();
    }
    Ok(())
}

/// Abbreviations are compared without marks and spaces: `ĐTĐ2` → `dtd2`.
pub(super) fn abbreviations(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("icd10_abbreviations.tsv")?;
    let mut places: HashMap<String, usize> = HashMap::new();
    for [abbreviation, meaning, codes] in
        Table::read("icd10_abbreviations.tsv", &text)?.rows(["abbreviation", "meaning_vi", "icd10"])?
    {
        let plain = fold(abbreviation).replace(' ', "");
        // Two abbreviations may fold to the same letters: their codes follow each other.
        let place = places.entry(plain.clone()).or_default();
        for code in codes.split(',') {
            out.text(&plain).number(*place).text(code.trim()).text(meaning).text(&fold(meaning)).end_row();
            *place += 1;
        }
    }
    Ok(())
}

pub(super) fn groups(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("icd10_groups.tsv")?;
    for cells in Table::read("icd10_groups.tsv", &text)?.rows(["kind", "code", "chapter", "range", "name_vi"])? {
        for cell in cells {
            out.text(cell);
        }
        out.end_row();
    }
    Ok(())
}

pub(super) fn old_codes(files: &CatalogueFiles, out: &mut CopyText) -> Result<()> {
    let text = files.text("icd10_before_2026.tsv")?;
    for [code, name, still] in Table::read("icd10_before_2026.tsv", &text)?.rows(["code", "name_vi", "still_in_2026"])? {
        out.text(code).text(name).flag(still == "1").end_row();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Stretch;

    #[test]
    fn a_stretch_takes_in_longer_codes_at_its_end() {
        let stretch = Stretch { from: "A83", to: "A86" };
        for (code, inside) in [("A83.0", true), ("A86.9", true), ("A87", false), ("A82.9", false), ("A84", true)] {
            assert_eq!(stretch.holds(code), inside, "{code}");
        }
        assert!(!Stretch { from: "", to: "" }.holds("A00"));
    }
}

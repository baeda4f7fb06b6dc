//! Names as they are met in the Mekong delta: surnames by their share, middle and given names by sex and generation.

use super::chance::{Chance, Weighted};
use anyhow::Result;
use codes::CatalogueFiles;

/// The names to choose from.
pub struct Names {
    surnames: Weighted<String>,
    /// Middle names by sex: women first.
    middles: [Weighted<String>; 2],
    singles: [Weighted<String>; 2],
    pairs: [Vec<String>; 2],
}

impl Names {
    pub fn read(files: &CatalogueFiles) -> Result<Names> {
        let surname_text = files.text("names_surname.tsv")?;
        let middle_text = files.text("names_middle.tsv")?;
        let single_text = files.text("names_given.tsv")?;
        let pair_text = files.text("names_middle_given.tsv")?;
        let surnames = Weighted::new(rows(&surname_text).map(|r| (r[0].to_owned(), number(r[1]))));
        let middles = ["female", "male"].map(|sex| {
            Weighted::new(rows(&middle_text).filter(|r| r[1] == sex).map(|r| (r[0].to_owned(), number(r[2]))))
        });
        let singles = [1, 2]
            .map(|column| Weighted::new(rows(&single_text).map(|r| (r[0].to_owned(), number(r[column])))));
        let pairs = ["female", "male"]
            .map(|sex| rows(&pair_text).filter(|r| r[1] == sex).map(|r| r[0].to_owned()).collect());
        Ok(Names { surnames, middles, singles, pairs })
    }

    /// A whole name. Older people more often have one middle and one given name, younger ones a pair.
    pub fn name(&self, chance: &mut Chance, female: bool, birth_year: i32) -> String {
        let surname = self.surnames.pick(chance);
        format!("{surname} {}", self.after_surname(chance, female, birth_year))
    }

    /// The name of a child or parent in the same family.
    pub fn relative(&self, chance: &mut Chance, of: &str, female: bool, birth_year: i32) -> String {
        let surname = of.split(' ').next().unwrap_or_default();
        format!("{surname} {}", self.after_surname(chance, female, birth_year))
    }

    fn after_surname(&self, chance: &mut Chance, female: bool, birth_year: i32) -> String {
        let sex = usize::from(!female);
        let pair_share = ((birth_year - 1950).clamp(0, 70) as u64 * 75 / 70) + 5;
        if chance.percent(pair_share) {
            chance.pick(&self.pairs[sex]).clone()
        } else {
            format!("{} {}", self.middles[sex].pick(chance), self.singles[sex].pick(chance))
        }
    }
}

/// The rows of a catalogue text, without its head.
pub fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split('\t').collect())
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_surname_and_something_after_it() {
        let names = Names::read(&CatalogueFiles::Embedded).unwrap();
        let mut chance = Chance::of(1, 1);
        let some: Vec<String> =
            (0..2_000).map(|i| names.name(&mut chance, i % 2 == 0, 1940 + (i % 86) as i32)).collect();
        assert!(some.iter().all(|n| (2..=5).contains(&n.split(' ').count()) && !n.contains("  ")), "{some:?}");
        let nguyen = some.iter().filter(|n| n.starts_with("Nguyễn ")).count();
        assert!((600..1_000).contains(&nguyen), "{nguyen}");
    }
}

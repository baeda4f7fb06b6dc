//! Dosage forms: what a dose of each counts and whether it may be divided. The rules are data (`forms.tsv`, the
//! first line whose words occur in the form wins), because the next form is a line, not a change of code.

use crate::dose::{Milli, Unit};
use base::fold;
use std::sync::LazyLock;

/// What a dose of this form counts, and how it becomes dispensing units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountsAs {
    /// One by one: tablets, capsules, suppositories.
    Tablet,
    Patch,
    /// One by one in whatever it is packed: sachets, ampoules, vials.
    Container,
    /// By volume out of a bottle.
    Liquid,
    Drop,
    Puff,
    /// International units out of a pen or vial.
    InternationalUnit,
    /// Not countable: creams, washes. Dispensed by tube or bottle.
    Spread,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splits {
    No,
    /// Into halves and quarters.
    Quarter,
    Any,
}

/// The rule for one dosage form.
#[derive(Debug)]
pub struct FormRule {
    words: Vec<String>,
    pub counts_as: CountsAs,
    pub splits: Splits,
    /// Why it must not be divided, for the prescriber.
    pub why_not: String,
}

static RULES: LazyLock<Vec<FormRule>> = LazyLock::new(|| {
    include_str!("forms.tsv")
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            FormRule {
                words: cells[0].split('|').map(str::to_owned).collect(),
                counts_as: match cells[1] {
                    "tablet" => CountsAs::Tablet,
                    "patch" => CountsAs::Patch,
                    "container" => CountsAs::Container,
                    "liquid" => CountsAs::Liquid,
                    "drop" => CountsAs::Drop,
                    "puff" => CountsAs::Puff,
                    "unit" => CountsAs::InternationalUnit,
                    "spread" => CountsAs::Spread,
                    other => unreachable!("forms.tsv: {other}"),
                },
                splits: match cells[2] {
                    "no" => Splits::No,
                    "quarter" => Splits::Quarter,
                    _ => Splits::Any,
                },
                why_not: cells.get(3).copied().unwrap_or_default().to_owned(),
            }
        })
        .collect()
});

/// The rule for a form as the drug list writes it; `None` for an empty or unheard-of form.
pub fn rule(form: &str) -> Option<&'static FormRule> {
    let folded = format!(" {} ", fold(form));
    RULES.iter().find(|rule| rule.words.iter().any(|w| folded.contains(&format!(" {w} "))))
}

/// The countable unit that a word of the drug list names; `None` for containers such as "bình", "bút", "hộp".
pub fn unit_of_word(word: &str) -> Option<Unit> {
    match fold(word).as_str() {
        "vien" => Some(Unit::Tablet),
        "goi" | "tui" => Some(Unit::Sachet),
        "ong" => Some(Unit::Ampoule),
        "lo" => Some(Unit::Vial),
        "chai" => Some(Unit::Bottle),
        "tuyp" | "tube" | "tup" => Some(Unit::Tube),
        "mieng" => Some(Unit::Patch),
        "ml" => Some(Unit::Millilitre),
        "giot" => Some(Unit::Drop),
        "nhat" | "lieu" | "lieu xit" | "nhat xit" | "lieu hit" => Some(Unit::Puff),
        "don vi" | "iu" | "ui" | "dv" | "u" => Some(Unit::InternationalUnit),
        "g" | "gam" => Some(Unit::Gram),
        _ => None,
    }
}

impl FormRule {
    /// Whether so much of it can be given; the refusal otherwise.
    pub fn allows(&self, amount: Milli) -> Result<(), String> {
        match self.splits {
            Splits::Any => Ok(()),
            Splits::No if amount.is_whole() => Ok(()),
            Splits::No => Err(self.why_not.clone()),
            Splits::Quarter if amount.0 % 250 == 0 => Ok(()),
            Splits::Quarter => Err(format!("Viên chỉ bẻ được 1/2 hoặc 1/4, không bẻ được {amount}.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_real_list() {
        for (form, counts_as, splits) in [
            ("Viên nén bao phim", CountsAs::Tablet, Splits::Quarter),
            ("Viên nang cứng", CountsAs::Tablet, Splits::No),
            ("Viên nén bao phim giải phóng kéo dài", CountsAs::Tablet, Splits::No),
            ("Viên nén bao phim tan trong ruột", CountsAs::Tablet, Splits::No),
            ("Viên nén sủi bọt", CountsAs::Tablet, Splits::Quarter),
            ("Siro", CountsAs::Liquid, Splits::Any),
            ("Hỗn dịch uống", CountsAs::Liquid, Splits::Any),
            ("Bột pha hỗn dịch uống", CountsAs::Liquid, Splits::Any),
            ("Dung dịch nhỏ mắt", CountsAs::Drop, Splits::Any),
            ("Thuốc nhỏ mắt, nhỏ mũi", CountsAs::Drop, Splits::Any),
            ("Hỗn dịch xịt mũi", CountsAs::Puff, Splits::No),
            ("Bột hít phân liều", CountsAs::Puff, Splits::No),
            ("Hỗn dịch nén dưới áp suất dùng để hít", CountsAs::Puff, Splits::No),
            ("Kem bôi da", CountsAs::Spread, Splits::Any),
            ("Gel bôi ngoài da", CountsAs::Spread, Splits::Any),
            ("Thuốc bột uống", CountsAs::Container, Splits::Any),
            ("Dung dịch tiêm", CountsAs::Container, Splits::Any),
            ("Thuốc đạn", CountsAs::Tablet, Splits::Quarter),
            ("Dung dịch khí dung", CountsAs::Container, Splits::Any),
        ] {
            let rule = rule(form).unwrap_or_else(|| panic!("{form}"));
            assert_eq!((rule.counts_as, rule.splits), (counts_as, splits), "{form}");
        }
        assert!(rule("").is_none() && rule("abc").is_none());
    }

    #[test]
    fn a_capsule_is_not_halved() {
        assert!(rule("Viên nang cứng").unwrap().allows(Milli(500)).is_err());
        assert!(rule("Viên nén").unwrap().allows(Milli(500)).is_ok());
        assert!(rule("Viên nén").unwrap().allows(Milli(333)).is_err());
    }
}

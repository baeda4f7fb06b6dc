//! One line of a prescription: the sentence, the drug it names, and what follows from both.

use crate::dose::sentence::Reading;
use crate::dose::{Dose, Milli, Unit, aloud};
use crate::form::{self, CountsAs};
use crate::quantity::{self, Packaging, Quantity};
use base::{Problem, Problems, Vnd};
use chrono::{Days, NaiveDate};
use organization::drug::Drug;
use uuid::Uuid;

/// How long a medicine without known days is thought to be at home.
const UNKNOWN_DAYS: u64 = 30;

/// What a line keeps of the drug: the facility's list may change later, the prescription may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrugOnLine {
    /// The drug of the facility's list; `None` for free text.
    pub id: Option<Uuid>,
    pub ingredient: String,
    pub brand: String,
    pub strength: String,
    pub form: String,
    pub route: String,
    pub controlled: String,
    pub is_supplement: bool,
    pub packaging: Packaging,
    /// Price of one dispensing unit on the day of service.
    pub price: Option<Vnd>,
}

/// A line that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub drug: DrugOnLine,
    /// As typed.
    pub sentence: String,
    pub dose: Dose,
    /// The full Vietnamese sentence that is printed.
    pub instruction: String,
    pub quantity: Quantity,
}

impl DrugOnLine {
    pub fn of(drug: &Drug) -> DrugOnLine {
        let f = &drug.facts;
        DrugOnLine {
            id: Some(drug.id),
            ingredient: f.ingredient.clone(),
            brand: f.name.clone(),
            strength: f.strength.clone(),
            form: f.form.clone(),
            route: f.route.clone(),
            controlled: f.controlled.key().to_owned(),
            is_supplement: crate::law::is_supplement(&f.form, &f.registration_no),
            packaging: Packaging {
                form: f.form.clone(),
                unit: f.unit.clone(),
                pack: f.pack.as_ref().map(|(size, unit)| (Milli(*size), unit.clone())),
                iu_per_ml: crate::quantity::iu_per_ml(&f.strength),
            },
            price: drug.price,
        }
    }

    /// A drug that is not in the list: named by its words, counted in the unit that the dose names.
    pub fn free_text(name: &str, dose: &Dose) -> Result<DrugOnLine, Problems> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.chars().count() > 200 {
            return Err(Problem::at("sentence", "Tên thuốc dài quá 200 ký tự. Rút ngắn lại.").into());
        }
        let unit = dose.phases.first().and_then(|p| p.unit);
        let unit = match (unit, dose.quantity) {
            (Some(Unit::Application), Some(_)) => "tuýp",
            (Some(Unit::Millilitre | Unit::Drop | Unit::Spoon), Some(_)) => "chai",
            (Some(Unit::Puff | Unit::InternationalUnit), Some(_)) => "bình",
            (Some(Unit::Application | Unit::Millilitre | Unit::Drop | Unit::Spoon | Unit::Puff | Unit::InternationalUnit), None) => {
                return Err(Problem::at("sentence", "Thuốc ngoài danh mục: ghi thêm số lượng, ví dụ “sl 1”.").into());
            }
            (Some(unit), _) => aloud::unit_word(unit),
            (None, _) => {
                let text = "Thuốc ngoài danh mục: ghi rõ đơn vị, ví dụ “s1v c1v” hoặc “1 gói x3”.";
                return Err(Problem::at("sentence", text).into());
            }
        };
        let packaging = Packaging { form: String::new(), unit: unit.to_owned(), ..Packaging::default() };
        Ok(DrugOnLine { brand: name, controlled: "none".into(), packaging, ..DrugOnLine::default() })
    }

    /// One ingredient: the ingredient with the trade name in brackets; several: the trade name
    /// (Circular 26/2025 art. 6(5)).
    pub fn prescribed_name(&self) -> String {
        let ingredient = plain_ingredient(&self.ingredient);
        let single = codes::substance::keys(&self.ingredient).len() == 1;
        if !single || ingredient.is_empty() {
            return self.brand.clone();
        }
        let same = base::fold(&self.brand).starts_with(&base::fold(&ingredient));
        if same { ingredient } else { format!("{ingredient} ({})", self.brand) }
    }

    /// The short name of cards and lists: "Clarithromycin 500mg".
    pub fn short_name(&self) -> String {
        let name = if codes::substance::keys(&self.ingredient).len() == 1 { plain_ingredient(&self.ingredient) } else { self.brand.clone() };
        let strength = if self.strength.chars().count() <= 24 && !self.brand.contains(&self.strength) || self.ingredient != self.brand {
            self.strength.as_str()
        } else {
            ""
        };
        if strength.is_empty() || name.contains(strength) { name } else { format!("{name} {strength}") }
    }

    /// What the checks look up.
    pub fn ingredient_text(&self) -> &str {
        if self.ingredient.is_empty() { &self.brand } else { &self.ingredient }
    }
}

/// "Amoxicilin (dưới dạng Amoxicilin trihydrat)" → "Amoxicilin".
fn plain_ingredient(text: &str) -> String {
    text.split('(').next().unwrap_or_default().trim().to_owned()
}

/// Puts sentence and drug together. Refuses, beside the field `sentence`, what was not understood, what is missing,
/// and what the form does not allow.
pub fn write(mut reading: Reading, sentence: &str, drug: DrugOnLine) -> Result<Line, Problems> {
    let counts_as = form::rule(&drug.form).map(|rule| rule.counts_as);
    if counts_as == Some(CountsAs::Spread) {
        reading.settle_spread();
    }
    let mut problems = Problems::none();
    for unclear in &reading.unclear {
        problems.add("sentence", unclear.why.clone());
    }
    for missing in &reading.missing {
        problems.add("sentence", missing.question());
    }
    problems.or(())?;
    let mut dose = reading.dose;
    quantity::settle_units(&mut dose, &drug.packaging);
    let quantity = quantity::count(&dose, &drug.packaging)?;
    let instruction = aloud::instruct(&dose);
    let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Line { drug, sentence, dose, instruction, quantity })
}

impl Line {
    /// What it costs at the price of the day; `None` without a price.
    pub fn amount(&self) -> Option<Vnd> {
        amount(self.drug.price, self.quantity.amount)
    }

    /// The last day on which it lasts at home, counted from the day on which it is issued.
    pub fn ends_on(&self, issued: NaiveDate) -> NaiveDate {
        let by_quantity = || {
            let a_day = self.dose.most_in_a_day().filter(|a| a.0 > 0)?;
            self.quantity.amount.packs_of(a_day).and_then(|days| u64::try_from(days).ok())
        };
        let days = self.dose.total_days().map(u64::from).or_else(by_quantity).unwrap_or(UNKNOWN_DAYS).clamp(1, 400);
        issued.checked_add_days(Days::new(days - 1)).unwrap_or(issued)
    }
}

/// Price times quantity, rounded to the đồng.
pub fn amount(price: Option<Vnd>, quantity: Milli) -> Option<Vnd> {
    let milli = price?.0.checked_mul(quantity.0)?;
    Some(Vnd((milli + 500) / 1000))
}

/// How much of the substance is in one dose unit, in thousandths of a milligram: 500 mg a tablet, 250 mg in 5 ml.
/// `None` for combinations, percentages and units that the strength does not speak of.
pub fn mg_per_unit(strength: &str, unit: Unit) -> Option<Milli> {
    let folded = strength.to_lowercase().replace(' ', "");
    if folded.contains('+') || folded.contains(';') || folded.contains('%') {
        return None;
    }
    let (above, below) = folded.split_once('/').map_or((folded.as_str(), None), |(a, b)| (a, Some(b)));
    let split = above.find(|c: char| c.is_alphabetic())?;
    let amount = Milli::parse(&above[..split].replace("1.000", "1000"))?;
    let mg = match &above[split..] {
        "mg" => amount.0,
        "g" => amount.0.checked_mul(1000)?,
        "mcg" | "µg" => amount.0 / 1000,
        _ => return None,
    };
    match (below, unit) {
        (None, Unit::Tablet | Unit::Sachet | Unit::Ampoule | Unit::Vial) => Some(Milli(mg)),
        (Some(volume), Unit::Millilitre) => {
            let ml = volume.strip_suffix("ml")?;
            let ml = if ml.is_empty() { Milli::whole(1) } else { Milli::parse(ml)? };
            (ml.0 > 0).then(|| Milli(mg * 1000 / ml.0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dose::sentence::{read, read_dose};

    fn amoxicillin() -> DrugOnLine {
        DrugOnLine {
            id: Some(Uuid::nil()),
            ingredient: "Amoxicilin (dưới dạng Amoxicilin trihydrat)".into(),
            brand: "Moxacin 500 mg".into(),
            strength: "500mg".into(),
            form: "Viên nang cứng".into(),
            packaging: Packaging { form: "Viên nang cứng".into(), unit: "viên".into(), ..Packaging::default() },
            price: Some(Vnd(850)),
            ..DrugOnLine::default()
        }
    }

    #[test]
    fn a_sentence_becomes_a_line() {
        let line = write(read("amox 500 s1 c1 7n sa"), "amox 500  s1 c1 7n sa", amoxicillin()).unwrap();
        assert_eq!(line.instruction, "Sáng 1 viên, chiều 1 viên, sau ăn, 7 ngày");
        assert_eq!(line.quantity.arithmetic, "2 × 1 × 7 = 14 viên");
        assert_eq!(line.amount(), Some(Vnd(11_900)));
        assert_eq!(line.sentence, "amox 500 s1 c1 7n sa");
    }

    #[test]
    fn names_follow_the_circular() {
        assert_eq!(amoxicillin().prescribed_name(), "Amoxicilin (Moxacin 500 mg)");
        assert_eq!(amoxicillin().short_name(), "Amoxicilin 500mg");
        let augmentin = DrugOnLine {
            ingredient: "Amoxicilin + Acid clavulanic".into(),
            brand: "Augmentin 1g".into(),
            strength: "875mg + 125mg".into(),
            ..DrugOnLine::default()
        };
        assert_eq!(augmentin.prescribed_name(), "Augmentin 1g");
    }

    #[test]
    fn a_drug_outside_the_list_needs_its_unit() {
        assert!(DrugOnLine::free_text("Cồn 70", &read_dose("s1 c1 5n").dose).is_err());
        let drug = DrugOnLine::free_text(" Thuốc  X ", &read_dose("1 gói x3 5n").dose).unwrap();
        assert_eq!((drug.brand.as_str(), drug.packaging.unit.as_str()), ("Thuốc X", "gói"));
        let line = write(read_dose("1 gói x3 5n"), "", drug).unwrap();
        assert_eq!(line.quantity.amount, Milli::whole(15));
        assert_eq!(line.amount(), None);
    }

    #[test]
    fn milligrams_in_a_dose_unit() {
        for (strength, unit, mg) in [
            ("500mg", Unit::Tablet, Some(500_000)),
            ("0,5 g", Unit::Tablet, Some(500_000)),
            ("250mg/5ml", Unit::Millilitre, Some(50_000)),
            ("100mcg", Unit::Tablet, Some(100)),
            ("875mg + 125mg", Unit::Tablet, None),
            ("250mg/5ml", Unit::Tablet, None),
            ("0,3%", Unit::Drop, None),
            ("", Unit::Tablet, None),
        ] {
            assert_eq!(mg_per_unit(strength, unit), mg.map(Milli), "{strength}");
        }
    }
}

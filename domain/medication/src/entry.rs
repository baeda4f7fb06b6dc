//! From what was typed to a line: the sentence is read, the drug is looked up among the facility's own, and both are
//! put together. The plain form is written as a sentence first, so that there is one way of reading.

use crate::dose::sentence::{self, Reading};
use crate::line::{self, DrugOnLine, Line};
use crate::store::Favourite;
use base::{FacilityId, Problem, Problems};
use chrono::NaiveDate;
use organization::drug::{self, Drug};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// Most drugs offered for one sentence.
const OFFERED: i64 = 6;

/// What the entry sends: a sentence, or the fields of the plain form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EntryForm {
    /// The id that the page made for the new line.
    pub id: String,
    pub sentence: String,
    /// The drug that was chosen among those offered.
    pub drug: String,
    /// "1": the drug is not in the list and is written as text.
    pub free: String,
    pub plain: PlainForm,
}

/// The plain form, beside the sentence; flattened into the entry by its page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlainForm {
    pub name: String,
    pub morning: String,
    pub noon: String,
    pub afternoon: String,
    pub evening: String,
    pub unit: String,
    pub meal: String,
    pub days: String,
    pub quantity: String,
    pub remark: String,
}

impl PlainForm {
    /// The same as a sentence. An empty form gives an empty text.
    pub fn as_sentence(&self) -> String {
        let mut parts = vec![self.name.trim().to_owned()];
        let unit = self.unit.trim();
        for (word, amount) in [("sáng", &self.morning), ("trưa", &self.noon), ("chiều", &self.afternoon), ("tối", &self.evening)] {
            if !amount.trim().is_empty() {
                parts.push(format!("{word} {} {unit}", amount.trim()));
            }
        }
        parts.push(self.meal.trim().to_owned());
        if !self.days.trim().is_empty() {
            parts.push(format!("{} ngày", self.days.trim()));
        }
        if !self.quantity.trim().is_empty() {
            parts.push(format!("số lượng {}", self.quantity.trim()));
        }
        if !self.remark.trim().is_empty() {
            parts.push(format!("“{}”", self.remark.trim()));
        }
        let parts: Vec<&str> = parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect();
        parts.join(" ")
    }
}

/// A sentence with the drugs it may mean, best first.
pub struct Understood {
    pub sentence: String,
    pub reading: Reading,
    pub offered: Vec<Drug>,
    /// Which of the offered drugs is meant; `None` when somebody must choose.
    pub chosen: Option<usize>,
}

/// Reads the sentence and looks for its drug. A drug chosen by hand holds only while the sentence still finds it: the
/// words win over a stale click. Own favourites come first.
pub async fn understand(
    conn: &mut PgConnection,
    facility: FacilityId,
    day: NaiveDate,
    sentence: &str,
    chosen: &str,
    favourites: &[Favourite],
) -> Result<Understood, sqlx::Error> {
    let reading = sentence::read(sentence);
    let mut offered = Vec::new();
    if !reading.drug.is_empty() {
        offered = drug::search(conn, facility, &searched(&reading.drug), day, OFFERED).await?;
    }
    let liked = |d: &Drug| favourites.iter().position(|f| f.drug_id == d.id).unwrap_or(usize::MAX);
    offered.sort_by_key(|d| (liked(d), std::cmp::Reverse(fit(&reading.drug, d))));
    let by_hand = chosen.parse::<Uuid>().ok().and_then(|id| offered.iter().position(|d| d.id == id));
    let alone = (offered.len() == 1).then_some(0);
    // One drug fits the words better than all others: it is shown as understood, the others beside it.
    let best = match offered.as_slice() {
        [first, second, ..] if fit(&reading.drug, first) > fit(&reading.drug, second) => Some(0),
        _ => None,
    };
    let favourite = offered.first().filter(|d| favourites.iter().any(|f| f.drug_id == d.id)).map(|_| 0);
    Ok(Understood { sentence: sentence.to_owned(), reading, offered, chosen: by_hand.or(alone).or(favourite).or(best) })
}

/// How well a drug fits the words: its code, a name that begins with them, one substance rather than a combination,
/// and the very strength.
fn fit(typed: &str, drug: &Drug) -> u8 {
    let typed = base::fold(&searched(typed));
    let f = &drug.facts;
    let first = typed.split(' ').next().unwrap_or_default();
    let begins = |text: &str| base::fold(text).starts_with(first);
    let numbers = |text: &str| -> Vec<String> {
        let folded = base::fold(&searched(text));
        folded.split(' ').filter(|w| w.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned).collect()
    };
    let (wanted, has) = (numbers(&typed), numbers(&f.strength));
    let is_code = base::fold(&f.code) == typed;
    let same_strength = !wanted.is_empty() && has.len() == wanted.len() && wanted.iter().all(|n| has.contains(n));
    let single = codes::substance::keys(&f.ingredient).len() == 1;
    u8::from(is_code) * 16 + u8::from(begins(&f.ingredient) || begins(&f.name)) * 4 + u8::from(same_strength) * 2 + u8::from(single)
}

/// "amox 500mg" finds what is written "500 mg": number and unit come apart, and the unit says nothing.
fn searched(drug: &str) -> String {
    let mut out = String::with_capacity(drug.len() + 8);
    let mut previous = ' ';
    for c in drug.chars() {
        if previous.is_ascii_digit() && c.is_alphabetic() {
            out.push(' ');
        }
        out.push(c);
        previous = c;
    }
    let words: Vec<&str> = out.split_whitespace().filter(|w| !matches!(*w, "mg" | "g" | "ml" | "mcg")).collect();
    words.join(" ")
}

impl Understood {
    /// The line, with the drug that is meant or as free text.
    pub fn line(&self, as_free_text: bool) -> Result<Line, Problems> {
        let drug = match self.chosen {
            _ if as_free_text => DrugOnLine::free_text(&self.reading.drug, &self.reading.dose)?,
            Some(n) => DrugOnLine::of(&self.offered[n]),
            None => return Err(self.undecided()),
        };
        line::write(self.reading.clone(), &self.sentence, drug)
    }

    fn undecided(&self) -> Problems {
        let drug = &self.reading.drug;
        if drug.is_empty() {
            return Problem::at("sentence", sentence::Missing::Drug.question()).into();
        }
        let text = if self.offered.is_empty() {
            format!("Danh mục không có “{drug}”. Gõ lại tên, hoạt chất hay mã; hoặc bấm “Kê ngoài danh mục”.")
        } else {
            format!("Có {} thuốc khớp “{drug}”. Bấm chọn một thuốc bên dưới, hoặc gõ thêm tên, hàm lượng.", self.offered.len())
        };
        Problem::at("sentence", text).into()
    }
}

/// Reads a dose again for a drug that is known, as samples, favourites and earlier prescriptions do.
pub fn line_of_known(drug: &Drug, dose: &str) -> Result<Line, Problems> {
    let sentence = format!("{} {dose}", drug.facts.name);
    line::write(sentence::read_dose(dose), &sentence, DrugOnLine::of(drug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_form_is_the_same_sentence() {
        let form = PlainForm {
            name: "amox 500".into(),
            morning: "1".into(),
            evening: "1/2".into(),
            unit: "viên".into(),
            meal: "sau ăn".into(),
            days: "5".into(),
            remark: "uống nhiều nước".into(),
            ..PlainForm::default()
        };
        let text = form.as_sentence();
        assert_eq!(text, "amox 500 sáng 1 viên tối 1/2 viên sau ăn 5 ngày “uống nhiều nước”");
        assert!(sentence::read(&text).is_clear());
        assert_eq!(PlainForm::default().as_sentence(), "");
    }

    #[test]
    fn strengths_are_searched_by_their_number() {
        assert_eq!(searched("amox 500mg"), "amox 500");
        assert_eq!(searched("augmentin 250mg/5ml"), "augmentin 250 mg/5");
    }
}

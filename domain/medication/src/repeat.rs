//! Taking an earlier prescription again: every line is read anew against today's list, prices and rules, and what is
//! different is said line by line.

use crate::dose::aloud;
use crate::entry;
use crate::line::Line;
use base::Vnd;
use organization::drug::Drug;
use uuid::Uuid;

/// What became of one earlier line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Same,
    /// Same dose, another price.
    Price { before: Option<Vnd>, now: Option<Vnd> },
    /// The quantity is counted differently today (another pack, another form).
    Quantity { before: String, now: String },
    AlreadyThere,
    /// No longer in the facility's list on this day.
    Gone,
    /// The dose no longer fits the drug; the reason.
    Refused(String),
}

impl Outcome {
    pub fn sentence(&self) -> String {
        let price = |p: &Option<Vnd>| p.map_or("chưa có giá".to_owned(), |p| format!("{p} đ"));
        match self {
            Outcome::Same => "như cũ".into(),
            Outcome::Price { before, now } => format!("giá {} → {}", price(before), price(now)),
            Outcome::Quantity { before, now } => format!("số lượng {before} → {now}"),
            Outcome::AlreadyThere => "đã có trong đơn".into(),
            Outcome::Gone => "không còn trong danh mục, không lấy lại".into(),
            Outcome::Refused(why) => format!("không lấy lại: {why}"),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Outcome::Same => "done",
            Outcome::Price { .. } | Outcome::AlreadyThere => "info",
            Outcome::Quantity { .. } | Outcome::Gone | Outcome::Refused(_) => "warning",
        }
    }
}

/// One earlier line beside today.
pub struct Again {
    pub name: String,
    pub outcome: Outcome,
    /// The line to add; `None` where nothing is taken.
    pub line: Option<Line>,
}

/// Looks at every earlier line. `drugs` are today's rows of those drugs, `in_draft` what the draft holds already.
pub fn again(earlier: &[(Uuid, Line)], drugs: &[Drug], is_active: impl Fn(&Drug) -> bool, in_draft: &[(Uuid, Line)]) -> Vec<Again> {
    earlier
        .iter()
        .map(|(_, old)| {
            let name = old.drug.short_name();
            let Some(id) = old.drug.id else {
                let there = in_draft.iter().any(|(_, l)| l.drug.id.is_none() && l.drug.brand == old.drug.brand);
                let line = (!there).then(|| old.clone());
                return Again { name, outcome: if there { Outcome::AlreadyThere } else { Outcome::Same }, line };
            };
            if in_draft.iter().any(|(_, l)| l.drug.id == Some(id)) {
                return Again { name, outcome: Outcome::AlreadyThere, line: None };
            }
            let Some(drug) = drugs.iter().find(|d| d.id == id && is_active(d)) else {
                return Again { name, outcome: Outcome::Gone, line: None };
            };
            match entry::line_of_known(drug, &aloud::read_aloud(&old.dose)) {
                Ok(new) => Again { name, outcome: compare(old, &new), line: Some(new) },
                Err(problems) => {
                    let why = problems.0.first().map_or(String::new(), |p| p.text.to_string());
                    Again { name, outcome: Outcome::Refused(why), line: None }
                }
            }
        })
        .collect()
}

fn compare(old: &Line, new: &Line) -> Outcome {
    let shown = |l: &Line| format!("{} {}", l.quantity.amount, l.drug.packaging.unit);
    if shown(old) != shown(new) {
        Outcome::Quantity { before: shown(old), now: shown(new) }
    } else if old.drug.price != new.drug.price {
        Outcome::Price { before: old.drug.price, now: new.drug.price }
    } else {
        Outcome::Same
    }
}

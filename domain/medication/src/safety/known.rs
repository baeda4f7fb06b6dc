//! What the catalogues say of substances, remembered by this process. Catalogues change only when they are loaded
//! anew, and every load leaves its time behind: knowledge of another time is forgotten at once. What was never asked
//! before is asked from the database, for all drugs of a prescription together.

use crate::law::Figures;
use chrono::{DateTime, NaiveDate, Utc};
use codes::interaction::{self, Interaction};
use codes::substance::{self, AllergyMatch, Facts, MaxDose};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything the checks look up, numbered as the drugs and allergies were given.
#[derive(Debug, Default)]
pub struct Knowledge {
    pub interactions: Vec<Interaction>,
    pub allergy_matches: Vec<AllergyMatch>,
    pub facts: Vec<Facts>,
    pub max_doses: Vec<MaxDose>,
}

type Substance = Arc<(Vec<Facts>, Vec<MaxDose>)>;
type Two = (String, String);

#[derive(Default)]
struct Memory {
    loaded: Option<DateTime<Utc>>,
    substances: HashMap<String, Substance>,
    pairs: HashMap<Two, Arc<Vec<Interaction>>>,
    /// Allergy and drug; `None`: nothing speaks against it.
    allergies: HashMap<Two, Option<AllergyMatch>>,
    figures: HashMap<NaiveDate, Figures>,
}

/// A clinic's list knows hundreds of drugs; beyond this the memory begins anew.
const MOST: usize = 100_000;

static MEMORY: Mutex<Option<Memory>> = Mutex::new(None);

/// What is known of these ingredient texts together, and of these allergies against them. `loaded` is when the
/// catalogues of the database were loaded last; where that is unknown nothing is remembered.
pub async fn ask(conn: &mut PgConnection, loaded: Option<DateTime<Utc>>, drugs: &[&str], allergies: &[&str]) -> Result<Knowledge, sqlx::Error> {
    if let Some(known) = remembered(loaded, drugs, allergies) {
        return Ok(known);
    }
    let asked = Knowledge {
        interactions: interaction::between(&mut *conn, drugs).await?,
        allergy_matches: if allergies.is_empty() { Vec::new() } else { substance::allergy_matches(&mut *conn, allergies, drugs).await? },
        facts: substance::facts(&mut *conn, drugs).await?,
        max_doses: substance::max_doses(&mut *conn, drugs).await?,
    };
    if loaded.is_some() {
        remember(loaded, drugs, allergies, &asked);
    }
    Ok(asked)
}

/// The figures of the prescription circular on a day, asked once a load.
pub async fn figures(conn: &mut PgConnection, loaded: Option<DateTime<Utc>>, day: NaiveDate) -> Result<Figures, sqlx::Error> {
    let known = {
        let memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
        memory.as_ref().filter(|m| loaded.is_some() && m.loaded == loaded).and_then(|m| m.figures.get(&day).cloned())
    };
    if let Some(known) = known {
        return Ok(known);
    }
    let figures = crate::store::figures(conn, day).await?;
    if loaded.is_some() {
        let mut guard = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
        of_load(&mut guard, loaded).figures.insert(day, figures.clone());
    }
    Ok(figures)
}

/// The memory of this load; that of another one is forgotten.
fn of_load(guard: &mut Option<Memory>, loaded: Option<DateTime<Utc>>) -> &mut Memory {
    let memory = guard.get_or_insert_default();
    if memory.loaded != loaded || memory.pairs.len() + memory.allergies.len() + memory.figures.len() > MOST {
        *memory = Memory { loaded, ..Memory::default() };
    }
    memory
}

fn two(a: &str, b: &str) -> Two {
    if a <= b { (a.to_owned(), b.to_owned()) } else { (b.to_owned(), a.to_owned()) }
}

/// Everything from memory, or nothing when one piece is missing.
fn remembered(loaded: Option<DateTime<Utc>>, drugs: &[&str], allergies: &[&str]) -> Option<Knowledge> {
    let memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let memory = memory.as_ref().filter(|m| loaded.is_some() && m.loaded == loaded)?;
    let mut known = Knowledge::default();
    for (n, drug) in drugs.iter().enumerate() {
        let number = n as i32;
        let (facts, max_doses) = &**memory.substances.get(*drug)?;
        known.facts.extend(facts.iter().map(|f| Facts { drug: number, ..f.clone() }));
        known.max_doses.extend(max_doses.iter().map(|m| MaxDose { drug: number, ..m.clone() }));
        for (m, later) in drugs.iter().enumerate().skip(n + 1) {
            let met = memory.pairs.get(&two(drug, later))?;
            known.interactions.extend(met.iter().map(|i| Interaction { first: number, second: m as i32, ..i.clone() }));
        }
        for (a, allergy) in allergies.iter().enumerate() {
            let hit = memory.allergies.get(&((*allergy).to_owned(), (*drug).to_owned()))?;
            known.allergy_matches.extend(hit.clone().map(|hit| AllergyMatch { allergy: a as i32, drug: number, ..hit }));
        }
    }
    known.interactions.sort_by_key(|i| (rank(&i.severity), i.first, i.second));
    Some(known)
}

/// The order in which the catalogue gives them: worst first.
fn rank(severity: &str) -> usize {
    ["contraindicated", "danger", "warning", "caution"].iter().position(|s| *s == severity).unwrap_or(4)
}

fn remember(loaded: Option<DateTime<Utc>>, drugs: &[&str], allergies: &[&str], asked: &Knowledge) {
    let mut guard = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let memory = of_load(&mut guard, loaded);
    for (n, drug) in drugs.iter().enumerate() {
        let number = n as i32;
        let facts = asked.facts.iter().filter(|f| f.drug == number).cloned().collect();
        let max_doses = asked.max_doses.iter().filter(|m| m.drug == number).cloned().collect();
        memory.substances.insert((*drug).to_owned(), Arc::new((facts, max_doses)));
        for (m, later) in drugs.iter().enumerate().skip(n + 1) {
            let met = asked.interactions.iter().filter(|i| i.first == number && i.second == m as i32).cloned().collect();
            memory.pairs.insert(two(drug, later), Arc::new(met));
        }
        for (a, allergy) in allergies.iter().enumerate() {
            let hit = asked.allergy_matches.iter().find(|h| h.allergy == a as i32 && h.drug == number).cloned();
            memory.allergies.insert(((*allergy).to_owned(), (*drug).to_owned()), hit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(first: i32, second: i32, severity: &str) -> Interaction {
        Interaction {
            first,
            second,
            severity: severity.into(),
            name_a: String::new(),
            name_b: String::new(),
            mechanism: String::new(),
            consequence: String::new(),
            management: String::new(),
            source: String::new(),
            verified: true,
        }
    }

    /// One test for all of it: the memory is one for the process.
    #[test]
    fn what_was_asked_is_known_until_the_next_load() {
        let morning = Some("2026-11-24T01:00:00Z".parse().unwrap());
        let asked = Knowledge { interactions: vec![met(0, 1, "danger")], ..Knowledge::default() };
        remember(morning, &["A", "B"], &["Penicilin"], &asked);
        let known = remembered(morning, &["B", "A"], &["Penicilin"]).expect("the same in another order");
        assert_eq!((known.interactions[0].first, known.interactions[0].second), (0, 1));
        assert!(remembered(morning, &["A"], &[]).expect("fewer").interactions.is_empty());
        assert!(remembered(morning, &["A", "C"], &[]).is_none());
        assert!(remembered(morning, &["A"], &["Sulfamid"]).is_none());
        assert!(remembered(None, &["A", "B"], &[]).is_none());
        let evening = Some("2026-11-24T10:00:00Z".parse().unwrap());
        assert!(remembered(evening, &["A", "B"], &[]).is_none(), "another load, another knowledge");
        remember(evening, &["A"], &[], &Knowledge::default());
        assert!(remembered(morning, &["A", "B"], &[]).is_none());
    }
}

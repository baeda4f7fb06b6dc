//! Counting a store. A sheet is frozen with every lot that lies there; two people count each line, one after the other
//! and not knowing what the first one found; what differs from the books is explained and approved by somebody else.
//!
//! Selling goes on meanwhile: each count remembers what the books said at that moment, and what is booked in the end is
//! the difference, not the count. So nothing that moved before or after is counted twice.

use crate::ledger::{self, Movement, Signer};
use crate::store::counts::{self, CountLine};
use crate::store::documents::Document;
use base::{LotId, Problem, Problems};
use db::Tx;
use std::collections::HashMap;
use uuid::Uuid;
use web::Failure;

/// One count of one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub counted_milli: i64,
    /// What the books said at that moment.
    pub book_milli: i64,
    pub by: Uuid,
}

impl Count {
    /// What is too much (positive) or missing (negative).
    pub fn difference(&self) -> i64 {
        self.counted_milli - self.book_milli
    }
}

/// What the counts of a line come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody counted it.
    Uncounted,
    /// One person did.
    Once,
    /// Two people found different things.
    Disagree,
    /// Two people agree; the difference from the books.
    Agreed(i64),
}

/// Judges the two counts of a line. They agree when they find the same difference, whatever was sold in between.
pub fn outcome(first: Option<Count>, second: Option<Count>) -> Outcome {
    match (first, second) {
        (None, _) => Outcome::Uncounted,
        (Some(_), None) => Outcome::Once,
        (Some(a), Some(b)) if a.difference() == b.difference() => Outcome::Agreed(a.difference()),
        _ => Outcome::Disagree,
    }
}

/// Which round a person's count belongs to: whoever counted a line first keeps correcting the first count, everybody
/// else writes the second.
pub fn round_of(first: Option<Count>, me: Uuid) -> i32 {
    match first {
        Some(count) if count.by != me => 2,
        _ => 1,
    }
}

/// Whether the sheet is ready to be decided: every line counted by two people who agree, every difference explained.
pub async fn check_counted(tx: &mut Tx, doc: &Document) -> Result<(), Failure> {
    let lines = counts::list(tx, doc.document_id).await?;
    let mut problems = Problems::none();
    let judged: Vec<Outcome> = lines.iter().map(CountLine::outcome).collect();
    let number = |wanted: fn(&Outcome) -> bool| judged.iter().filter(|o| wanted(o)).count();
    let uncounted = number(|o| *o == Outcome::Uncounted);
    let once = number(|o| *o == Outcome::Once);
    let disagree = number(|o| *o == Outcome::Disagree);
    problems.add_if(uncounted > 0, "", format!("Còn {uncounted} dòng chưa đếm."));
    problems.add_if(once > 0, "", format!("Còn {once} dòng mới một người đếm. Người thứ hai đếm lại các dòng này."));
    problems.add_if(disagree > 0, "", format!("Còn {disagree} dòng hai người đếm khác nhau. Đếm lại cho khớp."));
    for (line, outcome) in lines.iter().zip(&judged) {
        let unexplained = matches!(outcome, Outcome::Agreed(d) if *d != 0) && line.reason.is_empty();
        problems.add_if(unexplained, line.line_id.to_string(), "Ghi lý do chênh lệch.");
    }
    if !problems.is_empty() && problems.at("").is_empty() {
        problems.0.insert(0, Problem::of("Có dòng chênh lệch chưa ghi lý do."));
    }
    Ok(problems.or(())?)
}

/// Books the differences; gives their value. What was missing cannot be more than what is left by now.
pub async fn book(tx: &mut Tx, doc: &Document, shown: &str, second: Option<Signer>) -> Result<i64, Failure> {
    check_counted(tx, doc).await?;
    let lines = counts::list(tx, doc.document_id).await?;
    let movements: Vec<Movement> = lines
        .iter()
        .filter_map(|line| match line.outcome() {
            Outcome::Agreed(difference) if difference != 0 => Some(Movement {
                document_no: shown.to_owned(),
                reason: line.reason.clone(),
                second: second.clone(),
                ..Movement::new(ledger::Kind::Stocktake, doc.store(), line.item_id, LotId(line.lot_id), difference, doc.document_id, line.line_id)
            }),
            _ => None,
        })
        .collect();
    if movements.is_empty() {
        return Ok(0);
    }
    ledger::post(tx, &movements).await?;
    let booked = crate::store::ledger::list_of_document(tx, &[doc.document_id]).await?;
    Ok(booked.iter().map(|m| m.cost_vnd).sum())
}

/// What was typed into the sheet: quantities by line.
pub async fn write_counts(tx: &mut Tx, doc: &Document, typed: &HashMap<Uuid, (String, String)>) -> Result<Problems, Failure> {
    crate::document::may_edit(doc.state())?;
    let lines = counts::list(tx, doc.document_id).await?;
    let me = tx.actor.account.0;
    let mut problems = Problems::none();
    let mut written = Vec::new();
    let mut reasons = Vec::new();
    for line in &lines {
        let Some((quantity, reason)) = typed.get(&line.line_id) else { continue };
        let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        if reason != line.reason {
            reasons.push((line.line_id, reason));
        }
        if quantity.trim().is_empty() {
            continue;
        }
        match read_count(quantity) {
            Err(text) => problems.add(line.line_id.to_string(), text),
            Ok(counted) => {
                let round = round_of(line.first(), me);
                // The same number again at unchanged books is no new count.
                let known = if round == 1 { line.first() } else { line.second() };
                if known.is_none_or(|k| k.counted_milli != counted || k.by != me) {
                    written.push((line.line_id, round, counted));
                }
            }
        }
    }
    counts::insert(tx, doc, &written).await?;
    counts::set_reasons(tx, doc.document_id, &reasons).await?;
    if !written.is_empty() || !reasons.is_empty() {
        crate::store::documents::add_hand(tx, doc.document_id).await?;
    }
    Ok(problems)
}

/// Reads a counted quantity; zero is a count too.
pub fn read_count(typed: &str) -> Result<i64, String> {
    if !typed.trim().is_empty() && typed.trim().chars().all(|c| c == '0') {
        return Ok(0);
    }
    crate::item::read_quantity(typed, 1, "quantity").map_err(|p| p.text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(counted: i64, book: i64, by: u128) -> Option<Count> {
        Some(Count { counted_milli: counted, book_milli: book, by: Uuid::from_u128(by) })
    }

    #[test]
    fn two_counts_are_judged() {
        for (first, second, expected) in [
            (None, None, Outcome::Uncounted),
            (count(10, 10, 1), None, Outcome::Once),
            (count(10, 10, 1), count(10, 10, 2), Outcome::Agreed(0)),
            (count(9, 10, 1), count(9, 10, 2), Outcome::Agreed(-1)),
            (count(9, 10, 1), count(10, 10, 2), Outcome::Disagree),
            // Four were sold between the two counts: both found one missing.
            (count(9, 10, 1), count(5, 6, 2), Outcome::Agreed(-1)),
            (count(0, 10, 1), count(0, 10, 2), Outcome::Agreed(-10)),
        ] {
            assert_eq!(outcome(first, second), expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn the_second_count_is_never_by_the_first_person() {
        let me = Uuid::from_u128(1);
        assert_eq!(round_of(None, me), 1);
        assert_eq!(round_of(count(1, 1, 1), me), 1);
        assert_eq!(round_of(count(1, 1, 2), me), 2);
    }

    #[test]
    fn nothing_is_a_count() {
        assert_eq!(read_count("0"), Ok(0));
        assert_eq!(read_count("1.200"), Ok(1_200_000));
        for bad in ["", "-1", "x", "1,2345"] {
            assert!(read_count(bad).is_err(), "{bad}");
        }
    }
}

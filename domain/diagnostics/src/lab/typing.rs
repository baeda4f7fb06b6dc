//! What follows when one cell of a sample is typed: its flag, the jump against the previous result, and everything that
//! is calculated from it.

use super::delta::{self, Limit};
use super::formula::{self, Calculated};
use super::range::{self, Flag};
use super::result::{self, Comparator, Entered};
use super::validation::Status;
use crate::store::lab::bench::{Cell, Change, Sample};
use base::{Age, Problem, local_date};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Judges a value for a cell: flag and jump.
pub fn judge(cell: &Cell, entered: Option<Entered>, collected_at: DateTime<Utc>, is_calculated: bool) -> Change {
    let flag = entered.as_ref().map_or(Flag::Normal, |entered| range::flag(entered, &cell.limits));
    let limit = cell.delta_percent.zip(cell.delta_days).map(|(percent, days)| Limit { percent, days });
    let now = entered.as_ref().filter(|e| e.comparator == Comparator::Equal).and_then(|e| e.value);
    let is_delta = now.zip(cell.previous_value).zip(cell.previous_at).is_some_and(|((now, before), at)| {
        let days = (local_date(collected_at) - local_date(at)).num_days();
        delta::exceeds(now, before, days, limit).is_some()
    });
    Change { result: cell.id, entered, flag, is_delta, is_calculated }
}

/// What typing into one cell changes: the cell itself first, then the calculated cells of the sample that follow from
/// it. Refuses what cannot be a value. A calculated cell that somebody typed over is left as they typed it.
pub fn typed(sample: &Sample, result: Uuid, text: &str) -> Result<Vec<Change>, Problem> {
    let Some(cell) = sample.cells.iter().find(|cell| cell.id == result) else { return Ok(Vec::new()) };
    let entered = result::read(text, &cell.spec)?;
    let mut changes = vec![judge(cell, entered, sample.collected_at, false)];
    let years = Age::on(sample.birth_date, local_date(sample.collected_at)).years;
    for follower in sample.cells.iter().filter(|c| c.id != result && !c.formula.is_empty()) {
        let is_own_word = !follower.entered.shown.is_empty() && !follower.is_calculated;
        let concerns = formula::find(&follower.formula).is_some_and(|f| f.inputs.contains(&cell.code.as_str()));
        // A value that is on a report changes only by a correction of its own.
        let is_open = matches!(follower.status, Status::Pending | Status::Typed | Status::Technical) && follower.report.is_none();
        if is_own_word || !concerns || !is_open {
            continue;
        }
        let input = |code: &str| input(sample, &changes[0], code);
        let calculated = match formula::calculate(&follower.formula, &sample.sex, years, input) {
            Calculated::Value(value) => Some(rounded(value, follower)),
            Calculated::Invalid(why) => Some(Entered::words(why)),
            Calculated::Waiting => None,
        };
        changes.push(judge(follower, calculated, sample.collected_at, true));
    }
    Ok(changes)
}

fn rounded(value: Decimal, cell: &Cell) -> Entered {
    let kept = value.round_dp_with_strategy(cell.spec.decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    Entered::number(Comparator::Equal, kept, cell.spec.decimals)
}

/// The plain number of a code in the sample, with what is being typed taken as typed.
fn input(sample: &Sample, typed: &Change, code: &str) -> Option<Decimal> {
    let cell = sample.cells.iter().find(|cell| cell.code == code && cell.status != Status::Cancelled)?;
    let entered = if cell.id == typed.result { typed.entered.as_ref()? } else { &cell.entered };
    entered.value.filter(|_| entered.comparator == Comparator::Equal)
}

//! Medicines on the bill: what was prescribed is charged first, and what was really handed over in the end. A medicine
//! brought back sealed is taken off again; money that was paid for it becomes due for refund.

use crate::charge::Source;
use crate::desk;
use crate::store::bills::{self, Line};
use crate::store::charges::{self, Again};
use crate::store::dispensed::{self, Dispensed, Prescribed};
use base::BillId;
use db::Tx;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What is known about one prescription line. Quantities in thousandths of the dispensing unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineFacts {
    /// `None` while the prescription itself has not been heard of.
    pub prescribed: Option<i64>,
    /// Handed over of the prescribed medicine, less what came back.
    pub given: i64,
    /// Handed over of other brands in its place.
    pub substituted: i64,
    /// The patient takes no more of it, the prescription was withdrawn, or the cashier left it out.
    pub closed: bool,
}

/// How much of the prescribed medicine is to be charged: what was given once the line is closed, before that the whole of
/// it less what another brand took the place of.
pub fn to_charge(facts: LineFacts) -> i64 {
    match facts.prescribed {
        Some(prescribed) if !facts.closed => (prescribed - facts.substituted).max(facts.given),
        _ => facts.given,
    }
    .max(0)
}

/// Brings the charges of a bill in line with what is known about its medicines. Running it again changes nothing.
/// Only lines of which something was handed over are looked at: the others follow their prescription alone.
pub async fn settle(tx: &mut Tx, bill: BillId) -> anyhow::Result<()> {
    let given = dispensed::list_of_bill(tx, bill).await?;
    if given.is_empty() {
        return Ok(());
    }
    let position = bills::lock(tx, bill).await?;
    let lines = bills::list_lines(tx, bill).await?;
    let prescribed = dispensed::prescribed_of_bill(tx, bill).await?;
    let touched: BTreeSet<Uuid> = given.iter().filter_map(|g| g.line_id).collect();
    for line_id in touched {
        let parts: Vec<&Dispensed> = given.iter().filter(|g| g.line_id == Some(line_id)).collect();
        let known = prescribed.iter().find(|p| p.line_id == line_id);
        settle_line(tx, bill, line_id, &parts, known, &lines).await?;
    }
    for part in given.iter().filter(|g| g.line_id.is_none() || g.substituted) {
        let slot = Slot { source: Source::Dispense, id: part.dispensed_id, paper: part.prescription_id, drug: part.drug_id, day: part.day };
        bring_to(tx, bill, &slot, part.kept(), &lines).await?;
    }
    let after = bills::list_lines(tx, bill).await?;
    desk::tell_covered(tx, bill, desk::newly_covered(&after, desk::NOTHING_YET, position.paid));
    desk::tell_pages(tx, bill);
    Ok(())
}

async fn settle_line(
    tx: &mut Tx,
    bill: BillId,
    line_id: Uuid,
    parts: &[&Dispensed],
    known: Option<&Prescribed>,
    lines: &[Line],
) -> anyhow::Result<()> {
    let own: Vec<&Line> = lines.iter().filter(|l| l.source == "drug" && l.source_id == line_id).collect();
    let left_out = !own.is_empty() && own.iter().all(|l| l.is_reversed());
    let facts = LineFacts {
        prescribed: known.map(|p| p.quantity_milli).or_else(|| own.iter().min_by_key(|l| l.revision).map(|l| l.quantity_milli)),
        given: parts.iter().filter(|p| !p.substituted).map(|p| p.kept()).sum(),
        substituted: parts.iter().filter(|p| p.substituted).map(|p| p.quantity_milli).sum(),
        closed: left_out || known.is_some_and(|p| p.withdrawn) || parts.iter().any(|p| p.closes_line),
    };
    let drug = known.map(|p| p.drug_id).or_else(|| parts.iter().find(|p| !p.substituted).map(|p| p.drug_id));
    let Some(drug) = drug.or_else(|| own.first().and_then(|l| l.drug_id)) else { return Ok(()) };
    let paper = known.map(|p| p.prescription_id).or_else(|| parts.iter().find_map(|p| p.prescription_id));
    let day = known.map(|p| p.day).or_else(|| parts.first().map(|p| p.day)).unwrap_or_else(|| base::local_date(tx.now));
    let slot = Slot { source: Source::Drug, id: line_id, paper, drug, day };
    bring_to(tx, bill, &slot, to_charge(facts), lines).await
}

/// The place of one medicine on the bill.
struct Slot {
    source: Source,
    id: Uuid,
    paper: Option<Uuid>,
    drug: Uuid,
    day: chrono::NaiveDate,
}

/// Takes back the living charge of a slot when its quantity is no longer true, and charges anew what is. The unit price
/// stays the one of the first charge: bringing some back does not make the rest dearer.
async fn bring_to(tx: &mut Tx, bill: BillId, slot: &Slot, quantity_milli: i64, lines: &[Line]) -> anyhow::Result<()> {
    let own = || lines.iter().filter(|l| l.source == slot.source.key() && l.source_id == slot.id);
    let living = own().find(|l| !l.is_reversed());
    if living.map_or(0, |l| l.quantity_milli) == quantity_milli {
        return Ok(());
    }
    let last = own().max_by_key(|l| l.revision);
    if let Some(line) = living {
        charges::reverse(tx, line.charge_id, "Tính lại theo số thuốc đã phát", None).await?;
    }
    if quantity_milli > 0 {
        let again = Again {
            source: slot.source,
            source_id: slot.id,
            paper: slot.paper,
            drug: slot.drug,
            quantity_milli,
            day: slot.day,
            revision: last.map_or(1, |l| l.revision + 1),
        };
        let adjustments: Vec<&Line> = lines.iter().filter(|l| living.is_some_and(|v| l.discount_of == Some(v.charge_id))).collect();
        charges::charge_given(tx, bill, &again, last, &adjustments).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bill_follows_what_was_given() {
        let facts = |prescribed, given, substituted, closed| LineFacts { prescribed, given, substituted, closed };
        for (what, known, expected) in [
            ("part given, the rest still to come", facts(Some(14_000), 10_000, 0, false), 14_000),
            ("part given and closed", facts(Some(14_000), 10_000, 0, true), 10_000),
            ("all of it in another brand", facts(Some(14_000), 0, 14_000, false), 0),
            ("part in another brand", facts(Some(14_000), 4_000, 6_000, false), 8_000),
            ("told before the prescription", facts(None, 10_000, 0, false), 10_000),
            ("closed with nothing taken", facts(Some(14_000), 0, 0, true), 0),
        ] {
            assert_eq!(to_charge(known), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn never_less_than_was_given_and_never_negative(prescribed in prop::option::of(1i64..100_000), given in 0i64..100_000, substituted in 0i64..100_000, closed: bool) {
            let charged = to_charge(LineFacts { prescribed, given, substituted, closed });
            prop_assert!(charged >= given);
            prop_assert!(charged <= given.max(prescribed.unwrap_or(0)));
        }
    }
}

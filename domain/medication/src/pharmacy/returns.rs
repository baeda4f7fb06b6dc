//! Sealed goods come back to the counter.

use crate::desk::derived;
use crate::dispensing::{self, Supply};
use crate::dose::Milli;
use crate::store::{self, Dispense, NewReturn};
use base::event::{DrugDispensed, DrugReturned};
use base::{DispenseId, Event, LotId, Problems};
use serde_json::json;
use uuid::Uuid;
use web::ask::{Pick, PutBack};
use web::{Ctx, Failure, Tx};

/// What a person brings back.
pub struct Back {
    pub id: Uuid,
    /// Line of the dispense, lot, quantity as typed.
    pub lots: Vec<(String, String, String)>,
    pub reason: String,
    pub reopens: bool,
}

/// Takes sealed goods back into their lots. A second click answers as the first. Refuses more than the person still
/// has of this dispense, no reason, and a dispense that gave nothing.
pub async fn put_back(ctx: &Ctx, tx: &mut Tx, id: DispenseId, back: &Back) -> Result<Result<(), Problems>, Failure> {
    let facility = ctx.facility();
    if let Some(of) = store::find_dispense(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?.prescription {
        // The same order as when handing over: the prescription first.
        store::given_of(tx, of).await?;
    }
    store::lock_dispense(tx, id).await?;
    let known = store::find_dispense(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
    if store::return_exists(tx.conn(), facility, back.id).await? {
        return Ok(Ok(()));
    }
    let lots = match returned(&known, back) {
        Ok(lots) => lots,
        Err(problems) => return Ok(Err(problems)),
    };
    let kept: i64 = known.lots.iter().map(|l| l.quantity_milli - l.returned_milli).sum::<i64>() - lots.iter().map(|l| l.2).sum::<i64>();
    let status = match dispensing::after_return(known.status, kept) {
        Ok(status) => status,
        Err(problem) => return Ok(Err(problem.into())),
    };
    let picks: Vec<Pick> = lots.iter().filter_map(|(line, lot, quantity)| pick_of(&known, *line, *lot, *quantity)).collect();
    let goods = PutBack { id: back.id, dispense: id, store: known.store, picks: &picks, reason: back.reason.trim() };
    match ctx.app.stock().put_back(tx, &goods).await {
        Ok(()) => {}
        Err(Failure::Refused(problems)) => return Ok(Err(problems)),
        Err(other) => return Err(other),
    }
    let new = NewReturn { id: back.id, dispense: &known, status, reason: &back.reason, reopens: back.reopens, day: ctx.today(), lots: &lots };
    store::insert_return(tx, &new).await?;
    if let Some(of) = known.prescription
        && let Some(to) = store::find_to_supply(tx.conn(), facility, of, false).await?
    {
        store::set_supply(tx, of, Supply::of(&to.owed)).await?;
        if let Some(closed) = closed_by_return(ctx, &known, back, &lots).filter(|_| !back.reopens) {
            tx.emit(closed);
        }
    }
    tx.audit("return", "dispense", id, known.patient, json!({ "return": back.id, "lots": lots.len(), "reopens": back.reopens }));
    tx.emit(Event::DrugsReturned { dispense: id, bill: known.bill, lines: told_back(&known, back.id, &lots), day: ctx.today() });
    tx.notify("prescriptions");
    Ok(Ok(()))
}

fn returned(known: &Dispense, back: &Back) -> Result<Vec<(Uuid, LotId, i64)>, Problems> {
    let mut problems = Problems::none();
    let mut lots = Vec::new();
    for (line, lot, typed) in back.lots.iter().filter(|(_, _, typed)| !typed.trim().is_empty()) {
        let found = known.lots.iter().find(|l| l.id.to_string() == *line && l.lot_id.to_string() == *lot);
        let Some(found) = found else {
            problems.add("", "Trang đã cũ. Tải lại trang rồi nhận lại thuốc.");
            continue;
        };
        let left = found.quantity_milli - found.returned_milli;
        match Milli::parse(typed).map(|m| m.0) {
            Some(0) => {}
            Some(quantity) if quantity <= left => lots.push((found.id, found.lot_id, quantity)),
            _ => problems.add(format!("back-{line}-{lot}"), format!("Lô {}: người bệnh còn giữ {}. Ghi từ 0 đến {}.", found.lot_no, Milli(left), Milli(left))),
        }
    }
    let letters = back.reason.trim().chars().count();
    problems.add_if(!(5..=500).contains(&letters), "reason", "Ghi lý do trả lại, từ 5 đến 500 ký tự, ví dụ “đổi thuốc theo bác sĩ”.");
    problems.add_if(problems.is_empty() && lots.is_empty(), "", "Chưa ghi số lượng trả lại ở lô nào.");
    problems.or(lots)
}

fn pick_of(known: &Dispense, line: Uuid, lot: LotId, quantity_milli: i64) -> Option<Pick> {
    let given = known.lots.iter().find(|l| l.id == line && l.lot_id == lot)?;
    let of = known.lines.iter().find(|l| l.id == line)?;
    let line = of.line_id.unwrap_or(of.id);
    Some(Pick { line, drug: of.drug_id, lot, lot_no: given.lot_no.clone(), expires: given.expires, quantity_milli, reason: String::new() })
}

/// Who brings a medicine back takes no more of it: said as a handing over of nothing, so that the rest is not charged.
fn closed_by_return(ctx: &Ctx, known: &Dispense, back: &Back, lots: &[(Uuid, LotId, i64)]) -> Option<Event> {
    let lines: Vec<DrugDispensed> = known
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.line_id.is_some() && lots.iter().any(|l| l.0 == line.id))
        .map(|(n, line)| DrugDispensed {
            id: derived(back.id, n + known.lines.len()),
            line: line.line_id,
            drug: line.drug_id,
            substituted: line.substituted,
            quantity_milli: 0,
            closes_line: true,
        })
        .collect();
    (!lines.is_empty()).then(|| Event::DrugsDispensed {
        dispense: DispenseId(back.id),
        bill: known.bill,
        encounter: known.encounter,
        patient: known.patient,
        prescription: known.prescription,
        lines,
        day: ctx.today(),
    })
}

fn told_back(known: &Dispense, id: Uuid, lots: &[(Uuid, LotId, i64)]) -> Vec<DrugReturned> {
    known
        .lines
        .iter()
        .enumerate()
        .filter_map(|(n, line)| {
            let quantity_milli: i64 = lots.iter().filter(|l| l.0 == line.id).map(|l| l.2).sum();
            (quantity_milli > 0).then(|| DrugReturned { id: derived(id, n), dispensed: line.id, line: line.line_id, drug: line.drug_id, quantity_milli })
        })
        .collect()
}

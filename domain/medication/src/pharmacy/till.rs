//! What leaves the counter without a prescription.

use super::{given_lot, lots, told};
use crate::dispensing::{Status, Supply};
use crate::sale::Sale;
use crate::store::{self, GivenLot, NewDispense};
use base::{DispenseId, Event, Problem, Problems};
use serde_json::json;
use web::ask::Take;
use web::{Ctx, Failure, Tx};

/// Sells over the counter: goods leave, a bill of its own arises. A second click answers as the first.
pub async fn sell(ctx: &Ctx, tx: &mut Tx, sale: &Sale, reason: &str) -> Result<Result<(), Problems>, Failure> {
    let id = DispenseId(sale.bill.0);
    let portions = match sale.portions(reason) {
        Ok(portions) => portions,
        Err(problems) => return Ok(Err(problems)),
    };
    let store_id = ctx.app.stock().counters(tx).await?.first().map(|c| c.store).ok_or_else(|| Problem::of("Cơ sở chưa có quầy thuốc. Quản lý kho mở quầy rồi bán."))?;
    let picks = match lots(ctx, tx, store_id, None, &portions, &sale.owed()).await? {
        Ok(picks) => picks,
        Err(problems) => return Ok(Err(problems)),
    };
    match ctx.app.stock().take(tx, &Take { dispense: id, store: store_id, holder: None, patient: None, picks: &picks }).await {
        Ok(()) => {}
        Err(Failure::Refused(problems)) => return Ok(Err(problems)),
        Err(other) => return Err(other),
    }
    let lines = sale.lines(&portions);
    let given_lots: Vec<GivenLot> = lines.iter().flat_map(|l| picks.iter().filter(|p| p.drug == l.drug_id).map(|p| given_lot(l.id, p))).collect();
    let new = NewDispense {
        id,
        prescription: None,
        encounter: None,
        patient: None,
        bill: sale.bill,
        store: store_id,
        status: Status::Completed,
        warning_reason: "",
        warnings: &[],
        day: ctx.today(),
        lines: &lines,
        lots: &given_lots,
        prescribed: &[],
        supply: Supply::Done,
    };
    store::insert_dispense(tx, &new).await?;
    store::close_basket(tx, sale.bill).await?;
    tx.audit("sell", "dispense", id, None, json!({ "lines": lines.len() }));
    tx.emit(Event::DrugsDispensed {
        dispense: id,
        bill: sale.bill,
        encounter: None,
        patient: None,
        prescription: None,
        lines: lines.iter().map(|l| told(l, false)).collect(),
        day: new.day,
    });
    tx.notify("prescriptions");
    Ok(Ok(()))
}

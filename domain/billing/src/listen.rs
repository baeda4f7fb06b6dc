//! What the money side does when something happened elsewhere. Every listener may run twice, and in any order.

use crate::bill::of_visit;
use crate::charge::{NewCharge, Source};
use crate::store::bills::Line;
use crate::store::{bills, charges, dispensed};
use crate::{desk, dispense};
use anyhow::{anyhow, bail};
use base::{BillId, EncounterId, Event};
use db::Tx;
use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;
use web::Failure;

/// Charges the examination that was chosen at the desk.
pub async fn encounter_opened(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::EncounterOpened { encounter, service, day, .. } = serde_json::from_value(payload)? else {
        bail!("not an EncounterOpened");
    };
    let Some(service) = service else { return Ok(()) };
    let exam = NewCharge {
        source: Source::Exam,
        source_id: encounter.0,
        service: Some(service),
        drug: None,
        quantity_milli: 1000,
        day,
    };
    charges::charge(tx, of_visit(encounter), None, &[exam], day).await?;
    desk::tell_pages(tx, of_visit(encounter));
    Ok(())
}

/// Charges ordered services, and releases at once those that money paid ahead covers already (or that are free).
pub async fn orders_placed(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::OrdersPlaced { encounter, orders, day, .. } = serde_json::from_value(payload)? else {
        bail!("not an OrdersPlaced");
    };
    let new: Vec<NewCharge> = orders
        .iter()
        .map(|o| NewCharge {
            source: Source::Order,
            source_id: o.order.0,
            service: Some(o.service),
            drug: None,
            quantity_milli: i64::from(o.quantity) * 1000,
            day,
        })
        .collect();
    let position = bills::lock(tx, of_visit(encounter)).await?;
    if charges::charge(tx, of_visit(encounter), None, &new, day).await? > 0 {
        let lines = bills::list_lines(tx, of_visit(encounter)).await?;
        // What was covered before these orders came was told then.
        let mut covered = desk::newly_covered(&lines, desk::NOTHING_YET, position.paid);
        covered.orders.retain(|id| orders.iter().any(|o| o.order == *id));
        covered.prescriptions.clear();
        desk::tell_covered(tx, of_visit(encounter), covered);
    }
    desk::tell_pages(tx, of_visit(encounter));
    Ok(())
}

/// Charges what was done without an order in a basket (bed days, operations) at the price of its day. The line's own id
/// names the charge, so telling it twice charges once.
pub async fn services_rendered(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::ServicesRendered { encounter, lines, day, .. } = serde_json::from_value(payload)? else {
        bail!("not a ServicesRendered");
    };
    let new: Vec<NewCharge> = lines
        .iter()
        .map(|line| NewCharge {
            source: Source::Rendered,
            source_id: line.id,
            service: Some(line.service),
            drug: None,
            quantity_milli: line.quantity_milli,
            day,
        })
        .collect();
    bills::lock(tx, of_visit(encounter)).await?;
    charges::charge(tx, of_visit(encounter), None, &new, day).await?;
    desk::tell_pages(tx, of_visit(encounter));
    Ok(())
}

pub async fn order_cancelled(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::OrderCancelled { encounter, order } = serde_json::from_value(payload)? else {
        bail!("not an OrderCancelled");
    };
    charges::mark_withdrawn(tx, order.0).await?;
    desk::withdraw(tx, of_visit(encounter), "Chỉ định đã hủy", |l| l.source == "order" && l.source_id == order.0).await.map_err(fault)
}

/// Charges drugs that have a price here; what the replaced prescription charged and nobody paid is taken back.
pub async fn prescription_issued(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PrescriptionIssued { encounter, prescription, replaces, lines, day, .. } = serde_json::from_value(payload)? else {
        bail!("not a PrescriptionIssued");
    };
    if let Some(former) = replaces {
        withdraw_prescription(tx, encounter, former.0, "Đơn thuốc đã thay bằng đơn mới").await?;
    }
    let new: Vec<NewCharge> = lines
        .iter()
        .filter(|l| l.quantity_milli > 0)
        .filter_map(|l| {
            Some(NewCharge {
                source: Source::Drug,
                source_id: l.line,
                service: None,
                drug: Some(l.drug?),
                quantity_milli: l.quantity_milli,
                day,
            })
        })
        .collect();
    let bill = of_visit(encounter);
    dispensed::keep_prescribed(tx, bill, prescription, &lines, day).await?;
    if !new.is_empty() && charges::charge(tx, bill, Some(prescription.0), &new, day).await? > 0 {
        let position = bills::lock(tx, bill).await?;
        let lines = bills::list_lines(tx, bill).await?;
        // Money paid ahead may cover the medicines at once.
        let mut covered = desk::newly_covered(&lines, desk::NOTHING_YET, position.paid);
        covered.orders.clear();
        covered.prescriptions.retain(|p| *p == prescription);
        desk::tell_covered(tx, bill, covered);
    }
    // The counter may have been told of before the prescription.
    dispense::settle(tx, bill).await?;
    desk::tell_pages(tx, bill);
    Ok(())
}

/// Charges what was really handed over; a sale without a visit opens its own bill.
pub async fn drugs_dispensed(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::DrugsDispensed { bill, encounter, patient, prescription, lines, day, .. } = serde_json::from_value(payload)? else {
        bail!("not a DrugsDispensed");
    };
    if encounter.is_none() {
        bills::open_sale(tx, bill, patient, day).await?;
    }
    bills::lock(tx, bill).await?;
    dispensed::keep_dispensed(tx, bill, prescription, &lines, day).await?;
    dispense::settle(tx, bill).await
}

/// Takes off what came back sealed; money that was paid for it becomes the patient's to have back.
pub async fn drugs_returned(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::DrugsReturned { bill, lines, day, .. } = serde_json::from_value(payload)? else {
        bail!("not a DrugsReturned");
    };
    // Before facts are kept and compared: whoever comes second then sees the other's, in whichever order they come.
    bills::open_sale(tx, bill, None, day).await?;
    bills::lock(tx, bill).await?;
    dispensed::keep_returned(tx, bill, &lines, day).await?;
    dispense::settle(tx, bill).await
}

pub async fn prescription_cancelled(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PrescriptionCancelled { encounter, prescription } = serde_json::from_value(payload)? else {
        bail!("not a PrescriptionCancelled");
    };
    withdraw_prescription(tx, encounter, prescription.0, "Đơn thuốc đã hủy").await
}

async fn withdraw_prescription(tx: &mut Tx, encounter: EncounterId, prescription: Uuid, reason: &str) -> anyhow::Result<()> {
    charges::mark_withdrawn(tx, prescription).await?;
    let given = given_lines(tx, of_visit(encounter)).await?;
    let gone = |l: &Line| l.source_paper == Some(prescription) && !given.contains(&l.source_id);
    desk::withdraw(tx, of_visit(encounter), reason, gone).await.map_err(fault)?;
    dispense::settle(tx, of_visit(encounter)).await
}

/// The lines, of prescriptions and of dispenses, of which the patient has taken something: those are owed whatever happens.
async fn given_lines(tx: &mut Tx, bill: BillId) -> anyhow::Result<HashSet<Uuid>> {
    let given = dispensed::list_of_bill(tx, bill).await?;
    Ok(given.iter().flat_map(|g| [Some(g.dispensed_id), g.line_id]).flatten().collect())
}

pub async fn encounter_cancelled(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::EncounterCancelled { encounter } = serde_json::from_value(payload)? else {
        bail!("not an EncounterCancelled");
    };
    charges::mark_withdrawn(tx, encounter.0).await?;
    let given = given_lines(tx, of_visit(encounter)).await?;
    desk::withdraw(tx, of_visit(encounter), "Lượt khám đã hủy", |l| !given.contains(&l.source_id)).await.map_err(fault)?;
    dispense::settle(tx, of_visit(encounter)).await
}

/// A merge moves no money: bills hang on visits, and visits follow the person. Only open screens look again.
pub async fn patients_merged(tx: &mut Tx, _payload: Value) -> anyhow::Result<()> {
    tx.notify("cashier");
    Ok(())
}

fn fault(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Fault(error) => error,
        other => anyhow!("{other:?}"),
    }
}

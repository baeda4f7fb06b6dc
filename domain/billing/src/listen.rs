//! What the money side does when something happened elsewhere. Every listener may run twice, and in any order.

use crate::bill::of_visit;
use crate::charge::{NewCharge, Source};
use crate::desk;
use crate::store::{bills, charges};
use anyhow::{anyhow, bail};
use base::{EncounterId, Event};
use db::Tx;
use serde_json::Value;
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
        covered.retain(|id| orders.iter().any(|o| o.order == *id));
        desk::tell_covered(tx, of_visit(encounter), covered);
    }
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
    if !new.is_empty() {
        charges::charge(tx, of_visit(encounter), Some(prescription.0), &new, day).await?;
    }
    desk::tell_pages(tx, of_visit(encounter));
    Ok(())
}

pub async fn prescription_cancelled(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PrescriptionCancelled { encounter, prescription } = serde_json::from_value(payload)? else {
        bail!("not a PrescriptionCancelled");
    };
    withdraw_prescription(tx, encounter, prescription.0, "Đơn thuốc đã hủy").await
}

async fn withdraw_prescription(tx: &mut Tx, encounter: EncounterId, prescription: Uuid, reason: &str) -> anyhow::Result<()> {
    charges::mark_withdrawn(tx, prescription).await?;
    desk::withdraw(tx, of_visit(encounter), reason, |l| l.source_paper == Some(prescription)).await.map_err(fault)
}

pub async fn encounter_cancelled(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::EncounterCancelled { encounter } = serde_json::from_value(payload)? else {
        bail!("not an EncounterCancelled");
    };
    charges::mark_withdrawn(tx, encounter.0).await?;
    desk::withdraw(tx, of_visit(encounter), "Lượt khám đã hủy", |_| true).await.map_err(fault)
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

//! What this slice does when something happens elsewhere. Every one may run twice and ends the same.

use crate::prescription::Status;
use crate::store;
use base::Event;
use db::Tx;
use serde_json::Value;

/// A visit that was called off leaves no prescription behind that somebody could still collect.
pub async fn cancel_with_visit(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::EncounterCancelled { encounter } = serde_json::from_value(payload)? {
        let facility = tx.facility();
        let (now, nobody) = (tx.now, uuid::Uuid::nil());
        for prescription in store::list_of_visit(tx.conn(), facility, encounter).await? {
            if !matches!(prescription.status, Status::Draft | Status::Issued) {
                continue;
            }
            store::end(tx, prescription.id, Status::Cancelled, "Lượt khám đã hủy", now, nobody).await?;
            if prescription.status == Status::Issued {
                tx.emit(Event::PrescriptionCancelled { encounter, prescription: prescription.id });
            }
        }
        tx.notify("prescriptions");
    }
    Ok(())
}

/// The cashier has the money: the counter may hand over.
pub async fn mark_paid(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::PrescriptionPaid { prescription, .. } = serde_json::from_value(payload)? {
        store::mark_paid(tx, prescription).await?;
        tx.notify("prescriptions");
    }
    Ok(())
}

/// Two records turned out to be one person: the prescriptions follow.
pub async fn follow_merge(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::PatientsMerged { kept, gone } = serde_json::from_value(payload)? {
        store::follow_merge(tx, kept, gone).await?;
    }
    Ok(())
}

/// A merge was undone.
pub async fn follow_unmerge(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::PatientsUnmerged { kept, restored } = serde_json::from_value(payload)? {
        store::follow_unmerge(tx, kept, restored).await?;
    }
    Ok(())
}

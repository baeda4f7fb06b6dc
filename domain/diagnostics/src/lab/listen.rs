//! What the laboratory does when something happens elsewhere. Every one may run twice and ends the same.

use crate::store::lab::{collect, inbox, report};
use base::Event;
use db::Tx;
use serde_json::Value;

/// A report left the laboratory or imaging: it waits for those who asked.
pub async fn fill_inbox(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let event: Event = serde_json::from_value(payload)?;
    inbox::tell(tx, &event).await?;
    tx.notify("results");
    Ok(())
}

/// An order was called off: its empty cells go.
pub async fn drop_results(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::OrderCancelled { encounter, order } = serde_json::from_value(payload)? {
        collect::cancel_order(tx, encounter, order.0).await?;
        tx.notify("lab");
    }
    Ok(())
}

/// Two records turned out to be one person.
pub async fn follow_merge(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::PatientsMerged { kept, gone } = serde_json::from_value(payload)? {
        report::follow_merge(tx, kept, gone).await?;
    }
    Ok(())
}

/// A merge was undone.
pub async fn follow_unmerge(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::PatientsUnmerged { kept, restored } = serde_json::from_value(payload)? {
        report::follow_unmerge(tx, kept, restored).await?;
    }
    Ok(())
}

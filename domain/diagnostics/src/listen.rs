//! What this slice does when something happens elsewhere. Every one may run twice and ends the same.

use crate::order::Status;
use crate::store;
use base::{Event, OrderId};
use db::Tx;
use serde_json::Value;

/// Nothing is owed any more for these orders: where payment comes first they appear where they are carried out.
pub async fn release_paid(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::OrdersPaid { encounter, orders } = serde_json::from_value(payload)? {
        let ids: Vec<uuid::Uuid> = orders.iter().map(|order| order.0).collect();
        store::mark_paid(tx, encounter, &ids).await?;
        tx.notify("orders");
        tx.notify(format!("encounter/{encounter}"));
    }
    Ok(())
}

/// A visit that was called off leaves nothing waiting: drafts vanish, orders nobody has begun are cancelled.
pub async fn cancel_with_visit(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    if let Event::EncounterCancelled { encounter } = serde_json::from_value(payload)? {
        for id in store::drop_drafts(tx, encounter).await? {
            store::step(tx, OrderId(id), Status::Cancelled, "Lượt khám đã hủy").await?;
            tx.emit(Event::OrderCancelled { encounter, order: OrderId(id) });
        }
        tx.notify("orders");
    }
    Ok(())
}

/// Two records turned out to be one person.
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

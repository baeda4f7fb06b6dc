//! What this slice does when something happens elsewhere. Every one may run twice and ends the same.

use crate::store;
use base::Event;
use db::Tx;
use serde_json::Value;

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

//! Kept aside for a prescription: softly from the moment it is issued, firmly once it is paid. Nobody sweeps: a hold
//! whose time is over simply no longer counts. A hold is a promise at the counter, not a movement: nothing leaves a
//! shelf before it is dispensed.

use crate::store::holds as store;
use base::{Event, local_date};
use chrono::{DateTime, Days, TimeDelta, Utc};
use db::Tx;
use base::dates::start_of_day;
use organization::parameter;
use serde_json::Value;

/// Minutes for which an unpaid prescription keeps its medicines.
pub const HOLD_MINUTES: &str = "stock.hold_minutes";
/// Days beyond the day of payment for which a paid one does.
pub const PAID_HOLD_DAYS: &str = "stock.paid_hold_days";

/// Until when an unpaid hold placed at `at` lasts.
pub fn soft_until(at: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    at + TimeDelta::minutes(minutes)
}

/// Until when a hold paid at `at` lasts: the end of that day in Vietnam, and so many days more.
pub fn firm_until(at: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    start_of_day(local_date(at) + Days::new(1 + days.unsigned_abs()))
}

async fn number(tx: &mut Tx, key: &'static str) -> anyhow::Result<i64> {
    let known = parameter::known(key).ok_or_else(|| anyhow::anyhow!("no parameter {key}"))?;
    let (facility, today) = (tx.facility(), local_date(tx.now));
    Ok(parameter::number_on(tx.conn(), facility, known, today).await?)
}

/// An issued prescription keeps its medicines aside; the one it replaces lets go.
pub async fn prescription_issued(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PrescriptionIssued { prescription, replaces, lines, .. } = serde_json::from_value(payload)? else {
        anyhow::bail!("not a PrescriptionIssued");
    };
    if !store::keeps_stock(tx).await? {
        return Ok(());
    }
    if let Some(former) = replaces {
        store::free(tx, former).await?;
    }
    let wanted: Vec<_> = lines.iter().filter(|l| l.quantity_milli > 0).filter_map(|l| Some((l.line, l.drug?, l.quantity_milli))).collect();
    let soft = soft_until(tx.now, number(tx, HOLD_MINUTES).await?);
    let firm = firm_until(tx.now, number(tx, PAID_HOLD_DAYS).await?);
    store::place(tx, prescription, &wanted, soft, firm).await?;
    tx.notify("stock");
    Ok(())
}

/// What is paid stays aside until the end of the day, even where the two hours were over.
pub async fn prescription_paid(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PrescriptionPaid { prescription, .. } = serde_json::from_value(payload)? else {
        anyhow::bail!("not a PrescriptionPaid");
    };
    if store::keeps_stock(tx).await? {
        let firm = firm_until(tx.now, number(tx, PAID_HOLD_DAYS).await?);
        store::make_firm(tx, prescription, firm).await?;
    }
    Ok(())
}

pub async fn prescription_cancelled(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PrescriptionCancelled { prescription, .. } = serde_json::from_value(payload)? else {
        anyhow::bail!("not a PrescriptionCancelled");
    };
    if store::keeps_stock(tx).await? {
        store::free(tx, prescription).await?;
        tx.notify("stock");
    }
    Ok(())
}

/// Whoever takes no more of a line needs nothing of it kept aside.
pub async fn drugs_dispensed(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::DrugsDispensed { prescription, lines, .. } = serde_json::from_value(payload)? else {
        anyhow::bail!("not a DrugsDispensed");
    };
    let closed: Vec<_> = lines.iter().filter(|l| l.closes_line).filter_map(|l| l.line).collect();
    if let (Some(prescription), false) = (prescription, closed.is_empty()) {
        store::let_go(tx, prescription, &closed).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paid_hold_ends_at_midnight_in_vietnam() {
        let at: DateTime<Utc> = "2026-11-24T16:30:00Z".parse().unwrap();
        assert_eq!(firm_until(at, 0).to_rfc3339(), "2026-11-24T17:00:00+00:00");
        assert_eq!(firm_until(at, 2).to_rfc3339(), "2026-11-26T17:00:00+00:00");
        let after: DateTime<Utc> = "2026-11-24T17:00:00Z".parse().unwrap();
        assert_eq!(firm_until(after, 0).to_rfc3339(), "2026-11-25T17:00:00+00:00");
        assert_eq!(soft_until(at, 120).to_rfc3339(), "2026-11-24T18:30:00+00:00");
    }
}

//! What somebody should look at before it costs money or a patient waits: lots that expire soon, expired or blocked
//! lots that still lie on a shelf, items that run low or have run out.

use crate::store::card::{ItemAlert, LotAlert};
use base::local_date;
use chrono::NaiveDate;
use db::Tx;
use organization::parameter;

/// Days before expiry at which a lot is called near.
pub const NEAR_EXPIRY_DAYS: &str = "stock.near_expiry_days";

/// How many days before expiry this facility wants to be warned.
pub async fn near_days(tx: &mut Tx) -> Result<i64, sqlx::Error> {
    let Some(known) = parameter::known(NEAR_EXPIRY_DAYS) else { return Ok(90) };
    let (facility, today) = (tx.facility(), local_date(tx.now));
    parameter::number_on(tx.conn(), facility, known, today).await
}

/// Warnings sorted by what to do about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    /// Take off the shelf and send back or destroy: blocked.
    pub blocked: Vec<LotAlert>,
    /// Take off the shelf and destroy: expired.
    pub expired: Vec<LotAlert>,
    /// Use first, or return to the supplier in time.
    pub near: Vec<LotAlert>,
    /// Buy now.
    pub out: Vec<ItemAlert>,
    /// Buy soon.
    pub low: Vec<ItemAlert>,
}

impl Alerts {
    pub fn sort(lots: Vec<LotAlert>, items: Vec<ItemAlert>, today: NaiveDate) -> Alerts {
        let mut alerts = Alerts::default();
        for lot in lots {
            match (lot.blocked, lot.expires < today) {
                (true, _) => alerts.blocked.push(lot),
                (false, true) => alerts.expired.push(lot),
                (false, false) => alerts.near.push(lot),
            }
        }
        (alerts.out, alerts.low) = items.into_iter().partition(|item| item.usable_milli == 0);
        alerts
    }

    pub fn is_empty(&self) -> bool {
        self.blocked.is_empty() && self.expired.is_empty() && self.near.is_empty() && self.out.is_empty() && self.low.is_empty()
    }
}

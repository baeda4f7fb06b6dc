//! The courier: claims an invoice, asks the provider, writes down what came of it.
//!
//! It is not a background job, because jobs share a transaction with other work and a provider may be slow. Nothing is held
//! while it waits for an answer, and whatever dies on the way is tried again under the same key.

use crate::provider::{Answer, Fault, Provider};
use crate::xml;
use anyhow::Result;
use base::{Clock, FacilityId};
use billing::einvoice::{Issued, MOST_ATTEMPTS, next_try};
use billing::pages::einvoices::LOST;
use billing::store::einvoices::{self as store, Einvoice};
use db::{Db, sql};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How long it rests when nothing is due.
const REST: Duration = Duration::from_millis(700);

/// How many invoices of one facility go out before the next facility has its turn.
const TURN: usize = 20;

/// Brings invoices to a provider.
pub struct Courier {
    db: Db,
    clock: Clock,
    provider: Arc<dyn Provider>,
}

impl Courier {
    pub fn new(db: Db, clock: Clock, provider: Arc<dyn Provider>) -> Courier {
        Courier { db, clock, provider }
    }

    /// Works until `stop` resolves; an invoice under way is finished first. A database that is away is waited for.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let busy = match self.round().await {
                Ok(done) => done > 0,
                Err(error) => {
                    tracing::warn!(%error, "the courier of e-invoices could not work");
                    false
                }
            };
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(if busy { Duration::ZERO } else { REST }) => {}
            }
        }
    }

    /// One round over all facilities with something due; gives the number of invoices it asked about.
    pub async fn round(&self) -> Result<usize> {
        let due: Vec<i32> = sqlx::query_scalar(sql!("SELECT billing_facilities_with_einvoices($1)"))
            .bind(self.clock.now())
            .fetch_all(self.db.pool())
            .await?;
        let mut done = 0;
        for facility in due {
            for _ in 0..TURN {
                if !self.bring_one(FacilityId(facility)).await? {
                    break;
                }
                done += 1;
            }
        }
        Ok(done)
    }

    /// Brings the invoice that waits longest. Gives false when none was due.
    async fn bring_one(&self, facility: FacilityId) -> Result<bool> {
        let mut tx = self.db.begin_system(facility, self.clock.now()).await?;
        let Some(invoice) = store::claim(&mut tx).await? else { return Ok(false) };
        let text = self.letter(&mut tx, &invoice).await?;
        // From here on the claim is known to everybody: whoever comes after a crash asks for the key first.
        tx.commit().await?;
        let outcome = self.ask(&invoice, &text).await;
        self.write_down(facility, &invoice, outcome).await?;
        Ok(true)
    }

    async fn letter(&self, tx: &mut db::Tx, invoice: &Einvoice) -> Result<String> {
        let lines = store::lines(tx, invoice.einvoice_id).await?;
        let seller = store::seller(tx).await?;
        let about = match invoice.about_id {
            Some(about) => store::find(tx, about).await?,
            None => None,
        };
        xml::write(&seller, invoice, &lines, about.as_ref())
    }

    async fn ask(&self, invoice: &Einvoice, text: &str) -> Result<Issued, Fault> {
        // An earlier attempt may have arrived although its answer did not.
        if invoice.attempts > 1
            && let Answer::Issued(issued) = self.provider.find(invoice.einvoice_id).await?
        {
            return Ok(issued);
        }
        self.provider.issue(invoice.einvoice_id, text).await
    }

    async fn write_down(&self, facility: FacilityId, invoice: &Einvoice, outcome: Result<Issued, Fault>) -> Result<()> {
        let now = self.clock.now();
        let id = invoice.einvoice_id;
        let mut tx = self.db.begin_system(facility, now).await?;
        match outcome {
            Ok(issued) => {
                if store::mark_issued(&mut tx, id, &issued, self.provider.name()).await? {
                    let facts = serde_json::json!({ "serial": issued.serial, "number": issued.number, "attempts": invoice.attempts });
                    tx.audit("issue", "einvoice", id, None, facts);
                }
            }
            Err(Fault::Refused(reason)) => {
                store::mark_failed(&mut tx, id, &reason, None).await?;
                tx.audit("refused", "einvoice", id, None, serde_json::json!({ "reason": reason }));
            }
            Err(Fault::Unknown(reason)) => {
                let again = (invoice.attempts < MOST_ATTEMPTS).then(|| next_try(now, invoice.attempts));
                tracing::warn!(attempts = invoice.attempts, reason, "an e-invoice has no answer yet");
                store::mark_failed(&mut tx, id, &format!("{LOST}: {reason}."), again).await?;
            }
        }
        tx.notify("einvoices");
        tx.commit().await?;
        Ok(())
    }
}

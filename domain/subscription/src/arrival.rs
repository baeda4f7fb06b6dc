//! Money that the platform's bank reports: recognised by words and amount it does what its invoice is for, in the same
//! transaction; everything else waits on the operator's desk. Told twice, it adds nothing.

use crate::invoice::{self, Invoice, Kind};
use crate::proration;
use crate::sign_up::{self, Begin};
use crate::store::invoices::{self, Arrival};
use crate::store::sign_ups;
use crate::{platform, platform::PURPOSE};
use base::{Actor, FacilityId, local_date};
use db::Tx;
use organization::package;
use sqlx::AssertSqlSafe;
use web::Failure;

/// What became of a reported movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// What was paid for is done.
    Paid,
    /// Paid, but the clinic must choose another code or name before it can go live.
    Waiting,
    Unmatched(&'static str),
    /// Told before, with the same amount.
    Again,
}

impl Taken {
    /// The word in the answer to the bank.
    pub fn key(&self) -> &'static str {
        match self {
            Taken::Paid => "paid",
            Taken::Waiting => "waiting",
            Taken::Unmatched(_) => "unmatched",
            Taken::Again => "duplicate",
        }
    }
}

/// Takes a reported movement, once. The transaction begins with [`platform::begin`] and may end in a clinic's rows.
/// Refuses (conflict) the number of an earlier movement with another amount.
pub async fn take(tx: &mut Tx, arrival: &Arrival) -> Result<Taken, Failure> {
    invoices::lock_words(tx, &arrival.bank_tx_id).await?;
    if let Some(amount) = invoices::told_before(tx, &arrival.bank_tx_id).await? {
        if amount == arrival.amount.0 {
            return Ok(Taken::Again);
        }
        return Err(Failure::Conflict("Số giao dịch này đã được báo trước đó với số tiền khác.".into()));
    }
    let invoice = match invoice::find_reference(&arrival.content) {
        Some(words) => {
            invoices::lock_words(tx, &words).await?;
            invoices::find_by_reference(tx, &words).await?
        }
        None => None,
    };
    let own = platform::find(tx).await?.unwrap_or_default();
    let ours = same_account(&own.bank_account, &arrival.account_no);
    let outcome = invoice::decide(invoice.as_ref(), arrival.amount, arrival.paid_at, ours);
    invoices::insert_payment(tx, arrival, invoice.as_ref().map(|i| i.id), outcome).await?;
    tx.audit("receive", "subscription_payment", &arrival.bank_tx_id, None, serde_json::json!({ "amount_vnd": arrival.amount.0 }));
    match (outcome, invoice) {
        (Ok(()), Some(invoice)) => fulfil(tx, &invoice).await,
        (Err(reason), _) => Ok(Taken::Unmatched(reason.key())),
        (Ok(()), None) => Ok(Taken::Unmatched(invoice::Reason::UnknownReference.key())),
    }
}

/// Does what an invoice is for.
async fn fulfil(tx: &mut Tx, invoice: &Invoice) -> Result<Taken, Failure> {
    let today = local_date(tx.now);
    if let Some(sign_up) = invoice.sign_up {
        let months = u32::try_from(invoice.months).unwrap_or(1);
        return match open_paid(tx, sign_up, months).await? {
            None => Ok(Taken::Paid),
            Some(why) => {
                // The money is kept; the clinic is told and chooses again, without paying again.
                sign_ups::set_stuck(tx, sign_up, &why).await?;
                Ok(Taken::Waiting)
            }
        };
    }
    let Some(facility) = invoice.facility.map(FacilityId) else { return Ok(Taken::Waiting) };
    go_to(tx, facility).await?;
    package::lock(tx).await?;
    let periods = package::periods(tx.conn(), facility).await?;
    let reason = format!("Hóa đơn {}", invoice.number);
    match invoice.kind {
        Kind::Upgrade => {
            let last = package::bought_until(&periods);
            package::append(tx, &invoice.package, package::Kind::Paid, today, last, &reason).await?;
        }
        Kind::First | Kind::Renewal => {
            let from = proration::renewal_from(&periods, today);
            let last = proration::last_day(from, u32::try_from(invoice.months).unwrap_or(1));
            package::append(tx, &invoice.package, package::Kind::Paid, from, Some(last), &reason).await?;
        }
    }
    tx.notify("subscription");
    Ok(Taken::Paid)
}

/// Makes a paid clinic live, or says why it cannot; then nothing of it was written.
pub async fn open_paid(tx: &mut Tx, sign_up: uuid::Uuid, months: u32) -> Result<Option<String>, Failure> {
    let outside = tx.actor.clone();
    sqlx::raw_sql("SAVEPOINT clinic").execute(tx.conn()).await?;
    match sign_up::activate(tx, sign_up, Begin::Paid { months }).await {
        Ok(_) => {
            sqlx::raw_sql("RELEASE SAVEPOINT clinic").execute(tx.conn()).await?;
            Ok(None)
        }
        Err(Failure::Refused(problems)) => {
            sqlx::raw_sql("ROLLBACK TO SAVEPOINT clinic").execute(tx.conn()).await?;
            tx.actor = outside;
            tx.purpose(PURPOSE).await?;
            Ok(Some(problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ")))
        }
        Err(other) => Err(other),
    }
}

/// Goes on in the rows of a clinic, as the system.
async fn go_to(tx: &mut Tx, facility: FacilityId) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(format!("SET LOCAL yba.facility = '{}'", facility.0))).execute(tx.conn()).await?;
    tx.actor = Actor { name: "Ngân hàng báo có".into(), ..Actor::system(facility) };
    Ok(())
}

/// Banks mask or pad account numbers in their messages; the last four must still agree.
fn same_account(ours: &str, told: &str) -> bool {
    let tail = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).rev().take(4).collect() };
    !ours.is_empty() && !told.is_empty() && tail(ours) == tail(told)
}

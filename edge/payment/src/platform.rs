//! The platform's own bank: `POST /api/bank/platform`. The same signed message as for a clinic, for money that
//! customers pay for their package.

use crate::notice;
use crate::webhook::{refused, unsigned};
use base::Vnd;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use subscription::arrival;
use subscription::platform;
use subscription::store::invoices::Arrival;
use web::{Answer, IntoResponse, Visitor};

/// Takes one signed notice. 200 with what became of it (`paid`, `waiting`, `unmatched`, `duplicate`), 401, 400 and 409
/// as at a clinic's door.
pub async fn receive(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Answer {
    let mut tx = platform::begin(&visitor.app.db, visitor.now).await?;
    let own = platform::find(&mut tx).await?;
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let secret = own.as_ref().map_or("", |own| own.bank_secret.as_str());
    let opened = notice::open(secret.as_bytes(), header(notice::TIMESTAMP_HEADER), header(notice::SIGNATURE_HEADER), &body, visitor.now);
    // A key that was never made signs nothing.
    if secret.is_empty() {
        return Ok(unsigned());
    }
    let told = match opened {
        Ok(told) => told,
        Err(rejected) => return refused(rejected),
    };
    tx.actor.name = "Ngân hàng báo có".into();
    let arrival = Arrival {
        bank_tx_id: told.transaction_id,
        account_no: told.account_no,
        amount: Vnd(told.amount),
        content: told.content,
        paid_at: told.paid_at,
    };
    let taken = arrival::take(&mut tx, &arrival).await?;
    tx.commit().await?;
    let answer = json!({ "result": taken.key(), "transaction_id": arrival.bank_tx_id });
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response())
}

//! The bank's door: `POST /api/bank/webhook/{facility code}`. Open to the street, so nothing is believed before its
//! signature; told twice, it adds nothing; whatever cannot be matched is kept for a person.

use crate::notice::{self, Rejected};
use base::Vnd;
use billing::arrival;
use billing::store::bank::{self, Arrival};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use web::{Answer, Failure, IntoResponse, Path, Response, Visitor};

/// More than any notice needs; the route refuses longer bodies before reading them.
pub const BODY_LIMIT: usize = 16 * 1024;

/// Takes one signed notice. 200 with what became of it (`settled`, `deposit`, `unmatched`, `duplicate`), 401 for a
/// missing, stale or wrong signature or an unknown facility, 400 for a signed text that is no notice, 409 when a known
/// movement is told with another amount. A bank may try again after any answer but 200 and 409.
pub async fn receive(visitor: Visitor, Path(code): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    let mut tx = visitor.begin_for("bank-webhook").await?;
    // NUL cannot be asked of PostgreSQL, and no facility code has it.
    let channel = if code.contains('\0') { None } else { bank::find_channel(&mut tx, &code).await? };
    drop(tx);
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let (timestamp, signature) = (header(notice::TIMESTAMP_HEADER), header(notice::SIGNATURE_HEADER));
    // An unknown facility costs the same work and gets the same answer as a wrong key.
    let secret = channel.as_ref().map_or("", |(_, secret)| secret.as_str());
    let opened = notice::open(secret.as_bytes(), timestamp, signature, &body, visitor.now);
    let (Some((facility, _)), opened) = (channel, opened) else {
        return Ok(unsigned());
    };
    let told = match opened {
        Ok(told) => told,
        Err(rejected) => return refused(rejected),
    };
    let mut tx = visitor.begin_at(facility).await?;
    // On receipts and in the audit it was the bank, not a person and not "the system".
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

/// The answer to a message that was not believed or not understood.
pub(crate) fn refused(rejected: Rejected) -> Answer {
    match rejected {
        Rejected::Signature => Ok(unsigned()),
        Rejected::Content(why) => Err(Failure::BadRequest(why.into())),
    }
}

pub(crate) fn unsigned() -> Response {
    let problem = json!({
        "type": "https://yba.example/problems/bad-signature",
        "title": "Chữ ký không hợp lệ",
        "status": 401,
        "detail": "Thiếu chữ ký, chữ ký sai hoặc đã quá 5 phút. Ký lại bằng khóa của cơ sở rồi gửi lại.",
        "code": "BAD_SIGNATURE",
    });
    (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
}

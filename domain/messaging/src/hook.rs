//! What the carrier tells us: receipts for what we sent, and what people wrote. Both are signed with the carrier's key.

use crate::carrier;
use crate::store::{self, Status};
use base::{Event, FacilityId};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;
use bytes::Bytes;
use web::{Answer, Failure, IntoResponse, Visitor};

/// The longest text that is kept of a message, in characters; what is longer is cut.
pub const LONGEST: usize = 500;

/// The signature of a body: `sha256=<hex of HMAC-SHA256>` in the header `X-Signature`.
pub fn sign(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key length will do");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Whether a call comes from the carrier. Without a key nothing is believed.
fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let Some(link) = carrier::link().filter(|l| !l.hook_key.is_empty()) else { return false };
    let Some(given) = headers.get("x-signature").and_then(|h| h.to_str().ok()).and_then(|h| h.strip_prefix("sha256=")) else { return false };
    let Ok(given) = hex::decode(given) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(link.hook_key.as_bytes()).expect("any key length will do");
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

fn refuse(status: StatusCode, detail: &str) -> Answer {
    Ok((status, axum_json(serde_json::json!({ "detail": detail }))).into_response())
}

fn axum_json(value: serde_json::Value) -> impl IntoResponse {
    ([(http::header::CONTENT_TYPE, "application/json")], value.to_string())
}

/// A receipt: `{"id": "<our message>", "status": "delivered" | "failed", "reason": "…"}`.
#[derive(Deserialize)]
struct Receipt {
    id: Uuid,
    status: String,
    #[serde(default)]
    reason: String,
}

/// `POST /hook/sms/receipts`. A receipt that comes twice, late or for nothing of ours is thanked for and changes nothing.
pub async fn receipt(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Answer {
    if !is_signed(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "Chữ ký không đúng.");
    }
    let Ok(receipt) = serde_json::from_slice::<Receipt>(&body) else { return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Không đọc được biên nhận.") };
    let next = match receipt.status.as_str() {
        "delivered" => Status::Delivered,
        "failed" => Status::Failed,
        _ => return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Trạng thái không rõ."),
    };
    let mut tx = visitor.begin_for("message-route").await?;
    let house = store::house_of_message(&mut tx, receipt.id).await?;
    drop(tx);
    if let Some(house) = house {
        let mut tx = visitor.begin_at(FacilityId(house)).await?;
        let message = store::lock(&mut tx, receipt.id).await?;
        if store::step(&mut tx, &message, next, "", &receipt.reason).await? {
            tx.commit().await?;
        }
    }
    refuse(StatusCode::OK, "Đã nhận.")
}

/// What somebody wrote: `{"id": "<the carrier's number>", "from": "0…", "text": "…"}`.
#[derive(Deserialize)]
struct Incoming {
    id: String,
    from: String,
    text: String,
}

/// `POST /hook/sms/inbound`. Goes to the house that a booking text names, otherwise to the one that wrote to this phone
/// last; heard once however often it is told.
pub async fn inbound(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Answer {
    if !is_signed(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "Chữ ký không đúng.");
    }
    let Ok(incoming) = serde_json::from_slice::<Incoming>(&body) else { return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Không đọc được tin.") };
    let Some(from) = scheduling::read_phone(&incoming.from) else { return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Số gửi không phải số điện thoại.") };
    if incoming.id.is_empty() || incoming.id.len() > 100 {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Thiếu số hiệu của tin.");
    }
    let text: String = incoming.text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let named = match crate::reply::read(&text, base::local_date(visitor.now)) {
        crate::reply::Reply::Book(wish) => wish.facility,
        _ => None,
    };
    let house = match named {
        Some(code) => find_house(&visitor, &code).await?,
        None => {
            let mut tx = visitor.begin_for("message-route").await?;
            store::house_of_phone(&mut tx, &from).await?
        }
    };
    let Some(house) = house else { return refuse(StatusCode::OK, "Không có cơ sở nào chờ tin này.") };
    let mut tx = visitor.begin_at(FacilityId(house)).await?;
    let message = Uuid::now_v7();
    if store::insert_reply(&mut tx, message, &incoming.id, &from, &text).await? {
        let at = tx.now;
        tx.emit(Event::MessageArrived { message, medium: "sms".into(), from, text, at });
        tx.notify("messages");
        tx.commit().await?;
    }
    refuse(StatusCode::OK, "Đã nhận.")
}

/// The house of a public code.
async fn find_house(visitor: &Visitor, code: &str) -> Result<Option<i32>, Failure> {
    Ok(sqlx::query_scalar(db::sql!("SELECT facility_id FROM organization_directory() WHERE code = $1")).bind(code).fetch_optional(visitor.app.db.pool()).await?)
}

//! What comes in, read once at the door: forms, queries and JSON, with control characters refused before they reach
//! the database.

use crate::app::App;
use crate::failure::Failure;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use serde::de::DeserializeOwned;

/// A form body. Give every field `#[serde(default)] String` (or `Vec<String>`), so that nothing a person can type
/// fails here; parse and refuse in the rule, beside the field.
pub struct Form<T>(pub T);

/// The query of the address.
pub struct Query<T>(pub T);

/// A JSON body of at most 1 MiB.
pub struct Json<T>(pub T);

const CONTROL: &str = "Nội dung có ký tự điều khiển không nhìn thấy được. Hãy xóa rồi gõ lại.";

/// Percent-encoded or raw control characters other than tab and line breaks.
fn has_control_characters(encoded: &[u8]) -> bool {
    let hex = |b: u8| (b as char).to_digit(16);
    encoded.iter().enumerate().any(|(i, &b)| {
        if b == b'%' {
            let pair = encoded.get(i + 1).copied().and_then(hex).zip(encoded.get(i + 2).copied().and_then(hex));
            matches!(pair, Some((high, low)) if { let c = high * 16 + low; c < 32 && !matches!(c, 9 | 10 | 13) })
        } else {
            b < 32 && !matches!(b, b'\t' | b'\n' | b'\r')
        }
    })
}

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &App) -> Result<Self, Failure> {
        let body = body(request, state).await?;
        if has_control_characters(&body) {
            return Err(Failure::BadRequest(CONTROL.into()));
        }
        serde_html_form::from_bytes(&body)
            .map(Form)
            .map_err(|e| Failure::BadRequest(format!("Biểu mẫu gửi lên không đúng dạng ({e}).")))
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or("");
        if has_control_characters(query.as_bytes()) {
            return Err(Failure::BadRequest(CONTROL.into()));
        }
        serde_html_form::from_str(query)
            .map(Query)
            .map_err(|e| Failure::BadRequest(format!("Tham số trên địa chỉ không đúng dạng ({e}).")))
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &App) -> Result<Self, Failure> {
        let is_json = request
            .headers()
            .get(http::header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.starts_with("application/json") || v.contains("+json"));
        if !is_json {
            return Err(Failure::BadRequest("Content-Type phải là application/json.".into()));
        }
        let body = body(request, state).await?;
        // PostgreSQL cannot store U+0000, and nobody can mean it.
        if body.windows(6).any(|w| w == b"\\u0000") {
            return Err(Failure::BadRequest(CONTROL.into()));
        }
        serde_json::from_slice(&body).map(Json).map_err(|e| Failure::BadRequest(format!("JSON không đúng dạng: {e}.")))
    }
}

async fn body(request: Request, state: &App) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
            Failure::TooLarge
        } else {
            Failure::BadRequest("Không nhận đủ nội dung gửi lên.".into())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::has_control_characters;

    #[test]
    fn invisible_characters_are_seen_raw_or_encoded() {
        for bad in ["a=%00", "a=%1F", "a=\u{1}", "%7f%0B"] {
            assert!(has_control_characters(bad.as_bytes()), "{bad}");
        }
        for good in ["a=%0D%0A%09", "a=100%", "a=%C4%90", "ten=Đặng", "%", "%2"] {
            assert!(!has_control_characters(good.as_bytes()), "{good}");
        }
    }
}

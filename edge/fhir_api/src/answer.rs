//! The shape of answers: FHIR JSON and nothing else, versions as ETags, `304` for what is known already.

use crate::outcome::Refused;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;

pub const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// A resource with a status.
pub fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, FHIR_JSON), (header::CACHE_CONTROL, "no-store")], body.to_string()).into_response()
}

/// A resource with its ETag; 304 where the reader has this version.
pub fn versioned(resource: &Value, headers: &HeaderMap) -> Response {
    let version = resource["meta"]["versionId"].as_str().unwrap_or("");
    let tag = format!("W/\"{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or("");
    let mut response = if known.split(',').any(|t| t.trim() == tag || t.trim().trim_start_matches("W/") == &tag[2..]) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(StatusCode::OK, resource)
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Whether the reader takes JSON; XML is not spoken here.
pub fn negotiated(headers: &HeaderMap, format: Option<&str>) -> Result<(), Refused> {
    let is_json = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        matches!(kind.as_str(), "*/*" | "application/*" | "application/json" | "application/fhir+json" | "text/json" | "json" | "text/html")
    };
    let ok = match format {
        // "+" of a media type arrives as a blank where it was not encoded.
        Some(format) => is_json(&format.replace(' ', "+")),
        None => headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_none_or(|accept| accept.trim().is_empty() || accept.split(',').any(is_json)),
    };
    if ok { Ok(()) } else { Err(Refused::new(StatusCode::NOT_ACCEPTABLE, "not-supported", "Chỉ có application/fhir+json. Gửi lại với Accept: application/fhir+json.")) }
}

/// Whether unknown search parameters are refused (`Prefer: handling=strict`) instead of left out.
pub fn is_strict(headers: &HeaderMap) -> bool {
    headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split([',', ';'])).any(|p| p.trim() == "handling=strict")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_spoken() {
        let accepting = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(text));
            headers
        };
        for good in ["application/fhir+json", "*/*", "application/json;q=0.8", "application/fhir+xml, application/fhir+json;q=0.5"] {
            assert!(negotiated(&accepting(good), None).is_ok(), "{good}");
        }
        assert!(negotiated(&HeaderMap::new(), None).is_ok());
        assert!(negotiated(&accepting("application/fhir+xml"), None).is_err());
        assert!(negotiated(&accepting("application/fhir+xml"), Some("application/fhir json")).is_ok());
        assert!(negotiated(&HeaderMap::new(), Some("xml")).is_err());
    }
}

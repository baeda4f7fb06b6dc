//! Forms of other sites are refused: a request that changes something must prove that it comes from one of our own
//! pages, either by the browser's own word (`Sec-Fetch-Site`, `Origin`) or by a token of this session.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, header};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The token of a session; pages carry it in `<meta name="csrf">` and in the hidden field `csrf`.
pub fn token(secret: &[u8; 32], session: Uuid) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key length will do");
    mac.update(b"csrf");
    mac.update(session.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// What the headers say about where a changing request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Ours,
    Foreign,
    /// No browser header at all: a token must decide.
    Unknown,
}

/// Reads the browser's word about a request.
pub fn origin(method: &Method, headers: &HeaderMap) -> Origin {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Origin::Ours;
    }
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return if site == "same-origin" { Origin::Ours } else { Origin::Foreign };
    }
    match (text(header::ORIGIN.as_str()), text(header::HOST.as_str())) {
        (Some(from), Some(host)) => {
            let ours = from.strip_prefix("https://").or_else(|| from.strip_prefix("http://")) == Some(host);
            if ours { Origin::Ours } else { Origin::Foreign }
        }
        _ => Origin::Unknown,
    }
}

/// Compares without telling by its duration where the difference lies.
pub fn matches(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

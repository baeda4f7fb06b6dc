//! A trust provider that keeps the keys of people and signs for them from afar, in the words of the Cloud Signature
//! Consortium API 2.0: one PIN and one one-time code authorise one list of hashes.

use super::{Authority, Holder, TrustMode};
use anyhow::{Context, Result};
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signing::{Cert, SoftKey};
use std::collections::HashMap;

/// The token of the one client that this provider knows.
pub const CLIENT_TOKEN: &str = "yba-remote";
/// How long a one-time code and an authorisation are good.
const CODE_LASTS: TimeDelta = TimeDelta::minutes(5);

/// A key at the provider, as its owner knows it.
#[derive(Clone, Debug)]
pub struct RemoteKey {
    pub credential: String,
    pub client_token: String,
    pub certificate: Vec<u8>,
    pub serial: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub holder: String,
    pin: String,
    key: String,
    chain: Vec<String>,
}

/// What lives only as long as the provider runs.
#[derive(Default)]
pub(super) struct Open {
    codes: HashMap<String, (String, DateTime<Utc>)>,
    /// Authorisation → credential, hashes, until when.
    authorised: HashMap<String, (String, Vec<String>, DateTime<Utc>)>,
}

pub(super) fn issue(authority: &Authority, holder: &Holder, pin: &str) -> Result<RemoteKey> {
    let key = SoftKey::generate()?;
    let chain = super::issue::certify(authority, holder, &key.public_key())?;
    let serial = Cert::read(&chain[0]).context("a new certificate")?.serial_hex();
    let credential = format!("gl-{}", &serial.to_lowercase()[..12]);
    let kept = Kept { holder: holder.name.clone(), pin: pin.to_owned(), key: hex::encode(key.to_pkcs8()), chain: chain.iter().map(hex::encode).collect() };
    let mut memory = authority.memory();
    memory.kept.remote.insert(credential.clone(), kept);
    authority.keep(&memory)?;
    Ok(RemoteKey { credential, client_token: CLIENT_TOKEN.into(), certificate: chain[0].clone(), serial })
}

/// The code that is good now; it changes after five minutes and after each use.
pub(super) fn code(authority: &Authority, credential: &str) -> String {
    let now = authority.0.clock.now();
    let mut memory = authority.memory();
    if !memory.kept.remote.contains_key(credential) {
        return String::new();
    }
    let fresh = || (format!("{:06}", rand::random::<u32>() % 1_000_000), now);
    let slot = memory.open.codes.entry(credential.to_owned()).or_insert_with(fresh);
    if now - slot.1 > CODE_LASTS {
        *slot = fresh();
    }
    slot.0.clone()
}

fn no(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

fn bad(error: &str, description: &str) -> Response {
    no(StatusCode::BAD_REQUEST, error, description)
}

/// `None` when the client may speak.
fn stranger(headers: &HeaderMap) -> Option<Response> {
    let known = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).is_some_and(|v| v == format!("Bearer {CLIENT_TOKEN}"));
    (!known).then(|| no(StatusCode::UNAUTHORIZED, "invalid_token", "The access token is not known here."))
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Asked {
    #[serde(rename = "credentialID")]
    credential: String,
    hashes: Vec<String>,
    num_signatures: usize,
    auth_data: Vec<Proof>,
    #[serde(rename = "SAD")]
    sad: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Proof {
    id: String,
    value: String,
}

pub(super) async fn about() -> Json<Value> {
    Json(json!({
        "specs": "2.0.0.0", "name": "Ký từ xa giả lập Yba", "region": "VN", "lang": "vi", "authType": ["external"],
        "methods": ["credentials/list", "credentials/info", "credentials/authorize", "credentials/sendOTP", "signatures/signHash"]
    }))
}

pub(super) async fn list(State(authority): State<Authority>, headers: HeaderMap) -> Response {
    if let Some(answer) = stranger(&headers) {
        return answer;
    }
    let all: Vec<String> = authority.memory().kept.remote.keys().cloned().collect();
    Json(json!({ "credentialIDs": all })).into_response()
}

pub(super) async fn info(State(authority): State<Authority>, headers: HeaderMap, Json(asked): Json<Asked>) -> Response {
    if let Some(answer) = stranger(&headers) {
        return answer;
    }
    let memory = authority.memory();
    let Some(kept) = memory.kept.remote.get(&asked.credential) else { return bad("invalid_request", "Invalid parameter credentialID") };
    let chain: Vec<String> = kept.chain.iter().filter_map(|c| hex::decode(c).ok()).map(|der| STANDARD.encode(der)).collect();
    Json(json!({
        "key": { "status": "enabled", "algo": ["1.2.840.10045.4.3.2"], "len": 256, "curve": "1.2.840.10045.3.1.7" },
        "cert": { "status": "valid", "certificates": chain },
        "auth": { "mode": "explicit", "expression": "PIN AND OTP", "objects": [
            { "id": "PIN", "type": "Password" }, { "id": "OTP", "type": "OTP", "generator": "totp" } ] },
        "SCAL": "2", "multisign": 200, "lang": "vi"
    }))
    .into_response()
}

pub(super) async fn send_code(State(authority): State<Authority>, headers: HeaderMap, Json(asked): Json<Asked>) -> Response {
    if let Some(answer) = stranger(&headers) {
        return answer;
    }
    if code(&authority, &asked.credential).is_empty() {
        return bad("invalid_request", "Invalid parameter credentialID");
    }
    StatusCode::NO_CONTENT.into_response()
}

pub(super) async fn authorise(State(authority): State<Authority>, headers: HeaderMap, Json(asked): Json<Asked>) -> Response {
    if let Some(answer) = stranger(&headers) {
        return answer;
    }
    let expected = code(&authority, &asked.credential);
    let refuses = authority.meets(&[TrustMode::WrongOtp]).is_some();
    let given = |id: &str| asked.auth_data.iter().find(|p| p.id == id).map(|p| p.value.as_str()).unwrap_or_default();
    let mut memory = authority.memory();
    let Some(kept) = memory.kept.remote.get(&asked.credential) else { return bad("invalid_request", "Invalid parameter credentialID") };
    if asked.hashes.is_empty() || asked.hashes.len() > 200 || asked.num_signatures != asked.hashes.len() {
        return bad("invalid_request", "Invalid parameter hashes");
    }
    if given("PIN") != kept.pin {
        return bad("invalid_pin", "The PIN is not right");
    }
    if refuses || given("OTP") != expected {
        return bad("invalid_otp", "The OTP is not right");
    }
    // A code is good once.
    memory.open.codes.remove(&asked.credential);
    let sad = hex::encode(rand::random::<[u8; 24]>());
    let until = authority.0.clock.now() + CODE_LASTS;
    memory.open.authorised.insert(sad.clone(), (asked.credential, asked.hashes, until));
    Json(json!({ "SAD": sad, "expiresIn": CODE_LASTS.num_seconds() })).into_response()
}

pub(super) async fn sign(State(authority): State<Authority>, headers: HeaderMap, Json(asked): Json<Asked>) -> Response {
    if let Some(answer) = stranger(&headers) {
        return answer;
    }
    let now = authority.0.clock.now();
    let mut memory = authority.memory();
    let Some((credential, hashes, until)) = memory.open.authorised.remove(&asked.sad) else { return bad("invalid_request", "Invalid parameter SAD") };
    if now > until || credential != asked.credential || hashes != asked.hashes {
        return bad("invalid_request", "Hash is not authorized by the SAD");
    }
    let key = memory.kept.remote.get(&credential).and_then(|k| hex::decode(&k.key).ok()).and_then(|k| SoftKey::from_pkcs8(&k));
    let Some(key) = key else { return bad("invalid_request", "Invalid parameter credentialID") };
    let signed: Option<Vec<String>> =
        hashes.iter().map(|h| STANDARD.decode(h).ok().and_then(|h| key.sign_digest(&h)).map(|s| STANDARD.encode(s))).collect();
    match signed {
        Some(signatures) => Json(json!({ "signatures": signatures })).into_response(),
        None => bad("invalid_request", "Invalid digest value length"),
    }
}

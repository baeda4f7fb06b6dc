//! A stand-in OpenID Connect provider: signs real tokens, checks secret and PKCE, and lies when it is told to.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signing::SoftKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// How the provider lies in the next token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    #[default]
    None,
    Nonce,
    Expired,
    Audience,
    Issuer,
    Key,
    UnverifiedMail,
    /// No lie, but names are told only to who asks for them.
    NamesWhenAsked,
    /// Asked for names, it tells those of somebody else.
    NamesOfAnother,
}

struct Waiting {
    nonce: String,
    challenge: String,
    claims: Value,
}

#[derive(Default)]
struct Memory {
    codes: HashMap<String, Waiting>,
    told: Value,
    lie: Lie,
}

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    clock: base::Clock,
    key: SoftKey,
    other_key: SoftKey,
    memory: Arc<Mutex<Memory>>,
}

pub const CLIENT: &str = "yba";
pub const SECRET: &str = "bí mật của bệnh viện";

impl Provider {
    pub async fn start(clock: base::Clock) -> Provider {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let provider = Provider { issuer, clock, key: SoftKey::generate().expect("a key"), other_key: SoftKey::generate().expect("a key"), memory: Arc::default() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(names))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn lie(&self, lie: Lie) {
        self.memory.lock().expect("memory").lie = lie;
    }

    /// What happens at the provider's own page: somebody signs in there, and the browser is sent back. Gives the path
    /// with the query of our return address.
    pub fn sign_in(&self, authorise: &str, code: &str, claims: Value) -> String {
        let url = reqwest::Url::parse(authorise).expect("an address");
        assert!(authorise.starts_with(&self.issuer));
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((asked["client_id"].as_str(), asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), (CLIENT, "code", "S256"));
        let waiting = Waiting { nonce: asked["nonce"].clone(), challenge: asked["code_challenge"].clone(), claims };
        self.memory.lock().expect("memory").codes.insert(code.to_owned(), waiting);
        let back = reqwest::Url::parse_with_params(&asked["redirect_uri"], [("code", code), ("state", &asked["state"])]).expect("an address");
        format!("{}?{}", back.path(), back.query().unwrap_or_default())
    }

    /// A signed token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.signed_by(&self.key, claims)
    }

    fn signed_by(&self, key: &SoftKey, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": "1", "typ": "JWT" })), part(claims));
        let der = key.sign(text.as_bytes()).expect("a signature");
        let raw = signing::keys::token::ecdsa_raw(&der).expect("two numbers");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(raw))
    }

    /// A logout token about a person or a session.
    pub fn logout_token(&self, change: impl FnOnce(&mut Value)) -> String {
        let now = self.clock.now().timestamp();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "1", "sub": "u-1", "sid": "s-1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} }
        });
        change(&mut claims);
        self.token(&claims)
    }
}

async fn configuration(State(p): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", p.issuer);
    Json(json!({
        "issuer": p.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/userinfo"),
        "end_session_endpoint": at("/end"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"], "token_endpoint_auth_methods_supported": ["client_secret_basic"]
    }))
}

async fn keys(State(p): State<Provider>) -> Json<Value> {
    let public = p.key.public_key();
    let point = &public[public.len() - 64..];
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({ "keys": [{ "kty": "EC", "use": "sig", "kid": "1", "alg": "ES256", "crv": "P-256", "x": number(&point[..32]), "y": number(&point[32..]) }] }))
}

async fn token(State(p): State<Provider>, headers: HeaderMap, Form(asked): Form<HashMap<String, String>>) -> Response {
    let refuse = || (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    let typed = headers.get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Basic ")).and_then(|v| STANDARD.decode(v).ok());
    let decoded = String::from_utf8(typed.unwrap_or_default()).unwrap_or_default();
    let secret = reqwest::Url::parse(&format!("http://x/?s={}", decoded.split_once(':').map_or("", |(_, s)| s))).expect("an address");
    if secret.query_pairs().next().is_none_or(|(_, s)| s != SECRET) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let mut memory = p.memory.lock().expect("memory");
    let Some(waiting) = memory.codes.remove(asked.get("code").map_or("", String::as_str)) else { return refuse() };
    if URL_SAFE_NO_PAD.encode(Sha256::digest(asked.get("code_verifier").map_or("", String::as_str))) != waiting.challenge {
        return refuse();
    }
    let now = p.clock.now().timestamp();
    let lie = memory.lie;
    let mut claims = waiting.claims;
    claims["iss"] = json!(if lie == Lie::Issuer { "http://127.0.0.1:1" } else { &p.issuer });
    claims["aud"] = json!(if lie == Lie::Audience { "khac" } else { CLIENT });
    claims["iat"] = json!(now - 5);
    claims["exp"] = json!(if lie == Lie::Expired { now - 60 } else { now + 300 });
    claims["nonce"] = json!(if lie == Lie::Nonce { "khac" } else { &waiting.nonce });
    if lie == Lie::UnverifiedMail {
        claims["email_verified"] = json!(false);
    }
    if matches!(lie, Lie::NamesWhenAsked | Lie::NamesOfAnother) {
        memory.told = json!({ "sub": if lie == Lie::NamesOfAnother { json!("u-other") } else { claims["sub"].clone() }, "preferred_username": claims["preferred_username"] });
        (claims["preferred_username"], claims["email"]) = (Value::Null, Value::Null);
    }
    let id_token = p.signed_by(if lie == Lie::Key { &p.other_key } else { &p.key }, &claims);
    Json(json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": id_token })).into_response()
}

async fn names(State(p): State<Provider>, headers: HeaderMap) -> Response {
    if headers.get("authorization").and_then(|v| v.to_str().ok()) != Some("Bearer x") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(p.memory.lock().expect("memory").told.clone()).into_response()
}

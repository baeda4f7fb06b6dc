//! The conversation with an OpenID Connect provider: what it says of itself, the way there, what the way back proves,
//! the way out, and its word that somebody went.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, JsonWebKey, Nonce, PkceCodeChallenge,
    OAuth2TokenResponse, PkceCodeVerifier, ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse,
};
use serde_json::Value;
use std::time::Duration;

/// How long the provider is waited for.
const PATIENCE: Duration = Duration::from_secs(8);
/// How old a word of sign-out may be, and how far clocks may be apart.
const RECENT: TimeDelta = TimeDelta::minutes(5);
/// No answer of a provider is larger.
const LARGEST: usize = 1024 * 1024;

/// Our side of the agreement with a provider.
pub struct Agreement<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub return_to: &'a str,
}

/// Why a provider's word did not count. The text is for people; details are in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("Không liên lạc được với cổng đăng nhập của bệnh viện. Thử lại, hoặc đăng nhập bằng mật khẩu.")]
    Unreachable,
    #[error("Cổng đăng nhập của bệnh viện không nhận lượt đăng nhập này. Bắt đầu lại từ trang đăng nhập.")]
    Refused,
    #[error("Xác nhận từ cổng đăng nhập của bệnh viện không hợp lệ hoặc đã hết hạn. Bắt đầu lại từ trang đăng nhập.")]
    BadToken,
}

/// Where to send the browser, and what to remember until it comes back.
pub struct Begun {
    pub url: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// Who came back.
#[derive(Clone, Debug)]
pub struct Person {
    pub issuer: String,
    pub subject: String,
    pub username: Option<String>,
    /// Only when the provider has verified it.
    pub email: Option<String>,
    pub sid: String,
    pub id_token: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct HttpFault(String);

/// One request, without following redirects: a provider that moves its endpoints has to be configured anew.
async fn fetch(request: HttpRequest) -> Result<HttpResponse, HttpFault> {
    let fault = |e: reqwest::Error| HttpFault(e.to_string());
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build().map_err(fault)?;
    let (parts, body) = request.into_parts();
    let mut response = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send().await.map_err(fault)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(fault)? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(HttpFault("the answer is too long".into()));
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut answer = http::Response::new(bytes);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// What the provider says of itself. Its own name must be the issuer that was configured.
pub async fn discover(issuer: &str) -> Result<ProviderMetadataWithLogout, Trouble> {
    let url = IssuerUrl::new(issuer.to_owned()).map_err(|_| Trouble::Unreachable)?;
    ProviderMetadataWithLogout::discover_async(url, &fetch).await.map_err(|error| {
        tracing::warn!(%error, issuer, "the identity provider could not be asked");
        Trouble::Unreachable
    })
}

/// The way to the provider: code flow, with state, nonce and PKCE.
pub async fn begin(agreement: &Agreement<'_>) -> Result<Begun, Trouble> {
    let metadata = discover(agreement.issuer).await?;
    let return_to = RedirectUrl::new(agreement.return_to.to_owned()).map_err(|_| Trouble::Refused)?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(agreement.client_id.into()), None).set_redirect_uri(return_to);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".into()))
        .add_scope(Scope::new("email".into()))
        .set_pkce_challenge(challenge)
        .url();
    Ok(Begun { url: url.into(), state: state.into_secret(), nonce: nonce.secret().clone(), verifier: verifier.into_secret() })
}

/// Trades the code for an ID token and checks it: signature, issuer, audience, time, nonce.
pub async fn come_back(agreement: &Agreement<'_>, code: &str, nonce: &str, verifier: &str, now: DateTime<Utc>) -> Result<Person, Trouble> {
    let metadata = discover(agreement.issuer).await?;
    let return_to = RedirectUrl::new(agreement.return_to.to_owned()).map_err(|_| Trouble::Refused)?;
    let secret = ClientSecret::new(agreement.client_secret.into());
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(agreement.client_id.into()), Some(secret)).set_redirect_uri(return_to);
    let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|_| Trouble::Refused)?;
    let answer = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned())).request_async(&fetch).await.map_err(|error| {
        tracing::warn!(%error, "the identity provider did not take the code");
        match error {
            openidconnect::RequestTokenError::Request(_) => Trouble::Unreachable,
            _ => Trouble::Refused,
        }
    })?;
    let token = answer.id_token().ok_or(Trouble::BadToken)?;
    let check = client.id_token_verifier().set_time_fn(move || now);
    let claims = token.claims(&check, &Nonce::new(nonce.to_owned())).map_err(|error| {
        tracing::warn!(%error, "an ID token was refused");
        Trouble::BadToken
    })?;
    let raw = token.to_string();
    let mut username = claims.preferred_username().map(|name| name.to_string());
    let mut email = claims.email().filter(|_| claims.email_verified() == Some(true)).map(|mail| mail.to_string());
    // Many providers keep names out of the ID token and tell them only when asked with the access token.
    if username.is_none() && email.is_none()
        && let Ok(request) = client.user_info(answer.access_token().clone(), Some(claims.subject().clone()))
    {
        let told: CoreUserInfoClaims = request.request_async(&fetch).await.map_err(|error| {
            tracing::warn!(%error, "the identity provider did not say who it is");
            Trouble::Unreachable
        })?;
        username = told.preferred_username().map(|name| name.to_string());
        email = told.email().filter(|_| told.email_verified() == Some(true)).map(|mail| mail.to_string());
    }
    let sid = payload(&raw).and_then(|p| p["sid"].as_str().map(str::to_owned)).unwrap_or_default();
    Ok(Person {
        issuer: claims.issuer().to_string(),
        subject: claims.subject().to_string(),
        username,
        email,
        sid,
        id_token: raw,
    })
}

/// Where the browser has to go so that the provider hears of the sign-out; `None` when it offers no such place.
pub async fn way_out(issuer: &str, client_id: &str, id_token: &str, back_to: &str) -> Option<String> {
    let metadata = discover(issuer).await.ok()?;
    let mut url = metadata.additional_metadata().end_session_endpoint.as_ref()?.url().clone();
    url.query_pairs_mut().append_pair("id_token_hint", id_token).append_pair("client_id", client_id).append_pair("post_logout_redirect_uri", back_to);
    Some(url.into())
}

/// Who went, by a provider's own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub subject: String,
    pub sid: String,
}

/// Reads a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6): signed by the provider, for us, just now, about a
/// sign-out, and not an ID token in disguise.
pub async fn gone(issuer: &str, client_id: &str, token: &str, now: DateTime<Utc>) -> Result<Gone, Trouble> {
    let metadata = discover(issuer).await?;
    read_logout(metadata.jwks(), issuer, client_id, token, now).ok_or(Trouble::BadToken)
}

fn read_logout(keys: &CoreJsonWebKeySet, issuer: &str, client_id: &str, token: &str, now: DateTime<Utc>) -> Option<Gone> {
    let (signed, signature) = token.rsplit_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').next()?).ok()?).ok()?;
    let algorithm: CoreJwsSigningAlgorithm = serde_json::from_value(header["alg"].clone()).ok()?;
    // Only what the provider alone can make.
    let is_asymmetric = !matches!(algorithm, CoreJwsSigningAlgorithm::None | CoreJwsSigningAlgorithm::HmacSha256 | CoreJwsSigningAlgorithm::HmacSha384 | CoreJwsSigningAlgorithm::HmacSha512);
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let kid = header["kid"].as_str();
    let fits = |key: &&openidconnect::core::CoreJsonWebKey| kid.is_none() || key.key_id().map(|id| id.as_str()) == kid;
    if !is_asymmetric || !keys.keys().iter().filter(fits).any(|key| key.verify_signature(&algorithm, signed.as_bytes(), &signature).is_ok()) {
        return None;
    }
    let claims = payload(token)?;
    let audience = match &claims["aud"] {
        Value::Array(all) => all.iter().any(|a| a == client_id),
        one => one == client_id,
    };
    let issued = DateTime::from_timestamp(claims["iat"].as_i64()?, 0)?;
    let is_alive = claims["exp"].as_i64().is_none_or(|exp| DateTime::from_timestamp(exp, 0).is_some_and(|end| end + RECENT > now));
    let is_sign_out = claims["events"].get("http://schemas.openid.net/event/backchannel-logout").is_some_and(Value::is_object);
    if claims["iss"] != issuer || !audience || !is_alive || (now - issued).abs() > RECENT || !is_sign_out || !claims["nonce"].is_null() {
        return None;
    }
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let gone = Gone { subject: text("sub"), sid: text("sid") };
    (!gone.subject.is_empty() || !gone.sid.is_empty()).then_some(gone)
}

/// The claims of a token whose signature was checked elsewhere.
fn payload(token: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}

//! `POST /oauth/token`: a machine proves itself (client credentials, RFC 6749 §4.4) and gets a token for an hour.

use crate::pages::sign_in::actor_of;
use crate::store::{self, NewSession};
use crate::{password, scope, sign_in as rule};
use axum::response::IntoResponse;
use base64::Engine;
use db::Scope;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, Visitor};

/// What the machine sends; the secret may also come in a Basic header.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct TokenForm {
    grant_type: String,
    client_id: String,
    client_secret: String,
    /// SMART system scopes with blanks between; empty asks for all that the account may.
    scope: String,
}

/// Issues a bearer token, or says why not in the words of RFC 6749 §5.2.
pub async fn issue(visitor: Visitor, headers: HeaderMap, Form(form): Form<TokenForm>) -> Answer {
    if form.grant_type != "client_credentials" {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let (id, secret) = basic(&headers).unwrap_or((form.client_id, form.client_secret));
    let id = id.trim().to_lowercase();
    if id.is_empty() || id.len() > 60 || secret.len() > 1000 {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let bucket = rule::bucket(&id, &visitor.remote, None, &visitor.app.config.secret);
    let mut tx = visitor.begin_for("sign-in").await?;
    if let Some(seconds) = rule::must_wait(store::blocked_until(tx.conn(), &bucket).await?, visitor.now) {
        return Err(web::Failure::TooMany { retry_after_s: seconds });
    }
    let account = store::find_account(tx.conn(), &id)
        .await?
        .filter(|a| a.kind == "machine" && (visitor.app.config.demo || !a.demo));
    tx.commit().await?;
    let fits = password::matches(&secret, account.as_ref().map(|a| a.password_hash.as_str())).await?;
    let Some(account) = account.filter(|_| fits) else {
        let mut tx = visitor.begin_for("sign-in").await?;
        let failures = store::count_failure(tx.conn(), &bucket, visitor.now).await?;
        if let Some(pause) = rule::pause_after(failures) {
            store::block_bucket(tx.conn(), &bucket, visitor.now + pause).await?;
        }
        tx.commit().await?;
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let actor = actor_of(&account);
    let scopes = match form.scope.trim() {
        "" => Vec::new(),
        asked => match scope::granted(asked, &actor.rights) {
            Some(scopes) => scopes,
            None => return refuse(StatusCode::BAD_REQUEST, "invalid_scope"),
        },
    };
    let (token, token_hash) = rule::new_token();
    let may = |letter| scope::allows(&actor.rights, "*", letter);
    let usual = if may('c') { "system/*.cruds" } else if may('r') { "system/*.rs" } else { "" };
    let told = if scopes.is_empty() { usual.to_owned() } else { scopes.join(" ") };
    let mut tx = visitor.app.db.begin(Scope::FacilityFor(actor.facility, "sign-in"), actor, visitor.now).await?;
    let session = Uuid::now_v7();
    store::insert_session(
        tx.conn(),
        &NewSession {
            facility: account.facility_id,
            session,
            account: account.account_id,
            token_hash: &token_hash,
            now: visitor.now,
            expires_at: visitor.now + rule::MACHINE,
            idle_seconds: rule::MACHINE.num_seconds() as i32,
            user_agent: &visitor.user_agent,
            remote: &visitor.remote,
            totp_step: None,
        },
    )
    .await?;
    if !scopes.is_empty() {
        store::limit_session(tx.conn(), account.facility_id, session, &scopes).await?;
    }
    tx.audit("sign-in", "session", session, None, json!({ "grant": "client_credentials", "scope": told }));
    tx.commit().await?;
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": rule::MACHINE.num_seconds(), "scope": told });
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
}

fn refuse(status: StatusCode, error: &str) -> Answer {
    Ok((status, axum::Json(json!({ "error": error }))).into_response())
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let plain = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(value).ok()?).ok()?;
    plain.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

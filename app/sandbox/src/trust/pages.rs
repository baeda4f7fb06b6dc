//! The authority's doors for programs, and its counter for people.

use super::{Authority, TrustMode, remote, stamp, status};
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

pub(super) fn router(authority: Authority) -> Router {
    Router::new()
        .route("/trust", get(counter))
        .route("/trust/mode", post(set_mode))
        .route("/trust/revoke", post(revoke))
        .route("/trust/root.pem", get(root))
        .route("/trust/ocsp", post(ocsp))
        .route("/trust/tsa", post(tsa))
        .route("/trust/root.crl", get(|State(a): State<Authority>| async move { list(&a, true) }))
        .route("/trust/issuing.crl", get(|State(a): State<Authority>| async move { list(&a, false) }))
        .route("/trust/csc/v2/info", post(remote::about).get(remote::about))
        .route("/trust/csc/v2/credentials/list", post(remote::list))
        .route("/trust/csc/v2/credentials/info", post(remote::info))
        .route("/trust/csc/v2/credentials/sendOTP", post(remote::send_code))
        .route("/trust/csc/v2/credentials/authorize", post(remote::authorise))
        .route("/trust/csc/v2/signatures/signHash", post(remote::sign))
        .layer(DefaultBodyLimit::max(256 * 1024))
        .with_state(authority)
}

fn typed(kind: &'static str, bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

async fn root(State(authority): State<Authority>) -> Response {
    typed("application/x-pem-file", authority.root_pem().into_bytes())
}

async fn ocsp(State(authority): State<Authority>, body: Bytes) -> Response {
    match status::answer(&authority, &body).await {
        Ok(answer) => typed("application/ocsp-response", answer),
        Err(status) => status.into_response(),
    }
}

async fn tsa(State(authority): State<Authority>, body: Bytes) -> Response {
    match stamp::answer(&authority, &body) {
        Ok(answer) => typed("application/timestamp-reply", answer),
        Err(status) => status.into_response(),
    }
}

fn list(authority: &Authority, of_root: bool) -> Response {
    match status::list(authority, of_root) {
        Some(list) => typed("application/pkix-crl", list),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

struct Person {
    serial: String,
    name: String,
    is_revoked: bool,
}

struct Remote {
    credential: String,
    name: String,
    code: String,
}

#[derive(Template)]
#[template(path = "trust.html")]
struct Counter {
    mode: TrustMode,
    times: u32,
    issued: Vec<Person>,
    remote: Vec<Remote>,
}

async fn counter(State(authority): State<Authority>) -> Response {
    let credentials: Vec<(String, String)> = authority.memory().kept.remote.iter().map(|(c, k)| (c.clone(), k.holder.clone())).collect();
    let remote = credentials.into_iter().map(|(credential, name)| Remote { code: authority.one_time_code(&credential), credential, name }).collect();
    let page = {
        let memory = authority.memory();
        let mut issued: Vec<Person> = memory
            .kept
            .issued
            .iter()
            .map(|(serial, name)| Person { serial: serial.clone(), name: name.clone(), is_revoked: memory.kept.revoked.contains_key(serial) })
            .collect();
        issued.sort_by(|a, b| a.name.cmp(&b.name));
        Counter { mode: if memory.times == 0 { TrustMode::Exact } else { memory.mode }, times: memory.times, issued, remote }
    };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    match page.render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct ModeForm {
    mode: String,
    #[serde(default)]
    times: Option<u32>,
}

/// `POST /trust/mode` with `mode` and `times` (3 when not said).
async fn set_mode(State(authority): State<Authority>, Form(form): Form<ModeForm>) -> Response {
    let Some(mode) = TrustMode::from_key(&form.mode) else { return (StatusCode::UNPROCESSABLE_ENTITY, "mode không có.").into_response() };
    authority.behave(mode, form.times.unwrap_or(3).min(1000));
    Redirect::to("/trust").into_response()
}

#[derive(Deserialize)]
struct RevokeForm {
    serial: String,
}

async fn revoke(State(authority): State<Authority>, Form(form): Form<RevokeForm>) -> Response {
    if !authority.memory().kept.issued.contains_key(&form.serial) {
        return (StatusCode::UNPROCESSABLE_ENTITY, "Không có chứng thư này.").into_response();
    }
    match authority.revoke(&form.serial) {
        Ok(()) => Redirect::to("/trust").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

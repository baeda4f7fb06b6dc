//! The stand-in bank's counter: a page for people, JSON for programs.

use crate::bank::{Bank, Mode, Told};
use askama::Template;
use axum::extract::{DefaultBodyLimit, Form, Json, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::Router;
use base::ask::TransferRequest;
use payment::vietqr;
use serde::Deserialize;
use serde_json::json;

pub fn router(bank: Bank) -> Router {
    Router::new()
        .route("/", get(counter).post(pay))
        .route("/api/pay", post(pay_json))
        .route("/api/log", get(log))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(bank)
}

#[derive(Template)]
#[template(path = "bank.html")]
struct Counter {
    qr: String,
    code: Option<TransferRequest>,
    problem: String,
    told: Vec<Told>,
    log: Vec<Told>,
}

impl Counter {
    fn amount(&self, amount: &i64) -> base::Vnd {
        base::Vnd(*amount)
    }
    fn time(&self, told: &Told) -> String {
        base::show_time(told.at)
    }
}

fn page(counter: Counter) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    match counter.render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    qr: String,
}

async fn counter(State(bank): State<Bank>, Query(asked): Query<Asked>) -> Response {
    let read = vietqr::parse(asked.qr.trim());
    let problem = match &read {
        Err(refusal) if !asked.qr.is_empty() => refusal.text().to_owned(),
        _ => String::new(),
    };
    page(Counter { qr: asked.qr, code: read.ok(), problem, told: Vec::new(), log: bank.log() })
}

#[derive(Deserialize)]
struct PayForm {
    #[serde(default)]
    qr: String,
    #[serde(default)]
    mode: String,
}

async fn pay(State(bank): State<Bank>, Form(form): Form<PayForm>) -> Response {
    let mode = Mode::from_key(&form.mode).unwrap_or_default();
    let (told, problem) = match bank.pay(&form.qr, mode).await {
        Ok(told) => (told, String::new()),
        Err(problem) => (Vec::new(), problem),
    };
    page(Counter { code: vietqr::parse(form.qr.trim()).ok(), qr: form.qr, problem, told, log: bank.log() })
}

async fn pay_json(State(bank): State<Bank>, Json(form): Json<PayForm>) -> Response {
    let Some(mode) = Mode::from_key(if form.mode.is_empty() { "exact" } else { &form.mode }) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": "mode không có." }))).into_response();
    };
    match bank.pay(&form.qr, mode).await {
        Ok(told) => Json(told).into_response(),
        Err(problem) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": problem }))).into_response(),
    }
}

async fn log(State(bank): State<Bank>) -> Response {
    Json(bank.log()).into_response()
}

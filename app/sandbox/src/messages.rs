//! The stand-in provider of messages: a phone and a mailbox anybody can look at, with ways to fail. Numbers decide what
//! happens, so that a journey can try each: …0001 does not exist, …0002 gets no answer in time, …0003 meets a provider
//! out of order once, everything else arrives.

use askama::Template;
use axum::extract::{Json, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::Router;
use base::Clock;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A message that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Arrived {
    pub at: DateTime<Utc>,
    pub kind: String,
    pub sender: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

#[derive(Default)]
struct Memory {
    seen: HashSet<String>,
    failed_once: HashSet<String>,
    arrived: VecDeque<Arrived>,
}

/// The provider and its memory of the last hundred messages.
#[derive(Clone)]
pub struct Phone {
    clock: Clock,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Handed {
    id: String,
    kind: String,
    sender: String,
    to: String,
    subject: String,
    text: String,
}

impl Phone {
    pub fn new(clock: Clock) -> Phone {
        Phone { clock, memory: Arc::default() }
    }

    /// The messages to `to`, or to everybody when empty, newest first.
    pub fn arrived(&self, to: &str) -> Vec<Arrived> {
        let Ok(memory) = self.memory.lock() else { return Vec::new() };
        memory.arrived.iter().filter(|m| to.is_empty() || m.to == to).cloned().collect()
    }
}

/// The provider's door for programs, and its window for people.
pub fn router(phone: Phone) -> Router {
    Router::new()
        .route("/api/messages", post(take).get(list))
        .route("/messages", get(window))
        .with_state(phone)
}

async fn take(State(phone): State<Phone>, Json(handed): Json<Handed>) -> Response {
    let refuse = |status: StatusCode, detail: &str| (status, Json(json!({ "detail": detail }))).into_response();
    if handed.to.is_empty() || handed.text.is_empty() || handed.id.is_empty() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Thiếu id, người nhận hoặc nội dung.");
    }
    if handed.to.ends_with("0001") {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Số này không tồn tại.");
    }
    if handed.to.ends_with("0002") {
        tokio::time::sleep(Duration::from_secs(6)).await;
    }
    let Ok(mut memory) = phone.memory.lock() else { return refuse(StatusCode::INTERNAL_SERVER_ERROR, "") };
    if handed.to.ends_with("0003") && memory.failed_once.insert(handed.id.clone()) {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "Tổng đài đang bảo trì.");
    }
    // Told twice it arrives once.
    if memory.seen.insert(handed.id.clone()) {
        let arrived = Arrived { at: phone.clock.now(), kind: handed.kind, sender: handed.sender, to: handed.to, subject: handed.subject, text: handed.text };
        memory.arrived.push_front(arrived);
        memory.arrived.truncate(100);
    }
    Json(json!({ "number": format!("TN{}", memory.seen.len()) })).into_response()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    to: String,
}

async fn list(State(phone): State<Phone>, Query(asked): Query<Asked>) -> Response {
    Json(phone.arrived(&asked.to)).into_response()
}

#[derive(Template)]
#[template(path = "messages.html")]
struct Window {
    arrived: Vec<Arrived>,
}

impl Window {
    fn time(&self, message: &Arrived) -> String {
        base::show_time(message.at)
    }
}

async fn window(State(phone): State<Phone>, Query(asked): Query<Asked>) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    match (Window { arrived: phone.arrived(asked.to.trim()) }).render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy), (header::REFRESH, "3")], Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

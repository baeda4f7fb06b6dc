//! The stand-in provider of messages: a phone and a mailbox anybody can look at, with ways to fail. Numbers decide what
//! happens, so that a journey can try each: …0001 does not exist, …0002 gets no answer in time, …0003 meets a provider
//! out of order once, everything else arrives.

use askama::Template;
use axum::extract::{Form, Json, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
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
    /// Written on the phone itself.
    pub is_reply: bool,
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

/// With what the stand-in signs its calls.
pub const MESSAGES_KEY: &str = "khoa cua tong dai gia lap";

/// The provider and its memory of the last hundred messages.
#[derive(Clone)]
pub struct Phone {
    /// Yba's own address, for receipts and replies.
    server: String,
    client: reqwest::Client,
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
    pub fn new(server: String, clock: Clock) -> Phone {
        Phone { server: server.trim_end_matches('/').to_owned(), client: reqwest::Client::new(), clock, memory: Arc::default() }
    }

    /// Calls Yba as the provider does, signed; gives the status, 0 without an answer.
    async fn call(&self, path: &str, body: serde_json::Value) -> u16 {
        let key = std::env::var("YBA_MESSAGES_KEY").ok().filter(|k| !k.is_empty()).unwrap_or_else(|| MESSAGES_KEY.into());
        let body = body.to_string();
        let signature = messaging::hook::sign(&key, body.as_bytes());
        let asked = self.client.post(format!("{}{path}", self.server)).header("content-type", "application/json").header("x-signature", signature).body(body).send().await;
        asked.map_or(0, |answer| answer.status().as_u16())
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
        .route("/messages", get(window).post(reply))
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
    let is_new = memory.seen.insert(handed.id.clone());
    let number = format!("TN{}", memory.seen.len());
    if is_new {
        let arrived = Arrived { at: phone.clock.now(), is_reply: false, kind: handed.kind, sender: handed.sender, to: handed.to, subject: handed.subject, text: handed.text };
        memory.arrived.push_front(arrived);
        memory.arrived.truncate(100);
    }
    drop(memory);
    if is_new {
        let phone = phone.clone();
        // The receipt comes when the answer was taken, as it does in life; the server forgets one it has nothing for.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(700)).await;
            phone.call("/hook/sms/receipts", json!({ "id": handed.id, "status": "delivered" })).await;
        });
    }
    Json(json!({ "number": number })).into_response()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    to: String,
}

async fn list(State(phone): State<Phone>, Query(asked): Query<Asked>) -> Response {
    Json(phone.arrived(&asked.to)).into_response()
}

/// What somebody types on the phone.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Typed {
    from: String,
    text: String,
}

/// Writes back from the phone; the provider brings it to Yba.
async fn reply(State(phone): State<Phone>, Form(typed): Form<Typed>) -> Response {
    if typed.from.is_empty() || typed.text.trim().is_empty() {
        return (StatusCode::UNPROCESSABLE_ENTITY, "Ghi số gửi và nội dung.").into_response();
    }
    let now = phone.clock.now();
    let number = format!("TV{}", now.timestamp_micros());
    if let Ok(mut memory) = phone.memory.lock() {
        memory.arrived.push_front(Arrived { at: now, is_reply: true, kind: "sms".into(), sender: typed.from.clone(), to: typed.from.clone(), subject: String::new(), text: typed.text.clone() });
    }
    let status = phone.call("/hook/sms/inbound", json!({ "id": number, "from": typed.from, "text": typed.text })).await;
    if status != 200 {
        return (StatusCode::BAD_GATEWAY, format!("Máy chủ trả lời {status}.")).into_response();
    }
    Redirect::to(&format!("/messages?to={}", typed.from.chars().filter(char::is_ascii_digit).collect::<String>())).into_response()
}

#[derive(Template)]
#[template(path = "messages.html")]
struct Window {
    arrived: Vec<Arrived>,
    to: String,
}

impl Window {
    fn time(&self, message: &Arrived) -> String {
        base::show_time(message.at)
    }
}

async fn window(State(phone): State<Phone>, Query(asked): Query<Asked>) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let to = asked.to.trim().to_owned();
    // A conversation stands still while somebody types; the list of all renews itself.
    let refresh = if to.is_empty() { "3" } else { "3600" };
    match (Window { arrived: phone.arrived(&to), to }).render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy), (header::REFRESH, refresh)], Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

//! The stand-in telephone system: takes wishes to dial, rings, and lets anybody play a caller. The number decides what a
//! dialled phone does: …0001 is never answered, …0002 is a system that is away once; all others pick up.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base::Clock;
use care_desk::hook::sign;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A call that the stand-in knows.
#[derive(Clone, Debug)]
struct Call {
    id: String,
    facility: String,
    direction: &'static str,
    phone: String,
    extension: String,
    state: &'static str,
    at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
}

#[derive(Default)]
struct Memory {
    calls: VecDeque<Call>,
    failed_once: HashSet<String>,
}

/// The system and its memory of the last fifty calls.
#[derive(Clone)]
pub struct Switchboard {
    /// Yba's own address.
    server: String,
    client: reqwest::Client,
    clock: Clock,
    memory: Arc<Mutex<Memory>>,
}

impl Switchboard {
    pub fn new(server: String, clock: Clock) -> Switchboard {
        Switchboard { server: server.trim_end_matches('/').to_owned(), client: reqwest::Client::new(), clock, memory: Arc::default() }
    }

    /// Moves a call on and tells Yba, signed; gives the status, 0 without an answer.
    async fn tell(&self, id: &str, event: &'static str) -> u16 {
        let now = self.clock.now();
        let call = {
            let Ok(mut memory) = self.memory.lock() else { return 0 };
            let Some(call) = memory.calls.iter_mut().find(|c| c.id == id) else { return 0 };
            call.state = event;
            if event == "answered" {
                call.answered_at = Some(now);
            }
            call.clone()
        };
        let (own, other) = ("02700000000", call.phone.as_str());
        let (from, to) = if call.direction == "in" { (other, own) } else { (own, other) };
        let seconds = call.answered_at.map_or(0, |at| (now - at).num_seconds().max(1));
        let body = json!({
            "event": format!("call.{event}"), "call_id": call.id, "direction": call.direction, "from": from, "to": to, "agent_ext": call.extension,
            "at": now, "duration": if event == "ended" { seconds } else { 0 },
        })
        .to_string();
        let signature = sign(care_desk::seed::KEY, body.as_bytes());
        let address = format!("{}/hook/telephone/{}", self.server, call.facility);
        let asked = self.client.post(address).header("content-type", "application/json").header("x-signature", signature).body(body).send().await;
        asked.map_or(0, |answer| answer.status().as_u16())
    }

    fn keep(&self, call: Call) -> bool {
        let Ok(mut memory) = self.memory.lock() else { return false };
        if memory.calls.iter().any(|c| c.id == call.id) {
            return false;
        }
        memory.calls.push_front(call);
        memory.calls.truncate(50);
        true
    }
}

/// The door for programs, and the window for people.
pub fn router(switchboard: Switchboard) -> Router {
    Router::new()
        .route("/telephone/dial/{facility}", post(dial))
        .route("/telephone", get(window).post(ring))
        .route("/telephone/act", post(act))
        .with_state(switchboard)
}

#[derive(Deserialize)]
struct Wish {
    id: String,
    agent_ext: String,
    to: String,
}

/// A wish to dial from Yba. The same id rings once.
async fn dial(State(board): State<Switchboard>, Path(facility): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get("x-signature").and_then(|h| h.to_str().ok()) != Some(sign(care_desk::seed::KEY, &body).as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(wish) = serde_json::from_slice::<Wish>(&body) else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    if wish.to.ends_with("0002") && board.memory.lock().is_ok_and(|mut m| m.failed_once.insert(wish.id.clone())) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let id = format!("out-{}", wish.id);
    let is_answered = !wish.to.ends_with("0001");
    let call = Call { id: id.clone(), facility, direction: "out", phone: wish.to, extension: wish.agent_ext, state: "ringing", at: board.clock.now(), answered_at: None };
    if board.keep(call) {
        tokio::spawn(async move {
            board.tell(&id, "ringing").await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            board.tell(&id, if is_answered { "answered" } else { "missed" }).await;
        });
    }
    StatusCode::ACCEPTED.into_response()
}

/// Somebody plays a caller.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Played {
    facility: String,
    from: String,
    extension: String,
}

async fn ring(State(board): State<Switchboard>, Form(played): Form<Played>) -> Response {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).take(12).collect::<String>();
    let now = board.clock.now();
    let (id, phone) = (format!("in-{}", now.timestamp_micros()), digits(&played.from));
    if phone.is_empty() || digits(&played.facility).is_empty() {
        return (StatusCode::UNPROCESSABLE_ENTITY, "Ghi mã cơ sở và số gọi tới.").into_response();
    }
    board.keep(Call { id: id.clone(), facility: digits(&played.facility), direction: "in", phone, extension: digits(&played.extension), state: "ringing", at: now, answered_at: None });
    after(board.tell(&id, "ringing").await)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Acted {
    call: String,
    act: String,
}

async fn act(State(board): State<Switchboard>, Form(acted): Form<Acted>) -> Response {
    let event = match acted.act.as_str() {
        "answered" => "answered",
        "ended" => "ended",
        _ => "missed",
    };
    after(board.tell(&acted.call, event).await)
}

fn after(status: u16) -> Response {
    match status {
        200 => Redirect::to("/telephone").into_response(),
        status => (StatusCode::BAD_GATEWAY, format!("Máy chủ trả lời {status}.")).into_response(),
    }
}

#[derive(Template)]
#[template(path = "telephone.html")]
struct Window {
    calls: Vec<Call>,
}

impl Window {
    fn time(&self, call: &Call) -> String {
        base::show_time(call.at)
    }

    fn word(&self, call: &Call) -> &'static str {
        match call.state {
            "ringing" => "đang đổ chuông",
            "answered" => "đang nói chuyện",
            "ended" => "đã gác máy",
            _ => "không ai nghe",
        }
    }

    fn is_live(&self, call: &Call) -> bool {
        ["ringing", "answered"].contains(&call.state)
    }
}

async fn window(State(board): State<Switchboard>) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let calls = board.memory.lock().map(|m| m.calls.iter().cloned().collect()).unwrap_or_default();
    match (Window { calls }).render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Switchboard {
        Switchboard::new("http://127.0.0.1:9".into(), Clock::system())
    }

    #[tokio::test]
    async fn a_wish_is_believed_when_signed_and_rings_once() {
        let board = board();
        let body = Bytes::from(json!({ "id": "k1", "agent_ext": "101", "to": "0900000007" }).to_string());
        let forged = dial(State(board.clone()), Path("84101".into()), HeaderMap::new(), body.clone()).await;
        assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", sign(care_desk::seed::KEY, &body).parse().unwrap());
        for _ in 0..2 {
            assert_eq!(dial(State(board.clone()), Path("84101".into()), headers.clone(), body.clone()).await.status(), StatusCode::ACCEPTED);
        }
        assert_eq!(board.memory.lock().unwrap().calls.len(), 1);
    }

    #[tokio::test]
    async fn a_played_call_is_kept_even_when_nobody_listens() {
        let board = board();
        let played = Played { facility: "84101".into(), from: "0900 000 007".into(), extension: "101".into() };
        assert_eq!(ring(State(board.clone()), Form(played)).await.status(), StatusCode::BAD_GATEWAY);
        let page = window(State(board)).await;
        assert_eq!(page.status(), StatusCode::OK);
    }
}

//! What the telephone system of a house tells us: signed with the key of the house, each word once, in any order.

use crate::store::contacts::{self, NewContact};
use crate::store::line::{self, Call};
use crate::store::tasks::{self, NewTask};
use crate::switchboard::own_topic;
use crate::task::Kind;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use db::Tx;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use sha2::Sha256;
use web::ask::Letter;
use web::{Answer, App, Failure, IntoResponse, Path, Visitor};

/// The largest word that is read.
pub const LIMIT: usize = 16 * 1024;

/// The signature of a body: `sha256=<hex of HMAC-SHA256>` in the header `X-Signature`.
pub fn sign(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key length will do");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn is_signed(key: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let given = headers.get("x-signature").and_then(|h| h.to_str().ok()).and_then(|h| h.strip_prefix("sha256="));
    let Some(given) = given.and_then(|hex| hex::decode(hex).ok()) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key length will do");
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// A word of the telephone system. `from` and `to` are numbers; `duration` counts seconds of speech.
#[derive(Clone, Debug, Deserialize)]
pub struct Word {
    pub event: String,
    pub call_id: String,
    pub direction: String,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
    #[serde(default)]
    pub agent_ext: String,
    pub at: DateTime<Utc>,
    #[serde(default)]
    pub duration: i64,
    #[serde(default)]
    pub recording_url: String,
}

impl Word {
    fn is_readable(&self) -> bool {
        let known = ["call.ringing", "call.answered", "call.ended", "call.missed", "call.recorded"].contains(&self.event.as_str());
        let short = (1..=100).contains(&self.call_id.chars().count()) && self.recording_url.chars().count() <= 500;
        known && short && ["in", "out"].contains(&self.direction.as_str()) && (0..=86_400).contains(&self.duration)
    }

    fn is_incoming(&self) -> bool {
        self.direction == "in"
    }

    /// The number at the other end, as it is kept; empty when it is hidden.
    fn phone(&self) -> String {
        scheduling::read_phone(if self.is_incoming() { &self.from } else { &self.to }).unwrap_or_default()
    }

    fn extension(&self) -> String {
        self.agent_ext.chars().filter(char::is_ascii_digit).take(8).collect()
    }
}

/// The call after a word, whatever came before it: a call that ended does not ring again, and one that was spoken on was
/// not missed.
pub fn after(mut call: Call, word: &Word) -> Call {
    let is_over = ["ended", "missed"].contains(&call.state.as_str());
    if !word.extension().is_empty() && (call.extension.is_empty() || word.event == "call.answered") {
        call.extension = word.extension();
    }
    match word.event.as_str() {
        "call.ringing" => call.began_at = call.began_at.min(word.at),
        "call.answered" => {
            call.answered_at = Some(word.at);
            if !is_over {
                call.state = "answered".into();
            }
        }
        "call.ended" => {
            call.ended_at = Some(word.at);
            call.seconds = i32::try_from(word.duration).ok();
            if call.state != "missed" || word.duration > 0 {
                call.state = "ended".into();
            }
        }
        "call.missed" if call.answered_at.is_none() && call.seconds.unwrap_or(0) == 0 => {
            call.ended_at = Some(word.at);
            call.state = "missed".into();
        }
        "call.recorded" if word.recording_url.starts_with("https://") => call.recording_url = word.recording_url.clone(),
        _ => {}
    }
    call
}

fn say(status: StatusCode, detail: &str) -> Answer {
    Ok((status, [(http::header::CONTENT_TYPE, "application/json")], serde_json::json!({ "detail": detail }).to_string()).into_response())
}

/// `POST /hook/telephone/{code}`. An unknown house and a wrong signature look alike.
pub async fn hear(visitor: Visitor, Path(code): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    let mut tx = visitor.begin_for("telephone-hook").await?;
    let found = line::find_by_code(&mut tx, &code).await?;
    drop(tx);
    let Some((house, _)) = found.filter(|(_, secret)| is_signed(secret, &headers, &body)) else {
        return say(StatusCode::UNAUTHORIZED, "Chữ ký không đúng.");
    };
    let Ok(word) = serde_json::from_slice::<Word>(&body) else { return say(StatusCode::UNPROCESSABLE_ENTITY, "Không đọc được nội dung.") };
    if !word.is_readable() {
        return say(StatusCode::UNPROCESSABLE_ENTITY, "Sự kiện, mã cuộc gọi hoặc thời lượng không đúng dạng.");
    }
    let mut tx = visitor.begin_at(house).await?;
    if line::hear(&mut tx, &word.call_id, &word.event, word.at).await? {
        take(&visitor.app, &mut tx, &word).await?;
        tx.commit().await?;
    }
    say(StatusCode::OK, "Đã nhận.")
}

/// Takes a new word: the call, the person whose apparatus it is, and what follows from it.
async fn take(app: &App, tx: &mut Tx, word: &Word) -> Result<(), Failure> {
    let phone = word.phone();
    let fresh = Call {
        call_id: word.call_id.clone(),
        direction: word.direction.clone(),
        phone: phone.clone(),
        extension: String::new(),
        account_id: None,
        state: "ringing".into(),
        began_at: word.at,
        answered_at: None,
        ended_at: None,
        seconds: None,
        recording_url: String::new(),
    };
    let before = line::lock_call(tx, &fresh).await?;
    let mut call = after(before.clone(), word);
    if call.extension != before.extension {
        call.account_id = line::owner_of(tx, &call.extension).await?;
    }
    line::write_call(tx, &call).await?;
    for account in [before.account_id, call.account_id].into_iter().flatten() {
        tx.notify(own_topic(account));
    }
    if phone.is_empty() {
        return Ok(());
    }
    let contact = NewContact { call_id: &word.call_id, phone: &phone, is_incoming: word.is_incoming(), ..NewContact::default() };
    match (word.event.as_str(), call.state.as_str()) {
        ("call.answered", _) => tasks::vanish_phone(tx, &phone, Kind::MissedCall).await?,
        ("call.ended", "ended") => contacts::write(tx, &NewContact { outcome: "call", seconds: call.seconds, ..contact }).await?,
        ("call.missed", "missed") => {
            contacts::write(tx, &NewContact { outcome: "missed", ..contact }).await?;
            if word.is_incoming() {
                let now = tx.now;
                tasks::add(tx, &NewTask::to(&phone, "", Kind::MissedCall, now, now + TimeDelta::minutes(15))).await?;
            } else {
                say_we_called(app, tx, &phone, &format!("call/{}", word.call_id)).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Tells somebody by message that we called and did not reach them.
pub async fn say_we_called(app: &App, tx: &mut Tx, phone: &str, occasion: &str) -> Result<(), Failure> {
    let house = encounter::store::reception::facility_name(tx).await?;
    let head = encounter::store::reception::paper_head(tx).await?;
    let own = head["phone"].as_str().unwrap_or("").to_owned();
    if own.is_empty() {
        // Without a number to call back the message would help nobody.
        return Ok(());
    }
    let letter = Letter {
        key: format!("{occasion}/missed"),
        template: "call.missed",
        to: phone,
        values: vec![("facility", house), ("phone", own)],
        appointment: None,
        at: None,
        is_urgent: false,
    };
    app.messages().send(tx, &letter).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(event: &str, minute: i64, duration: i64) -> Word {
        let at: DateTime<Utc> = "2026-11-24T02:00:00Z".parse().unwrap();
        Word {
            event: event.into(),
            call_id: "c1".into(),
            direction: "in".into(),
            from: "0900000001".into(),
            to: String::new(),
            agent_ext: "101".into(),
            at: at + TimeDelta::minutes(minute),
            duration,
            recording_url: String::new(),
        }
    }

    fn ringing() -> Call {
        Call {
            call_id: "c1".into(),
            direction: "in".into(),
            phone: "0900000001".into(),
            extension: String::new(),
            account_id: None,
            state: "ringing".into(),
            began_at: word("", 0, 0).at,
            answered_at: None,
            ended_at: None,
            seconds: None,
            recording_url: String::new(),
        }
    }

    #[test]
    fn the_order_of_the_words_does_not_matter() {
        let words = [word("call.ringing", 0, 0), word("call.answered", 1, 0), word("call.ended", 3, 120)];
        let told = |order: [usize; 3]| order.iter().fold(ringing(), |call, n| after(call, &words[*n]));
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            let call = told(order);
            assert_eq!((call.state.as_str(), call.seconds, call.extension.as_str()), ("ended", Some(120), "101"), "{order:?}");
        }
    }

    #[test]
    fn a_call_that_was_spoken_on_was_not_missed() {
        let call = after(after(ringing(), &word("call.answered", 1, 0)), &word("call.missed", 2, 0));
        assert_eq!(call.state, "answered");
        let call = after(after(ringing(), &word("call.missed", 1, 0)), &word("call.ended", 1, 0));
        assert_eq!(call.state, "missed");
    }

    #[test]
    fn a_signature_belongs_to_its_body() {
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", sign("khoa", b"{}").parse().unwrap());
        assert!(is_signed("khoa", &headers, b"{}") && !is_signed("khoa", &headers, b"{ }") && !is_signed("khac", &headers, b"{}"));
        assert!(!is_signed("khoa", &HeaderMap::new(), b"{}"));
    }
}

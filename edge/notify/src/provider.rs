//! The house that carries messages: asked over HTTP, answered with a number of its own or with why not.

use async_trait::async_trait;
use messaging::{Carrier, NotCarried};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subscription::message::Message;
use uuid::Uuid;

/// Longer than any phone network lets us wait; the job tries again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where messages are handed over.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Without a trailing slash, e.g. `https://api.provider.vn`.
    pub address: String,
    pub key: String,
    /// The brand name that the phone shows as sender, registered with the networks.
    pub sender: String,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// Trying again may help: no answer, a fault there, too many at once.
    Later(String),
    /// Trying again never helps: no such number, a text that is refused.
    Never(String),
}

#[derive(Serialize)]
struct Sending<'a> {
    /// The provider takes one id once, however often it is told.
    id: String,
    kind: &'a str,
    sender: &'a str,
    to: &'a str,
    subject: &'a str,
    text: &'a str,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Taken {
    number: String,
    detail: String,
}

impl Provider {
    /// Hands a message over; gives the provider's number of it.
    pub async fn send(&self, message: &Message) -> Result<String, NotSent> {
        let body = Sending {
            id: message.id.to_string(),
            kind: &message.kind,
            sender: &self.sender,
            to: &message.to,
            subject: &message.subject,
            text: &message.text,
        };
        let asked = reqwest::Client::new()
            .post(format!("{}/api/messages", self.address.trim_end_matches('/')))
            .bearer_auth(&self.key)
            .timeout(PATIENCE)
            .json(&body)
            .send()
            .await;
        let answer = asked.map_err(|e| NotSent::Later(if e.is_timeout() { "không trả lời kịp".into() } else { "không kết nối được".into() }))?;
        let status = answer.status().as_u16();
        let taken: Taken = answer.json().await.unwrap_or_default();
        match status {
            200..=299 => Ok(taken.number),
            400 | 404 | 409 | 422 => Err(NotSent::Never(taken.detail)),
            _ => Err(NotSent::Later(format!("trả lời {status}"))),
        }
    }
}

#[async_trait]
impl Carrier for Provider {
    async fn carry(&self, id: Uuid, to: &str, text: &str) -> Result<String, NotCarried> {
        let message = Message { id, kind: "sms".into(), to: to.into(), subject: String::new(), text: text.into() };
        self.send(&message).await.map_err(|why| match why {
            NotSent::Later(why) => NotCarried::Later(why),
            NotSent::Never(why) => NotCarried::Never(why),
        })
    }
}

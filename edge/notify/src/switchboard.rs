//! The way to a house's telephone system: a signed post to the address that the house wrote down.

use async_trait::async_trait;
use care_desk::{Carrier, NotTaken};
use std::time::Duration;

/// Somebody waits with the receiver in hand.
const PATIENCE: Duration = Duration::from_secs(5);

/// Posts wishes to dial over HTTP.
#[derive(Clone, Debug)]
pub struct Exchange(reqwest::Client);

impl Exchange {
    /// Never follows a redirect: the address that was checked is the address that is asked.
    pub fn new() -> Result<Exchange, reqwest::Error> {
        Ok(Exchange(reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?))
    }
}

#[async_trait]
impl Carrier for Exchange {
    async fn post(&self, url: &str, body: &str, signature: &str) -> Result<(), NotTaken> {
        let asked = self.0.post(url).header("content-type", "application/json").header("x-signature", signature).body(body.to_owned()).send().await;
        let answer = asked.map_err(|e| NotTaken::Later(if e.is_timeout() { "tổng đài không trả lời kịp.".into() } else { "không kết nối được tổng đài.".into() }))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status @ (400..=407 | 409..=424) => Err(NotTaken::Never(format!("tổng đài từ chối ({status})."))),
            status => Err(NotTaken::Later(format!("tổng đài trả lời {status}."))),
        }
    }
}

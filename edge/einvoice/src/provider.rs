//! What an invoice provider must be able to do, and the one that speaks to the stand-in.

use async_trait::async_trait;
use billing::einvoice::Issued;
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

/// Why there is no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The provider understood and said no; the same again would be refused again. The text is for people.
    Refused(String),
    /// Nobody knows whether the provider has it: no answer, a broken answer, a provider in trouble.
    Unknown(String),
}

/// What the provider knows about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Issued(Issued),
    /// Never heard of it.
    Nothing,
}

/// An invoice provider. Both calls may be repeated without harm.
#[async_trait]
pub trait Provider: Send + Sync {
    /// A short word for it, kept with the invoice: "sandbox".
    fn name(&self) -> &'static str;
    /// Asks for a number. The provider gives one number per key, however often it is asked.
    async fn issue(&self, key: Uuid, xml: &str) -> Result<Issued, Fault>;
    /// What became of a key.
    async fn find(&self, key: Uuid) -> Result<Answer, Fault>;
}

/// Speaks HTTP: `PUT {base}/invoices/{key}` with the XML, `GET {base}/invoices/{key}`.
pub struct Http {
    base: String,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Told {
    serial: String,
    number: i64,
    lookup_code: String,
    authority_code: String,
}

#[derive(Deserialize)]
struct No {
    detail: String,
}

impl Http {
    /// `base` without a trailing slash, e.g. `http://127.0.0.1:8090/einvoice`; `patience` is how long one question may take.
    pub fn new(base: String, patience: Duration) -> Result<Http, reqwest::Error> {
        // No connection is kept: invoices are rare, and one that the provider closed meanwhile would eat the next question.
        let client = reqwest::Client::builder().timeout(patience).pool_max_idle_per_host(0).build()?;
        Ok(Http { base: base.trim_end_matches('/').to_owned(), client })
    }

    fn at(&self, key: Uuid) -> String {
        format!("{}/invoices/{}", self.base, key.simple())
    }
}

/// An answer with a body that cannot be read is no answer.
async fn number(response: reqwest::Response) -> Result<Issued, Fault> {
    let told: Told = response.json().await.map_err(|_| Fault::Unknown("cổng hóa đơn trả lời dở dang".into()))?;
    if told.number <= 0 || told.serial.is_empty() {
        return Err(Fault::Unknown("cổng hóa đơn trả lời không có số".into()));
    }
    Ok(Issued { serial: told.serial, number: told.number, lookup_code: told.lookup_code, authority_code: told.authority_code })
}

fn silent(error: &reqwest::Error) -> Fault {
    Fault::Unknown(if error.is_timeout() { "cổng hóa đơn chưa trả lời".into() } else { "không nối được tới cổng hóa đơn".into() })
}

#[async_trait]
impl Provider for Http {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    async fn issue(&self, key: Uuid, xml: &str) -> Result<Issued, Fault> {
        let request = self.client.put(self.at(key)).header("content-type", "application/xml").body(xml.to_owned());
        let response = request.send().await.map_err(|error| silent(&error))?;
        match response.status().as_u16() {
            200 | 201 => number(response).await,
            // Known already: what it knows is the answer.
            409 => match self.find(key).await? {
                Answer::Issued(issued) => Ok(issued),
                Answer::Nothing => Err(Fault::Unknown("cổng hóa đơn báo trùng nhưng không tìm thấy hóa đơn".into())),
            },
            400 | 422 => match response.json::<No>().await {
                Ok(no) => Err(Fault::Refused(no.detail)),
                Err(_) => Err(Fault::Refused("Cổng hóa đơn từ chối mà không nói lý do.".into())),
            },
            status => Err(Fault::Unknown(format!("cổng hóa đơn báo lỗi {status}"))),
        }
    }

    async fn find(&self, key: Uuid) -> Result<Answer, Fault> {
        let response = self.client.get(self.at(key)).send().await.map_err(|error| silent(&error))?;
        match response.status().as_u16() {
            200 => number(response).await.map(Answer::Issued),
            404 => Ok(Answer::Nothing),
            status => Err(Fault::Unknown(format!("cổng hóa đơn báo lỗi {status}"))),
        }
    }
}

//! Calling a partner: one short connection per question, because questions are rare and a connection kept open would have
//! to be watched.

use crate::bundle;
use crate::tls::Identity;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use sharing::holder::{Opened, State};
use sharing::permission::Closed;
use sharing::store::held::Ask;
use sharing::store::partners::Partner;
use sharing::wire::{Wire, WireFault};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use uuid::Uuid;

/// A partner that has not answered after this long is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer: a paper of 64 MB in base64, and its frame.
const ANSWER: usize = 96 * 1024 * 1024;

/// The way to all partners.
pub struct Way {
    identity: Identity,
}

impl Way {
    pub fn new(identity: Identity) -> Way {
        Way { identity }
    }

    async fn call(&self, partner: &Partner, method: Method, path: String, body: Option<String>) -> Result<(StatusCode, Bytes), WireFault> {
        match tokio::time::timeout(PATIENCE, self.call_in_time(partner, method, path, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(away("không trả lời trong 10 giây")),
        }
    }

    async fn call_in_time(&self, partner: &Partner, method: Method, path: String, body: Option<String>) -> Result<(StatusCode, Bytes), WireFault> {
        let address: Uri = partner.address.parse().map_err(|_| away("địa chỉ không đọc được"))?;
        let host = address.host().ok_or_else(|| away("địa chỉ không có tên máy"))?.trim_matches(['[', ']']).to_owned();
        let port = address.port_u16().unwrap_or(443);
        let config = self.identity.towards(&partner.fingerprint).map_err(|_| away("chứng thư không dùng được"))?;
        let name = ServerName::try_from(host.clone()).map_err(|_| away("tên máy không đọc được"))?;
        let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(|_| away("máy chủ không mở cửa"))?;
        let _ = tcp.set_nodelay(true);
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| {
            tracing::warn!(%error, partner = partner.code, "TLS with a partner failed");
            away("hai bên không nhận ra chứng thư của nhau")
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.map_err(|_| away("kết nối đứt"))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to a partner ended");
            }
        });
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &host)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|_| away("câu hỏi không gửi được"))?;
        let answer = sender.send_request(request).await.map_err(|_| away("kết nối đứt"))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER).collect().await.map_err(|_| away("trả lời đứt giữa chừng"))?;
        Ok((status, body.to_bytes()))
    }
}

fn away(why: &str) -> WireFault {
    WireFault::Unreachable(why.into())
}

/// What an answer that is no yes means.
fn told(status: StatusCode, body: &[u8]) -> WireFault {
    let why = serde_json::from_slice::<Value>(body).ok().and_then(|v| v["code"].as_str().map(str::to_owned));
    match (status, why.as_deref()) {
        (_, Some("unknown_partner")) => WireFault::Refused("cơ sở bạn chưa khai chứng thư của mình".into()),
        (StatusCode::NOT_FOUND, _) => WireFault::Refused("không còn yêu cầu này".into()),
        (s, _) if s.is_client_error() => WireFault::Refused(format!("mã {}", s.as_u16())),
        (s, _) => away(&format!("máy chủ báo lỗi {}", s.as_u16())),
    }
}

fn read_state(status: StatusCode, body: &[u8]) -> Result<State, WireFault> {
    if status != StatusCode::OK {
        return Err(told(status, body));
    }
    serde_json::from_slice(body).map_err(|_| away("trả lời không đọc được"))
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[async_trait]
impl Wire for Way {
    async fn ask(&self, partner: &Partner, ask: &Ask) -> Result<State, WireFault> {
        let body = serde_json::to_string(ask).map_err(|_| away("câu hỏi không gửi được"))?;
        let (status, body) = self.call(partner, Method::POST, format!("/link/v1/{}/requests", partner.code), Some(body)).await?;
        read_state(status, &body)
    }

    async fn state(&self, partner: &Partner, _house: &str, request: Uuid) -> Result<State, WireFault> {
        let (status, body) = self.call(partner, Method::GET, format!("/link/v1/{}/requests/{request}", partner.code), None).await?;
        read_state(status, &body)
    }

    async fn open(&self, partner: &Partner, _house: &str, request: Uuid, document: Uuid, who: &str) -> Result<Result<Opened, Closed>, WireFault> {
        let path = format!("/link/v1/{}/requests/{request}/documents/{document}?who={}", partner.code, percent(who));
        let (status, body) = self.call(partner, Method::GET, path, None).await?;
        let Ok(said) = serde_json::from_slice::<Value>(&body) else { return Err(away("trả lời không đọc được")) };
        match status {
            StatusCode::OK => match bundle::read(&said) {
                Ok(opened) => Ok(Ok(opened)),
                Err(why) => {
                    tracing::warn!(why, partner = partner.code, "a paper did not arrive whole");
                    Ok(Err(Closed::Changed))
                }
            },
            StatusCode::FORBIDDEN => match serde_json::from_value(said["closed"].clone()) {
                Ok(closed) => Ok(Err(closed)),
                Err(_) => Err(told(status, &body)),
            },
            _ => Err(told(status, &body)),
        }
    }

    async fn withdraw(&self, partner: &Partner, _house: &str, request: Uuid) -> Result<(), WireFault> {
        let path = format!("/link/v1/{}/requests/{request}/withdrawal", partner.code);
        let (status, body) = self.call(partner, Method::POST, path, None).await?;
        if status.is_success() { Ok(()) } else { Err(told(status, &body)) }
    }
}

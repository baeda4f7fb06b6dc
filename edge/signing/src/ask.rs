//! Asking the authorities: is this certificate still good, and what time is it?

use crate::revocation::{self, Evidence, Status};
use crate::settings::Settings;
use crate::timestamp::{self, Token};
use crate::{Cert, chain};
use base::sign::SignFault;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

/// No answer of an authority is larger.
const LARGEST: usize = 8 * 1024 * 1024;

/// The engine's way to the authorities, with a short memory.
pub struct Asker {
    pub settings: Settings,
    pub roots: Vec<Cert>,
    client: reqwest::Client,
    known: Mutex<HashMap<Vec<u8>, (Instant, Evidence)>>,
}

impl Asker {
    pub fn new(settings: Settings) -> Asker {
        let roots = settings.roots.iter().filter_map(|der| Cert::read(der)).collect();
        // A redirect could lead into the hospital's own network.
        let client = reqwest::Client::builder().timeout(settings.patience).redirect(reqwest::redirect::Policy::none()).build().unwrap_or_default();
        Asker { settings, roots, client, known: Mutex::default() }
    }

    /// Checks a certificate for use at `at`: in date, trusted, not revoked by the word of its authorities. Gives what
    /// proves it, and the way to the root. Refuses with the reason, and with [`SignFault::StatusUnknown`] when nobody could be asked.
    pub async fn check(&self, own: &Cert, pool: &[Cert], at: DateTime<Utc>) -> Result<(Vec<Cert>, Evidence), SignFault> {
        if at < own.not_before() {
            return Err(SignFault::NotYetValid);
        }
        if at > own.not_after() {
            return Err(SignFault::Expired);
        }
        let way = chain::to_root(own, pool, &self.roots, at).ok_or(SignFault::Untrusted)?;
        let evidence = self.evidence(&way, at).await?;
        Ok((way, evidence))
    }

    /// What proves that no certificate on this way to a root is revoked.
    pub async fn evidence(&self, way: &[Cert], at: DateTime<Utc>) -> Result<Evidence, SignFault> {
        let mut evidence = Evidence { certificates: way.iter().map(|c| c.der.clone()).collect(), ..Evidence::default() };
        for pair in way.windows(2) {
            let found = self.status(&pair[0], &pair[1], at).await?;
            evidence.merge(&found);
        }
        Ok(evidence)
    }

    async fn status(&self, cert: &Cert, issuer: &Cert, at: DateTime<Utc>) -> Result<Evidence, SignFault> {
        let key = Sha256::digest(&cert.der).to_vec();
        if let Some(kept) = self.kept(&key) {
            if revocation::status(cert, issuer, &kept, at) == Status::Good {
                return Ok(kept);
            }
        }
        let mut trouble = String::from("chứng thư không nêu nơi hỏi");
        let addresses = match &self.settings.ocsp_url {
            Some(relay) => vec![relay.clone()],
            None => cert.ocsp_addresses(),
        };
        for address in addresses {
            let answer = match self.post(&address, "application/ocsp-request", revocation::request(cert, issuer)).await {
                Ok(answer) => answer,
                Err(error) => {
                    trouble = error;
                    continue;
                }
            };
            match revocation::by_answer(cert, issuer, &answer, at) {
                Status::Good => {
                    let certificates = revocation::responders(&answer);
                    let found = Evidence { certificates, ocsps: vec![answer], ..Evidence::default() };
                    return Ok(self.keep(key, found));
                }
                Status::Revoked(_) => return Err(SignFault::Revoked),
                Status::Denied => return Err(SignFault::StatusUnknown("tổ chức chứng thực không biết chứng thư này".into())),
                Status::Unknown => trouble = "trả lời không dùng được".into(),
            }
        }
        for address in cert.crl_addresses() {
            let list = match self.get(&address).await {
                Ok(list) => list,
                Err(error) => {
                    trouble = error;
                    continue;
                }
            };
            match revocation::by_list(cert, issuer, &list, at) {
                Status::Good => return Ok(self.keep(key, Evidence { crls: vec![list], ..Evidence::default() })),
                Status::Revoked(_) => return Err(SignFault::Revoked),
                Status::Denied | Status::Unknown => trouble = "danh sách thu hồi không dùng được".into(),
            }
        }
        Err(SignFault::StatusUnknown(trouble))
    }

    /// Has a SHA-256 digest stamped, and gives the token with what proves its authority. Refuses with
    /// [`SignFault::NoTimestamp`] when the authority does not answer, answers something else or is not trusted.
    pub async fn stamp(&self, digest: &[u8]) -> Result<(Token, Evidence), SignFault> {
        let address = self.settings.timestamp_url.as_deref().ok_or_else(|| SignFault::NoTimestamp("chưa khai báo nơi cấp".into()))?;
        let nonce: [u8; 8] = rand::random();
        let answer = self.post(address, "application/timestamp-query", timestamp::request(digest, &nonce)).await.map_err(SignFault::NoTimestamp)?;
        let token = timestamp::granted(&answer, digest, &nonce).ok_or_else(|| SignFault::NoTimestamp("trả lời không đúng với điều đã hỏi".into()))?;
        let way = token.way(&[], &self.roots).ok_or_else(|| SignFault::NoTimestamp("nơi cấp không được tin cậy".into()))?;
        let evidence = self.evidence(&way, token.at).await?;
        Ok((token, evidence))
    }

    async fn post(&self, address: &str, kind: &str, body: Vec<u8>) -> Result<Vec<u8>, String> {
        self.answer(self.client.post(address).header("content-type", kind).body(body)).await
    }

    async fn get(&self, address: &str) -> Result<Vec<u8>, String> {
        self.answer(self.client.get(address)).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, String> {
        let mut response = request.send().await.map_err(|error| reason(&error))?;
        if !response.status().is_success() {
            return Err(format!("máy chủ trả lời {}", response.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err("trả lời quá dài".into());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn kept(&self, key: &[u8]) -> Option<Evidence> {
        let known = self.known.lock().ok()?;
        known.get(key).filter(|(since, _)| since.elapsed() < self.settings.keep_answers).map(|(_, evidence)| evidence.clone())
    }

    fn keep(&self, key: Vec<u8>, evidence: Evidence) -> Evidence {
        if let Ok(mut known) = self.known.lock() {
            let keep = self.settings.keep_answers;
            known.retain(|_, (since, _)| since.elapsed() < keep);
            known.insert(key, (Instant::now(), evidence.clone()));
        }
        evidence
    }
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() { "quá thời gian chờ".into() } else { "không kết nối được".into() }
}

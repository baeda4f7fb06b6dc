//! Stand-ins for the engines that slices ask: paper that can be read back, and a transfer code in plain words.

use base::ask::{BankQr, Papers, TransferRequest};
use base::sign::{Certificate, Key, Kind, Prepared, SignFault, SignatureVerdict, Signing, Verdict, Work};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// Gives the data itself, so that a test sees what would be printed.
pub struct PlainPapers;

#[async_trait::async_trait]
impl Papers for PlainPapers {
    async fn render(&self, template: &str, data: Value) -> Result<Vec<u8>, String> {
        Ok(format!("%PDF-plain {template}\n{data:#}").into_bytes())
    }
}

/// A letter as it was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentLetter {
    pub key: String,
    pub template: String,
    pub to: String,
    pub values: Vec<(&'static str, String)>,
}

/// Keeps every message that was sent, each key once.
#[derive(Clone, Default)]
pub struct Letters(Arc<Mutex<Vec<SentLetter>>>);

impl Letters {
    /// What was sent so far, oldest first.
    pub fn all(&self) -> Vec<SentLetter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// The value `name` of the newest letter to `to`.
    pub fn value(&self, to: &str, name: &str) -> Option<String> {
        let all = self.all();
        let letter = all.iter().rev().find(|l| l.to == to)?;
        letter.values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone())
    }
}

#[async_trait::async_trait]
impl web::ask::Messages for Letters {
    async fn send(&self, _: &mut db::Tx, letter: &web::ask::Letter<'_>) -> Result<(), web::Failure> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.iter().any(|l| l.key == letter.key) {
            all.push(SentLetter { key: letter.key.clone(), template: letter.template.into(), to: letter.to.into(), values: letter.values.clone() });
        }
        Ok(())
    }
}

/// Says what the code would carry.
pub struct PlainQr;

impl BankQr for PlainQr {
    fn payload(&self, request: &TransferRequest) -> Result<String, String> {
        if request.amount_vnd <= 0 {
            return Err("the amount must be positive".into());
        }
        Ok(format!("QR|{}|{}|{}|{}", request.bank_bin, request.account_no, request.amount_vnd, request.reference))
    }
    fn svg(&self, payload: &str) -> Result<String, String> {
        Ok(format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>{payload}</title></svg>"))
    }
}

/// Signs with a line of text behind the content: good enough to see who signed what and whether a byte changed since,
/// worthless as a signature. The password of the key file is the PIN; a file that reads `holder|id|days` names the holder
/// and how many days from 1 January 2026 the certificate lives.
pub struct PlainSigning;

const MARK: &str = "\n%%signed ";

fn certificate_of(file: &[u8]) -> Option<Certificate> {
    let text = String::from_utf8(file.to_vec()).ok()?;
    let mut parts = text.split('|');
    let (holder, id, days) = (parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?.parse().ok()?);
    let not_before: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().ok()?;
    Some(Certificate {
        chain: vec![file.to_vec()],
        holder,
        holder_id: (!id.is_empty()).then_some(id),
        issuer: "CA thử".into(),
        serial: hex::encode(&Sha256::digest(file)[..8]),
        not_before,
        not_after: not_before + TimeDelta::days(days),
    })
}

#[async_trait::async_trait]
impl Signing for PlainSigning {
    async fn certificate(&self, key: &Key) -> Result<Certificate, SignFault> {
        match key {
            Key::Pkcs12 { file, password } if password == "1234" => certificate_of(file).ok_or(SignFault::NoKey),
            Key::Pkcs12 { .. } => Err(SignFault::WrongPin),
            _ => Err(SignFault::NoKey),
        }
    }

    async fn prepare(&self, certificate: &Certificate, work: &Work, at: DateTime<Utc>) -> Result<Prepared, SignFault> {
        if at < certificate.not_before {
            return Err(SignFault::NotYetValid);
        }
        if at > certificate.not_after {
            return Err(SignFault::Expired);
        }
        let digest = Sha256::digest(&work.content).to_vec();
        let state = format!("{}|{}|{}|{}", work.field, certificate.holder, certificate.holder_id.as_deref().unwrap_or(""), at.to_rfc3339());
        Ok(Prepared { digest, content: work.content.clone(), state: state.into_bytes(), kind: work.kind })
    }

    async fn sign(&self, key: &Key, digests: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignFault> {
        self.certificate(key).await?;
        Ok(digests.iter().map(|digest| hex::encode(digest).into_bytes()).collect())
    }

    async fn finish(&self, prepared: Prepared, signature: Vec<u8>) -> Result<Vec<u8>, SignFault> {
        let mut out = prepared.content;
        out.extend_from_slice(MARK.as_bytes());
        out.extend_from_slice(&prepared.state);
        out.push(b'|');
        out.extend_from_slice(&signature);
        Ok(out)
    }

    async fn seal_for_archive(&self, pdf: &[u8], _at: DateTime<Utc>) -> Result<Vec<u8>, SignFault> {
        Ok(pdf.to_vec())
    }

    async fn verify(&self, content: &[u8], _kind: Kind, _at: DateTime<Utc>) -> Verdict {
        let text = String::from_utf8_lossy(content).into_owned();
        let mut signatures = Vec::new();
        for (at, _) in text.match_indices(MARK) {
            let line = text[at + MARK.len()..].lines().next().unwrap_or("");
            let part: Vec<&str> = line.split('|').collect();
            let holds = part.get(4).is_some_and(|hash| *hash == hex::encode(Sha256::digest(&content[..at.min(content.len())])));
            signatures.push(SignatureVerdict {
                field: part.first().unwrap_or(&"").to_string(),
                holder: part.get(1).unwrap_or(&"").to_string(),
                holder_id: part.get(2).map(|id| id.to_string()).filter(|id| !id.is_empty()),
                issuer: "CA thử".into(),
                serial: String::new(),
                signed_at: part.get(3).and_then(|time| time.parse().ok()),
                has_timestamp: true,
                is_long_term: true,
                problem: if holds { String::new() } else { "Nội dung đã bị thay đổi sau khi ký.".into() },
            });
        }
        Verdict { signatures, covers_whole: true, unreadable: String::new() }
    }
}

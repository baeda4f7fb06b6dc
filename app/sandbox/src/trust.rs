//! A certification authority of our own for demonstrations and tests: root and issuing authority, answers about revoked
//! certificates, timestamps, and a trust provider that signs from afar. Its keys are made at the first start and kept in
//! the data folder. Nobody in the real world trusts them.

mod issue;
mod pages;
mod remote;
mod stamp;
mod status;

pub use issue::{Holder, IssuedKey};
pub use remote::RemoteKey;

use anyhow::{Context, Result};
use axum::Router;
use base::Clock;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use signing::{Cert, SoftKey};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How the authority behaves towards the next requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustMode {
    #[default]
    Exact,
    /// The timestamp authority answers 503.
    TsaDown,
    /// The responder answers "unknown" about everything.
    OcspUnknown,
    /// The responder answers 503; the revocation list is still there.
    OcspDown,
    /// Neither responder nor list answers.
    StatusDown,
    /// The responder takes longer than anybody waits.
    OcspSlow,
    /// The remote provider refuses every one-time code.
    WrongOtp,
}

impl TrustMode {
    pub const ALL: [TrustMode; 7] = [
        TrustMode::Exact,
        TrustMode::TsaDown,
        TrustMode::OcspUnknown,
        TrustMode::OcspDown,
        TrustMode::StatusDown,
        TrustMode::OcspSlow,
        TrustMode::WrongOtp,
    ];
    pub fn key(self) -> &'static str {
        match self {
            TrustMode::Exact => "exact",
            TrustMode::TsaDown => "tsa_down",
            TrustMode::OcspUnknown => "ocsp_unknown",
            TrustMode::OcspDown => "ocsp_down",
            TrustMode::StatusDown => "status_down",
            TrustMode::OcspSlow => "ocsp_slow",
            TrustMode::WrongOtp => "wrong_otp",
        }
    }
    pub fn from_key(key: &str) -> Option<TrustMode> {
        TrustMode::ALL.into_iter().find(|m| m.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            TrustMode::Exact => "Trả lời đúng",
            TrustMode::TsaDown => "Ngừng cấp dấu thời gian",
            TrustMode::OcspUnknown => "OCSP trả lời không rõ",
            TrustMode::OcspDown => "OCSP ngừng, còn danh sách thu hồi",
            TrustMode::StatusDown => "Không hỏi được tình trạng chứng thư",
            TrustMode::OcspSlow => "OCSP trả lời chậm",
            TrustMode::WrongOtp => "Từ chối mọi mã dùng một lần",
        }
    }
}

/// What is kept on disk.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    /// PKCS#8 and certificate of each part of the authority, hexadecimal.
    parts: BTreeMap<String, (String, String)>,
    /// Serial number → holder.
    issued: BTreeMap<String, String>,
    /// Serial number → when.
    revoked: BTreeMap<String, DateTime<Utc>>,
    remote: BTreeMap<String, remote::Kept>,
}

struct Memory {
    kept: Kept,
    mode: TrustMode,
    times: u32,
    stamps: u64,
    open: remote::Open,
}

/// One part of the authority: a key and its certificate.
struct Part {
    key: SoftKey,
    cert: Cert,
}

struct Inner {
    address: String,
    clock: Clock,
    file: PathBuf,
    slowness: Duration,
    root: Part,
    issuing: Part,
    responder: Part,
    stamper: Part,
    memory: Mutex<Memory>,
}

/// The authority. Copies are the same authority.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

impl Authority {
    /// Opens the authority of `folder`, and founds it when there is none. `address` is where its router will listen
    /// (e.g. `http://127.0.0.1:8090`); certificates name it.
    pub fn open(folder: &Path, address: &str, clock: Clock) -> Result<Authority> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join("authority.json");
        let mut kept: Kept = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged; remove it to found a new authority", file.display()))?,
            Err(_) => Kept::default(),
        };
        let address = address.trim_end_matches('/').to_owned();
        let [root, issuing, responder, stamper] = issue::parts(&mut kept, &address)?;
        let memory = Memory { kept, mode: TrustMode::Exact, times: 0, stamps: 0, open: remote::Open::default() };
        let inner = Inner { address, clock, file, slowness: Duration::from_secs(20), root, issuing, responder, stamper, memory: Mutex::new(memory) };
        let authority = Authority(Arc::new(inner));
        authority.keep(&authority.memory())?;
        Ok(authority)
    }

    /// Founds an authority in `folder` and answers on a free port until the test ends.
    pub async fn serve(folder: &Path, clock: Clock) -> Result<Authority> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let authority = Authority::open(folder, &format!("http://{}", listener.local_addr()?), clock)?;
        let router = authority.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(authority)
    }

    /// The root certificate, DER: what an engine has to trust.
    pub fn root_der(&self) -> Vec<u8> {
        self.0.root.cert.der.clone()
    }

    /// The root certificate as PEM, for tools.
    pub fn root_pem(&self) -> String {
        issue::pem(&self.0.root.cert.der)
    }

    /// Settings of an engine that trusts this authority and nobody else, and asks it every time anew.
    pub fn settings(&self) -> signing::Settings {
        signing::Settings {
            roots: vec![self.root_der()],
            timestamp_url: Some(self.timestamp_address()),
            ocsp_url: Some(format!("{}/trust/ocsp", self.0.address)),
            patience: Duration::from_secs(3),
            keep_answers: Duration::ZERO,
            ..signing::Settings::default()
        }
    }

    pub fn timestamp_address(&self) -> String {
        format!("{}/trust/tsa", self.0.address)
    }

    /// Where the remote signing provider answers, for `Key::Remote`.
    pub fn remote_address(&self) -> String {
        format!("{}/trust/csc/v2", self.0.address)
    }

    /// Makes a P-256 key and a certificate for a person, in a password-protected file.
    pub fn issue(&self, holder: &Holder) -> Result<IssuedKey> {
        issue::issue(self, holder)
    }

    /// The same with a chosen password, for demonstrations.
    pub fn issue_with(&self, holder: &Holder, password: &str) -> Result<IssuedKey> {
        issue::issue_with(self, holder, password)
    }

    /// A certificate for a key that lies elsewhere (a token, an RSA key of OpenSSL), given as SubjectPublicKeyInfo.
    /// DER, the person's own first, then the issuing authority's.
    pub fn issue_for_key(&self, holder: &Holder, public_key: &[u8]) -> Result<Vec<Vec<u8>>> {
        issue::certify(self, holder, public_key)
    }

    /// Makes a key that stays with the remote provider.
    pub fn issue_remote(&self, holder: &Holder, pin: &str) -> Result<RemoteKey> {
        remote::issue(self, holder, pin)
    }

    /// The one-time code that the provider would accept now for a remote key; empty when there is no such key.
    pub fn one_time_code(&self, credential: &str) -> String {
        remote::code(self, credential)
    }

    /// Revokes the certificate with this serial number (hexadecimal) now.
    pub fn revoke(&self, serial: &str) -> Result<()> {
        let mut memory = self.memory();
        memory.kept.revoked.entry(serial.to_uppercase()).or_insert(self.0.clock.now());
        self.keep(&memory)
    }

    /// Behaves like this for the next `times` requests that the mode concerns.
    pub fn behave(&self, mode: TrustMode, times: u32) {
        let mut memory = self.memory();
        (memory.mode, memory.times) = (mode, times);
    }

    /// Everything it answers: `/trust/…`.
    pub fn router(&self) -> Router {
        pages::router(self.clone())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // A poisoned memory is still a memory.
        self.0.memory.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Is one of these modes on? Counts the request when it is.
    fn meets(&self, modes: &[TrustMode]) -> Option<TrustMode> {
        let mut memory = self.memory();
        if memory.times == 0 || !modes.contains(&memory.mode) {
            return None;
        }
        memory.times -= 1;
        Some(memory.mode)
    }

    fn keep(&self, memory: &Memory) -> Result<()> {
        let text = serde_json::to_vec_pretty(&memory.kept)?;
        let fresh = self.0.file.with_extension("new");
        std::fs::write(&fresh, text).with_context(|| format!("cannot write {}", fresh.display()))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
        }
        std::fs::rename(&fresh, &self.0.file).with_context(|| format!("cannot write {}", self.0.file.display()))
    }
}

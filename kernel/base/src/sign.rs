//! Digital signatures, as the modules speak of them. The question is answered by `edge/signing` and wired together in
//! `app/server`; nothing here knows how a signature is made.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::fmt;

/// Digital signatures with legal effect. Answered by `edge/signing`; the three steps prepare → hash → finish let the
/// private key stay in a token, at a trust provider, or on the signer's own desk.
#[async_trait]
pub trait Signing: Send + Sync {
    /// The certificate behind a key. Refuses a wrong PIN and a key that is not there.
    async fn certificate(&self, key: &Key) -> Result<Certificate, SignFault>;
    /// Lays the signature's place into the document and gives the digest that the key has to sign. The certificate is
    /// checked first: in date at `at`, and not revoked by the word of its own authority.
    async fn prepare(&self, certificate: &Certificate, work: &Work, at: DateTime<Utc>) -> Result<Prepared, SignFault>;
    /// Signs the digests, all with one unlocking of the key; the answers come in the order of the digests.
    async fn sign(&self, key: &Key, digests: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignFault>;
    /// Puts the signature in, with a timestamp and what is needed to verify it for years (PAdES B-LT).
    async fn finish(&self, prepared: Prepared, signature: Vec<u8>) -> Result<Vec<u8>, SignFault>;
    /// Covers a finished PDF with a document timestamp, so that it outlives its certificates (PAdES B-LTA).
    async fn seal_for_archive(&self, pdf: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, SignFault>;
    /// What an honest reader finds in a signed document. Never fails: what cannot be read is a verdict too.
    async fn verify(&self, content: &[u8], kind: Kind, at: DateTime<Utc>) -> Verdict;
}

/// Where a private key lives, and what opens it. Never written to a log.
#[derive(Clone)]
pub enum Key {
    /// A PKCS#12 file.
    Pkcs12 { file: Vec<u8>, password: String },
    /// A token or HSM behind a PKCS#11 library; `label` names the key pair.
    Token { library: String, token: String, label: String, pin: String },
    /// A trust provider that signs from afar (Cloud Signature Consortium API 2.0): `pin` and `otp` authorise one batch.
    Remote { address: String, credential: String, client_token: String, pin: String, otp: String },
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Key::Pkcs12 { .. } => "Key::Pkcs12",
            Key::Token { .. } => "Key::Token",
            Key::Remote { .. } => "Key::Remote",
        })
    }
}

/// A signer's certificate, its chain, and the facts of it that rules need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// DER, the signer's own first, then its issuers.
    pub chain: Vec<Vec<u8>>,
    /// The holder's name, e.g. `Nguyễn Văn An`.
    pub holder: String,
    /// The personal identification number or tax code in the subject (`CCCD:…`, `MST:…`), without its prefix.
    pub holder_id: Option<String>,
    pub issuer: String,
    /// Hexadecimal, as certificate viewers show it.
    pub serial: String,
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
}

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PAdES.
    Pdf,
    /// An enveloped XMLDSig over the whole document.
    Xml,
}

/// One signature to be made.
#[derive(Clone, Debug)]
pub struct Work {
    pub content: Vec<u8>,
    pub kind: Kind,
    /// Unique within the document, e.g. `bac_si_dieu_tri`.
    pub field: String,
    /// Why it is signed, as readers show it.
    pub reason: String,
    pub place: String,
    /// Where it is seen on paper; `None` for an invisible signature.
    pub stamp: Option<Stamp>,
}

/// A visible signature. The box is in points (1/72 inch) from the lower left corner of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamp {
    /// Counted from 1.
    pub page: u32,
    pub left: f32,
    pub bottom: f32,
    pub width: f32,
    pub height: f32,
    /// Name, role, time: what is written in the box, line by line.
    pub lines: Vec<String>,
    /// A drawn signature (PNG), where there is one.
    pub drawing: Option<Vec<u8>>,
}

/// A document that waits for its signature.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What has to be signed: SHA-256, 32 bytes.
    pub digest: Vec<u8>,
    /// The document with an empty place; only the engine that made it understands it.
    pub content: Vec<u8>,
    pub state: Vec<u8>,
    pub kind: Kind,
}

/// What is true of a signed document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub signatures: Vec<SignatureVerdict>,
    /// Nothing was added or changed after the last signature.
    pub covers_whole: bool,
    /// Why it cannot be judged at all; empty when it could.
    pub unreadable: String,
}

impl Verdict {
    /// At least one signature, and all of them hold.
    pub fn is_valid(&self) -> bool {
        self.unreadable.is_empty() && self.covers_whole && !self.signatures.is_empty() && self.signatures.iter().all(|s| s.problem.is_empty())
    }
}

/// One signature, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureVerdict {
    pub field: String,
    pub holder: String,
    pub holder_id: Option<String>,
    pub issuer: String,
    pub serial: String,
    /// The time that a timestamp authority vouches for, otherwise the signer's own claim.
    pub signed_at: Option<DateTime<Utc>>,
    pub has_timestamp: bool,
    /// Carries chain and revocation answers for long-term validation.
    pub is_long_term: bool,
    /// Empty when the signature holds; otherwise the reason in Vietnamese.
    pub problem: String,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    #[error("Mã PIN hoặc mật khẩu không đúng.")]
    WrongPin,
    #[error("Mã dùng một lần không đúng hoặc đã hết hạn.")]
    WrongOtp,
    #[error("Không tìm thấy khóa ký. Kiểm tra thiết bị đã cắm và tên khóa.")]
    NoKey,
    #[error("Chứng thư số chưa có hiệu lực.")]
    NotYetValid,
    #[error("Chứng thư số đã hết hạn.")]
    Expired,
    #[error("Chứng thư số đã bị thu hồi.")]
    Revoked,
    /// The authority could not be asked; signing waits rather than guesses.
    #[error("Chưa hỏi được tình trạng chứng thư: {0}")]
    StatusUnknown(String),
    #[error("Chưa lấy được dấu thời gian: {0}")]
    NoTimestamp(String),
    #[error("Chứng thư không dẫn tới tổ chức chứng thực được tin cậy.")]
    Untrusted,
    #[error("Tệp không đọc được: {0}")]
    BadDocument(String),
    #[error("Dịch vụ ký chưa trả lời: {0}")]
    Unreachable(String),
}

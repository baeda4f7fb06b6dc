//! Digital signatures: PAdES, XMLDSig, keys in files, tokens and at trust providers, and their verification.

pub mod asn;
pub mod certificate;
pub mod cms;
pub mod names;
pub mod proof;
pub mod settings;
pub mod soft_key;

pub use certificate::Cert;
pub use settings::{Settings, read_roots};
pub use soft_key::SoftKey;

use async_trait::async_trait;
use base::sign::{Certificate, Key, Kind, Prepared, SignFault, Signing, Verdict, Work};
use chrono::{DateTime, Utc};

/// The engine.
#[derive(Default)]
pub struct Engine {
    settings: Settings,
}

impl Engine {
    pub fn new(settings: Settings) -> Engine {
        Engine { settings }
    }
}

#[async_trait]
impl Signing for Engine {
    async fn certificate(&self, _: &Key) -> Result<Certificate, SignFault> {
        Err(SignFault::NoKey)
    }
    async fn prepare(&self, _: &Certificate, _: &Work, _: DateTime<Utc>) -> Result<Prepared, SignFault> {
        Err(SignFault::NoKey)
    }
    async fn sign(&self, _: &Key, _: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignFault> {
        Err(SignFault::NoKey)
    }
    async fn finish(&self, _: Prepared, _: Vec<u8>) -> Result<Vec<u8>, SignFault> {
        Err(SignFault::NoKey)
    }
    async fn seal_for_archive(&self, _: &[u8], _: DateTime<Utc>) -> Result<Vec<u8>, SignFault> {
        Err(SignFault::NoKey)
    }
    async fn verify(&self, _: &[u8], _: Kind, _: DateTime<Utc>) -> Verdict {
        Verdict::default()
    }
}

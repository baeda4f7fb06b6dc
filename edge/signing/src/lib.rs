//! Digital signatures: PAdES, XMLDSig, keys in files, tokens and at trust providers, and their verification.
//! Start reading at [`Engine`]; README.md tells the three steps and the door for a program on the signer's own desk.

mod ask;
pub mod asn;
pub mod certificate;
mod chain;
pub mod cms;
pub mod desk;
mod judge;
pub mod keys;
pub mod names;
mod pdf;
pub mod proof;
mod revocation;
pub mod settings;
mod signed_data;
pub mod soft_key;
mod timestamp;
mod work;
mod xml;

pub use certificate::Cert;
pub use settings::{Settings, read_roots};
pub use soft_key::SoftKey;

use ask::Asker;
use async_trait::async_trait;
use base::sign::{Certificate, Key, Kind, Prepared, SignFault, Signing, Verdict, Work};
use chrono::{DateTime, Utc};

/// The engine: whom it trusts, and its way to the authorities.
pub struct Engine {
    asker: Asker,
}

impl Engine {
    pub fn new(settings: Settings) -> Engine {
        Engine { asker: Asker::new(settings) }
    }
}

impl Default for Engine {
    /// Trusts nobody: reads and judges documents, but signs nothing.
    fn default() -> Engine {
        Engine::new(Settings::default())
    }
}

#[async_trait]
impl Signing for Engine {
    async fn certificate(&self, key: &Key) -> Result<Certificate, SignFault> {
        keys::certificate(key, &self.asker.settings).await
    }

    async fn prepare(&self, certificate: &Certificate, work: &Work, at: DateTime<Utc>) -> Result<Prepared, SignFault> {
        work::prepare(&self.asker, certificate, work, at).await
    }

    async fn sign(&self, key: &Key, digests: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignFault> {
        keys::sign(key, digests, &self.asker.settings).await
    }

    async fn finish(&self, prepared: Prepared, signature: Vec<u8>) -> Result<Vec<u8>, SignFault> {
        work::finish(&self.asker, prepared, signature).await
    }

    async fn seal_for_archive(&self, pdf: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, SignFault> {
        work::seal_for_archive(&self.asker, pdf, at).await
    }

    async fn verify(&self, content: &[u8], kind: Kind, at: DateTime<Utc>) -> Verdict {
        work::verify(&self.asker, content, kind, at).await
    }
}

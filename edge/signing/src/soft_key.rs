//! A private key that lies in memory: from a PKCS#12 file, or of the authorities that tests and demonstrations stand in for.

use crate::asn;
use crate::names::{ECDSA_SHA256, RSA_SHA256};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use sha2::{Digest, Sha256};

/// The beginning of a PKCS#1 v1.5 block that names SHA-256 (RFC 8017, 9.2).
const SHA256_PREFIX: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// What a PKCS#1 v1.5 signature pads: the digest with the name of its algorithm. Tokens want it whole.
pub fn digest_info(digest: &[u8]) -> Vec<u8> {
    [&SHA256_PREFIX[..], digest].concat()
}

/// A key pair.
#[derive(Clone)]
pub struct SoftKey {
    pkcs8: Vec<u8>,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Rsa(Box<rsa::RsaPrivateKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

impl SoftKey {
    /// A new key on the curve P-256. Fails only when the machine has no randomness.
    pub fn generate() -> anyhow::Result<SoftKey> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &ring::rand::SystemRandom::new())
            .map_err(|_| anyhow::anyhow!("no randomness for a key"))?;
        SoftKey::from_pkcs8(made.as_ref()).ok_or_else(|| anyhow::anyhow!("a new key could not be read"))
    }

    /// An RSA or P-256 key in PKCS#8; `None` for anything else.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Option<SoftKey> {
        let secret = match p256::ecdsa::SigningKey::from_pkcs8_der(pkcs8) {
            Ok(key) => Secret::P256(Box::new(key)),
            Err(_) => Secret::Rsa(Box::new(rsa::RsaPrivateKey::from_pkcs8_der(pkcs8).ok()?)),
        };
        Some(SoftKey { pkcs8: pkcs8.to_vec(), secret })
    }

    pub fn to_pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// SubjectPublicKeyInfo, DER.
    pub fn public_key(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Rsa(key) => key.to_public_key().to_public_key_der().map(|d| d.as_bytes().to_vec()).unwrap_or_default(),
            Secret::P256(key) => key.verifying_key().to_public_key_der().map(|d| d.as_bytes().to_vec()).unwrap_or_default(),
        }
    }

    /// The AlgorithmIdentifier of its signatures, DER.
    pub fn algorithm(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Rsa(_) => asn::algorithm(&RSA_SHA256, true),
            Secret::P256(_) => asn::algorithm(&ECDSA_SHA256, false),
        }
    }

    /// Signs a SHA-256 digest; ECDSA signatures come as DER. `None` when it is not 32 bytes long.
    pub fn sign_digest(&self, digest: &[u8]) -> Option<Vec<u8>> {
        if digest.len() != 32 {
            return None;
        }
        match &self.secret {
            Secret::Rsa(key) => {
                let scheme = rsa::Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX.into() };
                key.sign_with_rng(&mut rsa::rand_core::OsRng, scheme, digest).ok()
            }
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(digest).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
        }
    }

    /// Hashes a message with SHA-256 and signs it.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.sign_digest(&Sha256::digest(message))
    }
}

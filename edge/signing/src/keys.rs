//! Where a private key lives: a file, a token, a trust provider.

pub mod pkcs12;
pub mod remote;
pub mod token;

use crate::Settings;
use crate::certificate::facts;
use base::sign::{Certificate, Key, SignFault};
use remote::Provider;

/// The certificate behind a key.
pub async fn certificate(key: &Key, settings: &Settings) -> Result<Certificate, SignFault> {
    let chain = match key {
        Key::Pkcs12 { file, password } => {
            let (file, password) = (file.clone(), password.clone());
            apart(move || pkcs12::open(&file, &password).map(|(_, chain)| chain)).await?
        }
        Key::Token { .. } => {
            let key = allowed(key, settings)?;
            apart(move || token::certificate(&key.place())).await?
        }
        Key::Remote { address, credential, client_token, .. } => {
            Provider { address, credential, client_token, patience: settings.patience }.certificate().await?
        }
    };
    facts(&chain).ok_or(SignFault::NoKey)
}

/// Signs SHA-256 digests with one unlocking of the key. ECDSA signatures come as DER.
pub async fn sign(key: &Key, digests: &[Vec<u8>], settings: &Settings) -> Result<Vec<Vec<u8>>, SignFault> {
    if digests.iter().any(|d| d.len() != 32) {
        return Err(SignFault::BadDocument("giá trị băm không dài 32 byte".into()));
    }
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let list = digests.to_vec();
    match key {
        Key::Pkcs12 { file, password } => {
            let (file, password) = (file.clone(), password.clone());
            apart(move || {
                let (key, _) = pkcs12::open(&file, &password)?;
                list.iter().map(|digest| key.sign_digest(digest).ok_or(SignFault::NoKey)).collect()
            })
            .await
        }
        Key::Token { .. } => {
            let key = allowed(key, settings)?;
            apart(move || token::sign(&key.place(), &list)).await
        }
        Key::Remote { address, credential, client_token, pin, otp } => {
            let provider = Provider { address, credential, client_token, patience: settings.patience };
            let chain = provider.certificate().await?;
            let rsa = chain.first().and_then(|der| crate::Cert::read(der)).is_some_and(|c| c.has_rsa_key());
            provider.sign(rsa, pin, otp, digests).await
        }
    }
}

/// A token whose library the operator allows.
struct Allowed {
    library: String,
    token: String,
    label: String,
    pin: String,
}

impl Allowed {
    fn place(&self) -> token::Place<'_> {
        token::Place { library: &self.library, token: &self.token, label: &self.label, pin: &self.pin }
    }
}

fn allowed(key: &Key, settings: &Settings) -> Result<Allowed, SignFault> {
    match key {
        Key::Token { library, token, label, pin } if settings.token_libraries.contains(library) => {
            Ok(Allowed { library: library.clone(), token: token.clone(), label: label.clone(), pin: pin.clone() })
        }
        _ => Err(SignFault::NoKey),
    }
}

/// Slow or blocking work, away from the threads that answer pages.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, SignFault> + Send + 'static) -> Result<T, SignFault> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SignFault::NoKey))
}

//! Whom the engine trusts and where it asks.

use crate::certificate::Cert;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::time::Duration;

/// Trust, addresses and patience of an engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Certificates of the root authorities, DER. The list of the National Electronic Authentication Centre in real life.
    pub roots: Vec<Vec<u8>>,
    /// The timestamp authority (RFC 3161). Without one nothing is signed.
    pub timestamp_url: Option<String>,
    /// Asked for the state of certificates instead of the address that they name, where a hospital has its own relay.
    pub ocsp_url: Option<String>,
    /// How long one answer is waited for.
    pub patience: Duration,
    /// How long an answer about a certificate may be used again, so that a tray of fifty asks once.
    pub keep_answers: Duration,
    /// PKCS#11 libraries that may be loaded: the files of token and HSM makers.
    pub token_libraries: Vec<String>,
    /// May authorities be asked while verifying? Without it only what the document carries counts.
    pub may_ask: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            roots: Vec::new(),
            timestamp_url: None,
            ocsp_url: None,
            patience: Duration::from_secs(8),
            keep_answers: Duration::from_secs(20),
            token_libraries: Vec::new(),
            may_ask: true,
        }
    }
}

impl Settings {
    /// What the environment says: `YBA_TRUST` (a file or folder of PEM or DER roots), `YBA_TSA_URL`, `YBA_OCSP_URL`,
    /// `YBA_PKCS11` (libraries of tokens, separated by colons), `YBA_SIGN_PATIENCE` in seconds. Fails when a named file cannot be read, because trusting nobody by accident
    /// would make every signature look false.
    pub fn from_environment() -> Result<Settings> {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut settings = Settings { timestamp_url: named("YBA_TSA_URL"), ocsp_url: named("YBA_OCSP_URL"), ..Settings::default() };
        if let Some(place) = named("YBA_TRUST") {
            settings.roots = read_roots(Path::new(&place))?;
        }
        if let Some(libraries) = named("YBA_PKCS11") {
            settings.token_libraries = libraries.split(':').map(str::to_owned).collect();
        }
        if let Some(seconds) = named("YBA_SIGN_PATIENCE") {
            settings.patience = Duration::from_secs(seconds.parse().context("YBA_SIGN_PATIENCE is a number of seconds")?);
        }
        Ok(settings)
    }
}

/// All certificates of a file, or of the `.pem`, `.crt`, `.cer`, `.der` files of a folder.
pub fn read_roots(place: &Path) -> Result<Vec<Vec<u8>>> {
    let mut files = vec![place.to_path_buf()];
    if place.is_dir() {
        files.clear();
        for entry in std::fs::read_dir(place).with_context(|| format!("cannot read {}", place.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| ["pem", "crt", "cer", "der"].iter().any(|known| e.eq_ignore_ascii_case(known))) {
                files.push(path);
            }
        }
    }
    let mut roots = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = Cert::read_all(&bytes);
        if found.is_empty() {
            bail!("{} holds no certificate", file.display());
        }
        roots.extend(found.into_iter().map(|c| c.der));
    }
    Ok(roots)
}

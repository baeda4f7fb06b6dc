//! Keys in PKCS#12 files, as authorities hand them out and OpenSSL writes them.

use crate::{Cert, SoftKey};
use base::sign::SignFault;
use p12_keystore::KeyStore;

/// No real key file is larger.
const LARGEST: usize = 1024 * 1024;

/// The key and its chain, the own certificate first. Refuses a wrong password, and a file without a key we can use.
pub fn open(file: &[u8], password: &str) -> Result<(SoftKey, Vec<Vec<u8>>), SignFault> {
    if file.is_empty() || file.len() > LARGEST {
        return Err(SignFault::NoKey);
    }
    let store = KeyStore::from_pkcs12(file, password).map_err(|error| match error {
        p12_keystore::error::Error::MacError(_) | p12_keystore::error::Error::Pkcs5Error(_) | p12_keystore::error::Error::UnpadError => SignFault::WrongPin,
        _ => SignFault::NoKey,
    })?;
    let (_, entry) = store.private_key_chain().ok_or(SignFault::NoKey)?;
    let key = SoftKey::from_pkcs8(entry.key()).ok_or(SignFault::NoKey)?;
    let public = key.public_key();
    let mut chain: Vec<Vec<u8>> = entry.chain().iter().map(|c| c.as_der().to_vec()).collect();
    // The own certificate first, whatever order the file has.
    let own = chain.iter().position(|der| Cert::read(der).is_some_and(|c| has_key(&c, &public))).ok_or(SignFault::NoKey)?;
    chain.swap(0, own);
    Ok((key, chain))
}

fn has_key(cert: &Cert, public: &[u8]) -> bool {
    der::Encode::to_der(&cert.parsed.tbs_certificate.subject_public_key_info).is_ok_and(|own| own == public)
}

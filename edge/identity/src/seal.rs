//! Secrets of providers lie in the database only sealed, with the facility bound in: copied to another facility's row
//! they do not open.

use anyhow::{Result, anyhow};
use base::FacilityId;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

fn key(secret: &[u8; 32]) -> Result<LessSafeKey> {
    let derived = Salt::new(HKDF_SHA256, b"yba").extract(secret);
    let info = [b"identity provider secrets".as_slice()];
    let okm = derived.expand(&info, &CHACHA20_POLY1305).map_err(|_| anyhow!("no key"))?;
    Ok(LessSafeKey::new(UnboundKey::from(okm)))
}

fn bound(facility: FacilityId) -> Aad<[u8; 4]> {
    Aad::from(facility.0.to_be_bytes())
}

/// Seals a text under the server's secret.
pub fn seal(secret: &[u8; 32], facility: FacilityId, text: &str) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| anyhow!("no randomness"))?;
    let mut bytes = text.as_bytes().to_vec();
    key(secret)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound(facility), &mut bytes).map_err(|_| anyhow!("could not seal"))?;
    Ok([nonce.as_slice(), &bytes].concat())
}

/// Opens what was sealed; fails when it was changed, moved to another facility, or sealed by another server.
pub fn open(secret: &[u8; 32], facility: FacilityId, sealed: &[u8]) -> Result<String> {
    let broken = || anyhow!("the provider's secret cannot be opened; type it again");
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut bytes = rest.to_vec();
    let text = key(secret)?.open_in_place(nonce, bound(facility), &mut bytes).map_err(|_| broken())?;
    String::from_utf8(text.to_vec()).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_where_it_was_set() {
        let sealed = seal(&[7; 32], FacilityId(3), "bí mật").expect("sealed");
        assert_eq!(open(&[7; 32], FacilityId(3), &sealed).expect("opened"), "bí mật");
        assert!(open(&[7; 32], FacilityId(4), &sealed).is_err());
        assert!(open(&[8; 32], FacilityId(3), &sealed).is_err());
        for at in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[at] ^= 1;
            assert!(open(&[7; 32], FacilityId(3), &touched).is_err());
        }
        assert!(open(&[7; 32], FacilityId(3), &sealed[..5]).is_err());
        assert_ne!(seal(&[7; 32], FacilityId(3), "bí mật").expect("sealed"), sealed, "two seals differ");
    }
}

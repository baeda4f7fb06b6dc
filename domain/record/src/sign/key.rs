//! Keys: how they are kept, what opens them, and whose they may be. A key file lies sealed under a key of the house
//! (derived from the secret in the data folder); the PIN of a person is never kept.

use super::role;
use base::Problems;
use base::sign::{Certificate, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A key as it is kept, without what the holder has in mind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kept {
    Pkcs12 {
        file: String,
        /// Only the seal of the house: it is set where nobody can type (a patient's confirmation at the bedside).
        #[serde(default)]
        pin: String,
    },
    Token { library: String, token: String, label: String, #[serde(default)] pin: String },
    Remote { address: String, credential: String, client_token: String, #[serde(default)] pin: String },
    /// On somebody's desk: only the program there reaches it.
    Desk,
}

impl Kept {
    pub fn pkcs12(file: &[u8]) -> Kept {
        Kept::Pkcs12 { file: STANDARD.encode(file), pin: String::new() }
    }
    /// The word of the database.
    pub fn kind(&self) -> &'static str {
        match self {
            Kept::Pkcs12 { .. } => "pkcs12",
            Kept::Token { .. } => "token",
            Kept::Remote { .. } => "remote",
            Kept::Desk => "desk",
        }
    }
    /// Puts the PIN beside a seal, so that it can be set without its keeper.
    pub fn with_pin(mut self, typed: &str) -> Kept {
        if let Kept::Pkcs12 { pin, .. } | Kept::Token { pin, .. } | Kept::Remote { pin, .. } = &mut self {
            *pin = typed.to_owned();
        }
        self
    }
    /// The key, opened by what was typed or by what lies beside a seal. `None` for a key on a desk.
    pub fn open(&self, typed_pin: &str, typed_otp: &str) -> Option<Key> {
        let choose = |kept: &String| if typed_pin.is_empty() { kept.clone() } else { typed_pin.to_owned() };
        Some(match self {
            Kept::Pkcs12 { file, pin } => Key::Pkcs12 { file: STANDARD.decode(file).ok()?, password: choose(pin) },
            Kept::Token { library, token, label, pin } => {
                Key::Token { library: library.clone(), token: token.clone(), label: label.clone(), pin: choose(pin) }
            }
            Kept::Remote { address, credential, client_token, pin } => Key::Remote {
                address: address.clone(),
                credential: credential.clone(),
                client_token: client_token.clone(),
                pin: choose(pin),
                otp: typed_otp.to_owned(),
            },
            Kept::Desk => return None,
        })
    }
}

fn cipher(secret: &[u8; 32]) -> anyhow::Result<LessSafeKey> {
    let mut hash = Sha256::new();
    hash.update(b"record signing keys");
    hash.update(secret);
    let key = UnboundKey::new(&AES_256_GCM, &hash.finalize()).map_err(|_| anyhow::anyhow!("no cipher"))?;
    Ok(LessSafeKey::new(key))
}

/// Seals a key for its row; the row's own id is bound in, so that a sealed key moved to another row does not open.
pub fn seal(secret: &[u8; 32], id: Uuid, kept: &Kept) -> anyhow::Result<Vec<u8>> {
    let nonce: [u8; 12] = rand::random();
    let mut text = serde_json::to_vec(kept)?;
    cipher(secret)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(id.as_bytes()), &mut text)
        .map_err(|_| anyhow::anyhow!("a key could not be sealed"))?;
    Ok([nonce.as_slice(), &text].concat())
}

/// Opens what [`seal`] made. Fails when the secret of the house is another one, or when a byte changed.
pub fn unseal(secret: &[u8; 32], id: Uuid, sealed: &[u8]) -> anyhow::Result<Kept> {
    let (nonce, text) = sealed.split_at_checked(12).ok_or_else(|| anyhow::anyhow!("a sealed key is cut"))?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow::anyhow!("a sealed key is cut"))?;
    let mut text = text.to_vec();
    let plain = cipher(secret)?
        .open_in_place(nonce, Aad::from(id.as_bytes()), &mut text)
        .map_err(|_| anyhow::anyhow!("a sealed key does not open with the secret of this data folder"))?;
    Ok(serde_json::from_slice(plain)?)
}

/// Whose certificate may be registered: the holder is this very member of staff by name and, once known, by personal
/// number; and it is in date.
pub fn belongs(certificate: &Certificate, name: &str, personal_id: Option<&str>, now: DateTime<Utc>) -> Problems {
    let mut problems = in_date(certificate, now);
    problems.add_if(
        !role::is_same_name(&certificate.holder, name),
        "file",
        format!("Chứng thư của «{}», không phải của {name}. Mỗi người chỉ đăng ký chứng thư của mình.", certificate.holder),
    );
    match (&certificate.holder_id, personal_id) {
        (None, _) => problems.add("file", "Chứng thư không ghi số định danh cá nhân nên không biết chắc của ai. Dùng chứng thư cá nhân có số định danh."),
        (Some(found), Some(known)) if found != known => {
            problems.add("file", "Số định danh trong chứng thư khác số đã biết của người này. Kiểm tra lại chứng thư.");
        }
        _ => {}
    }
    problems
}

/// The seal of a house: in date and with a tax code or number of its own.
pub fn seals(certificate: &Certificate, now: DateTime<Utc>) -> Problems {
    let mut problems = in_date(certificate, now);
    problems.add_if(certificate.holder_id.is_none(), "file", "Chứng thư không ghi mã số thuế hoặc mã đơn vị. Dùng chứng thư của tổ chức.");
    problems
}

fn in_date(certificate: &Certificate, now: DateTime<Utc>) -> Problems {
    let mut problems = Problems::none();
    let day = |at| base::show_date(base::local_date(at));
    problems.add_if(now < certificate.not_before, "file", format!("Chứng thư có hiệu lực từ {}.", day(certificate.not_before)));
    problems.add_if(now > certificate.not_after, "file", format!("Chứng thư hết hạn ngày {}. Gia hạn với nhà cung cấp.", day(certificate.not_after)));
    problems
}

/// After so many wrong PINs in a row a key rests for a quarter of an hour.
pub const MOST_FAILURES: i32 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_sealed_key_opens_only_in_its_own_row_and_house() {
        let (secret, id) = ([7; 32], Uuid::now_v7());
        let kept = Kept::pkcs12(b"a key file");
        let sealed = seal(&secret, id, &kept).unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"pkcs12"), "nothing is readable");
        assert_eq!(unseal(&secret, id, &sealed).unwrap(), kept);
        assert!(unseal(&secret, Uuid::now_v7(), &sealed).is_err());
        assert!(unseal(&[8; 32], id, &sealed).is_err());
        let mut broken = sealed.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert!(unseal(&secret, id, &broken).is_err());
        assert!(unseal(&secret, id, &sealed[..5]).is_err());
    }

    #[test]
    fn what_was_typed_comes_before_what_lies_beside_a_seal() {
        let seal = Kept::pkcs12(b"x").with_pin("9999");
        let Some(Key::Pkcs12 { password, .. }) = seal.open("", "") else { panic!() };
        assert_eq!(password, "9999");
        let Some(Key::Pkcs12 { password, .. }) = seal.open("1234", "") else { panic!() };
        assert_eq!(password, "1234");
        assert!(Kept::Desk.open("1234", "").is_none());
    }

    #[test]
    fn a_certificate_is_registered_by_its_holder_alone() {
        let now: DateTime<Utc> = "2026-11-25T02:00:00Z".parse().unwrap();
        let card = |holder: &str, id: Option<&str>, days: i64| Certificate {
            chain: vec![],
            holder: holder.into(),
            holder_id: id.map(Into::into),
            issuer: "CA".into(),
            serial: "01".into(),
            not_before: now - TimeDelta::days(1),
            not_after: now + TimeDelta::days(days),
        };
        let me = "Lê Thị Thu Vân";
        for (certificate, known, right) in [
            (card("LÊ THỊ THU VÂN", Some("084"), 1), None, true),
            (card(me, Some("084"), 1), Some("084"), true),
            (card(me, Some("085"), 1), Some("084"), false),
            (card(me, None, 1), None, false),
            (card("Võ Thị Hồng Nhung", Some("084"), 1), None, false),
            (card(me, Some("084"), -1), None, false),
        ] {
            assert_eq!(belongs(&certificate, me, known, now).is_empty(), right, "{certificate:?}");
        }
    }
}

//! How a citizen proves a phone: six digits that came to it, and afterwards a sealed cookie for a month.

use crate::store::Code;
use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// A code may be typed for ten minutes, five times.
pub const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);
pub const ATTEMPTS: i32 = 5;
/// Between two codes, and how many a day.
pub const PAUSE: TimeDelta = TimeDelta::seconds(60);
pub const CODES_A_DAY: i32 = 5;
/// How long a browser is remembered.
pub const REMEMBERED: TimeDelta = TimeDelta::days(30);
/// The cookie of a browser that proved a phone.
pub const COOKIE: &str = "yba_me";

/// Six digits nobody can foresee.
pub fn new_code() -> String {
    use rand::RngExt;
    format!("{:06}", rand::rng().random_range(0..1_000_000u32))
}

fn sealed(secret: &[u8; 32], use_for: &str, what: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of 32 bytes");
    for part in ["portal ", use_for, "\0", what] {
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

/// What is kept of a code.
pub fn seal(secret: &[u8; 32], phone: &str, code: &str) -> Vec<u8> {
    sealed(secret, "code", &format!("{phone}\0{code}"))
}

/// Judges a typed code; the flag says whether the try counts.
pub fn judge(kept: Option<&Code>, secret: &[u8; 32], phone: &str, typed: &str, now: DateTime<Utc>) -> Result<(), (Problem, bool)> {
    let code: String = typed.chars().filter(char::is_ascii_digit).collect();
    if code.len() != 6 {
        return Err((Problem::at("code", "Mã có 6 chữ số."), false));
    }
    let Some(kept) = kept.filter(|k| now <= k.sent_at + GOOD_FOR && k.attempts < ATTEMPTS) else {
        return Err((Problem::at("code", "Mã này không còn dùng được. Bấm gửi mã mới."), false));
    };
    if bool::from(kept.seal.as_slice().ct_eq(&seal(secret, phone, &code))) {
        return Ok(());
    }
    Err((Problem::at("code", format!("Mã chưa đúng, còn {} lần nhập.", ATTEMPTS - kept.attempts - 1)), true))
}

/// The cookie's text: which visit, and the seal over it. The phone itself is not in it.
pub fn remember(secret: &[u8; 32], visit: Uuid) -> String {
    let body = visit.simple().to_string();
    format!("{body}.{}", hex::encode(&sealed(secret, "me", &body)[..16]))
}

/// The visit that a cookie names, when it is ours.
pub fn remembered(secret: &[u8; 32], cookie: Option<&str>) -> Option<Uuid> {
    let (body, given) = cookie?.split_once('.')?;
    let is_ours = bool::from(hex::encode(&sealed(secret, "me", body)[..16]).as_bytes().ct_eq(given.as_bytes()));
    if is_ours { Uuid::parse_str(body).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_for_one_phone_ten_minutes_and_five_tries() {
        let (secret, now): ([u8; 32], DateTime<Utc>) = ([3; 32], "2026-11-25T01:00:00Z".parse().unwrap());
        let mut kept = Code { seal: seal(&secret, "0900000001", "407123"), sent_at: now, attempts: 0, sent_today: 1 };
        assert_eq!(judge(Some(&kept), &secret, "0900000001", "407 123", now + GOOD_FOR), Ok(()));
        assert!(matches!(judge(Some(&kept), &secret, "0900000002", "407123", now), Err((_, true))));
        assert!(matches!(judge(Some(&kept), &secret, "0900000001", "407124", now), Err((_, true))));
        assert!(matches!(judge(Some(&kept), &secret, "0900000001", "4071", now), Err((_, false))));
        assert!(judge(Some(&kept), &secret, "0900000001", "407123", now + GOOD_FOR + TimeDelta::seconds(1)).is_err());
        kept.attempts = ATTEMPTS;
        assert!(judge(Some(&kept), &secret, "0900000001", "407123", now).is_err());
        assert!(judge(None, &secret, "0900000001", "407123", now).is_err());
    }

    #[test]
    fn a_cookie_cannot_be_made_up() {
        let (secret, visit) = ([3; 32], Uuid::from_u128(7));
        let cookie = remember(&secret, visit);
        assert_eq!(remembered(&secret, Some(&cookie)), Some(visit));
        assert_eq!(remembered(&[4; 32], Some(&cookie)), None);
        for bad in ["", ".", "0900000001", "a.b.c", &cookie.replacen('0', "1", 1), &cookie[..cookie.len() - 1]] {
            assert_eq!(remembered(&secret, Some(bad)), None, "{bad}");
        }
    }
}

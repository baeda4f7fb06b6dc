//! Signing in: throttling that cannot be used to lock a victim out, the second factor, and the session that follows.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A staff session ends after two hours without a request and twelve hours in any case; a machine's after one hour.
pub const IDLE: TimeDelta = TimeDelta::hours(2);
pub const ABSOLUTE: TimeDelta = TimeDelta::hours(12);
pub const MACHINE: TimeDelta = TimeDelta::hours(1);

/// Free attempts before a bucket has to wait.
pub const FREE_FAILURES: i32 = 5;

/// How long a bucket waits after so many failures: 30 s, doubling, at most 15 minutes.
pub fn pause_after(failures: i32) -> Option<TimeDelta> {
    let over = failures - FREE_FAILURES;
    (over >= 0).then(|| TimeDelta::seconds((30i64 << over.min(5)).min(900)))
}

/// Which counter an attempt belongs to. A browser that signed in to this login before proves it with its device
/// cookie and has a counter of its own; all other attempts on a login from one address share one (OWASP, "device
/// cookies"). Nobody can therefore lock the owner out of the browser the owner uses, and anywhere else the wait is
/// 15 minutes at most.
pub fn bucket(login: &str, remote: &str, device: Option<&str>, secret: &[u8; 32]) -> String {
    match device.filter(|d| device_is_known(d, login, secret)) {
        Some(device) => format!("device:{login}:{}", hex::encode(&Sha256::digest(device.as_bytes())[..12])),
        None => format!("strange:{login}:{remote}"),
    }
}

/// The device cookie: a nonce and its proof for this login.
pub fn device_cookie(login: &str, secret: &[u8; 32]) -> String {
    let nonce = hex::encode(rand::random::<[u8; 12]>());
    let proof = device_proof(&nonce, login, secret);
    format!("{nonce}.{proof}")
}

fn device_proof(nonce: &str, login: &str, secret: &[u8; 32]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key length will do");
    mac.update(b"device");
    mac.update(nonce.as_bytes());
    mac.update(login.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn device_is_known(cookie: &str, login: &str, secret: &[u8; 32]) -> bool {
    cookie.split_once('.').is_some_and(|(nonce, proof)| web::csrf::matches(&device_proof(nonce, login, secret), proof))
}

/// A session's secret: 256 random bits; only its hash is kept.
pub fn new_token() -> (String, Vec<u8>) {
    let token = hex::encode(rand::random::<[u8; 32]>());
    let hash = token_hash(&token);
    (token, hash)
}

/// What is kept of a token.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Whether a bucket must still wait, and for how many seconds.
pub fn must_wait(blocked_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<u64> {
    blocked_until.filter(|until| *until > now).map(|until| (until - now).num_seconds().max(1) as u64)
}

/// Where to go after the sign-in: only an address of our own.
pub fn safe_next(next: &str) -> &str {
    if next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.contains(['\r', '\n']) {
        next
    } else {
        "/app"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slow_but_never_for_ever() {
        assert_eq!(pause_after(4), None);
        assert_eq!(pause_after(5), Some(TimeDelta::seconds(30)));
        assert_eq!(pause_after(6), Some(TimeDelta::seconds(60)));
        assert_eq!(pause_after(1000), Some(TimeDelta::minutes(15)));
    }

    #[test]
    fn a_stranger_fills_another_bucket_than_the_owner() {
        let secret = [7; 32];
        let cookie = device_cookie("bacsi.84101", &secret);
        let own = bucket("bacsi.84101", "10.0.0.9", Some(&cookie), &secret);
        assert!(own.starts_with("device:"));
        let strange = bucket("bacsi.84101", "10.0.0.9", None, &secret);
        assert_ne!(own, strange);
        assert_eq!(bucket("bacsi.84101", "10.0.0.9", Some("forged.cookie"), &secret), strange);
        assert_eq!(bucket("thungan.84101", "10.0.0.9", Some(&cookie), &secret), "strange:thungan.84101:10.0.0.9");
    }

    #[test]
    fn only_our_own_addresses_are_returned_to() {
        for (asked, given) in [
            ("/app/encounters", "/app/encounters"),
            ("//evil.example", "/app"),
            ("https://evil.example", "/app"),
            ("/\\evil.example", "/app"),
            ("", "/app"),
        ] {
            assert_eq!(safe_next(asked), given);
        }
    }
}

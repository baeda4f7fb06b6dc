//! The second factor: a six-digit code that changes every 30 seconds (TOTP, RFC 6238), one step of grace to both
//! sides, each code good once.

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret, Totp};

/// A fresh secret in base32, for the account to keep.
pub fn new_secret() -> String {
    Secret::generate().to_base32()
}

fn totp(secret_base32: &str, login: &str) -> anyhow::Result<Totp> {
    let secret = Secret::try_from_base32(secret_base32).map_err(|e| anyhow::anyhow!("the kept secret: {e}"))?;
    Builder::new()
        .with_secret(secret)
        .with_account_name(login)
        .with_issuer(Some("Yba"))
        .build()
        .map_err(|e| anyhow::anyhow!("totp: {e}"))
}

/// The address an authenticator app reads from a QR code.
pub fn enrolment_url(secret_base32: &str, login: &str) -> anyhow::Result<String> {
    totp(secret_base32, login)?.to_url().map_err(|e| anyhow::anyhow!("totp: {e}"))
}

/// The step of a valid code that is newer than `last_step`; `None` when the code is wrong, old or used.
pub fn accept(
    secret_base32: &str,
    login: &str,
    code: &str,
    last_step: Option<i64>,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<i64>> {
    let totp = totp(secret_base32, login)?;
    let code = code.trim();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    let now_s = now.timestamp().max(0) as u64;
    for step in (now_s / 30).saturating_sub(1)..=now_s / 30 + 1 {
        let expected = totp.generate(step * 30).to_string();
        let step = step as i64;
        if expected == code && last_step.is_none_or(|last| step > last) {
            return Ok(Some(step));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_and_for_a_minute_around() {
        let secret = new_secret();
        let now: DateTime<Utc> = "2026-11-24T01:00:00Z".parse().unwrap();
        let code = totp(&secret, "bacsi").unwrap().generate(now.timestamp() as u64).to_string();
        let step = accept(&secret, "bacsi", &code, None, now).unwrap().expect("the present code");
        assert_eq!(accept(&secret, "bacsi", &code, Some(step), now).unwrap(), None, "twice");
        let late = now + chrono::TimeDelta::seconds(95);
        assert_eq!(accept(&secret, "bacsi", &code, None, late).unwrap(), None, "too late");
        assert_eq!(accept(&secret, "bacsi", "12345x", None, now).unwrap(), None);
        assert!(enrolment_url(&secret, "bacsi").unwrap().starts_with("otpauth://totp/"));
    }
}

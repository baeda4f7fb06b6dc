//! How a patient proves that it is they who answer: a secret link sent to their phone, and a code that comes to the same
//! phone afterwards. The link alone, left lying about, opens nothing.

use crate::store::consents::Consent;
use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// A code may be typed for ten minutes.
pub const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);
/// Wrong guesses per code: five of a million.
pub const ATTEMPTS: i32 = 5;
/// Between two codes.
pub const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// Codes per question; after these the patient comes to the desk.
pub const CODES: i32 = 5;
/// A question waits a week for its answer.
pub const LINK: TimeDelta = TimeDelta::days(7);
/// How long a browser that proved itself may go on.
pub const VISIT: TimeDelta = TimeDelta::minutes(30);

/// A secret for a link, and what is kept of it.
pub fn new_link() -> (String, Vec<u8>) {
    let token = hex::encode(rand::random::<[u8; 24]>());
    let hash = link_hash(&token);
    (token, hash)
}

pub fn link_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Six digits nobody can foresee.
pub fn new_code() -> String {
    use rand::RngExt;
    format!("{:06}", rand::rng().random_range(0..1_000_000u32))
}

/// What is kept of a code: with the server's own key, because a million plain hashes are made in a moment.
pub fn code_hash(secret: &[u8; 32], consent: Uuid, code: &str) -> Vec<u8> {
    sealed(secret, b"sharing code", consent, code.trim().as_bytes())
}

/// What the browser keeps after the right code: worthless for another question and another server.
pub fn visit_seal(secret: &[u8; 32], consent: Uuid, proved_at: DateTime<Utc>) -> String {
    hex::encode(sealed(secret, b"sharing visit", consent, &proved_at.timestamp_micros().to_be_bytes()))
}

/// Whether this browser proved itself for this question within the last half hour.
pub fn visits(secret: &[u8; 32], consent: &Consent, cookie: Option<&str>, now: DateTime<Utc>) -> bool {
    let (Some(proved), Some(cookie)) = (consent.proved_at, cookie) else { return false };
    now < proved + VISIT && bool::from(visit_seal(secret, consent.consent_id, proved).as_bytes().ct_eq(cookie.as_bytes()))
}

fn sealed(secret: &[u8; 32], use_for: &[u8], consent: Uuid, what: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key length will do");
    for part in [use_for, consent.as_bytes().as_slice(), what] {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Whether another code may be sent now.
pub fn may_send(consent: &Consent, now: DateTime<Utc>) -> Result<(), Problem> {
    if consent.phone.is_empty() {
        return Err(Problem::at("code", "Hồ sơ chưa có số điện thoại của người bệnh. Bổ sung số, hoặc dùng giấy đồng ý có chữ ký."));
    }
    if consent.codes_sent >= CODES {
        return Err(Problem::at("code", "Đã gửi 5 mã cho yêu cầu này. Mời người bệnh tới quầy để đồng ý trên giấy."));
    }
    if let Some(sent) = consent.code_sent_at
        && now < sent + PAUSE
    {
        let left = (sent + PAUSE - now).num_seconds().max(1);
        return Err(Problem::at("code", format!("Vừa gửi một mã. Gửi lại được sau {left} giây.")));
    }
    Ok(())
}

/// Judges a typed code; says what to count.
pub fn judge(consent: &Consent, secret: &[u8; 32], typed: &str, now: DateTime<Utc>) -> Result<(), (Problem, bool)> {
    let code: String = typed.chars().filter(char::is_ascii_digit).collect();
    if code.len() != 6 {
        return Err((Problem::at("code", "Mã có 6 chữ số."), false));
    }
    let (Some(hash), Some(sent)) = (&consent.code_hash, consent.code_sent_at) else {
        return Err((Problem::at("code", "Chưa có mã nào còn dùng được. Bấm gửi mã."), false));
    };
    if now > sent + GOOD_FOR || consent.attempts >= ATTEMPTS {
        return Err((Problem::at("code", "Mã này không còn dùng được. Bấm gửi mã mới."), false));
    }
    if bool::from(hash.as_slice().ct_eq(&code_hash(secret, consent.consent_id, &code))) {
        return Ok(());
    }
    Err((Problem::at("code", format!("Mã chưa đúng, còn {} lần nhập.", ATTEMPTS - consent.attempts - 1)), true))
}

/// The mobile number as it is dialled, `""` when what is on file is none.
pub fn mobile(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let national = digits.strip_prefix("84").filter(|rest| rest.len() == 9).map_or(digits.clone(), |rest| format!("0{rest}"));
    if national.len() == 10 && national.starts_with('0') { national } else { String::new() }
}

/// What may be shown of a number: `…0001`.
pub fn tail(phone: &str) -> String {
    if phone.len() < 4 { String::new() } else { format!("…{}", &phone[phone.len() - 4..]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(now: DateTime<Utc>) -> Consent {
        Consent {
            consent_id: Uuid::from_u128(7),
            request_id: Uuid::from_u128(8),
            patient_id: Uuid::from_u128(9),
            phone: "0900000001".into(),
            proposal: sqlx::types::Json(crate::store::consents::Proposal { documents: vec![], valid_until: now, may_download: false, tell_patient: true }),
            code_hash: None,
            code_sent_at: None,
            attempts: 0,
            codes_sent: 0,
            opened_at: None,
            proved_at: None,
            answered_at: None,
            answer: String::new(),
            made_at: now,
        }
    }

    #[test]
    fn a_code_is_good_for_ten_minutes_and_five_guesses() {
        let (secret, now): ([u8; 32], DateTime<Utc>) = ([3; 32], "2026-11-28T01:00:00Z".parse().unwrap());
        let mut asked = consent(now);
        assert!(judge(&asked, &secret, "123456", now).is_err(), "no code was sent");
        asked.code_hash = Some(code_hash(&secret, asked.consent_id, "407123"));
        asked.code_sent_at = Some(now);
        assert_eq!(judge(&asked, &secret, "407 123", now + GOOD_FOR), Ok(()));
        assert!(judge(&asked, &secret, "407123", now + GOOD_FOR + TimeDelta::seconds(1)).is_err());
        assert!(matches!(judge(&asked, &secret, "407124", now), Err((_, true))), "a wrong guess counts");
        assert!(matches!(judge(&asked, &secret, "4071", now), Err((_, false))), "a slip of the finger does not");
        asked.attempts = ATTEMPTS;
        assert!(judge(&asked, &secret, "407123", now).is_err());
        assert!(judge(&Consent { consent_id: Uuid::from_u128(70), attempts: 0, ..asked.clone() }, &secret, "407123", now).is_err(), "the code of another question");
        assert!(may_send(&asked, now + PAUSE).is_ok() && may_send(&asked, now).is_err());
        assert!(may_send(&Consent { codes_sent: CODES, ..asked.clone() }, now + PAUSE).is_err());
        assert!(may_send(&Consent { phone: String::new(), ..asked }, now + PAUSE).is_err());
    }

    #[test]
    fn a_browser_that_proved_itself_may_go_on_for_half_an_hour() {
        let (secret, now): ([u8; 32], DateTime<Utc>) = ([3; 32], "2026-11-28T01:00:00Z".parse().unwrap());
        let proved = Consent { proved_at: Some(now), ..consent(now) };
        let seal = visit_seal(&secret, proved.consent_id, now);
        assert!(visits(&secret, &proved, Some(&seal), now));
        assert!(!visits(&secret, &proved, Some(&seal), now + VISIT));
        assert!(!visits(&secret, &proved, None, now));
        assert!(!visits(&secret, &consent(now), Some(&seal), now));
        assert!(!visits(&secret, &Consent { consent_id: Uuid::from_u128(1), ..proved }, Some(&seal), now));
    }

    #[test]
    fn numbers_are_dialled_as_people_write_them() {
        for (typed, dialled) in [("0900 000 001", "0900000001"), ("+84 900 000 001", "0900000001"), ("", ""), ("113", "")] {
            assert_eq!(mobile(typed), dialled, "{typed}");
        }
        assert_eq!(tail("0900000001"), "…0001");
    }
}

//! What a bank tells us: "money came in". Signed, timed, read once at the door.
//!
//! The bank posts JSON and two headers: `X-Bank-Timestamp` (seconds since 1970) and
//! `X-Bank-Signature: sha256=<hex HMAC-SHA-256 of "timestamp.body" with the shared secret>`.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Header with the second at which the message was signed.
pub const TIMESTAMP_HEADER: &str = "x-bank-timestamp";
/// Header with the signature.
pub const SIGNATURE_HEADER: &str = "x-bank-signature";
/// A signed message is good for five minutes either way; a bank that tries again later signs again.
const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// One incoming transfer as the bank reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The bank's own number of the movement; the same number is the same money, however often it is told.
    pub transaction_id: String,
    /// The clinic's account that received the money.
    pub account_no: String,
    /// Whole đồng, above zero.
    pub amount: i64,
    /// The words of the transfer as the payer's bank passed them on, often with additions of its own.
    pub content: String,
    /// When the money was booked.
    pub paid_at: DateTime<Utc>,
}

/// Why a message was not believed or not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Missing, stale or wrong signature: answer 401 and say no more.
    Signature,
    /// Signed, but not a notice we can read: answer 400 with this sentence.
    Content(&'static str),
}

/// The signature header for a body sent at `timestamp` (seconds since 1970).
pub fn sign(secret: &[u8], timestamp: i64, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(keyed(secret, timestamp, body).finalize().into_bytes()))
}

/// Believes and reads a message, or says why not. The signature is compared in constant time and before the body is
/// parsed, so that a stranger learns nothing from the answer.
pub fn open(
    secret: &[u8],
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Notice, Rejected> {
    let seconds: i64 = timestamp.and_then(|t| t.parse().ok()).ok_or(Rejected::Signature)?;
    let signed_at = DateTime::from_timestamp(seconds, 0).ok_or(Rejected::Signature)?;
    let given = signature
        .and_then(|s| s.strip_prefix("sha256="))
        .and_then(|s| hex::decode(s).ok())
        .ok_or(Rejected::Signature)?;
    if keyed(secret, seconds, body).verify_slice(&given).is_err() || (now - signed_at).abs() > WINDOW {
        return Err(Rejected::Signature);
    }
    read(body)
}

/// Reads the body; unknown extra fields are left alone, because banks add them without notice.
fn read(body: &[u8]) -> Result<Notice, Rejected> {
    let notice: Notice = serde_json::from_slice(body)
        .map_err(|_| Rejected::Content("Nội dung không phải JSON đúng mẫu: transaction_id, account_no, amount, content, paid_at."))?;
    let clean = |text: &str| !text.chars().any(char::is_control);
    match () {
        _ if notice.transaction_id.is_empty() || notice.transaction_id.len() > 64 || !clean(&notice.transaction_id) => {
            Err(Rejected::Content("transaction_id phải có 1–64 ký tự."))
        }
        _ if notice.account_no.is_empty() || notice.account_no.len() > 32 || !clean(&notice.account_no) => {
            Err(Rejected::Content("account_no phải có 1–32 ký tự."))
        }
        _ if !(1..=999_999_999_999).contains(&notice.amount) => {
            Err(Rejected::Content("amount phải là số đồng nguyên từ 1 đến 999999999999."))
        }
        _ if notice.content.len() > 1000 || notice.content.contains('\0') => {
            Err(Rejected::Content("content dài tối đa 1000 byte."))
        }
        // PostgreSQL keeps years far outside any bank's; a transfer from 1900 or 2300 is a broken message.
        _ if !(946_684_800..=7_258_118_400).contains(&notice.paid_at.timestamp()) => {
            Err(Rejected::Content("paid_at phải là thời điểm ISO 8601 hợp lý."))
        }
        _ => Ok(notice),
    }
}

fn keyed(secret: &[u8], timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &[u8] = b"chia khoa thu";
    const BODY: &[u8] = br#"{"transaction_id":"FT1","account_no":"0011","amount":65540,"content":"YBA 261122 0047","paid_at":"2026-11-22T09:41:00+07:00","extra":1}"#;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_signed_notice_opens() {
        let signature = sign(SECRET, 1_800_000_000, BODY);
        let notice = open(SECRET, Some("1800000000"), Some(&signature), BODY, at(1_800_000_100)).unwrap();
        assert_eq!((notice.transaction_id.as_str(), notice.amount), ("FT1", 65_540));
    }

    #[test]
    fn stale_foreign_and_altered_messages_stay_shut() {
        let signature = sign(SECRET, 1_800_000_000, BODY);
        let time = Some("1800000000");
        let now = at(1_800_000_000);
        let altered = [BODY, b" "].concat();
        for (why, result) in [
            ("too old", open(SECRET, time, Some(&signature), BODY, at(1_800_000_301))),
            ("from the future", open(SECRET, time, Some(&signature), BODY, at(1_799_999_699))),
            ("another key", open(b"khac", time, Some(&signature), BODY, now)),
            ("altered body", open(SECRET, time, Some(&signature), &altered, now)),
            ("another second", open(SECRET, Some("1800000001"), Some(&signature), BODY, now)),
            ("no signature", open(SECRET, time, None, BODY, now)),
            ("no time", open(SECRET, None, Some(&signature), BODY, now)),
            ("half a signature", open(SECRET, time, Some(&signature[..40]), BODY, now)),
        ] {
            assert_eq!(result, Err(Rejected::Signature), "{why}");
        }
    }

    #[test]
    fn signed_garbage_is_named() {
        for body in [
            "", "[]", "{", "{}", "không phải JSON",
            r#"{"transaction_id":"","account_no":"1","amount":1,"content":"","paid_at":"2026-11-22T09:41:00Z"}"#,
            r#"{"transaction_id":"A","account_no":"1","amount":-1,"content":"","paid_at":"2026-11-22T09:41:00Z"}"#,
            r#"{"transaction_id":"A","account_no":"1","amount":1.5,"content":"","paid_at":"2026-11-22T09:41:00Z"}"#,
            r#"{"transaction_id":"A","account_no":"1","amount":1,"content":"\u0000","paid_at":"2026-11-22T09:41:00Z"}"#,
            r#"{"transaction_id":"A","account_no":"1","amount":1,"content":"","paid_at":"22/11/2026"}"#,
            r#"{"transaction_id":"A","account_no":"1","amount":1,"content":"","paid_at":"+200000-01-01T00:00:00Z"}"#,
        ] {
            let signature = sign(SECRET, 1_800_000_000, body.as_bytes());
            let result = open(SECRET, Some("1800000000"), Some(&signature), body.as_bytes(), at(1_800_000_000));
            assert!(matches!(result, Err(Rejected::Content(_))), "{body}: {result:?}");
        }
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(time in "\\PC{0,30}", signature in "\\PC{0,90}", body in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(open(SECRET, Some(&time), Some(&signature), &body, at(1_800_000_000)), Err(Rejected::Signature));
        }
    }
}

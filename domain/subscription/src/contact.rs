//! Reaching somebody who is not a customer yet: the phone number or mailbox, and the six digits sent there.

use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// A code may be typed for ten minutes.
pub const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);
/// Wrong guesses per code: five of a million.
pub const ATTEMPTS: i32 = 5;
/// Between two codes to the same contact.
pub const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// Codes per hour to one contact, and from one address.
pub const PER_CONTACT: i64 = 5;
pub const PER_ADDRESS: i64 = 20;

/// Where a code can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// As dialled in Vietnam: `0912345678`.
    Phone(String),
    Email(String),
}

impl Contact {
    /// Reads a Vietnamese mobile number (ten digits after 0, also written +84…) or a mailbox.
    pub fn read(typed: &str) -> Result<Contact, Problem> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Problem::at("contact", "Nhập số điện thoại di động hoặc địa chỉ thư điện tử."));
        }
        if typed.contains('@') {
            let plain = typed.to_lowercase();
            let fits = plain.len() <= 120
                && plain.is_ascii()
                && !plain.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"'))
                && plain.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.contains('@') && host.split('.').count() >= 2 && host.split('.').all(|p| !p.is_empty()));
            return if fits { Ok(Contact::Email(plain)) } else { Err(Problem::at("contact", "Địa chỉ thư chưa đúng. Ví dụ: bacsi@phongkham.vn")) };
        }
        let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
        let national = match digits.strip_prefix("+84").or_else(|| digits.strip_prefix("84").filter(|rest| rest.len() == 9)) {
            Some(rest) => format!("0{rest}"),
            None => digits,
        };
        let is_mobile = national.len() == 10
            && national.bytes().all(|b| b.is_ascii_digit())
            && matches!(national.get(..2), Some("03" | "05" | "07" | "08" | "09"));
        if is_mobile {
            Ok(Contact::Phone(national))
        } else {
            Err(Problem::at("contact", "Số di động Việt Nam có 10 số, bắt đầu bằng 03, 05, 07, 08 hoặc 09."))
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Contact::Phone(_) => "phone",
            Contact::Email(_) => "email",
        }
    }
    pub fn text(&self) -> &str {
        match self {
            Contact::Phone(text) | Contact::Email(text) => text,
        }
    }
}

/// What may be shown of it: `09•• ••• 678`, `b••••@phongkham.vn`.
pub fn masked(contact: &str) -> String {
    match contact.split_once('@') {
        Some((who, host)) => format!("{}••••@{host}", who.chars().next().unwrap_or('•')),
        None if contact.len() == 10 => format!("{}•• ••• {}", &contact[..2], &contact[7..]),
        None => "••••".into(),
    }
}

/// Six digits nobody can foresee.
pub fn new_code() -> String {
    use rand::RngExt;
    format!("{:06}", rand::rng().random_range(0..1_000_000u32))
}

/// What is kept of a code: with the server's own key, because a million plain hashes are made in a moment.
pub fn code_hash(secret: &[u8; 32], sign_up: Uuid, code: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key length will do");
    mac.update(b"sign-up code");
    mac.update(sign_up.as_bytes());
    mac.update(code.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The newest code of a sign-up.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sent {
    pub code_id: Uuid,
    pub code_hash: Vec<u8>,
    pub sent_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub attempts: i32,
    pub used_at: Option<DateTime<Utc>>,
}

/// What a typed code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    Right,
    Wrong { left: i32 },
    /// Too old, or guessed at too often: only a new one helps.
    Spent,
}

/// Judges a typed code. `attempts` are the wrong guesses before this one.
pub fn judge(sent: &Sent, hash: &[u8], now: DateTime<Utc>) -> Guess {
    if sent.used_at.is_some() || now > sent.expires_at || sent.attempts >= ATTEMPTS {
        return Guess::Spent;
    }
    if bool::from(sent.code_hash.ct_eq(hash)) {
        return Guess::Right;
    }
    Guess::Wrong { left: ATTEMPTS - sent.attempts - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_mailboxes_are_read_as_people_write_them() {
        for typed in ["0912 345 678", "+84912345678", "84912345678", "0912.345.678"] {
            assert_eq!(Contact::read(typed), Ok(Contact::Phone("0912345678".into())), "{typed}");
        }
        assert_eq!(Contact::read(" Bacsi@PhongKham.VN "), Ok(Contact::Email("bacsi@phongkham.vn".into())));
        for typed in ["", "0212345678", "091234567", "09123456789", "a@b", "@b.vn", "a b@c.vn", "a@b@c.vn", "a@.vn", "một@hai.vn", "٠٩١٢٣٤٥٦٧٨"] {
            assert!(Contact::read(typed).is_err(), "{typed}");
        }
        assert_eq!(masked("0912345678"), "09•• ••• 678");
        assert_eq!(masked("bacsi@phongkham.vn"), "b••••@phongkham.vn");
    }

    #[test]
    fn a_code_is_good_once_for_ten_minutes_and_five_guesses() {
        let now: DateTime<Utc> = "2026-11-24T01:00:00Z".parse().unwrap();
        let (secret, sign_up) = ([1; 32], Uuid::now_v7());
        let hash = |code: &str| code_hash(&secret, sign_up, code);
        let sent = Sent { code_id: Uuid::now_v7(), code_hash: hash("012345"), sent_at: now, expires_at: now + GOOD_FOR, attempts: 0, used_at: None };
        assert_eq!(judge(&sent, &hash("012345"), now), Guess::Right);
        assert_eq!(judge(&sent, &hash("012346"), now), Guess::Wrong { left: 4 });
        assert_eq!(judge(&Sent { attempts: 5, ..sent.clone() }, &hash("012345"), now), Guess::Spent);
        assert_eq!(judge(&sent, &hash("012345"), now + GOOD_FOR + TimeDelta::seconds(1)), Guess::Spent);
        assert_eq!(judge(&Sent { used_at: Some(now), ..sent.clone() }, &hash("012345"), now), Guess::Spent);
        // The same digits for somebody else, or under another server's key, are another code.
        assert_ne!(hash("012345"), code_hash(&secret, Uuid::now_v7(), "012345"));
        assert_ne!(hash("012345"), code_hash(&[2; 32], sign_up, "012345"));
        assert!(new_code().len() == 6 && new_code().bytes().all(|b| b.is_ascii_digit()));
    }
}

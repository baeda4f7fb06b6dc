//! A signed pass to one booking, for links in messages and on pages: whoever holds it may do the one thing it names, until
//! it runs out. It names no person and can be checked without a look into the database.

use base::{AppointmentId, FacilityId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// What a pass opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// See, cancel and change the booking.
    Manage,
    /// Enter the waiting room of the visit by video.
    Video,
    /// Say how the visit was.
    Rate,
}

impl Purpose {
    fn letter(self) -> char {
        match self {
            Purpose::Manage => 'm',
            Purpose::Video => 'v',
            Purpose::Rate => 'r',
        }
    }
}

/// A pass that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    pub facility: FacilityId,
    pub appointment: AppointmentId,
}

/// The text of a pass, safe in an address: 49 letters, so that a message with its link fits into one part. The first names
/// the purpose; behind it stand facility, booking, expiry in seconds and 96 bits of proof.
pub fn mint(secret: &[u8; 32], purpose: Purpose, facility: FacilityId, appointment: AppointmentId, until: DateTime<Utc>) -> String {
    let mut body = Vec::with_capacity(36);
    body.extend(facility.0.to_be_bytes());
    body.extend(appointment.0.as_bytes());
    body.extend(u32::try_from(until.timestamp()).unwrap_or(u32::MAX).to_be_bytes());
    let proof = seal(secret, purpose, &body).finalize().into_bytes();
    body.extend(&proof[..PROOF]);
    format!("{}{}", purpose.letter(), URL_SAFE_NO_PAD.encode(body))
}

/// Who the pass is for; `None` when it was made for another purpose, was changed, or ran out before `now`.
pub fn check(secret: &[u8; 32], purpose: Purpose, text: &str, now: DateTime<Utc>) -> Option<Pass> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(purpose.letter())?).ok()?;
    let (body, given) = bytes.split_at_checked(BODY)?;
    if given.len() != PROOF {
        return None;
    }
    seal(secret, purpose, body).verify_truncated_left(given).ok()?;
    let facility = i32::from_be_bytes(body[..4].try_into().ok()?);
    let appointment = Uuid::from_slice(&body[4..20]).ok()?;
    let until = u32::from_be_bytes(body[20..].try_into().ok()?);
    (now.timestamp() < i64::from(until)).then_some(Pass { facility: FacilityId(facility), appointment: AppointmentId(appointment) })
}

/// Bytes of what a pass says, and of its proof.
const BODY: usize = 24;
const PROOF: usize = 12;

fn seal(secret: &[u8; 32], purpose: Purpose, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of 32 bytes");
    mac.update(b"appointment pass ");
    mac.update(purpose.letter().to_string().as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_pass_opens_one_thing_for_a_while() {
        let now: DateTime<Utc> = "2026-11-24T01:00:00Z".parse().unwrap();
        let (secret, id) = ([7; 32], AppointmentId::new());
        let pass = mint(&secret, Purpose::Video, FacilityId(1), id, now + TimeDelta::hours(1));
        let open = |purpose, text: &str, at| check(&secret, purpose, text, at);
        assert_eq!(open(Purpose::Video, &pass, now), Some(Pass { facility: FacilityId(1), appointment: id }));
        assert_eq!(open(Purpose::Manage, &pass, now), None);
        assert_eq!(open(Purpose::Video, &pass, now + TimeDelta::hours(1)), None);
        assert_eq!(check(&[8; 32], Purpose::Video, &pass, now), None);
        assert_eq!(pass.len(), 49);
        assert_eq!(open(Purpose::Manage, &pass.replacen('v', "m", 1), now), None, "another purpose needs another proof");
        for at in 1..pass.len() {
            let other = if pass.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &pass[..at], &pass[at + 1..]);
            assert_eq!(open(Purpose::Video, &changed, now), None, "letter {at}");
        }
        for bad in ["", ".", "v1", "v1.x.y.z", &pass[..pass.len() - 1]] {
            assert_eq!(open(Purpose::Video, bad, now), None, "{bad}");
        }
    }
}

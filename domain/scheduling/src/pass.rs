//! A signed pass to one booking, for links in messages and on pages: whoever holds it may do the one thing it names, until
//! it runs out. It names no person and can be checked without a look into the database.

use base::{AppointmentId, FacilityId};
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

/// The text of a pass, safe in an address: about 80 letters.
pub fn mint(secret: &[u8; 32], purpose: Purpose, facility: FacilityId, appointment: AppointmentId, until: DateTime<Utc>) -> String {
    let body = format!("{}{:x}.{}.{:x}", purpose.letter(), facility.0, appointment.0.simple(), until.timestamp());
    let proof = proof(secret, &body);
    format!("{body}.{proof}")
}

/// Who the pass is for; `None` when it was made for another purpose, was changed, or ran out before `now`.
pub fn check(secret: &[u8; 32], purpose: Purpose, text: &str, now: DateTime<Utc>) -> Option<Pass> {
    let (body, given) = text.rsplit_once('.')?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(b"appointment pass ");
    mac.update(body.as_bytes());
    mac.verify_truncated_left(&hex::decode(given).ok().filter(|g| g.len() == 16)?).ok()?;
    let mut parts = body.strip_prefix(purpose.letter())?.split('.');
    let facility = i32::from_str_radix(parts.next()?, 16).ok()?;
    let appointment = Uuid::parse_str(parts.next()?).ok()?;
    let until = i64::from_str_radix(parts.next()?, 16).ok()?;
    (now.timestamp() < until).then_some(Pass { facility: FacilityId(facility), appointment: AppointmentId(appointment) })
}

fn proof(secret: &[u8; 32], body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of 32 bytes");
    mac.update(b"appointment pass ");
    mac.update(body.as_bytes());
    hex::encode(&mac.finalize().into_bytes()[..16])
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
        assert_eq!(open(Purpose::Video, &pass.replacen("v1", "v2", 1), now), None);
        for bad in ["", ".", "v1", "v1.x.y.z", &pass[..pass.len() - 1]] {
            assert_eq!(open(Purpose::Video, bad, now), None, "{bad}");
        }
    }
}

//! Was a certificate revoked? Judged from answers (RFC 6960) and lists (RFC 5280) that carry their authority's own
//! signature, so that the same bytes prove it years later.

use crate::{Cert, asn, names, proof};
use chrono::{DateTime, TimeDelta, Utc};
use der::asn1::GeneralizedTime;
use der::{Decode, Encode};
use serde::{Deserialize, Serialize};
use x509_cert::crl::CertificateList;
use x509_ocsp::{BasicOcspResponse, CertId, CertStatus, OcspResponse, OcspResponseStatus};

/// How far two clocks may be apart.
const CLOCKS: TimeDelta = TimeDelta::minutes(10);
/// How long an answer without an end is good.
const UNDATED: TimeDelta = TimeDelta::days(1);

/// Everything that helps to verify a signature later, DER.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub certificates: Vec<Vec<u8>>,
    pub ocsps: Vec<Vec<u8>>,
    pub crls: Vec<Vec<u8>>,
}

impl Evidence {
    /// Takes over what is not here yet.
    pub fn merge(&mut self, other: &Evidence) {
        for (mine, theirs) in [(&mut self.certificates, &other.certificates), (&mut self.ocsps, &other.ocsps), (&mut self.crls, &other.crls)] {
            for one in theirs {
                if !mine.contains(one) {
                    mine.push(one.clone());
                }
            }
        }
    }
}

/// What is known about a certificate at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked(DateTime<Utc>),
    /// The authority says that it does not know this certificate.
    Denied,
    /// Nobody has said anything that counts.
    Unknown,
}

/// The state of `cert` at `at`, from evidence alone. One word of revocation outweighs every "good".
pub fn status(cert: &Cert, issuer: &Cert, evidence: &Evidence, at: DateTime<Utc>) -> Status {
    let answers = evidence.ocsps.iter().map(|der| by_answer(cert, issuer, der, at));
    let lists = evidence.crls.iter().map(|der| by_list(cert, issuer, der, at));
    let mut best = Status::Unknown;
    for found in answers.chain(lists) {
        match found {
            Status::Revoked(when) => return Status::Revoked(when),
            Status::Good => best = Status::Good,
            Status::Denied if best == Status::Unknown => best = Status::Denied,
            Status::Denied | Status::Unknown => {}
        }
    }
    best
}

/// A request about one certificate, DER. Names the issuer by SHA-1, as every responder understands it.
pub fn request(cert: &Cert, issuer: &Cert) -> Vec<u8> {
    let id = asn::sequence(&[
        &asn::algorithm(&names::SHA1, true),
        &asn::octets(&proof::sha1(&issuer.subject_der())),
        &asn::octets(&proof::sha1(issuer.key_bits())),
        &cert.parsed.tbs_certificate.serial_number.to_der().unwrap_or_default(),
    ]);
    asn::sequence(&[&asn::sequence(&[&asn::sequence(&[&asn::sequence(&[&id])])])])
}

/// What one OCSP response says. A response that is malformed, of another authority or too old says nothing.
pub fn by_answer(cert: &Cert, issuer: &Cert, response: &[u8], at: DateTime<Utc>) -> Status {
    answer(cert, issuer, response, at).unwrap_or(Status::Unknown)
}

fn answer(cert: &Cert, issuer: &Cert, response: &[u8], at: DateTime<Utc>) -> Option<Status> {
    let outer = OcspResponse::from_der(response).ok()?;
    if outer.response_status != OcspResponseStatus::Successful {
        return None;
    }
    let bytes = outer.response_bytes?;
    if bytes.response_type != names::OCSP_BASIC {
        return None;
    }
    let basic_der = bytes.response.as_bytes();
    let basic = BasicOcspResponse::from_der(basic_der).ok()?;
    let single = basic.tbs_response_data.responses.iter().find(|single| names_cert(&single.cert_id, cert, issuer))?;
    let from = moment(&single.this_update.0);
    let until = single.next_update.as_ref().map_or(from + UNDATED, |t| moment(&t.0));
    if until + CLOCKS < at {
        return None;
    }
    let said = asn::first(basic_der)?.children()?.first()?.whole;
    let produced = moment(&basic.tbs_response_data.produced_at.0);
    let speaks = |signer: &Cert| signer.signed(&basic.signature_algorithm.oid, said, basic.signature.raw_bytes());
    let delegated = basic.certs.iter().flatten().filter_map(|c| Cert::read(&c.to_der().ok()?)).any(|responder| {
        responder.is_for(&names::FOR_OCSP) && responder.is_in_date(produced) && responder.is_signed_by(issuer) && speaks(&responder)
    });
    if !delegated && !speaks(issuer) {
        return None;
    }
    Some(match &single.cert_status {
        CertStatus::Good(_) => Status::Good,
        CertStatus::Revoked(info) => {
            let when = moment(&info.revocation_time.0);
            // Revoked later than the moment that is asked about: it was good then.
            if when > at { Status::Good } else { Status::Revoked(when) }
        }
        CertStatus::Unknown(_) => Status::Denied,
    })
}

fn names_cert(id: &CertId, cert: &Cert, issuer: &Cert) -> bool {
    let hash: fn(&[u8]) -> Vec<u8> = match id.hash_algorithm.oid {
        names::SHA1 => proof::sha1,
        names::SHA256 => |bytes| proof::digest(&names::SHA256, bytes).unwrap_or_default(),
        _ => return false,
    };
    id.serial_number.as_bytes() == cert.serial()
        && id.issuer_name_hash.as_bytes() == hash(&issuer.subject_der())
        && id.issuer_key_hash.as_bytes() == hash(issuer.key_bits())
}

/// What a revocation list says. Lists for a part of the certificates and changes to lists are left aside.
pub fn by_list(cert: &Cert, issuer: &Cert, list: &[u8], at: DateTime<Utc>) -> Status {
    listed(cert, issuer, list, at).unwrap_or(Status::Unknown)
}

fn listed(cert: &Cert, issuer: &Cert, list: &[u8], at: DateTime<Utc>) -> Option<Status> {
    let list_read = CertificateList::from_der(list).ok()?;
    let body = &list_read.tbs_cert_list;
    let is_partial = body.crl_extensions.iter().flatten().any(|e| e.critical);
    let until = body.next_update.as_ref().map_or_else(|| crate::certificate::moment(&body.this_update) + UNDATED, crate::certificate::moment);
    if body.issuer != *issuer.subject() || is_partial || until + CLOCKS < at {
        return None;
    }
    let said = asn::first(list)?.children()?.first()?.whole;
    if !issuer.signed(&list_read.signature_algorithm.oid, said, list_read.signature.raw_bytes()) {
        return None;
    }
    let entry = body.revoked_certificates.iter().flatten().find(|r| r.serial_number.as_bytes() == cert.serial());
    let when = entry.map(|r| crate::certificate::moment(&r.revocation_date));
    Some(match when {
        Some(when) if when <= at => Status::Revoked(when),
        _ => Status::Good,
    })
}

/// The certificates that a response brings along, so that they can be kept with it.
pub fn responders(response: &[u8]) -> Vec<Vec<u8>> {
    let found = || -> Option<Vec<Vec<u8>>> {
        let basic = BasicOcspResponse::from_der(OcspResponse::from_der(response).ok()?.response_bytes?.response.as_bytes()).ok()?;
        Some(basic.certs.unwrap_or_default().iter().filter_map(|c| c.to_der().ok()).collect())
    };
    found().unwrap_or_default()
}

fn moment(time: &GeneralizedTime) -> DateTime<Utc> {
    DateTime::from_timestamp(time.to_unix_duration().as_secs() as i64, 0).unwrap_or_default()
}

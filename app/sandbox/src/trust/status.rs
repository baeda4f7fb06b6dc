//! Is this certificate still good? Answers (RFC 6960) and lists of what was revoked (RFC 5280, 5).

use super::{Authority, Part, TrustMode};
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use const_oid::ObjectIdentifier;
use der::Decode;
use sha2::{Digest, Sha256};
use signing::asn::{self, bit_string, context, integer, octets, oid, sequence, small_integer, tlv};
use signing::names;

const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
const LIST_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");

/// An OCSP response to a request in DER, or the status of a server that does not answer.
pub(super) async fn answer(authority: &Authority, request: &[u8]) -> Result<Vec<u8>, StatusCode> {
    let mode = authority.meets(&[TrustMode::OcspUnknown, TrustMode::OcspDown, TrustMode::StatusDown, TrustMode::OcspSlow]);
    match mode {
        Some(TrustMode::OcspDown | TrustMode::StatusDown) => return Err(StatusCode::SERVICE_UNAVAILABLE),
        Some(TrustMode::OcspSlow) => tokio::time::sleep(authority.0.slowness).await,
        _ => {}
    }
    // Malformed request.
    let malformed = sequence(&[&[0x0A, 1, 1]]);
    let Ok(request) = x509_ocsp::OcspRequest::from_der(request) else { return Ok(malformed) };
    let now = authority.0.clock.now();
    let mut singles = Vec::new();
    let mut by_root = false;
    for one in &request.tbs_request.request_list {
        let Ok(id) = der::Encode::to_der(&one.req_cert) else { return Ok(malformed) };
        let key_hash = one.req_cert.issuer_key_hash.as_bytes();
        let issuer = [&authority.0.issuing, &authority.0.root].into_iter().find(|part| is_key(part, key_hash));
        by_root |= issuer.is_some_and(|i| std::ptr::eq(i, &authority.0.root));
        let serial = hex::encode_upper(trim(one.req_cert.serial_number.as_bytes()));
        let status = match (issuer, mode) {
            (None, _) | (_, Some(TrustMode::OcspUnknown)) => tlv(0x82, &[]),
            _ => status(authority, &serial),
        };
        singles.push(sequence(&[&id, &status, &asn::time(now), &context(0, &asn::time(now + TimeDelta::hours(12)))]));
    }
    let nonce = request.tbs_request.request_extensions.iter().flatten().find(|e| e.extn_id == NONCE);
    let echoed = nonce.map(|n| context(1, &sequence(&[&sequence(&[&oid(&NONCE), &octets(n.extn_value.as_bytes())])]))).unwrap_or_default();
    // The root answers for itself; for everybody else a delegated responder does.
    let signer = if by_root { &authority.0.root } else { &authority.0.responder };
    let data = sequence(&[&context(1, &signer.cert.subject_der()), &asn::time(now), &tlv(0x30, &singles.concat()), &echoed]);
    let signature = signer.key.sign(&data).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    let certificates = if by_root { Vec::new() } else { context(0, &sequence(&[&signer.cert.der])) };
    let basic = sequence(&[&data, &signer.key.algorithm(), &bit_string(&signature), &certificates]);
    Ok(sequence(&[&[0x0A, 1, 0], &context(0, &sequence(&[&oid(&names::OCSP_BASIC), &octets(&basic)]))]))
}

/// Good, revoked with its time, or unknown because it was never issued.
fn status(authority: &Authority, serial: &str) -> Vec<u8> {
    let memory = authority.memory();
    match memory.kept.revoked.get(serial) {
        Some(at) => context(1, &asn::time(*at)),
        None if memory.kept.issued.contains_key(serial) => tlv(0x80, &[]),
        None => tlv(0x82, &[]),
    }
}

/// The list of the root or of the issuing authority, DER.
pub(super) fn list(authority: &Authority, of_root: bool) -> Option<Vec<u8>> {
    if authority.meets(&[TrustMode::StatusDown]).is_some() {
        return None;
    }
    let issuer = if of_root { &authority.0.root } else { &authority.0.issuing };
    let now = authority.0.clock.now();
    let own = authority.0.issuing.cert.serial_hex();
    let revoked: Vec<(String, DateTime<Utc>)> =
        authority.memory().kept.revoked.iter().filter(|(serial, _)| (**serial == own) == of_root).map(|(s, at)| (s.clone(), *at)).collect();
    let mut entries = Vec::new();
    for (serial, at) in &revoked {
        let bytes = hex::decode(serial).ok()?;
        entries.extend(sequence(&[&integer(&bytes), &utc(*at)]));
    }
    let entries = if entries.is_empty() { Vec::new() } else { tlv(0x30, &entries) };
    let key_id = tlv(0x80, &Sha256::digest(issuer.cert.key_bits())[..20]);
    let extensions = sequence(&[
        &sequence(&[&oid(&AUTHORITY_KEY), &octets(&sequence(&[&key_id]))]),
        &sequence(&[&oid(&LIST_NUMBER), &octets(&integer(&now.timestamp().to_be_bytes()))]),
    ]);
    let algorithm = issuer.key.algorithm();
    let tbs = sequence(&[
        &small_integer(1),
        &algorithm,
        &issuer.cert.subject_der(),
        &utc(now),
        &utc(now + TimeDelta::hours(12)),
        &entries,
        &context(0, &extensions),
    ]);
    let signature = issuer.key.sign(&tbs)?;
    Some(sequence(&[&tbs, &algorithm, &bit_string(&signature)]))
}

fn utc(at: DateTime<Utc>) -> Vec<u8> {
    tlv(0x17, at.format("%y%m%d%H%M%SZ").to_string().as_bytes())
}

/// Requests name the issuer by SHA-1 of its key, newer ones by SHA-256.
fn is_key(part: &Part, hash: &[u8]) -> bool {
    let bits = part.cert.key_bits();
    hash == Sha256::digest(bits).as_slice() || hash == signing::proof::sha1(bits)
}

fn trim(serial: &[u8]) -> &[u8] {
    if serial.len() > 1 && serial[0] == 0 { &serial[1..] } else { serial }
}

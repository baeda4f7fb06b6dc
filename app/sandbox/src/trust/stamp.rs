//! The timestamp authority (RFC 3161): vouches that something existed now.

use super::{Authority, TrustMode, issue};
use axum::http::StatusCode;
use const_oid::ObjectIdentifier;
use der::Decode;
use sha2::{Digest, Sha256};
use signing::asn::{self, integer, oid, sequence, small_integer};
use signing::cms::{Parts, assemble, signed_attributes};
use signing::names;

/// The policy under which this authority stamps: an arc for experiments.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1.1");

/// A response to a request, both DER.
pub(super) fn answer(authority: &Authority, request: &[u8]) -> Result<Vec<u8>, StatusCode> {
    if authority.meets(&[TrustMode::TsaDown]).is_some() {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    // Rejection: bad data format.
    let refused = sequence(&[&sequence(&[&small_integer(2)])]);
    let Ok(read) = x509_tsp::TimeStampReq::from_der(request) else { return Ok(refused) };
    if read.message_imprint.hash_algorithm.oid != names::SHA256 || read.message_imprint.hashed_message.as_bytes().len() != 32 {
        return Ok(refused);
    }
    let Some(fields) = asn::first(request).and_then(|r| r.children()) else { return Ok(refused) };
    let imprint = fields.get(1).map(|f| f.whole).unwrap_or_default();
    let nonce = read.nonce.as_ref().and_then(|_| fields.iter().skip(2).find(|f| f.tag == asn::INTEGER)).map(|f| f.whole).unwrap_or_default();
    let number = {
        let mut memory = authority.memory();
        memory.stamps += 1;
        [&issue::serial()[..8], &memory.stamps.to_be_bytes()].concat()
    };
    let accuracy = sequence(&[&small_integer(1)]);
    let info = sequence(&[&small_integer(1), &oid(&POLICY), imprint, &integer(&number), &asn::time(authority.0.clock.now()), &accuracy, nonce]);
    let stamper = &authority.0.stamper;
    let attributes = signed_attributes(&names::TST_INFO, &Sha256::digest(&info), &stamper.cert.der);
    let signature = stamper.key.sign(&attributes).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    let token = assemble(&Parts {
        content_type: &names::TST_INFO,
        content: Some(&info),
        chain: &[stamper.cert.der.clone(), authority.0.issuing.cert.der.clone()],
        attributes: &attributes,
        algorithm: &stamper.key.algorithm(),
        signature: &signature,
        timestamp: None,
    })
    .ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(sequence(&[&sequence(&[&small_integer(0)]), &token]))
}

//! Putting a CMS SignedData together (RFC 5652) as CAdES wants it (ETSI EN 319 122-1): the signer's own certificate is
//! named inside what is signed.

use crate::asn::{self, algorithm, context, octets, oid, sequence, set_of, small_integer};
use crate::names::{CONTENT_TYPE, MESSAGE_DIGEST, SHA256, SIGNED_DATA, SIGNING_CERTIFICATE_V2, TIMESTAMP_TOKEN};
use const_oid::ObjectIdentifier;
use sha2::{Digest, Sha256};

/// The attributes that are really signed, as a SET in DER: the kind of content, its SHA-256 digest, and which
/// certificate signs. The time is not among them: in a PDF it stands in the document, and a timestamp proves it.
pub fn signed_attributes(content: &ObjectIdentifier, digest: &[u8], certificate: &[u8]) -> Vec<u8> {
    let attribute = |name: &ObjectIdentifier, value: Vec<u8>| sequence(&[&oid(name), &set_of(vec![value])]);
    // SHA-256 is what ESSCertIDv2 means when it names no algorithm.
    let named = sequence(&[&octets(&Sha256::digest(certificate))]);
    set_of(vec![
        attribute(&CONTENT_TYPE, oid(content)),
        attribute(&MESSAGE_DIGEST, octets(digest)),
        attribute(&SIGNING_CERTIFICATE_V2, sequence(&[&sequence(&[&named])])),
    ])
}

/// Everything a SignedData is made of.
pub struct Parts<'a> {
    pub content_type: &'a ObjectIdentifier,
    /// Inside the structure, or `None` when it is signed from afar.
    pub content: Option<&'a [u8]>,
    /// DER, the signer's first.
    pub chain: &'a [Vec<u8>],
    /// What [`signed_attributes`] gave.
    pub attributes: &'a [u8],
    /// AlgorithmIdentifier, DER.
    pub algorithm: &'a [u8],
    pub signature: &'a [u8],
    /// A timestamp token over the signature.
    pub timestamp: Option<&'a [u8]>,
}

/// A ContentInfo in DER; `None` when the signer's certificate cannot be read.
pub fn assemble(parts: &Parts) -> Option<Vec<u8>> {
    let sha256 = algorithm(&SHA256, false);
    let signer = parts.chain.first()?;
    let (issuer, serial) = issuer_and_serial(signer)?;
    // In the structure the SET's tag gives way to [0]; hashed it was a SET.
    let attributes = context(0, asn::first(parts.attributes)?.body);
    let unsigned = match parts.timestamp {
        Some(token) => context(1, &sequence(&[&oid(&TIMESTAMP_TOKEN), &set_of(vec![token.to_vec()])])),
        None => Vec::new(),
    };
    let info = sequence(&[
        &small_integer(1),
        &sequence(&[issuer, serial]),
        &sha256,
        &attributes,
        parts.algorithm,
        &octets(parts.signature),
        &unsigned,
    ]);
    let content = parts.content.map(|bytes| context(0, &octets(bytes))).unwrap_or_default();
    let mut certificates = parts.chain.to_vec();
    certificates.sort();
    certificates.dedup();
    let version = if parts.content.is_some() { 3 } else { 1 };
    let signed = sequence(&[
        &small_integer(version),
        &set_of(vec![sha256.clone()]),
        &sequence(&[&oid(parts.content_type), &content]),
        &context(0, &certificates.concat()),
        &set_of(vec![info]),
    ]);
    Some(sequence(&[&oid(&SIGNED_DATA), &context(0, &signed)]))
}

/// The issuer's name and the serial number of a certificate, as they stand in it.
pub fn issuer_and_serial(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let fields = asn::first(certificate)?.children()?.first()?.children()?;
    let from = usize::from(fields.first()?.tag == 0xA0);
    Some((fields.get(from + 2)?.whole, fields.get(from)?.whole))
}

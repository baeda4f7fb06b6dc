//! Timestamps (RFC 3161): the request, and what a token proves.

use crate::signed_data::{self, Signed};
use crate::{Cert, asn, chain, names, proof};
use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use der::Decode;
use x509_tsp::TstInfo;

/// A token whose signature holds.
#[derive(Clone, Debug)]
pub struct Token {
    pub der: Vec<u8>,
    pub at: DateTime<Utc>,
    pub signed: Signed,
    algorithm: ObjectIdentifier,
    imprint: Vec<u8>,
    nonce: Option<Vec<u8>>,
}

/// Asks to stamp a SHA-256 digest.
pub fn request(digest: &[u8], nonce: &[u8]) -> Vec<u8> {
    let imprint = asn::sequence(&[&asn::algorithm(&names::SHA256, true), &asn::octets(digest)]);
    asn::sequence(&[&asn::small_integer(1), &imprint, &asn::integer(nonce), &[1, 1, 0xFF]])
}

/// The token of a response that was granted, if it answers this request.
pub fn granted(response: &[u8], digest: &[u8], nonce: &[u8]) -> Option<Token> {
    let parts = asn::first(response)?.children()?;
    let status = parts.first()?.children()?.first()?.body;
    // Granted, or granted with changes.
    if status != [0] && status != [1] {
        return None;
    }
    let token = read(parts.get(1)?.whole)?;
    let asked: Vec<u8> = nonce.iter().copied().skip_while(|b| *b == 0).collect();
    let same_nonce = token.nonce.as_ref().is_some_and(|n| n.iter().copied().skip_while(|b| *b == 0).eq(asked));
    (same_nonce && token.algorithm == names::SHA256 && token.imprint == digest).then_some(token)
}

/// Reads a token and checks its own signature; whether its authority is trusted is another question ([`Token::way`]).
pub fn read(der: &[u8]) -> Option<Token> {
    let signed = signed_data::read(der)?;
    let content = signed.content.clone()?;
    if signed.content_type != names::TST_INFO || signed.check(&content).is_err() {
        return None;
    }
    let info = TstInfo::from_der(&content).ok()?;
    Some(Token {
        der: asn::first(der)?.whole.to_vec(),
        at: DateTime::from_timestamp(info.gen_time.to_unix_duration().as_secs() as i64, 0)?,
        algorithm: info.message_imprint.hash_algorithm.oid,
        imprint: info.message_imprint.hashed_message.as_bytes().to_vec(),
        nonce: info.nonce.map(|n| n.as_bytes().to_vec()),
        signed,
    })
}

impl Token {
    /// Was it these bytes that were stamped?
    pub fn stamps(&self, bytes: &[u8]) -> bool {
        proof::digest(&self.algorithm, bytes).is_some_and(|digest| digest == self.imprint)
    }

    /// The way from the timestamp authority to a trusted root at the time of the stamp; `None` when it is not trusted
    /// or its certificate is not for timestamps.
    pub fn way(&self, pool: &[Cert], roots: &[Cert]) -> Option<Vec<Cert>> {
        let all: Vec<Cert> = self.signed.certificates.iter().chain(pool).cloned().collect();
        if !self.signed.signer.is_for(&names::FOR_TIMESTAMPS) || !self.signed.signer.is_in_date(self.at) {
            return None;
        }
        chain::to_root(&self.signed.signer, &all, roots, self.at)
    }
}

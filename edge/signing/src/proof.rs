//! Does this signature fit this key and these bytes? Only what is safe today: RSA from 2048 bits and the curves P-256
//! and P-384, never SHA-1.

use crate::names;
use const_oid::ObjectIdentifier;
use ring::signature as kind;
use ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use spki::SubjectPublicKeyInfoOwned;

/// `algorithm` is the signature's own; where it names only the kind of key, `digest` says how the message was hashed.
pub fn holds(key: &SubjectPublicKeyInfoOwned, algorithm: &ObjectIdentifier, digest: &ObjectIdentifier, message: &[u8], signature: &[u8]) -> bool {
    let Some(verifier) = verifier(key, algorithm, digest) else { return false };
    let Some(bytes) = key.subject_public_key.as_bytes() else { return false };
    UnparsedPublicKey::new(verifier, bytes).verify(message, signature).is_ok()
}

fn verifier(key: &SubjectPublicKeyInfoOwned, algorithm: &ObjectIdentifier, digest: &ObjectIdentifier) -> Option<&'static dyn VerificationAlgorithm> {
    let hash = match *algorithm {
        names::RSA_SHA256 | names::ECDSA_SHA256 => names::SHA256,
        names::RSA_SHA384 | names::ECDSA_SHA384 => names::SHA384,
        names::RSA_SHA512 => names::SHA512,
        names::RSA | names::RSA_PSS | names::EC => *digest,
        _ => return None,
    };
    if key.algorithm.oid == names::RSA {
        let pss = *algorithm == names::RSA_PSS;
        return match (hash, pss) {
            (names::SHA256, false) => Some(&kind::RSA_PKCS1_2048_8192_SHA256),
            (names::SHA384, false) => Some(&kind::RSA_PKCS1_2048_8192_SHA384),
            (names::SHA512, false) => Some(&kind::RSA_PKCS1_2048_8192_SHA512),
            (names::SHA256, true) => Some(&kind::RSA_PSS_2048_8192_SHA256),
            (names::SHA384, true) => Some(&kind::RSA_PSS_2048_8192_SHA384),
            (names::SHA512, true) => Some(&kind::RSA_PSS_2048_8192_SHA512),
            _ => None,
        };
    }
    let curve: ObjectIdentifier = key.algorithm.parameters.as_ref()?.decode_as().ok()?;
    match (curve, hash) {
        (names::P256, names::SHA256) => Some(&kind::ECDSA_P256_SHA256_ASN1),
        (names::P256, names::SHA384) => Some(&kind::ECDSA_P256_SHA384_ASN1),
        (names::P384, names::SHA256) => Some(&kind::ECDSA_P384_SHA256_ASN1),
        (names::P384, names::SHA384) => Some(&kind::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

/// The digest of `message` by the named algorithm; `None` for weak and unknown ones.
pub fn digest(algorithm: &ObjectIdentifier, message: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match *algorithm {
        names::SHA256 => &ring::digest::SHA256,
        names::SHA384 => &ring::digest::SHA384,
        names::SHA512 => &ring::digest::SHA512,
        _ => return None,
    };
    Some(ring::digest::digest(algorithm, message).as_ref().to_vec())
}

/// SHA-1, only where a protocol uses it as a name (OCSP, the index of validation data in a PDF), never as a proof.
pub fn sha1(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

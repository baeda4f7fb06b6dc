//! A certificate and what it says: about whom, by whom, for how long, for what use, and where to ask whether it still holds.

use crate::{asn, names, proof};
use base::sign::Certificate;
use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;
use x509_cert::time::Time;

/// A certificate with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cert {
    pub der: Vec<u8>,
    pub parsed: x509_cert::Certificate,
}

impl Cert {
    /// Reads DER; `None` when it is no certificate.
    pub fn read(der: &[u8]) -> Option<Cert> {
        let exact = asn::first(der)?.whole;
        Some(Cert { parsed: x509_cert::Certificate::from_der(exact).ok()?, der: exact.to_vec() })
    }

    /// Reads one DER certificate or every certificate of a PEM text.
    pub fn read_all(file: &[u8]) -> Vec<Cert> {
        if let Some(one) = Cert::read(file) {
            return vec![one];
        }
        let Ok(text) = std::str::from_utf8(file) else { return Vec::new() };
        let mut found = Vec::new();
        for part in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
            let body: String = part.split("-----END").next().unwrap_or_default().split_whitespace().collect();
            use base64::Engine;
            found.extend(base64::engine::general_purpose::STANDARD.decode(body).ok().and_then(|der| Cert::read(&der)));
        }
        found
    }

    pub fn subject(&self) -> &Name {
        &self.parsed.tbs_certificate.subject
    }
    pub fn issuer(&self) -> &Name {
        &self.parsed.tbs_certificate.issuer
    }
    /// The subject's name as it stands, for hashes.
    pub fn subject_der(&self) -> Vec<u8> {
        self.subject().to_der().unwrap_or_default()
    }
    /// The public key without its algorithm, for hashes.
    pub fn key_bits(&self) -> &[u8] {
        self.parsed.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes()
    }
    pub fn serial(&self) -> &[u8] {
        self.parsed.tbs_certificate.serial_number.as_bytes()
    }
    /// Hexadecimal, as certificate viewers show it.
    pub fn serial_hex(&self) -> String {
        let bytes = self.serial();
        hex::encode_upper(if bytes.len() > 1 && bytes[0] == 0 { &bytes[1..] } else { bytes })
    }
    pub fn not_before(&self) -> DateTime<Utc> {
        moment(&self.parsed.tbs_certificate.validity.not_before)
    }
    pub fn not_after(&self) -> DateTime<Utc> {
        moment(&self.parsed.tbs_certificate.validity.not_after)
    }
    pub fn is_in_date(&self, at: DateTime<Utc>) -> bool {
        self.not_before() <= at && at <= self.not_after()
    }
    pub fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }

    /// The name of a person or an organisation in the subject.
    pub fn common_name(&self) -> String {
        text_of(self.subject(), &names::COMMON_NAME).or_else(|| text_of(self.subject(), &names::ORGANISATION)).unwrap_or_default()
    }
    pub fn issuer_name(&self) -> String {
        text_of(self.issuer(), &names::COMMON_NAME).or_else(|| text_of(self.issuer(), &names::ORGANISATION)).unwrap_or_default()
    }
    /// The personal or tax number, without the word in front of it.
    pub fn holder_id(&self) -> Option<String> {
        let typed = text_of(self.subject(), &names::USER_ID).or_else(|| text_of(self.subject(), &names::SERIAL_NUMBER))?;
        let number = typed.rsplit([':', '-']).next().unwrap_or(&typed).trim();
        (!number.is_empty()).then(|| number.to_owned())
    }

    fn extension<'a, T: Decode<'a> + const_oid::AssociatedOid>(&'a self) -> Option<T> {
        self.parsed.tbs_certificate.get::<T>().ok().flatten().map(|(_, value)| value)
    }
    pub fn has_extension(&self, id: &ObjectIdentifier) -> bool {
        self.parsed.tbs_certificate.extensions.iter().flatten().any(|e| e.extn_id == *id)
    }
    /// May it issue certificates?
    pub fn is_authority(&self) -> bool {
        self.extension::<BasicConstraints>().is_some_and(|c| c.ca)
            && self.extension::<KeyUsage>().is_none_or(|usage| usage.key_cert_sign())
    }
    /// May it sign documents? An authority's own certificate and one for encryption only may not.
    pub fn is_for_signing(&self) -> bool {
        !self.is_authority() && self.extension::<KeyUsage>().is_none_or(|usage| usage.digital_signature() || usage.non_repudiation())
    }
    pub fn is_for(&self, use_of: &ObjectIdentifier) -> bool {
        self.extension::<ExtendedKeyUsage>().is_some_and(|uses| uses.0.contains(use_of))
    }

    /// Where its authority answers at once.
    pub fn ocsp_addresses(&self) -> Vec<String> {
        let Some(access) = self.extension::<AuthorityInfoAccessSyntax>() else { return Vec::new() };
        access.0.iter().filter(|a| a.access_method == names::OCSP).filter_map(|a| web_address(&a.access_location)).collect()
    }
    /// Where its authority publishes the list of what it revoked.
    pub fn crl_addresses(&self) -> Vec<String> {
        let Some(points) = self.extension::<CrlDistributionPoints>() else { return Vec::new() };
        let mut found = Vec::new();
        for point in &points.0 {
            if let Some(DistributionPointName::FullName(all)) = &point.distribution_point {
                found.extend(all.iter().filter_map(web_address));
            }
        }
        found
    }

    /// Did the holder of `issuer` sign this certificate?
    pub fn is_signed_by(&self, issuer: &Cert) -> bool {
        let Some(tbs) = asn::first(&self.der).and_then(|c| c.children()).and_then(|c| c.first().map(|t| t.whole)) else { return false };
        self.issuer() == issuer.subject() && issuer.signed(&self.parsed.signature_algorithm.oid, tbs, self.parsed.signature.raw_bytes())
    }
    /// Does this certificate's key confirm the signature over `message`? The digest is the one the algorithm names.
    pub fn signed(&self, algorithm: &ObjectIdentifier, message: &[u8], signature: &[u8]) -> bool {
        self.signed_with(algorithm, &names::SHA256, message, signature)
    }
    /// The same where the algorithm names only the kind of key.
    pub fn signed_with(&self, algorithm: &ObjectIdentifier, digest: &ObjectIdentifier, message: &[u8], signature: &[u8]) -> bool {
        proof::holds(&self.parsed.tbs_certificate.subject_public_key_info, algorithm, digest, message, signature)
    }
    pub fn has_rsa_key(&self) -> bool {
        self.parsed.tbs_certificate.subject_public_key_info.algorithm.oid == names::RSA
    }
    /// AlgorithmIdentifier of signatures with its key over SHA-256, DER.
    pub fn signature_algorithm(&self) -> Vec<u8> {
        if self.has_rsa_key() { asn::algorithm(&names::RSA_SHA256, true) } else { asn::algorithm(&names::ECDSA_SHA256, false) }
    }
}

/// The facts that rules need, with the chain in DER; `None` when the first one cannot be read.
pub fn facts(chain: &[Vec<u8>]) -> Option<Certificate> {
    let own = Cert::read(chain.first()?)?;
    Some(Certificate {
        chain: chain.to_vec(),
        holder: own.common_name(),
        holder_id: own.holder_id(),
        issuer: own.issuer_name(),
        serial: own.serial_hex(),
        not_before: own.not_before(),
        not_after: own.not_after(),
    })
}

pub fn moment(time: &Time) -> DateTime<Utc> {
    DateTime::from_timestamp(time.to_unix_duration().as_secs() as i64, 0).unwrap_or_default()
}

fn web_address(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(address) if address.as_str().starts_with("http") => Some(address.as_str().to_owned()),
        _ => None,
    }
}

/// The last value of an attribute, in whichever string type it was written.
fn text_of(name: &Name, id: &ObjectIdentifier) -> Option<String> {
    let found = name.0.iter().rev().flat_map(|part| part.0.iter()).find(|part| part.oid == *id)?;
    let text = match found.value.to_der().ok()?.first()? {
        0x1E => {
            let units: Vec<u16> = found.value.value().chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(found.value.value()).into_owned(),
    };
    Some(text)
}

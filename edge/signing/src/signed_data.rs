//! Reading a CMS SignedData and checking what its signer really signed.

use crate::{Cert, asn, names, proof};
use const_oid::ObjectIdentifier;
use der::Decode;

/// A SignedData with one signer.
#[derive(Clone, Debug)]
pub struct Signed {
    pub content_type: ObjectIdentifier,
    pub content: Option<Vec<u8>>,
    pub certificates: Vec<Cert>,
    pub signer: Cert,
    digest_algorithm: ObjectIdentifier,
    /// The signed attributes as the SET that was hashed.
    attributes: Vec<u8>,
    algorithm: ObjectIdentifier,
    pub signature: Vec<u8>,
    /// A timestamp token over the signature.
    pub timestamp: Option<Vec<u8>>,
}

/// Why a signature does not hold, in Vietnamese.
pub const CHANGED: &str = "Nội dung đã bị thay đổi sau khi ký.";
const FORGED: &str = "Chữ ký không khớp với chứng thư của người ký.";
const OTHER_CERTIFICATE: &str = "Chứng thư đi kèm không phải chứng thư đã dùng để ký.";

/// Reads a ContentInfo in DER, with padding behind it allowed. `None` when it is none, or has not exactly one signer.
pub fn read(der: &[u8]) -> Option<Signed> {
    let outer = asn::first(der)?.children()?;
    if oid(outer.first()?)? != names::SIGNED_DATA {
        return None;
    }
    let data = asn::first(outer.get(1)?.body)?.children()?;
    let encapsulated = data.get(2)?.children()?;
    let content = encapsulated.get(1).and_then(|c| asn::first(c.body)).map(|octets| octets.body.to_vec());
    let certificates: Vec<Cert> = match data.iter().find(|part| part.tag == 0xA0) {
        Some(all) => all.children()?.iter().filter_map(|c| Cert::read(c.whole)).collect(),
        None => Vec::new(),
    };
    let infos = data.iter().rev().find(|part| part.tag == asn::SET)?.children()?;
    let [info] = infos.as_slice() else { return None };
    let fields = info.children()?;
    let who = fields.get(1)?;
    let signer = certificates.iter().find(|cert| is_named(cert, who))?.clone();
    let digest_algorithm = oid(fields.get(2)?.children()?.first()?)?;
    let attributes = fields.get(3).filter(|f| f.tag == 0xA0)?;
    let algorithm = oid(fields.get(4)?.children()?.first()?)?;
    let signature = fields.get(5).filter(|f| f.tag == asn::OCTETS)?.body.to_vec();
    let timestamp = fields.get(6).filter(|f| f.tag == 0xA1).and_then(|all| value_of(all.body, &names::TIMESTAMP_TOKEN)).map(|t| t.whole.to_vec());
    Some(Signed {
        content_type: oid(encapsulated.first()?)?,
        content,
        signer,
        digest_algorithm,
        attributes: asn::tlv(asn::SET, attributes.body),
        algorithm,
        signature,
        timestamp,
        certificates,
    })
}

impl Signed {
    /// Checks the signature over `message` (the content itself where it lies inside). Says why it does not hold.
    pub fn check(&self, message: &[u8]) -> Result<(), &'static str> {
        let attributes = asn::first(&self.attributes).map(|s| s.body).unwrap_or_default();
        let claimed = value_of(attributes, &names::MESSAGE_DIGEST).map(|v| v.body);
        if claimed.is_none() || claimed != proof::digest(&self.digest_algorithm, message).as_deref() {
            return Err(CHANGED);
        }
        if value_of(attributes, &names::CONTENT_TYPE).and_then(|v| oid(&v)) != Some(self.content_type) {
            return Err(FORGED);
        }
        if !self.signer.signed_with(&self.algorithm, &self.digest_algorithm, &self.attributes, &self.signature) {
            return Err(FORGED);
        }
        match value_of(attributes, &names::SIGNING_CERTIFICATE_V2) {
            Some(named) if !names_certificate(&named, &self.signer) => Err(OTHER_CERTIFICATE),
            _ => Ok(()),
        }
    }
}

fn oid(element: &asn::Tlv) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_der(element.whole).ok()
}

/// The first value of an attribute in the body of a SET of attributes.
fn value_of<'a>(attributes: &'a [u8], name: &ObjectIdentifier) -> Option<asn::Tlv<'a>> {
    let set = asn::Tlv { tag: asn::SET, body: attributes, whole: attributes };
    let attribute = set.children()?.into_iter().find(|a| a.children().and_then(|c| oid(c.first()?)) == Some(*name))?;
    asn::first(attribute.children()?.get(1)?.body)
}

fn is_named(cert: &Cert, who: &asn::Tlv) -> bool {
    if who.tag == 0x80 {
        let id = const_oid::ObjectIdentifier::new_unwrap("2.5.29.14");
        let own = cert.parsed.tbs_certificate.extensions.iter().flatten().find(|e| e.extn_id == id);
        return own.and_then(|e| asn::first(e.extn_value.as_bytes())).is_some_and(|key_id| key_id.body == who.body);
    }
    let Some(named) = who.children() else { return false };
    crate::cms::issuer_and_serial(&cert.der).is_some_and(|(issuer, serial)| {
        named.first().map(|n| n.whole) == Some(issuer) && named.get(1).map(|n| n.whole) == Some(serial)
    })
}

/// ESSCertIDv2: an optional algorithm (SHA-256 when left out), then the hash of the certificate.
fn names_certificate(attribute: &asn::Tlv, signer: &Cert) -> bool {
    let found = || -> Option<bool> {
        let id = attribute.children()?.first()?.children()?.first()?.children()?;
        let (algorithm, hash) = match id.first()?.tag {
            asn::SEQUENCE => (oid(id.first()?.children()?.first()?)?, id.get(1)?),
            _ => (names::SHA256, id.first()?),
        };
        Some(proof::digest(&algorithm, &signer.der)? == hash.body)
    };
    found().unwrap_or(false)
}

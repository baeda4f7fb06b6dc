//! XML documents: an enveloped XMLDSig over everything but the signatures, so that several people sign one after
//! another; the time, the reason and the place are signed too; a timestamp and evidence lie beside (XAdES names).

use crate::judge::Sighted;
use crate::keys::token::{ecdsa_der, ecdsa_raw};
use crate::revocation::Evidence;
use crate::{Cert, names, proof, timestamp};
use base::sign::{SignFault, Work};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::{Document, NodeId, NodeSet, uppsala};
use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
const OWN: &str = "urn:yba:signing";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const XPATH: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";
const NOT_SIGNATURES: &str = "not(ancestor-or-self::ds:Signature)";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
/// Larger documents are not signed.
const LARGEST: usize = 64 * 1024 * 1024;

const UNREADABLE: &str = "Chữ ký không đọc được.";

fn bad(reason: &str) -> SignFault {
    SignFault::BadDocument(reason.into())
}

/// A document that waits for its signature value.
pub struct Place {
    pub digest: Vec<u8>,
    /// SignedInfo and the signed object, as they will stand in the document.
    pub signed_info: String,
    pub object: String,
}

/// Builds what is signed. Refuses what is no XML, has a document type (it could change what is read), or has this
/// signature already.
pub fn reserve(work: &Work, signer: &Cert, at: DateTime<Utc>) -> Result<Place, SignFault> {
    let text = text(&work.content)?;
    let doc = parse(text)?;
    let id = id_of(&work.field);
    let signatures = elements(&doc, DSIG, "Signature");
    if signatures.iter().any(|node| attribute(&doc, *node, "Id").as_deref() == Some(&id)) {
        return Err(bad(&format!("ô ký {} đã dùng", work.field)));
    }
    closing_tag(text)?;
    let document = digest_of(&canonical(&doc, &signatures).ok_or_else(|| bad("XML không chuẩn hóa được"))?);
    // Written as exclusive canonical XML from the start: what is hashed is what stands here.
    let mut properties = format!("<SigningTime xmlns=\"{OWN}\">{}</SigningTime>", at.to_rfc3339_opts(SecondsFormat::Secs, true));
    for (name, value) in [("Reason", &work.reason), ("Place", &work.place)] {
        if !value.is_empty() {
            properties.push_str(&format!("<{name} xmlns=\"{OWN}\">{}</{name}>", escape(value)));
        }
    }
    let object = format!("<ds:Object Id=\"{id}-o\"><ds:SignatureProperties><ds:SignatureProperty Target=\"#{id}\">{properties}</ds:SignatureProperty></ds:SignatureProperties></ds:Object>");
    let object_digest = digest_of(alone(&object, "ds:Object").as_bytes());
    let method = if signer.has_rsa_key() { RSA_SHA256 } else { ECDSA_SHA256 };
    let empty = |name: &str, algorithm: &str| format!("<ds:{name} Algorithm=\"{algorithm}\"></ds:{name}>");
    let reference = |uri: &str, transforms: &str, digest: &str| {
        format!("<ds:Reference URI=\"{uri}\"><ds:Transforms>{transforms}</ds:Transforms>{}<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>", empty("DigestMethod", SHA256))
    };
    let whole = format!(
        "{}<ds:Transform Algorithm=\"{XPATH}\"><ds:XPath>{NOT_SIGNATURES}</ds:XPath></ds:Transform>{}",
        empty("Transform", ENVELOPED),
        empty("Transform", EXCLUSIVE)
    );
    let signed_info = format!(
        "<ds:SignedInfo>{}{}{}{}</ds:SignedInfo>",
        empty("CanonicalizationMethod", EXCLUSIVE),
        empty("SignatureMethod", method),
        reference("", &whole, &document),
        reference(&format!("#{id}-o"), &empty("Transform", EXCLUSIVE), &object_digest)
    );
    let digest = Sha256::digest(alone(&signed_info, "ds:SignedInfo")).to_vec();
    Ok(Place { digest, signed_info, object })
}

/// What the key really signed, for checking the signature that comes back.
pub fn signed_bytes(signed_info: &str) -> Vec<u8> {
    alone(signed_info, "ds:SignedInfo").into_bytes()
}

/// The signature value element as a timestamp hashes it. `signature` is DER for ECDSA, as keys give it.
pub fn value_element(signer: &Cert, signature: &[u8]) -> Option<String> {
    let value = if signer.has_rsa_key() { signature.to_vec() } else { ecdsa_raw(signature)? };
    Some(format!("<ds:SignatureValue>{}</ds:SignatureValue>", STANDARD.encode(value)))
}

pub fn stamped_bytes(value_element: &str) -> Vec<u8> {
    alone(value_element, "ds:SignatureValue").into_bytes()
}

/// The document with the signature before the end of its root.
pub fn fill(content: &[u8], field: &str, place: (&str, &str), value: &str, chain: &[Vec<u8>], token: &[u8], evidence: &Evidence) -> Result<Vec<u8>, SignFault> {
    let text = text(content)?;
    let at = closing_tag(text)?;
    let id = id_of(field);
    let list = |name: &str, items: &[Vec<u8>]| -> String { items.iter().map(|der| format!("<{name}>{}</{name}>", STANDARD.encode(der))).collect() };
    let group = |name: &str, inside: String| if inside.is_empty() { inside } else { format!("<{name}>{inside}</{name}>") };
    let revocation = group("xades:CRLValues", list("xades:EncapsulatedCRLValue", &evidence.crls))
        + &group("xades:OCSPValues", list("xades:EncapsulatedOCSPValue", &evidence.ocsps));
    let long_term = format!(
        "<ds:Object><xades:QualifyingProperties xmlns:xades=\"{XADES}\" Target=\"#{id}\"><xades:UnsignedProperties><xades:UnsignedSignatureProperties>\
         <xades:SignatureTimeStamp><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/><xades:EncapsulatedTimeStamp>{}</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>{}{}\
         </xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties></ds:Object>",
        STANDARD.encode(token),
        group("xades:CertificateValues", list("xades:EncapsulatedX509Certificate", &evidence.certificates)),
        group("xades:RevocationValues", revocation),
    );
    let (signed_info, object) = place;
    let key = format!("<ds:KeyInfo><ds:X509Data>{}</ds:X509Data></ds:KeyInfo>", list("ds:X509Certificate", chain));
    let signature = format!("<ds:Signature xmlns:ds=\"{DSIG}\" Id=\"{id}\">{signed_info}{value}{key}{object}{long_term}</ds:Signature>");
    Ok([&text[..at], &signature, &text[at..]].concat().into_bytes())
}

/// All signatures of a document with the evidence they carry; refuses what cannot be read, in Vietnamese.
pub fn read(content: &[u8]) -> Result<(Vec<Sighted>, Evidence), String> {
    let text = text(content).map_err(|f| f.to_string())?;
    let doc = parse(text).map_err(|f| f.to_string())?;
    let nodes = elements(&doc, DSIG, "Signature");
    if nodes.is_empty() {
        return Ok((Vec::new(), Evidence::default()));
    }
    let mut evidence = Evidence::default();
    let mut signatures = Vec::new();
    for node in &nodes {
        let mut seen = sighted(&doc, *node, &mut evidence);
        if let Err(problem) = holds(&doc, *node, &nodes, seen.signer.as_ref()) {
            seen.problem = problem.into();
        }
        signatures.push(seen);
    }
    Ok((signatures, evidence))
}

/// The mathematics hold, and it is the whole document that is signed, without a transform that hides a part of it.
fn holds(doc: &Document, signature: NodeId, all: &[NodeId], signer: Option<&Cert>) -> Result<(), &'static str> {
    let signer = signer.ok_or("Chữ ký không mang chứng thư của người ký.")?;
    let info = within(doc, signature, DSIG, "SignedInfo").into_iter().next().ok_or(UNREADABLE)?;
    let mut covers_whole = false;
    for reference in within(doc, info, DSIG, "Reference") {
        let (bytes, is_whole) = referenced(doc, reference, signature, all)?;
        let one = |name: &str| within(doc, reference, DSIG, name).into_iter().next();
        let digest = one("DigestMethod").and_then(|m| attribute(doc, m, "Algorithm")).and_then(|name| {
            let algorithm = match name.as_str() {
                SHA256 => names::SHA256,
                SHA384 => names::SHA384,
                SHA512 => names::SHA512,
                _ => return None,
            };
            proof::digest(&algorithm, &bytes)
        });
        let claimed = one("DigestValue").and_then(|v| decode(&text_in(doc, v)));
        if digest.ok_or(UNREADABLE)? != claimed.ok_or(UNREADABLE)? {
            return Err(crate::signed_data::CHANGED);
        }
        covers_whole |= is_whole;
    }
    if !covers_whole {
        return Err("Chữ ký không bao trùm cả tài liệu.");
    }
    // Whatever key the document offers besides, it is the certificate's that counts.
    if is_by(doc, signature, info, signer).unwrap_or(false) { Ok(()) } else { Err("Chữ ký không khớp với chứng thư của người ký.") }
}

/// The bytes that a reference hashes, and whether they are the whole document but its signatures.
fn referenced(doc: &Document, reference: NodeId, signature: NodeId, all: &[NodeId]) -> Result<(Vec<u8>, bool), &'static str> {
    let uri = attribute(doc, reference, "URI").unwrap_or_default();
    let target = match uri.strip_prefix('#') {
        None if uri.is_empty() => doc.root(),
        Some(id) => the_one_with(doc, id).ok_or("Chữ ký trỏ tới phần không có hoặc có nhiều hơn một.")?,
        None => return Err("Chữ ký trỏ ra ngoài tài liệu."),
    };
    let is_whole = target == doc.root() || doc.document_element() == Some(target);
    let mut set = if target == doc.root() { NodeSet::all_without_comments(doc) } else { NodeSet::tree_without_comments(target, doc) };
    let mut mode = C14nMode::Inclusive;
    for transform in within(doc, reference, DSIG, "Transform") {
        match attribute(doc, transform, "Algorithm").unwrap_or_default().as_str() {
            ENVELOPED => set = set.subtract(&NodeSet::tree_with_comments(signature, doc)),
            XPATH if within(doc, transform, DSIG, "XPath").first().is_some_and(|x| text_in(doc, *x).trim() == NOT_SIGNATURES) => {
                for one in all {
                    set = set.subtract(&NodeSet::tree_with_comments(*one, doc));
                }
            }
            name => mode = C14nMode::from_uri(name).ok_or("Chữ ký dùng phép biến đổi có thể che bớt nội dung.")?,
        }
    }
    let bytes = canonicalize_doc::<&str>(doc, mode, Some(&set), &[]).map_err(|_| UNREADABLE)?;
    Ok((bytes, is_whole))
}

/// The only element with this `Id`. Two with the same one are how signatures are moved to other content.
fn the_one_with(doc: &Document, id: &str) -> Option<NodeId> {
    let mut found = None;
    let mut waiting = vec![doc.root()];
    while let Some(node) = waiting.pop() {
        if ["Id", "ID", "id"].iter().any(|name| attribute(doc, node, name).as_deref() == Some(id)) && found.replace(node).is_some() {
            return None;
        }
        waiting.extend(doc.children_iter(node));
    }
    found
}

/// Does the certificate's key confirm SignedInfo?
fn is_by(doc: &Document, signature: NodeId, info: NodeId, signer: &Cert) -> Option<bool> {
    let one = |name: &str| within(doc, signature, DSIG, name).into_iter().next();
    let mode = C14nMode::from_uri(&attribute(doc, within(doc, info, DSIG, "CanonicalizationMethod").into_iter().next()?, "Algorithm")?)?;
    let message = canonicalize_doc::<&str>(doc, mode, Some(&NodeSet::tree_with_comments(info, doc)), &[]).ok()?;
    let value = decode(&text_in(doc, one("SignatureValue")?))?;
    Some(match attribute(doc, within(doc, info, DSIG, "SignatureMethod").into_iter().next()?, "Algorithm")?.as_str() {
        RSA_SHA256 => signer.signed(&names::RSA_SHA256, &message, &value),
        ECDSA_SHA256 => signer.signed(&names::ECDSA_SHA256, &message, &ecdsa_der(&value)),
        _ => false,
    })
}

fn sighted(doc: &Document, signature: NodeId, evidence: &mut Evidence) -> Sighted {
    let bytes = |space: &str, name: &str| -> Vec<Vec<u8>> { within(doc, signature, space, name).into_iter().filter_map(|n| decode(&text_in(doc, n))).collect() };
    let pool: Vec<Cert> = bytes(DSIG, "X509Certificate").iter().filter_map(|der| Cert::read(der)).collect();
    evidence.merge(&Evidence {
        certificates: bytes(XADES, "EncapsulatedX509Certificate"),
        ocsps: bytes(XADES, "EncapsulatedOCSPValue"),
        crls: bytes(XADES, "EncapsulatedCRLValue"),
    });
    let claimed = within(doc, signature, OWN, "SigningTime").first().and_then(|n| DateTime::parse_from_rfc3339(&text_in(doc, *n)).ok()).map(|t| t.to_utc());
    let id = attribute(doc, signature, "Id").unwrap_or_default();
    let value = within(doc, signature, DSIG, "SignatureValue").into_iter().next();
    let value = value.and_then(|node| canonicalize_doc::<&str>(doc, C14nMode::Exclusive, Some(&NodeSet::tree_with_comments(node, doc)), &[]).ok());
    let mut seen = Sighted { field: id.strip_prefix("ky-").unwrap_or(&id).to_owned(), claimed, ..Sighted::default() };
    // The certificate that signed is the one that issued none of the others.
    seen.signer = pool.iter().find(|c| !pool.iter().any(|other| other.issuer() == c.subject() && other.der != c.der)).or(pool.first()).cloned();
    if let (Some(der), Some(value)) = (bytes(XADES, "EncapsulatedTimeStamp").first(), value) {
        seen.timestamp = timestamp::read(der).filter(|token| token.stamps(&value));
    }
    seen.pool = pool;
    seen
}

fn text(content: &[u8]) -> Result<&str, SignFault> {
    if content.len() > LARGEST {
        return Err(bad("XML quá lớn"));
    }
    let text = std::str::from_utf8(content).map_err(|_| bad("XML không phải UTF-8"))?;
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err(bad("XML có khai báo DOCTYPE. Bỏ khai báo rồi ký lại"));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Document<'_>, SignFault> {
    uppsala::parse(text).map_err(|_| bad("XML không đúng cấu trúc"))
}

/// Where the root's closing tag begins. A document is well-formed by now, so the last one is the root's.
fn closing_tag(text: &str) -> Result<usize, SignFault> {
    let end = text.rfind("</").ok_or_else(|| bad("XML không có nội dung"))?;
    let behind = text[end..].split_once('>').map(|(_, rest)| rest).unwrap_or_default();
    if behind.contains('<') { Err(bad("XML có phần nằm sau gốc tài liệu")) } else { Ok(end) }
}

/// The document without its signatures, in exclusive canonical form.
fn canonical(doc: &Document, signatures: &[NodeId]) -> Option<Vec<u8>> {
    let mut set = NodeSet::all_without_comments(doc);
    for signature in signatures {
        set = set.subtract(&NodeSet::tree_with_comments(*signature, doc));
    }
    canonicalize_doc::<&str>(doc, C14nMode::Exclusive, Some(&set), &[]).ok()
}

/// An element of ours as it is canonical outside its parent: with the namespace declared on itself.
fn alone(element: &str, name: &str) -> String {
    element.replacen(&format!("<{name}"), &format!("<{name} xmlns:ds=\"{DSIG}\""), 1)
}

fn digest_of(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.split_whitespace().collect::<String>()).ok()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}

/// A name that XML allows, from the name of a field.
fn id_of(field: &str) -> String {
    let plain: String = field.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect();
    format!("ky-{plain}")
}

fn elements(doc: &Document, space: &str, name: &str) -> Vec<NodeId> {
    within(doc, doc.root(), space, name)
}

/// Elements below a node, in document order.
fn within(doc: &Document, from: NodeId, space: &str, name: &str) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut waiting: Vec<NodeId> = doc.children_iter(from).collect();
    waiting.reverse();
    while let Some(node) = waiting.pop() {
        if doc.element(node).is_some_and(|e| e.name.local_name.as_ref() == name && e.name.namespace_uri.as_deref() == Some(space)) {
            found.push(node);
        }
        let mut below: Vec<NodeId> = doc.children_iter(node).collect();
        below.reverse();
        waiting.extend(below);
    }
    found
}

fn attribute(doc: &Document, node: NodeId, name: &str) -> Option<String> {
    doc.element(node)?.get_attribute(name).map(str::to_owned)
}

fn text_in(doc: &Document, node: NodeId) -> String {
    doc.text_content_deep(node)
}

//! Certificates: of the authority's own parts, and of the people and houses it vouches for.

use super::{Authority, Kept, Part};
use anyhow::{Context, Result};
use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc};
use const_oid::ObjectIdentifier;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKeyChain};
use sha2::{Digest, Sha256};
use signing::asn::{bit_string, context, integer, octets, oid, sequence, set_of, small_integer, tlv};
use signing::{Cert, SoftKey, names};

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SUBJECT_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const AUTHORITY_ACCESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
const LIST_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");

/// Bits of the key usage extension, with the count of unused bits in front.
const FOR_CERTIFICATES: [u8; 2] = [0x01, 0x06];
const FOR_SIGNATURES: [u8; 2] = [0x06, 0xC0];
const FOR_ANSWERS: [u8; 2] = [0x07, 0x80];

/// Whom a certificate is for.
#[derive(Clone, Debug)]
pub struct Holder {
    pub name: String,
    /// A citizen's number (twelve digits) or a tax code, without `CCCD:` or `MST:`.
    pub id: String,
    pub organisation: String,
    pub title: String,
    /// Good for so many days; negative when it shall be expired already.
    pub days: i64,
    /// Good from this moment instead of an hour ago.
    pub from: Option<DateTime<Utc>>,
}

impl Default for Holder {
    fn default() -> Self {
        Holder { name: String::new(), id: String::new(), organisation: String::new(), title: String::new(), days: 365, from: None }
    }
}

/// A key pair with its certificate.
#[derive(Clone)]
pub struct IssuedKey {
    /// PKCS#12 with key and chain.
    pub p12: Vec<u8>,
    pub password: String,
    /// DER.
    pub certificate: Vec<u8>,
    /// Hexadecimal, for [`Authority::revoke`].
    pub serial: String,
    pub key: SoftKey,
}

impl std::fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedKey {}", self.serial)
    }
}

/// What goes into a certificate.
struct Wanted<'a> {
    subject: Vec<u8>,
    public_key: &'a [u8],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    extensions: Vec<Vec<u8>>,
}

/// Root, issuing authority, responder and timestamp authority: from what was kept, or new.
pub(super) fn parts(kept: &mut Kept, address: &str) -> Result<[Part; 4]> {
    let mut part = |name: &str, common_name: &str, issuer: Option<&Part>, extensions: Vec<Vec<u8>>| -> Result<Part> {
        if let Some((key, cert)) = kept.parts.get(name) {
            let key = SoftKey::from_pkcs8(&hex::decode(key)?).context("a kept key")?;
            return Ok(Part { key, cert: Cert::read(&hex::decode(cert)?).context("a kept certificate")? });
        }
        let key = SoftKey::generate()?;
        let public_key = key.public_key();
        let wanted = Wanted {
            subject: distinguished_name(&[(names::ORGANISATION, "Yba (giả lập)"), (names::COMMON_NAME, common_name)]),
            public_key: &public_key,
            from: Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).single().context("a date")?,
            to: Utc.with_ymd_and_hms(2046, 1, 1, 0, 0, 0).single().context("a date")?,
            extensions,
        };
        let cert = match issuer {
            Some(issuer) => certificate(&wanted, &issuer.key, &issuer.cert.subject_der(), issuer.cert.key_bits(), &serial())?,
            None => {
                let bits = spki_bits(&public_key)?;
                certificate(&wanted, &key, &wanted.subject, &bits, &serial())?
            }
        };
        kept.parts.insert(name.to_owned(), (hex::encode(key.to_pkcs8()), hex::encode(&cert)));
        Ok(Part { key, cert: Cert::read(&cert).context("a new certificate")? })
    };
    let authority = || vec![extension(&BASIC_CONSTRAINTS, true, &sequence(&[&[1, 1, 0xFF]])), usage(FOR_CERTIFICATES)];
    let root = part("root", "Gốc chứng thực giả lập Yba", None, authority())?;
    let mut of_issuing = authority();
    of_issuing.extend(addresses(address, "root"));
    let issuing = part("issuing", "Tổ chức chứng thực giả lập Yba", Some(&root), of_issuing)?;
    let answers = vec![
        usage(FOR_ANSWERS),
        extension(&EXTENDED_KEY_USAGE, false, &sequence(&[&oid(&names::FOR_OCSP)])),
        extension(&names::OCSP_NO_CHECK, false, &[5, 0]),
    ];
    let responder = part("responder", "Trả lời tình trạng chứng thư giả lập Yba", Some(&issuing), answers)?;
    let mut stamps = vec![usage(FOR_SIGNATURES), extension(&EXTENDED_KEY_USAGE, true, &sequence(&[&oid(&names::FOR_TIMESTAMPS)]))];
    stamps.extend(addresses(address, "issuing"));
    let stamper = part("stamper", "Cấp dấu thời gian giả lập Yba", Some(&issuing), stamps)?;
    for known in [&issuing, &stamper, &responder] {
        kept.issued.entry(known.cert.serial_hex()).or_insert_with(|| known.cert.common_name());
    }
    Ok([root, issuing, responder, stamper])
}

/// A certificate for the holder of `public_key`, and the issuing authority's.
pub(super) fn certify(authority: &Authority, holder: &Holder, public_key: &[u8]) -> Result<Vec<Vec<u8>>> {
    let now = authority.0.clock.now();
    let to = now + TimeDelta::days(holder.days);
    let from = holder.from.unwrap_or_else(|| now.min(to) - TimeDelta::hours(1));
    let prefix = if holder.id.len() == 12 { "CCCD" } else { "MST" };
    let id = if holder.id.is_empty() { String::new() } else { format!("{prefix}:{}", holder.id) };
    let subject = distinguished_name(&[
        (names::ORGANISATION, &holder.organisation),
        (names::TITLE, &holder.title),
        (names::COMMON_NAME, &holder.name),
        (names::USER_ID, &id),
    ]);
    let mut extensions = vec![extension(&BASIC_CONSTRAINTS, true, &sequence(&[])), usage(FOR_SIGNATURES)];
    extensions.extend(addresses(&authority.0.address, "issuing"));
    let wanted = Wanted { subject, public_key, from, to, extensions };
    let issuing = &authority.0.issuing;
    let serial = serial();
    let made = certificate(&wanted, &issuing.key, &issuing.cert.subject_der(), issuing.cert.key_bits(), &serial)?;
    let mut memory = authority.memory();
    memory.kept.issued.insert(hex::encode_upper(serial), holder.name.clone());
    authority.keep(&memory)?;
    Ok(vec![made, issuing.cert.der.clone()])
}

/// A new key with its certificate in a PKCS#12 file; the password is eight digits.
pub(super) fn issue(authority: &Authority, holder: &Holder) -> Result<IssuedKey> {
    issue_with(authority, holder, &format!("{:08}", rand::random::<u32>() % 100_000_000))
}

/// The same with a password that somebody has to remember.
pub(super) fn issue_with(authority: &Authority, holder: &Holder, password: &str) -> Result<IssuedKey> {
    let key = SoftKey::generate()?;
    let mut chain = certify(authority, holder, &key.public_key())?;
    chain.push(authority.root_der());
    let p12 = key_file(&key, &chain, &holder.name, password)?;
    let certificate = chain.swap_remove(0);
    let serial = Cert::read(&certificate).context("a new certificate")?.serial_hex();
    Ok(IssuedKey { p12, password: password.to_owned(), certificate, serial, key })
}

fn key_file(key: &SoftKey, chain: &[Vec<u8>], name: &str, password: &str) -> Result<Vec<u8>> {
    let certificates = chain.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    let mut store = KeyStore::new();
    let id = Sha256::digest(&chain[0])[..20].to_vec();
    store.add_entry(name, KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(key.to_pkcs8(), id, certificates)));
    Ok(store.writer(password).write()?)
}

/// PEM text of a certificate.
pub(super) fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|c| std::str::from_utf8(c).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn certificate(wanted: &Wanted, issuer_key: &SoftKey, issuer: &[u8], issuer_bits: &[u8], serial: &[u8]) -> Result<Vec<u8>> {
    let mut extensions = wanted.extensions.clone();
    let key_id = |bits: &[u8]| Sha256::digest(bits)[..20].to_vec();
    extensions.push(extension(&SUBJECT_KEY, false, &octets(&key_id(&spki_bits(wanted.public_key)?))));
    extensions.push(extension(&AUTHORITY_KEY, false, &sequence(&[&tlv(0x80, &key_id(issuer_bits))])));
    let tbs = sequence(&[
        &context(0, &small_integer(2)),
        &integer(serial),
        &issuer_key.algorithm(),
        issuer,
        &sequence(&[&moment(wanted.from), &moment(wanted.to)]),
        &wanted.subject,
        wanted.public_key,
        &context(3, &sequence(&extensions.iter().map(Vec::as_slice).collect::<Vec<_>>())),
    ]);
    let signature = issuer_key.sign(&tbs).context("the authority's key")?;
    Ok(sequence(&[&tbs, &issuer_key.algorithm(), &bit_string(&signature)]))
}

/// The key itself inside SubjectPublicKeyInfo.
fn spki_bits(spki: &[u8]) -> Result<Vec<u8>> {
    let parts = signing::asn::first(spki).and_then(|s| s.children()).context("a public key")?;
    Ok(parts.get(1).and_then(|bits| bits.body.get(1..)).context("a public key")?.to_vec())
}

pub(super) fn serial() -> [u8; 16] {
    let mut bytes: [u8; 16] = rand::random();
    bytes[0] = bytes[0] & 0x3F | 0x40;
    bytes
}

fn distinguished_name(parts: &[(ObjectIdentifier, &str)]) -> Vec<u8> {
    let mut all = set_of(vec![sequence(&[&oid(&names::COUNTRY), &tlv(0x13, b"VN")])]);
    for (id, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        all.extend(set_of(vec![sequence(&[&oid(id), &tlv(0x0C, value.as_bytes())])]));
    }
    tlv(0x30, &all)
}

/// UTCTime until 2049, as RFC 5280 wants it.
fn moment(at: DateTime<Utc>) -> Vec<u8> {
    if at.year() < 2050 { tlv(0x17, at.format("%y%m%d%H%M%SZ").to_string().as_bytes()) } else { signing::asn::time(at) }
}

fn extension(id: &ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xFF] } else { &[] };
    sequence(&[&oid(id), flag, &octets(value)])
}

fn usage(bits: [u8; 2]) -> Vec<u8> {
    extension(&KEY_USAGE, true, &tlv(0x03, &bits))
}

/// Where to ask about a certificate of this issuer, and where its list is.
fn addresses(address: &str, issuer: &str) -> Vec<Vec<u8>> {
    let location = |path: &str| tlv(0x86, format!("{address}/trust/{path}").as_bytes());
    let access = sequence(&[&sequence(&[&oid(&names::OCSP), &location("ocsp")])]);
    let list = sequence(&[&sequence(&[&context(0, &context(0, &location(&format!("{issuer}.crl"))))])]);
    vec![extension(&AUTHORITY_ACCESS, false, &access), extension(&LIST_ADDRESS, false, &list)]
}

//! The three steps of a signature, prepare → sign → finish, over the kinds of documents; sealing and verifying.

use crate::ask::Asker;
use crate::cms::{Parts, assemble, signed_attributes};
use crate::keys::token::ecdsa_der;
use crate::pdf::field::{self, Wanted};
use crate::pdf::file::Pdf;
use crate::pdf::{dss, verify as reading};
use crate::revocation::Evidence;
use crate::{Cert, asn, names, xml};
use base::sign::{Certificate, Kind, Prepared, SignFault, Verdict, Work};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Room for what a timestamp authority answers, its chain included.
const TOKEN_ROOM: usize = 10 * 1024;
/// Room for attributes, the signature itself and the wrapping around them.
const WRAPPING_ROOM: usize = 2 * 1024;

/// What the engine remembers between preparing and finishing.
#[derive(Serialize, Deserialize)]
struct State {
    /// DER, hexadecimal, the signer's own first.
    chain: Vec<String>,
    evidence: Evidence,
    field: String,
    place: Spot,
}

#[derive(Serialize, Deserialize)]
enum Spot {
    Pdf { attributes: String, from: usize, digits: usize },
    Xml { signed_info: String, object: String },
}

fn broken() -> SignFault {
    SignFault::BadDocument("bản chờ ký bị hỏng, hãy chuẩn bị lại".into())
}

/// Checks the certificate and lays the signature's place.
pub async fn prepare(asker: &Asker, certificate: &Certificate, work: &Work, at: DateTime<Utc>) -> Result<Prepared, SignFault> {
    let all: Vec<Cert> = certificate.chain.iter().filter_map(|der| Cert::read(der)).collect();
    let signer = all.first().ok_or(SignFault::NoKey)?;
    if !signer.is_for_signing() {
        return Err(SignFault::Untrusted);
    }
    let (way, evidence) = asker.check(signer, &all, at).await?;
    // The root itself is what readers must have already.
    let chain: Vec<Vec<u8>> = way[..way.len() - 1].iter().map(|c| c.der.clone()).collect();
    let keep = |place: Spot| {
        let state = State { chain: chain.iter().map(hex::encode).collect(), evidence, field: work.field.clone(), place };
        serde_json::to_vec(&state).map_err(|_| broken())
    };
    match work.kind {
        Kind::Pdf => {
            let room = TOKEN_ROOM + WRAPPING_ROOM + chain.iter().map(Vec::len).sum::<usize>();
            let (bytes, stamp) = (work.content.clone(), work.stamp.clone());
            let (name, field, reason, place_name) = (signer.common_name(), work.field.clone(), work.reason.clone(), work.place.clone());
            let place = apart(move || {
                let pdf = Pdf::open(bytes)?;
                let wanted = Wanted {
                    field: &field,
                    sub_filter: "ETSI.CAdES.detached",
                    name: &name,
                    reason: &reason,
                    place: &place_name,
                    at: Some(at),
                    stamp: stamp.as_ref(),
                    room,
                };
                field::reserve(&pdf, &wanted)
            })
            .await?;
            let attributes = signed_attributes(&names::DATA, &place.digest, &signer.der);
            let digest = Sha256::digest(&attributes).to_vec();
            let state = keep(Spot::Pdf { attributes: hex::encode(attributes), from: place.from, digits: place.digits })?;
            Ok(Prepared { digest, content: place.bytes, state, kind: Kind::Pdf })
        }
        Kind::Xml => {
            let place = xml::reserve(work, signer, at)?;
            let state = keep(Spot::Xml { signed_info: place.signed_info, object: place.object })?;
            Ok(Prepared { digest: place.digest, content: work.content.clone(), state, kind: Kind::Xml })
        }
    }
}

/// Puts the signature in with its timestamp and evidence. Refuses a signature that the certificate's key did not make.
pub async fn finish(asker: &Asker, prepared: Prepared, signature: Vec<u8>) -> Result<Vec<u8>, SignFault> {
    let state: State = serde_json::from_slice(&prepared.state).map_err(|_| broken())?;
    let chain = state.chain.iter().map(hex::decode).collect::<Result<Vec<_>, _>>().map_err(|_| broken())?;
    let signer = chain.first().and_then(|der| Cert::read(der)).ok_or_else(broken)?;
    // Some tokens give two bare numbers where DER is wanted.
    let signature = if !signer.has_rsa_key() && signature.len() == 64 && asn::read(&signature).is_none_or(|(_, rest)| !rest.is_empty()) {
        ecdsa_der(&signature)
    } else {
        signature
    };
    let kind = if signer.has_rsa_key() { names::RSA_SHA256 } else { names::ECDSA_SHA256 };
    let by_signer = |message: &[u8]| {
        if signer.signed(&kind, message, &signature) { Ok(()) } else { Err(SignFault::BadDocument("chữ ký không do khóa của chứng thư này tạo ra".into())) }
    };
    let mut evidence = state.evidence;
    match state.place {
        Spot::Pdf { attributes, from, digits } => {
            let attributes = hex::decode(attributes).map_err(|_| broken())?;
            by_signer(&attributes)?;
            if from == 0 || from + digits + 1 > prepared.content.len() {
                return Err(broken());
            }
            let (token, of_stamp) = asker.stamp(&Sha256::digest(&signature)).await?;
            evidence.merge(&of_stamp);
            let cms = assemble(&Parts {
                content_type: &names::DATA,
                content: None,
                chain: &chain,
                attributes: &attributes,
                algorithm: &signer.signature_algorithm(),
                signature: &signature,
                timestamp: Some(&token.der),
            })
            .ok_or_else(broken)?;
            apart(move || {
                let bytes = field::fill(prepared.content, from, digits, &cms)?;
                let contents = hex::decode(&bytes[from..from + digits]).map_err(|_| broken())?;
                dss::add(bytes, &evidence, &[&contents])
            })
            .await
        }
        Spot::Xml { signed_info, object } => {
            by_signer(&xml::signed_bytes(&signed_info))?;
            let value = xml::value_element(&signer, &signature).ok_or_else(broken)?;
            let (token, of_stamp) = asker.stamp(&Sha256::digest(xml::stamped_bytes(&value))).await?;
            evidence.merge(&of_stamp);
            xml::fill(&prepared.content, &state.field, (&signed_info, &object), &value, &chain, &token.der, &evidence)
        }
    }
}

/// Adds fresh evidence about everybody who signed, and a timestamp over the whole document.
pub async fn seal_for_archive(asker: &Asker, pdf: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, SignFault> {
    let bytes = pdf.to_vec();
    let reading = apart(move || reading::read(bytes).map_err(SignFault::BadDocument)).await?;
    if reading.signatures.is_empty() {
        return Err(SignFault::BadDocument("tài liệu chưa có chữ ký nào".into()));
    }
    for seen in &reading.signatures {
        let verdict = asker.judge(seen, &reading.evidence, at).await;
        if !verdict.problem.is_empty() || !reading.covers_whole {
            return Err(SignFault::BadDocument(format!("chữ ký {} không còn đúng. {}", seen.field, verdict.problem)));
        }
    }
    // The authority's own state is asked before its stamp, so that the stamp covers the answer as well.
    let (_, evidence) = asker.stamp(&Sha256::digest(pdf)).await?;
    let bytes = pdf.to_vec();
    let place = apart(move || {
        let pdf = Pdf::open(dss::add(bytes, &evidence, &[])?)?;
        let count = pdf.fields().len();
        let field = format!("dau_thoi_gian_{}", count + 1);
        let wanted = Wanted { field: &field, sub_filter: "ETSI.RFC3161", name: "", reason: "", place: "", at: None, stamp: None, room: TOKEN_ROOM };
        field::reserve(&pdf, &wanted)
    })
    .await?;
    let (token, _) = asker.stamp(&place.digest).await?;
    field::fill(place.bytes, place.from, place.digits, &token.der)
}

/// What an honest reader finds.
pub async fn verify(asker: &Asker, content: &[u8], kind: Kind, at: DateTime<Utc>) -> Verdict {
    let bytes = content.to_vec();
    let read = tokio::task::spawn_blocking(move || match kind {
        Kind::Pdf => reading::read(bytes).map(|r| (r.signatures, r.evidence, r.covers_whole)),
        Kind::Xml => xml::read(&bytes).map(|(signatures, evidence)| {
            let covers = !signatures.is_empty();
            (signatures, evidence, covers)
        }),
    })
    .await;
    let (seen, evidence, covers_whole) = match read {
        Ok(Ok(found)) => found,
        Ok(Err(unreadable)) => return Verdict { unreadable, ..Verdict::default() },
        Err(_) => return Verdict { unreadable: "Tệp không đọc được.".into(), ..Verdict::default() },
    };
    let mut verdict = Verdict { covers_whole, ..Verdict::default() };
    for one in &seen {
        verdict.signatures.push(asker.judge(one, &evidence, at).await);
    }
    verdict
}

/// Heavy work, away from the threads that answer pages.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, SignFault> + Send + 'static) -> Result<T, SignFault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(broken()))
}

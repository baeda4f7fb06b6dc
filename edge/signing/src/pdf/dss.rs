//! The document security store: certificates, answers and lists beside the signatures (ETSI EN 319 142-1, 5.4), so that
//! they can be verified when their authorities are long gone.

use super::file::Pdf;
use super::update::{Update, packed};
use crate::proof;
use crate::revocation::Evidence;
use base::sign::SignFault;
use lopdf::{Dictionary, Object, ObjectId};

/// Adds evidence to a document; what it carries already is not added again. `contents` are the places of the
/// signatures that the evidence is about, zeros included, by whose SHA-1 readers look it up.
pub fn add(bytes: Vec<u8>, evidence: &Evidence, contents: &[&[u8]]) -> Result<Vec<u8>, SignFault> {
    let pdf = Pdf::read(bytes)?;
    let mut update = Update::new(&pdf);
    let root = pdf.root()?;
    let mut catalog = update.dictionary(root)?;
    let (id, mut store) = match catalog.get(b"DSS").cloned() {
        Ok(Object::Reference(id)) => (Some(id), update.dictionary(id)?),
        Ok(Object::Dictionary(dict)) => (None, dict),
        _ => (None, Dictionary::new()),
    };
    store.set("Type", Object::Name(b"DSS".to_vec()));
    let mut index = Dictionary::new();
    for (key, of_index, items) in [("Certs", "Cert", &evidence.certificates), ("OCSPs", "OCSP", &evidence.ocsps), ("CRLs", "CRL", &evidence.crls)] {
        let known = streams(&pdf, &store, key);
        let mut all: Vec<Object> = known.iter().map(|(id, _)| Object::Reference(*id)).collect();
        let mut mine: Vec<Object> = Vec::new();
        for item in items {
            let place = match known.iter().find(|(_, bytes)| bytes == item) {
                Some((id, _)) => *id,
                None => {
                    let id = update.add(packed(Dictionary::new(), item.clone()));
                    all.push(id.into());
                    id
                }
            };
            mine.push(place.into());
        }
        if !all.is_empty() {
            store.set(key, all);
        }
        if !mine.is_empty() {
            index.set(of_index, mine);
        }
    }
    if !contents.is_empty() {
        let mut by_signature = pdf.dict(&store, b"VRI").cloned().unwrap_or_default();
        let entry = update.add(index);
        for one in contents {
            by_signature.set(hex::encode_upper(proof::sha1(one)), entry);
        }
        let place = update.add(by_signature);
        store.set("VRI", place);
    }
    match id {
        Some(id) => update.change(id, store),
        None => {
            let place = update.add(store);
            catalog.set("DSS", place);
            update.change(root, catalog);
        }
    }
    Ok(update.write().bytes)
}

/// All evidence that a document carries.
pub fn read(pdf: &Pdf) -> Evidence {
    let Some(store) = pdf.doc.catalog().ok().and_then(|c| pdf.dict(c, b"DSS")) else { return Evidence::default() };
    let all = |key: &str| streams(pdf, store, key).into_iter().map(|(_, bytes)| bytes).collect();
    Evidence { certificates: all("Certs"), ocsps: all("OCSPs"), crls: all("CRLs") }
}

fn streams(pdf: &Pdf, store: &Dictionary, key: &str) -> Vec<(ObjectId, Vec<u8>)> {
    let Some(listed) = pdf.value(store, key.as_bytes()).and_then(|l| l.as_array().ok()) else { return Vec::new() };
    let mut found = Vec::new();
    for id in listed.iter().filter_map(|one| one.as_reference().ok()) {
        if let Ok(stream) = pdf.doc.get_object(id).and_then(Object::as_stream) {
            if let Ok(bytes) = stream.get_plain_content_with_limit(8 * 1024 * 1024) {
                found.push((id, bytes));
            }
        }
    }
    found
}

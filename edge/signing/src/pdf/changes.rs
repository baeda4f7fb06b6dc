//! What was added behind a signature? More signatures, timestamps and their evidence are expected; everything else
//! changes what people read.

use super::file::Pdf;
use lopdf::{Dictionary, Object, ObjectId};
use std::collections::BTreeSet;

/// Is the newer document the older one plus signatures and their evidence, and nothing else?
pub fn are_harmless(old: &Pdf, new: &Pdf) -> bool {
    compare(old, new).unwrap_or(false)
}

fn compare(old: &Pdf, new: &Pdf) -> Option<bool> {
    let root = old.root().ok()?;
    if new.root().ok()? != root {
        return Some(false);
    }
    // Numbers whose content may differ, and how.
    let pages: BTreeSet<ObjectId> = old.doc.get_pages().into_values().collect();
    let catalog = old.catalog().ok()?;
    let form = reference(catalog, b"AcroForm");
    let fields = old.dict(catalog, b"AcroForm").and_then(|f| reference(f, b"Fields"));
    let store = reference(catalog, b"DSS");
    let index = old.dict(catalog, b"DSS").and_then(|s| reference(s, b"VRI"));
    let lists: BTreeSet<ObjectId> = pages.iter().filter_map(|page| reference(old.doc.get_dictionary(*page).ok()?, b"Annots")).collect();
    for (id, before) in &old.doc.objects {
        let Some(after) = new.doc.objects.get(id) else {
            // Sections of the file itself are not part of what people read.
            if is_structure(before) {
                continue;
            }
            return Some(false);
        };
        if is_structure(before) || same(before, after) {
            continue;
        }
        let allowed = if *id == root {
            same_but(before, after, &["AcroForm", "DSS", "Extensions"]) && form_grew(old, new)
        } else if form == Some(*id) {
            form_grew(old, new)
        } else if fields == Some(*id) {
            grew(new, before, after)
        } else if store == Some(*id) || index == Some(*id) {
            true
        } else if pages.contains(id) {
            same_but(before, after, &["Annots"]) && annotations_grew(old, new, before, after)
        } else if lists.contains(id) {
            grew(new, before, after)
        } else {
            was_signed(new, before, after)
        };
        if !allowed {
            return Some(false);
        }
    }
    Some(true)
}

fn reference(dict: &Dictionary, key: &[u8]) -> Option<ObjectId> {
    dict.get(key).ok()?.as_reference().ok()
}

/// Cross-reference and object streams.
fn is_structure(object: &Object) -> bool {
    let kind = object.as_stream().ok().and_then(|s| s.dict.get(b"Type").and_then(Object::as_name).ok());
    matches!(kind, Some(b"XRef" | b"ObjStm"))
}

fn same(a: &Object, b: &Object) -> bool {
    match (a, b) {
        // Where a stream lies in the file is not what it says.
        (Object::Stream(a), Object::Stream(b)) => a.dict == b.dict && a.content == b.content,
        _ => a == b,
    }
}

/// Two dictionaries that differ at most in these keys.
fn same_but(a: &Object, b: &Object, keys: &[&str]) -> bool {
    let (Ok(a), Ok(b)) = (a.as_dict(), b.as_dict()) else { return false };
    let rest = |dict: &Dictionary| {
        let mut copy = dict.clone();
        for key in keys {
            copy.remove(key.as_bytes());
        }
        copy
    };
    rest(a) == rest(b)
}

/// The form kept everything it had, and its new fields are signatures.
fn form_grew(old: &Pdf, new: &Pdf) -> bool {
    let form = |pdf: &Pdf| pdf.doc.catalog().ok().and_then(|c| pdf.dict(c, b"AcroForm")).cloned();
    let Some(after) = form(new) else { return form(old).is_none() };
    let before = form(old).unwrap_or_default();
    let rest = |dict: &Dictionary| {
        let mut copy = dict.clone();
        copy.remove(b"Fields");
        copy.remove(b"SigFlags");
        copy
    };
    let list = |pdf: &Pdf, dict: &Dictionary| pdf.value(dict, b"Fields").cloned().unwrap_or(Object::Array(Vec::new()));
    rest(&before) == rest(&after) && grew(new, &list(old, &before), &list(new, &after))
}

fn annotations_grew(old: &Pdf, new: &Pdf, before: &Object, after: &Object) -> bool {
    let list = |pdf: &Pdf, page: &Object| page.as_dict().ok().and_then(|d| pdf.value(d, b"Annots").cloned()).unwrap_or(Object::Array(Vec::new()));
    grew(new, &list(old, before), &list(new, after))
}

/// The second list begins like the first and goes on with signature fields only.
fn grew(new: &Pdf, before: &Object, after: &Object) -> bool {
    let (Ok(before), Ok(after)) = (before.as_array(), after.as_array()) else { return false };
    after.len() >= before.len() && after[..before.len()] == before[..] && after[before.len()..].iter().all(|one| is_signature_field(new, one))
}

fn is_signature_field(pdf: &Pdf, object: &Object) -> bool {
    let Ok((_, object)) = pdf.doc.dereference(object) else { return false };
    object.as_dict().is_ok_and(|dict| dict.get(b"FT").and_then(Object::as_name).is_ok_and(|kind| kind == b"Sig"))
}

/// An empty signature field that got its signature.
fn was_signed(new: &Pdf, before: &Object, after: &Object) -> bool {
    before.as_dict().is_ok_and(|dict| !dict.has(b"V"))
        && is_signature_field(new, before)
        && same_but(before, after, &["V", "AP", "Rect", "Contents"])
}

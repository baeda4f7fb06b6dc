//! A place for a signature: the field, its look on paper, and room for the signature that is not there yet.

use super::file::Pdf;
use super::stamp;
use super::update::Update;
use base::sign::{SignFault, Stamp};
use chrono::{DateTime, FixedOffset, Utc};
use lopdf::{Dictionary, Object, ObjectId, StringFormat, text_string};
use sha2::{Digest, Sha256};

/// What is known of a signature before it is made.
pub struct Wanted<'a> {
    pub field: &'a str,
    pub sub_filter: &'a str,
    pub name: &'a str,
    pub reason: &'a str,
    pub place: &'a str,
    /// The signer's claim; `None` for a document timestamp, which brings its own.
    pub at: Option<DateTime<Utc>>,
    pub stamp: Option<&'a Stamp>,
    /// Bytes to reserve.
    pub room: usize,
}

/// A document with an empty place, and the digest of everything around it.
pub struct Place {
    pub bytes: Vec<u8>,
    /// Where the hexadecimal digits begin, and how many there are.
    pub from: usize,
    pub digits: usize,
    pub digest: Vec<u8>,
}

fn bad(reason: &str) -> SignFault {
    SignFault::BadDocument(reason.into())
}

/// Adds the field. Refuses a field that has its signature already, a page that is not there, and a document whose
/// first signer forbade every change.
pub fn reserve(pdf: &Pdf, wanted: &Wanted) -> Result<Place, SignFault> {
    refuse_locked(pdf)?;
    let known = pdf.fields().into_iter().find(|(_, dict)| dict.get(b"T").ok().and_then(|t| lopdf::decode_text_string(t).ok()).as_deref() == Some(wanted.field));
    if known.as_ref().is_some_and(|(_, dict)| dict.has(b"V") || dict.get(b"FT").and_then(Object::as_name).ok() != Some(b"Sig".as_slice())) {
        return Err(bad(&format!("ô ký {} đã dùng", wanted.field)));
    }
    let known = known.map(|(id, dict)| (id, dict.clone()));
    let mut update = Update::new(pdf);
    let signature = update.add(signature(wanted));
    let number = wanted.stamp.map_or(1, |s| s.page);
    let page = pdf.doc.get_pages().get(&number).copied().ok_or_else(|| bad(&format!("không có trang {number}")))?;
    let mut widget = known.as_ref().map(|(_, dict)| dict.clone()).unwrap_or_else(|| new_widget(wanted.field, page));
    widget.set("V", signature);
    if let Some(stamp) = wanted.stamp {
        let look = stamp::appearance(&mut update, stamp)?;
        widget.set("Rect", rect(stamp));
        let mut looks = Dictionary::new();
        looks.set("N", look);
        widget.set("AP", looks);
        widget.set("Contents", text_string(&stamp.lines.join("\n")));
    }
    match known {
        Some((id, _)) => update.change(id, widget),
        None => {
            let id = update.add(widget);
            hang_on_page(&mut update, page, id)?;
            enter_in_form(&mut update, id)?;
        }
    }
    let written = update.write();
    let at = *written.offsets.get(&signature.0).ok_or_else(|| bad("cấu trúc PDF hỏng"))?;
    fill_range(written.bytes, at, wanted.room * 2)
}

/// Puts the signature into its place.
pub fn fill(mut bytes: Vec<u8>, from: usize, digits: usize, signature: &[u8]) -> Result<Vec<u8>, SignFault> {
    let text = hex::encode(signature);
    if text.len() > digits || from + digits > bytes.len() {
        return Err(bad("chữ ký dài hơn chỗ đã dành"));
    }
    bytes[from..from + text.len()].copy_from_slice(text.as_bytes());
    Ok(bytes)
}

/// The bytes around a place, joined.
pub fn around(bytes: &[u8], from: usize, digits: usize) -> Vec<u8> {
    [&bytes[..from - 1], &bytes[from + digits + 1..]].concat()
}

fn signature(wanted: &Wanted) -> Dictionary {
    let mut dict = Dictionary::new();
    let is_stamp = wanted.sub_filter == "ETSI.RFC3161";
    dict.set("Type", Object::Name(if is_stamp { b"DocTimeStamp".to_vec() } else { b"Sig".to_vec() }));
    dict.set("Filter", Object::Name(b"Adobe.PPKLite".to_vec()));
    dict.set("SubFilter", Object::Name(wanted.sub_filter.into()));
    // Ten digits each, so that the true numbers fit in later.
    dict.set("ByteRange", vec![0.into(), 9_999_999_999i64.into(), 9_999_999_999i64.into(), 9_999_999_999i64.into()]);
    dict.set("Contents", Object::String(vec![0; wanted.room], StringFormat::Hexadecimal));
    if let Some(at) = wanted.at {
        dict.set("M", Object::string_literal(pdf_time(at)));
    }
    for (key, text) in [("Name", wanted.name), ("Reason", wanted.reason), ("Location", wanted.place)] {
        if !text.is_empty() {
            dict.set(key, text_string(text));
        }
    }
    dict
}

/// In Vietnam's time.
fn pdf_time(at: DateTime<Utc>) -> String {
    let offset = FixedOffset::east_opt(7 * 3600).unwrap_or_else(|| FixedOffset::east_opt(0).expect("no offset"));
    at.with_timezone(&offset).format("D:%Y%m%d%H%M%S+07'00'").to_string()
}

/// Field and widget in one. Printed, locked, and of no size until somebody gives it a look (PDF/A-2, 6.3).
fn new_widget(field: &str, page: ObjectId) -> Dictionary {
    let mut widget = Dictionary::new();
    widget.set("Type", Object::Name(b"Annot".to_vec()));
    widget.set("Subtype", Object::Name(b"Widget".to_vec()));
    widget.set("FT", Object::Name(b"Sig".to_vec()));
    widget.set("T", text_string(field));
    widget.set("F", 132);
    widget.set("P", page);
    widget.set("Rect", vec![0.into(), 0.into(), 0.into(), 0.into()]);
    widget
}

fn rect(stamp: &Stamp) -> Vec<Object> {
    [stamp.left, stamp.bottom, stamp.left + stamp.width, stamp.bottom + stamp.height].into_iter().map(Object::Real).collect()
}

fn hang_on_page(update: &mut Update, page: ObjectId, widget: ObjectId) -> Result<(), SignFault> {
    let mut dict = update.dictionary(page)?;
    match dict.get(b"Annots").cloned() {
        Ok(Object::Reference(list)) => {
            let mut all = update.pdf.doc.get_object(list).and_then(Object::as_array).cloned().map_err(|_| bad("cấu trúc PDF hỏng"))?;
            all.push(widget.into());
            update.change(list, all);
        }
        Ok(Object::Array(mut all)) => {
            all.push(widget.into());
            dict.set("Annots", all);
            update.change(page, dict);
        }
        _ => {
            dict.set("Annots", vec![Object::Reference(widget)]);
            update.change(page, dict);
        }
    }
    Ok(())
}

fn enter_in_form(update: &mut Update, field: ObjectId) -> Result<(), SignFault> {
    let root = update.pdf.root()?;
    let mut catalog = update.dictionary(root)?;
    let (form_id, mut form) = match catalog.get(b"AcroForm").cloned() {
        Ok(Object::Reference(id)) => (Some(id), update.dictionary(id)?),
        Ok(Object::Dictionary(dict)) => (None, dict),
        _ => (None, Dictionary::new()),
    };
    let fields_id = match form.get(b"Fields").cloned() {
        Ok(Object::Reference(id)) => {
            let mut all = update.pdf.doc.get_object(id).and_then(Object::as_array).cloned().map_err(|_| bad("cấu trúc PDF hỏng"))?;
            all.push(field.into());
            update.change(id, all);
            Some(id)
        }
        Ok(Object::Array(mut all)) => {
            all.push(field.into());
            form.set("Fields", all);
            None
        }
        _ => {
            form.set("Fields", vec![Object::Reference(field)]);
            None
        }
    };
    // Signatures are there, and the document may only grow.
    let is_ready = form.get(b"SigFlags").and_then(Object::as_i64).is_ok_and(|flags| flags & 3 == 3);
    form.set("SigFlags", 3);
    match form_id {
        Some(id) if fields_id.is_none() || !is_ready => update.change(id, form),
        Some(_) => {}
        None => {
            catalog.set("AcroForm", form);
            update.change(root, catalog);
        }
    }
    Ok(())
}

/// A certification that allows no changes at all (DocMDP, P 1).
fn refuse_locked(pdf: &Pdf) -> Result<(), SignFault> {
    let level = || -> Option<i64> {
        let permissions = pdf.dict(pdf.doc.catalog().ok()?, b"Perms")?;
        let certified = pdf.dict(permissions, b"DocMDP")?;
        let reference = pdf.value(certified, b"Reference")?.as_array().ok()?.first()?;
        let (_, reference) = pdf.doc.dereference(reference).ok()?;
        let parameters = pdf.dict(reference.as_dict().ok()?, b"TransformParams")?;
        Some(pdf.value(parameters, b"P").and_then(|p| p.as_i64().ok()).unwrap_or(2))
    };
    if level() == Some(1) { Err(bad("người ký đầu tiên không cho phép thêm chữ ký")) } else { Ok(()) }
}

/// Writes the true ByteRange over the reserved one and hashes what it covers.
fn fill_range(mut bytes: Vec<u8>, object: usize, digits: usize) -> Result<Place, SignFault> {
    let find = |needle: &[u8], after: usize| bytes[after..].windows(needle.len()).position(|w| w == needle).map(|at| after + at);
    let range = find(b"/ByteRange", object).and_then(|at| find(b"[", at)).ok_or_else(|| bad("cấu trúc PDF hỏng"))?;
    let range_end = find(b"]", range).ok_or_else(|| bad("cấu trúc PDF hỏng"))?;
    let from = find(b"/Contents", range_end).and_then(|at| find(b"<", at)).ok_or_else(|| bad("cấu trúc PDF hỏng"))? + 1;
    let after = from + digits + 1;
    let text = format!("[0 {} {} {}", from - 1, after, bytes.len() - after);
    let room = range_end - range;
    if text.len() > room || bytes.get(after - 1) != Some(&b'>') {
        return Err(bad("cấu trúc PDF hỏng"));
    }
    bytes[range..range_end].copy_from_slice(format!("{text:<room$}").as_bytes());
    let digest = Sha256::digest(around(&bytes, from, digits)).to_vec();
    Ok(Place { bytes, from, digits, digest })
}

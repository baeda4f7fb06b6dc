//! An incremental update: what is there stays byte for byte, new and changed objects follow behind it with a
//! cross-reference section of the same kind as the last one.

use super::file::Pdf;
use base::sign::SignFault;
use lopdf::{Dictionary, Object, ObjectId, Stream, StringFormat, Writer};
use std::collections::BTreeMap;

/// Objects that will be appended to a document.
pub struct Update<'a> {
    pub pdf: &'a Pdf,
    objects: BTreeMap<u32, (u16, Object)>,
    next: u32,
}

/// A document with its update, and where each new object begins.
pub struct Written {
    pub bytes: Vec<u8>,
    pub offsets: BTreeMap<u32, usize>,
}

impl<'a> Update<'a> {
    pub fn new(pdf: &'a Pdf) -> Update<'a> {
        Update { pdf, objects: BTreeMap::new(), next: pdf.size() }
    }

    /// Adds an object and gives its number.
    pub fn add(&mut self, object: impl Into<Object>) -> ObjectId {
        let id = (self.next, 0);
        self.next += 1;
        self.objects.insert(id.0, (0, object.into()));
        id
    }

    /// Puts a new version of an object in the place of the old one.
    pub fn change(&mut self, id: ObjectId, object: impl Into<Object>) {
        self.objects.insert(id.0, (id.1, object.into()));
    }

    /// The dictionary as this update has it, or as the document had it.
    pub fn dictionary(&self, id: ObjectId) -> Result<Dictionary, SignFault> {
        if let Some((_, object)) = self.objects.get(&id.0) {
            return object.as_dict().cloned().map_err(|_| SignFault::BadDocument("cấu trúc PDF hỏng".into()));
        }
        self.pdf.doc.get_dictionary(id).cloned().map_err(|_| SignFault::BadDocument("cấu trúc PDF hỏng".into()))
    }

    /// Writes the document with the update behind it.
    pub fn write(mut self) -> Written {
        let mut bytes = self.pdf.bytes.clone();
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let mut offsets = BTreeMap::new();
        for (id, (generation, object)) in &self.objects {
            offsets.insert(*id, bytes.len());
            write_object(&mut bytes, *id, *generation, object);
        }
        let xref_at = bytes.len();
        let mut trailer = self.trailer();
        if self.pdf.has_xref_stream {
            let own = self.next;
            self.next += 1;
            trailer.set("Size", i64::from(self.next));
            offsets.insert(own, xref_at);
            let stream = self.xref_stream(&offsets, trailer);
            write_object(&mut bytes, own, 0, &Object::Stream(stream));
        } else {
            trailer.set("Size", i64::from(self.next));
            self.write_table(&mut bytes, &offsets);
            bytes.extend_from_slice(b"trailer\n");
            write_value(&mut bytes, &Object::Dictionary(trailer));
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(format!("startxref\n{xref_at}\n%%EOF\n").as_bytes());
        Written { bytes, offsets }
    }

    /// What a trailer must carry on; both halves of the document's identity, the second one new.
    fn trailer(&self) -> Dictionary {
        let old = &self.pdf.doc.trailer;
        let mut trailer = Dictionary::new();
        for key in ["Root", "Info"] {
            if let Ok(value) = old.get(key.as_bytes()) {
                trailer.set(key, value.clone());
            }
        }
        let fresh: [u8; 16] = rand::random();
        let fresh = Object::String(fresh.to_vec(), StringFormat::Hexadecimal);
        let first = old.get(b"ID").and_then(Object::as_array).ok().and_then(|id| id.first().cloned()).unwrap_or_else(|| fresh.clone());
        trailer.set("ID", vec![first, fresh]);
        trailer.set("Prev", self.pdf.startxref as i64);
        trailer
    }

    fn write_table(&self, bytes: &mut Vec<u8>, offsets: &BTreeMap<u32, usize>) {
        bytes.extend_from_slice(b"xref\n");
        for (first, run) in runs(offsets) {
            bytes.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
            for (id, offset) in run {
                let generation = self.objects.get(&id).map_or(0, |(g, _)| *g);
                bytes.extend_from_slice(format!("{offset:010} {generation:05} n\r\n").as_bytes());
            }
        }
    }

    fn xref_stream(&self, offsets: &BTreeMap<u32, usize>, mut dict: Dictionary) -> Stream {
        let mut index: Vec<Object> = Vec::new();
        let mut content = Vec::new();
        for (first, run) in runs(offsets) {
            index.push(i64::from(first).into());
            index.push((run.len() as i64).into());
            for (id, offset) in run {
                let generation = self.objects.get(&id).map_or(0, |(g, _)| *g);
                content.push(1);
                content.extend_from_slice(&(offset as u32).to_be_bytes());
                content.extend_from_slice(&generation.to_be_bytes());
            }
        }
        dict.set("Type", Object::Name(b"XRef".to_vec()));
        dict.set("W", vec![1.into(), 4.into(), 2.into()]);
        dict.set("Index", index);
        Stream::new(dict, content)
    }
}

/// Runs of numbers without a gap.
fn runs(offsets: &BTreeMap<u32, usize>) -> Vec<(u32, Vec<(u32, usize)>)> {
    let mut all: Vec<(u32, Vec<(u32, usize)>)> = Vec::new();
    for (&id, &offset) in offsets {
        match all.last_mut() {
            Some((first, run)) if *first + run.len() as u32 == id => run.push((id, offset)),
            _ => all.push((id, vec![(id, offset)])),
        }
    }
    all
}

fn write_object(bytes: &mut Vec<u8>, id: u32, generation: u16, object: &Object) {
    bytes.extend_from_slice(format!("{id} {generation} obj\n").as_bytes());
    write_value(bytes, object);
    bytes.extend_from_slice(b"\nendobj\n");
}

fn write_value(bytes: &mut Vec<u8>, object: &Object) {
    // Writing into memory cannot fail.
    let _ = Writer::write_object(bytes, object);
}

/// Packs a stream.
pub fn packed(dict: Dictionary, content: Vec<u8>) -> Stream {
    let mut stream = Stream::new(dict, content);
    // A stream that does not get smaller is kept as it is.
    let _ = stream.compress();
    stream
}

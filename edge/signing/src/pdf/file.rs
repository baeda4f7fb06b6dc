//! Opening a PDF that others made. What is broken, locked or carries scripts is refused: nobody can say what a reader
//! would show of it, so nobody should sign it.

use base::sign::SignFault;
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

/// Larger papers are not signed; scans of a whole record stay far below.
const LARGEST: usize = 200 * 1024 * 1024;
/// What the compressed parts of the structure may unpack to.
const UNPACKED: usize = 64 * 1024 * 1024;

/// An opened PDF with its bytes.
pub struct Pdf {
    pub bytes: Vec<u8>,
    pub doc: Document,
    /// Where the last cross-reference section begins.
    pub startxref: usize,
    /// That section is a stream, not a table.
    pub has_xref_stream: bool,
}

fn bad(reason: &str) -> SignFault {
    SignFault::BadDocument(reason.into())
}

impl Pdf {
    /// Opens a document to sign it.
    pub fn open(bytes: Vec<u8>) -> Result<Pdf, SignFault> {
        let pdf = Pdf::read(bytes)?;
        pdf.refuse_scripts()?;
        Ok(pdf)
    }

    /// Opens a document to look at it.
    pub fn read(bytes: Vec<u8>) -> Result<Pdf, SignFault> {
        if !bytes.starts_with(b"%PDF-") {
            return Err(bad("không phải PDF"));
        }
        if bytes.len() > LARGEST {
            return Err(bad("PDF quá lớn"));
        }
        let options = LoadOptions { max_decompressed_size: Some(UNPACKED), ..LoadOptions::default() };
        // The reader is thorough, but a crafted file must never take the server down.
        let loaded = std::panic::catch_unwind(|| Document::load_mem_with_options(&bytes, options));
        let doc = match loaded {
            Ok(Ok(doc)) => doc,
            Ok(Err(lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) | lopdf::Error::UnsupportedSecurityHandler(_))) => {
                return Err(bad("PDF được đặt mật khẩu. Bỏ mật khẩu rồi ký lại"));
            }
            _ => return Err(bad("cấu trúc PDF hỏng")),
        };
        if doc.is_encrypted() || doc.was_encrypted() {
            return Err(bad("PDF được đặt mật khẩu. Bỏ mật khẩu rồi ký lại"));
        }
        let startxref = startxref(&bytes).ok_or_else(|| bad("cấu trúc PDF hỏng"))?;
        if doc.xref_recovery.is_some() || startxref >= bytes.len() || doc.catalog().is_err() {
            return Err(bad("cấu trúc PDF hỏng"));
        }
        let has_xref_stream = !bytes[startxref..].starts_with(b"xref");
        Ok(Pdf { bytes, doc, startxref, has_xref_stream })
    }

    /// One more than the highest object number in use.
    pub fn size(&self) -> u32 {
        let said = self.doc.trailer.get(b"Size").and_then(Object::as_i64).unwrap_or(0);
        u32::try_from(said).unwrap_or(0).max(self.doc.max_id + 1)
    }

    pub fn root(&self) -> Result<ObjectId, SignFault> {
        self.doc.trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| bad("cấu trúc PDF hỏng"))
    }

    pub fn catalog(&self) -> Result<&Dictionary, SignFault> {
        self.doc.catalog().map_err(|_| bad("cấu trúc PDF hỏng"))
    }

    /// A value of a dictionary, followed when it is a reference.
    pub fn value<'a>(&'a self, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
        dict.get_deref(key, &self.doc).ok()
    }

    pub fn dict<'a>(&'a self, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
        self.value(dict, key)?.as_dict().ok()
    }

    /// The form's fields at the top, with their object numbers.
    pub fn fields(&self) -> Vec<(ObjectId, &Dictionary)> {
        let found = || -> Option<Vec<(ObjectId, &Dictionary)>> {
            let form = self.dict(self.doc.catalog().ok()?, b"AcroForm")?;
            let listed = self.value(form, b"Fields")?.as_array().ok()?;
            Some(listed.iter().filter_map(|f| f.as_reference().ok()).filter_map(|id| Some((id, self.doc.get_dictionary(id).ok()?))).collect())
        };
        found().unwrap_or_default()
    }

    fn refuse_scripts(&self) -> Result<(), SignFault> {
        let form = self.doc.catalog().ok().and_then(|c| self.dict(c, b"AcroForm"));
        let is_dynamic = form.is_some_and(|f| f.has(b"XFA"));
        if is_dynamic || self.doc.objects.values().any(|object| runs_something(object, 0)) {
            return Err(bad("PDF chứa mã lệnh hoặc biểu mẫu động. In lại thành PDF thường rồi ký"));
        }
        Ok(())
    }
}

/// A script, or an action that starts a program.
fn runs_something(object: &Object, depth: usize) -> bool {
    if depth > 40 {
        return false;
    }
    let in_dict = |dict: &Dictionary| {
        let action = dict.get(b"S").and_then(Object::as_name).unwrap_or_default();
        dict.has(b"JS") || action == b"JavaScript" || action == b"Launch" || dict.iter().any(|(_, v)| runs_something(v, depth + 1))
    };
    match object {
        Object::Dictionary(dict) => in_dict(dict),
        Object::Stream(stream) => in_dict(&stream.dict),
        Object::Array(all) => all.iter().any(|one| runs_something(one, depth + 1)),
        _ => false,
    }
}

/// The offset after the last `startxref`.
fn startxref(bytes: &[u8]) -> Option<usize> {
    let tail_at = bytes.len().saturating_sub(2048);
    let tail = &bytes[tail_at..];
    let at = tail.windows(9).rposition(|w| w == b"startxref")?;
    let digits: Vec<u8> = tail[at + 9..].iter().copied().skip_while(u8::is_ascii_whitespace).take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

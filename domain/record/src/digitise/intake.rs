//! A file from a scanner, opened page by page: PDF, JPEG or PNG. What is no such file, what is broken, and what would
//! swell up to more than a page can be are refused with words that say what to do.

use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::io::{Cursor, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The largest file that is taken in.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The most pages in one file: a thick record is scanned in parts.
pub const MOST_PAGES: usize = 240;

/// The longest side of a page in pixels: A3 at 600 dots per inch.
const MOST_SIDE: u32 = 10_200;

/// Memory that one page may take while it is unpacked.
const MOST_MEMORY: u64 = 320 * 1024 * 1024;

/// A file whose pages can be taken one after the other.
pub enum Source {
    Picture(Vec<u8>),
    Pdf { bytes: Vec<u8>, pages: Vec<Inside> },
}

/// How a page of a PDF can be had.
pub enum Inside {
    /// The page is one JPEG, as scanners write it.
    Jpeg(Vec<u8>),
    /// It has to be drawn.
    Drawn,
}

impl Source {
    pub fn len(&self) -> usize {
        match self {
            Source::Picture(_) => 1,
            Source::Pdf { pages, .. } => pages.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One page as a picture, from 0. Refuses what cannot be read, in words for the one who scanned.
    pub fn page(&self, at: usize) -> Result<DynamicImage, String> {
        match self {
            Source::Picture(bytes) => decode(bytes),
            Source::Pdf { bytes, pages } => match pages.get(at) {
                Some(Inside::Jpeg(jpeg)) => decode(jpeg),
                Some(Inside::Drawn) => draw(bytes, at + 1),
                None => Err("Không có trang này.".into()),
            },
        }
    }
}

/// What kind of file this is by its first bytes, never by its name.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        _ if bytes.len() > 4 && bytes[..bytes.len().min(1024)].windows(5).any(|window| window == b"%PDF-") => Some("application/pdf"),
        _ => None,
    }
}

/// Opens a file. Refuses other kinds, broken and locked PDFs, too many pages and pictures that would burst.
pub fn open(bytes: Vec<u8>) -> Result<Source, String> {
    if bytes.is_empty() {
        return Err("Tệp rỗng. Chọn lại tệp đã quét.".into());
    }
    if bytes.len() > MOST_BYTES {
        return Err(format!("Tệp lớn hơn {} MB. Chia tập giấy rồi quét từng phần.", MOST_BYTES / 1024 / 1024));
    }
    match media_type(&bytes) {
        Some("application/pdf") => pdf(bytes),
        Some(_) => {
            size_of(&bytes)?;
            Ok(Source::Picture(bytes))
        }
        None => Err("Chỉ nhận PDF, JPEG hoặc PNG. Chỉnh máy quét sang một trong các dạng này rồi quét lại.".into()),
    }
}

/// The size a picture claims, before anything is unpacked.
fn size_of(bytes: &[u8]) -> Result<(u32, u32), String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| broken_picture())?;
    let (width, height) = reader.into_dimensions().map_err(|_| broken_picture())?;
    if width > MOST_SIDE || height > MOST_SIDE || u64::from(width) * u64::from(height) * 4 > MOST_MEMORY {
        return Err(format!("Ảnh {width} × {height} điểm lớn hơn một trang giấy ở 600 dpi. Quét lại ở 200–300 dpi."));
    }
    if width < 64 || height < 64 {
        return Err("Ảnh nhỏ hơn 64 điểm, không phải một trang giấy. Quét lại.".into());
    }
    Ok((width, height))
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    size_of(bytes)?;
    // A JPEG that was cut would be filled up with grey without a word.
    let tail = &bytes[bytes.len().saturating_sub(4096)..];
    if media_type(bytes) == Some("image/jpeg") && !tail.windows(2).any(|pair| pair == [0xff, 0xd9]) {
        return Err(broken_picture());
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| broken_picture())?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png)) {
        return Err(broken_picture());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    reader.decode().map_err(|_| broken_picture())
}

fn broken_picture() -> String {
    "Ảnh bị hỏng hoặc bị cắt giữa chừng. Quét lại trang này.".into()
}

fn pdf(bytes: Vec<u8>) -> Result<Source, String> {
    let document = Document::load_mem(&bytes).map_err(|_| "Tệp PDF bị hỏng, không đọc được. Quét lại, hoặc gửi từng trang dạng JPEG.".to_owned())?;
    if document.is_encrypted() || document.trailer.has(b"Encrypt") {
        return Err("Tệp PDF có mật khẩu. Bỏ mật khẩu ở máy quét rồi quét lại.".into());
    }
    let found = document.get_pages();
    if found.is_empty() {
        return Err("Tệp PDF không có trang nào. Quét lại.".into());
    }
    if found.len() > MOST_PAGES {
        return Err(format!("Tệp có {} trang, nhiều hơn {MOST_PAGES}. Chia tập giấy rồi quét từng phần.", found.len()));
    }
    let pages = found.values().map(|page| only_jpeg(&document, *page).map_or(Inside::Drawn, Inside::Jpeg)).collect();
    Ok(Source::Pdf { bytes, pages })
}

/// The JPEG of a page that consists of nothing else.
fn only_jpeg(document: &Document, page: ObjectId) -> Option<Vec<u8>> {
    let (own, inherited) = document.get_page_resources(page).ok()?;
    let mut all: Vec<&Dictionary> = own.into_iter().collect();
    all.extend(inherited.iter().filter_map(|id| document.get_dictionary(*id).ok()));
    let pictures = all.iter().find_map(|resources| resources.get(b"XObject").ok())?;
    let pictures = match pictures {
        Object::Reference(id) => document.get_dictionary(*id).ok()?,
        object => object.as_dict().ok()?,
    };
    let mut streams = pictures.iter().filter_map(|(_, object)| document.get_object(object.as_reference().ok()?).ok()?.as_stream().ok());
    let (only, more) = (streams.next()?, streams.next());
    if more.is_some() || only.dict.get(b"Subtype").and_then(Object::as_name).ok()? != b"Image" {
        return None;
    }
    let filters: Vec<&[u8]> = match only.dict.get(b"Filter").ok()? {
        Object::Name(name) => vec![name.as_slice()],
        Object::Array(names) => names.iter().filter_map(|name| name.as_name().ok()).collect(),
        _ => Vec::new(),
    };
    (filters == [b"DCTDecode".as_slice()] && media_type(&only.content) == Some("image/jpeg")).then(|| only.content.clone())
}

/// Draws a page with poppler's `pdftoppm`, where the machine has it.
fn draw(bytes: &[u8], page: usize) -> Result<DynamicImage, String> {
    let number = page.to_string();
    let arguments = ["-r", "200", "-f", &number, "-l", &number, "-scale-to", "2400", "-jpeg", "-singlefile", "-"];
    match run("pdftoppm", &arguments, bytes, Duration::from_secs(60)) {
        Ok(jpeg) if !jpeg.is_empty() => decode(&jpeg),
        Ok(_) => Err(format!("Trang {page} của tệp PDF bị hỏng. Quét lại trang này.")),
        Err(_) => Err("Máy chủ chưa có công cụ đọc loại PDF này (poppler-utils). Chỉnh máy quét sang JPEG rồi quét lại.".into()),
    }
}

/// Runs a tool on a file given through its standard input. Fails when the tool is not there, fails or takes too long.
pub fn run(program: &str, arguments: &[&str], input: &[u8], longest: Duration) -> std::io::Result<Vec<u8>> {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut stdin = child.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    let mut stdout = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    let begun = std::time::Instant::now();
    std::thread::scope(|threads| {
        // A tool that has seen enough may stop reading early.
        threads.spawn(move || stdin.write_all(input).ok());
        let reading = threads.spawn(move || {
            let mut out = Vec::new();
            std::io::Read::read_to_end(&mut stdout, &mut out).map(|_| out)
        });
        loop {
            if let Some(status) = child.try_wait()? {
                let out = reading.join().map_err(|_| std::io::ErrorKind::Other)??;
                return if status.success() { Ok(out) } else { Err(std::io::ErrorKind::Other.into()) };
            }
            if begun.elapsed() > longest {
                child.kill()?;
                child.wait()?;
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        image::RgbImage::from_pixel(width, height, image::Rgb([250, 250, 250])).write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn only_pages_are_taken_in() {
        assert_eq!(open(picture(200, 300, ImageFormat::Jpeg)).unwrap().len(), 1);
        assert_eq!(open(picture(200, 300, ImageFormat::Png)).unwrap().len(), 1);
        for (bytes, says) in [
            (Vec::new(), "rỗng"),
            (b"PK\x03\x04 a zip".to_vec(), "Chỉ nhận"),
            (b"%PDF-1.7 cut in the middle".to_vec(), "bị hỏng"),
            (picture(20, 20, ImageFormat::Png), "nhỏ hơn 64"),
        ] {
            let refused = open(bytes).err().expect("refused");
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn a_picture_that_would_burst_is_refused_before_it_is_unpacked() {
        // The head of a PNG that claims 60,000 × 60,000 pixels: a few bytes, fourteen gigabytes unpacked.
        let mut bomb = picture(100, 100, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let refused = open(bomb).err().expect("refused");
        assert!(refused.contains("lớn hơn một trang") || refused.contains("hỏng"), "{refused}");
    }

    #[test]
    fn a_picture_cut_in_the_middle_is_told() {
        let whole = picture(400, 400, ImageFormat::Jpeg);
        let cut = whole[..whole.len() / 3].to_vec();
        match open(cut) {
            Ok(source) => assert!(source.page(0).is_err()),
            Err(refused) => assert!(refused.contains("hỏng"), "{refused}"),
        }
    }
}

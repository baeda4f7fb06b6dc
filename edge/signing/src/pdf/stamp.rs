//! The visible stamp: name, role and time as outlines of letters, so that no font has to be embedded and every
//! Vietnamese mark stands where it belongs; a drawn signature above them where there is one.

use super::update::{Update, packed};
use base::sign::{SignFault, Stamp};
use lopdf::{Dictionary, Object, ObjectId};
use std::fmt::Write;
use ttf_parser::{Face, OutlineBuilder};
use unicode_normalization::UnicodeNormalization;

const REGULAR: &[u8] = include_bytes!("../../../documents/fonts/BeVietnamPro-400Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../documents/fonts/BeVietnamPro-600SemiBold.ttf");

/// Points; text is never larger, and shrinks until it fits.
const LARGEST_TEXT: f32 = 9.0;
const LINE: f32 = 1.25;
const MARGIN: f32 = 4.0;
/// A drawing is scaled down by readers; more pixels only make the paper heavy.
const MOST_PIXELS: u32 = 4_000_000;

fn bad(reason: &str) -> SignFault {
    SignFault::BadDocument(reason.into())
}

/// The stamp as a form object of the document. Refuses a box without size, and a drawing that is no PNG.
pub fn appearance(update: &mut Update, stamp: &Stamp) -> Result<ObjectId, SignFault> {
    if !(stamp.width >= 10.0 && stamp.height >= 6.0 && stamp.width <= 2000.0 && stamp.height <= 2000.0) {
        return Err(bad("ô chữ ký không có kích thước"));
    }
    let mut content = String::new();
    // A thin frame in the colour of ink, the text in black.
    let _ = writeln!(content, "0.5 w 0.16 0.35 0.55 RG 0.5 0.5 {} {} re S", stamp.width - 1.0, stamp.height - 1.0);
    let mut resources = Dictionary::new();
    let mut text_height = stamp.height - 2.0 * MARGIN;
    if let Some(drawing) = &stamp.drawing {
        // The drawing takes the upper half, the text the lower.
        text_height *= 0.5;
        let (image, ratio) = picture(update, drawing)?;
        let room = (stamp.width - 2.0 * MARGIN, stamp.height - 2.0 * MARGIN - text_height);
        let (width, height) = if room.0 / room.1 > ratio { (room.1 * ratio, room.1) } else { (room.0, room.0 / ratio) };
        let (x, y) = ((stamp.width - width) / 2.0, MARGIN + text_height + (room.1 - height) / 2.0);
        let _ = writeln!(content, "q {width:.2} 0 0 {height:.2} {x:.2} {y:.2} cm /Drawing Do Q");
        let mut objects = Dictionary::new();
        objects.set("Drawing", image);
        resources.set("XObject", objects);
    }
    write_lines(&mut content, &stamp.lines, stamp.width - 2.0 * MARGIN, text_height)?;
    let mut dict = Dictionary::new();
    dict.set("Type", Object::Name(b"XObject".to_vec()));
    dict.set("Subtype", Object::Name(b"Form".to_vec()));
    dict.set("BBox", vec![0.into(), 0.into(), Object::Real(stamp.width), Object::Real(stamp.height)]);
    dict.set("Resources", resources);
    Ok(update.add(packed(dict, content.into_bytes())))
}

fn write_lines(content: &mut String, lines: &[String], width: f32, height: f32) -> Result<(), SignFault> {
    if lines.is_empty() {
        return Ok(());
    }
    let regular = Face::parse(REGULAR, 0).map_err(|_| bad("phông chữ"))?;
    let bold = Face::parse(BOLD, 0).map_err(|_| bad("phông chữ"))?;
    let face = |number: usize| if number == 0 { &bold } else { &regular };
    let texts: Vec<String> = lines.iter().map(|line| line.nfc().collect()).collect();
    let widest = texts.iter().enumerate().map(|(n, text)| length(face(n), text)).fold(1.0, f32::max);
    let size = LARGEST_TEXT.min(width / widest).min(height / (texts.len() as f32 * LINE));
    let _ = writeln!(content, "0 g");
    let block = texts.len() as f32 * LINE * size;
    let mut baseline = MARGIN + (height + block) / 2.0 - size;
    for (number, text) in texts.iter().enumerate() {
        write_text(content, face(number), text, MARGIN, baseline, size);
        baseline -= LINE * size;
    }
    Ok(())
}

/// The length of a text at size 1.
fn length(face: &Face, text: &str) -> f32 {
    let units: u32 = text.chars().map(|c| u32::from(face.glyph_index(c).and_then(|g| face.glyph_hor_advance(g)).unwrap_or(face.units_per_em() / 2))).sum();
    units as f32 / f32::from(face.units_per_em())
}

fn write_text(content: &mut String, face: &Face, text: &str, left: f32, baseline: f32, size: f32) {
    let scale = size / f32::from(face.units_per_em());
    let mut x = left;
    for letter in text.chars() {
        let Some(glyph) = face.glyph_index(letter) else {
            x += size / 2.0;
            continue;
        };
        let mut pen = Pen { content, x, y: baseline, scale, at: (0.0, 0.0) };
        if face.outline_glyph(glyph, &mut pen).is_some() {
            content.push_str("f\n");
        }
        x += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
    }
}

/// Draws an outline with the operators of a PDF.
struct Pen<'a> {
    content: &'a mut String,
    x: f32,
    y: f32,
    scale: f32,
    at: (f32, f32),
}

impl Pen<'_> {
    fn point(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y + y * self.scale)
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = (x, y);
        let p = self.point(x, y);
        let _ = write!(self.content, "{:.2} {:.2} m ", p.0, p.1);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.at = (x, y);
        let p = self.point(x, y);
        let _ = write!(self.content, "{:.2} {:.2} l ", p.0, p.1);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        // A PDF knows only cubic curves.
        let (x0, y0) = self.at;
        let third = |from: f32, through: f32| from + (through - from) * 2.0 / 3.0;
        self.curve_to(third(x0, x1), third(y0, y1), third(x, x1), third(y, y1), x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.at = (x, y);
        let (a, b, c) = (self.point(x1, y1), self.point(x2, y2), self.point(x, y));
        let _ = write!(self.content, "{:.2} {:.2} {:.2} {:.2} {:.2} {:.2} c ", a.0, a.1, b.0, b.1, c.0, c.1);
    }
    fn close(&mut self) {
        self.content.push_str("h ");
    }
}

/// A drawn signature as an image with its transparency, and width divided by height.
fn picture(update: &mut Update, png: &[u8]) -> Result<(ObjectId, f32), SignFault> {
    let unreadable = || bad("nét ký không phải ảnh PNG đọc được");
    let mut reader = image::ImageReader::with_format(std::io::Cursor::new(png), image::ImageFormat::Png);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(u64::from(MOST_PIXELS) * 8);
    limits.max_image_width = Some(8000);
    limits.max_image_height = Some(8000);
    reader.limits(limits);
    let drawn = reader.decode().map_err(|_| unreadable())?.to_rgba8();
    let (width, height) = drawn.dimensions();
    if width == 0 || height == 0 || width.saturating_mul(height) > MOST_PIXELS {
        return Err(unreadable());
    }
    let kind = |space: &str| {
        let mut dict = Dictionary::new();
        dict.set("Type", Object::Name(b"XObject".to_vec()));
        dict.set("Subtype", Object::Name(b"Image".to_vec()));
        dict.set("Width", i64::from(width));
        dict.set("Height", i64::from(height));
        dict.set("ColorSpace", Object::Name(space.into()));
        dict.set("BitsPerComponent", 8);
        dict
    };
    let mask = update.add(packed(kind("DeviceGray"), drawn.pixels().map(|p| p.0[3]).collect()));
    let mut dict = kind("DeviceRGB");
    dict.set("SMask", mask);
    let image = update.add(packed(dict, drawn.pixels().flat_map(|p| [p.0[0], p.0[1], p.0[2]]).collect()));
    Ok((image, width as f32 / height as f32))
}

//! From the module's JSON to what a template prints: instants, days and amounts become Vietnamese text, and every
//! text is made drawable. Templates therefore see only text, true/false, lists and groups, and never calculate.

use crate::barcode;
use base::Vnd;
use base::dates::{local_date, show_date, show_date_in_words, show_date_long, show_time};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use typst::text::Font;
use unicode_normalization::UnicodeNormalization;

/// Stands for a character that none of our fonts can draw. PDF/A forbids the empty glyph.
const UNDRAWABLE: char = '□';

/// A run of letters longer than this has no natural place to break and would leave the page.
const LONGEST_WORD: usize = 36;

/// A drawing larger than this is no letterhead.
const LARGEST_LOGO: usize = 1_000_000;

/// How many pictures one paper carries.
pub const MOST_PICTURES: usize = 12;

/// How many scanned pages one document carries.
pub const MOST_SCANS: usize = 240;

/// The characters our fonts can draw, one bit each for the basic plane (8 kB). None above it is covered.
pub struct Drawable(Vec<u64>);

impl Drawable {
    pub fn of(fonts: &[Font]) -> Drawable {
        let mut bits = vec![0u64; 1024];
        for font in fonts {
            for code in font.info().coverage.iter().filter(|code| *code < 0x10000) {
                bits[code as usize / 64] |= 1 << (code % 64);
            }
        }
        Drawable(bits)
    }

    fn contains(&self, c: char) -> bool {
        self.0.get(c as usize / 64).is_some_and(|word| word >> (c as u32 % 64) & 1 == 1)
    }
}

/// One paper's data, ready to print, and the drawing for its letterhead.
pub struct Prepared {
    pub fields: Value,
    pub logo: Option<Vec<u8>>,
    /// What `/picture-1`, `/picture-2` … hold.
    pub pictures: Vec<Vec<u8>>,
    /// When the paper was made, which PDF/A wants to know.
    pub made_at: DateTime<Utc>,
}

/// The data as the templates expect it.
pub fn prepare(value: Value, drawable: &Drawable, most_pictures: usize) -> Prepared {
    let Value::Object(mut raw) = value else {
        return Prepared { fields: Value::Object(Map::new()), logo: None, pictures: Vec::new(), made_at: DateTime::UNIX_EPOCH };
    };
    let logo = logo(&raw);
    let pictures = pictures(&mut raw, most_pictures);
    let made_at = made_at(&raw);
    let marks = marks(&raw);
    let mut fields = group(raw, drawable);
    fields.insert("marks".into(), Value::Object(marks));
    fields.insert("logo".into(), logo.as_ref().map(|(format, _)| *format).into());
    if let Some(Value::Array(lines)) = fields.get("lines") {
        let count = lines.len();
        fields.insert("count".into(), count.to_string().into());
        fields.insert("count_words".into(), base::money::number_in_words(count as u64).into());
    }
    Prepared { fields: Value::Object(fields), logo: logo.map(|(_, drawing)| drawing), pictures, made_at }
}

/// Takes the pictures out of `pictures[].jpeg` (base64) and leaves the name of a file in `image`; what is no JPEG has none.
fn pictures(fields: &mut Map<String, Value>, most: usize) -> Vec<Vec<u8>> {
    use base64::Engine;
    let mut found = Vec::new();
    let Some(Value::Array(rows)) = fields.get_mut("pictures") else { return found };
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.remove("image");
        let Some(Value::String(text)) = row.remove("jpeg") else { continue };
        let content = base64::engine::general_purpose::STANDARD.decode(text).ok().filter(|bytes| bytes.starts_with(&[0xff, 0xd8, 0xff]));
        if let Some(content) = content.filter(|_| found.len() < most) {
            found.push(content);
            row.insert("image".into(), format!("/picture-{}", found.len()).into());
        }
    }
    found
}

impl Prepared {
    /// Takes the letterhead's drawing away; false when there was none.
    pub fn drop_logo(&mut self) -> bool {
        self.fields["logo"] = Value::Null;
        self.logo.take().is_some()
    }
}

/// The instant that the paper is about, or of its printing. No clock is asked, so that the same data prints the same
/// bytes: a paper that names no instant bears the epoch.
fn made_at(fields: &Map<String, Value>) -> DateTime<Utc> {
    let printed = fields.get("printed").and_then(|printed| printed.get("printed_at"));
    let own = ["issued_at", "prescribed_at", "signed_at", "ordered_at", "visit_at", "closed_at"];
    let candidates = own.iter().map(|key| fields.get(*key)).chain([printed]);
    let read = |value: &Value| DateTime::parse_from_rfc3339(value.as_str()?).ok();
    candidates.flatten().find_map(read).map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc))
}

/// The clinic's drawing and its format, from `head.logo_svg` or `head.logo_png`.
fn logo(fields: &Map<String, Value>) -> Option<(&'static str, Vec<u8>)> {
    use base64::Engine;
    let head = fields.get("head")?;
    let text = |key: &str| head.get(key).and_then(Value::as_str).filter(|text| (1..LARGEST_LOGO).contains(&text.len()));
    if let Some(svg) = text("logo_svg") {
        return Some(("svg", svg.as_bytes().to_vec()));
    }
    let png = base64::engine::general_purpose::STANDARD.decode(text("logo_png")?).ok()?;
    png.starts_with(b"\x89PNG").then_some(("png", png))
}

/// The codes a machine reads, drawn from the raw text before it is made pretty.
fn marks(fields: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let mut marks = Map::new();
    for key in ["code", "link", "qr"] {
        marks.insert(format!("{key}_qr"), barcode::qr_svg(&text(fields.get(key))).into());
    }
    for key in ["code", "number"] {
        marks.insert(format!("{key}_bars"), barcode::code128_svg(&text(fields.get(key))).into());
    }
    // Labels that are printed together carry a code each.
    if let Some(Value::Array(labels)) = fields.get("labels") {
        let bars = labels.iter().map(|label| barcode::code128_svg(&text(label.get("code"))).into()).collect();
        marks.insert("label_bars".into(), Value::Array(bars));
    }
    marks
}

fn group(fields: Map<String, Value>, drawable: &Drawable) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in fields {
        match (&value, key.rsplit_once('_').map(|(_, kind)| kind)) {
            (Value::String(text), Some("at")) if let Ok(at) = DateTime::parse_from_rfc3339(text) => {
                instant(&mut out, &key, at.with_timezone(&Utc));
            }
            (Value::String(text), Some("date")) if let Ok(day) = text.parse::<NaiveDate>() => {
                calendar_day(&mut out, &key, show_date(day), day);
            }
            (Value::Number(number), Some("vnd")) if let Some(amount) = number.as_i64() => {
                out.insert(format!("{key}_words"), Vnd(amount).in_words().into());
                out.insert(key, Vnd(amount).digits().into());
            }
            _ => {
                out.insert(key, plain(value, drawable));
            }
        }
    }
    out
}

fn instant(out: &mut Map<String, Value>, key: &str, at: DateTime<Utc>) {
    let day = local_date(at);
    calendar_day(out, key, format!("{} {}", show_date(day), show_time(at)), day);
    out.insert(format!("{key}_time"), show_time(at).into());
}

fn calendar_day(out: &mut Map<String, Value>, key: &str, shown: String, day: NaiveDate) {
    out.insert(key.to_owned(), shown.into());
    out.insert(format!("{key}_day"), show_date(day).into());
    out.insert(format!("{key}_long"), show_date_long(day).into());
    out.insert(format!("{key}_words"), show_date_in_words(day).into());
}

fn plain(value: Value, drawable: &Drawable) -> Value {
    match value {
        Value::String(text) => Value::String(printable(&text, drawable)),
        // Vietnamese writes a decimal comma.
        Value::Number(number) => Value::String(number.to_string().replace('.', ",").replace('-', "−")),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| plain(item, drawable)).collect()),
        Value::Object(fields) => Value::Object(group(fields, drawable)),
        Value::Null | Value::Bool(_) => value,
    }
}

/// The text with marks composed, control characters gone, undrawable characters replaced, and a place to break put
/// into endless words.
fn printable(text: &str, drawable: &Drawable) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    let mut after_return = false;
    for c in text.nfc() {
        let shown = match c {
            '\r' | '\n' | '\u{2028}' | '\u{2029}' => {
                if !(after_return && c == '\n') {
                    out.push('\n');
                }
                after_return = c == '\r';
                run = 0;
                continue;
            }
            // Joiners, variation selectors, skin tones and direction marks draw nothing by themselves.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => continue,
            '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ad}' | '\u{1f3fb}'..='\u{1f3ff}' => continue,
            '\t' => ' ',
            c if c.is_control() => continue,
            // A no-break space keeps "5 mg" on one line.
            ' ' | '\u{a0}' => c,
            c if drawable.contains(c) => c,
            c if c.is_whitespace() => ' ',
            _ => UNDRAWABLE,
        };
        after_return = false;
        run = if shown == ' ' { 0 } else { run + 1 };
        if run > LONGEST_WORD {
            out.push('\u{200b}');
            run = 1;
        }
        out.push(shown);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn drawable() -> Drawable {
        Drawable(vec![u64::MAX; 0x2200 / 64])
    }

    #[test]
    fn keys_tell_how_a_value_is_printed() {
        let prepared = prepare(
            json!({"issued_at": "2026-11-22T18:20:00Z", "birth_date": "1985-03-15", "total_vnd": 265540,
                   "dose": 2.5, "odd_date": "1985", "odd_vnd": "miễn phí", "draft": true, "lines": [{}, {}]}),
            &drawable(),
            MOST_PICTURES,
        );
        let out = prepared.fields;
        for (key, shown) in [
            ("issued_at", "23/11/2026 01:20"),
            ("issued_at_words", "ngày 23 tháng 11 năm 2026"),
            ("birth_date", "15/03/1985"),
            ("birth_date_long", "Thứ sáu, 15/03/1985"),
            ("total_vnd", "265.540"),
            ("total_vnd_words", "Hai trăm sáu mươi lăm nghìn năm trăm bốn mươi đồng"),
            ("dose", "2,5"),
            ("odd_date", "1985"),
            ("odd_vnd", "miễn phí"),
            ("count_words", "hai"),
        ] {
            assert_eq!(out[key], shown, "{key}");
        }
        assert_eq!(out["draft"], true);
    }

    #[test]
    fn what_cannot_be_drawn_is_shown_as_a_box() {
        for (typed, printed) in [
            ("Nguye\u{302}\u{303}n", "Nguyễn"),
            ("đau đầu 😀!", "đau đầu □!"),
            ("👨‍👩‍👧", "□□□"),
            ("a\u{0}b\u{7}\tc", "ab c"),
            ("một\r\nhai\rba\n\nbốn", "một\nhai\nba\n\nbốn"),
            ("\u{202e}gpj", "gpj"),
        ] {
            assert_eq!(printable(typed, &drawable()), printed, "{typed:?}");
        }
    }

    #[test]
    fn endless_words_may_break() {
        let printed = printable(&"x".repeat(100), &drawable());
        assert_eq!(printed.matches('\u{200b}').count(), 2);
    }
}

//! What a maker's barcode says: the plain number of a retail code, or the GS1 elements of a data matrix (article,
//! batch, expiry), as keyboard scanners type them.

use chrono::{Datelike, Months, NaiveDate};

/// What could be read of a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gs1 {
    /// The article: a GTIN in 14 digits, or the bare text of a code that is none.
    pub article: String,
    /// Element 10.
    pub lot_no: Option<String>,
    /// Element 17.
    pub expires: Option<NaiveDate>,
}

/// The separator that ends an element of variable length, as scanners send it.
const GROUP: char = '\u{1d}';

/// Reads a scanned code. Gives `None` for what no maker prints on a pack: too short, too long, odd characters.
pub fn read(code: &str) -> Option<Gs1> {
    let code = code.trim();
    let code = ["]d2", "]C1", "]e0", "]Q3"].iter().find_map(|mark| code.strip_prefix(mark)).unwrap_or(code);
    let code = code.trim_start_matches(GROUP);
    if !(4..=120).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_graphic() || b == GROUP as u8) {
        return None;
    }
    if let Some(article) = gtin(code) {
        return Some(Gs1 { article, ..Gs1::default() });
    }
    let read = if code.starts_with('(') { bracketed(code) } else { elements(code) };
    read.or_else(|| (code.len() <= 64 && !code.contains(GROUP)).then(|| Gs1 { article: code.to_owned(), ..Gs1::default() }))
}

/// A number of 8, 12, 13 or 14 digits with a right check digit, in 14 digits.
pub fn gtin(code: &str) -> Option<String> {
    let is_number = matches!(code.len(), 8 | 12 | 13 | 14) && code.bytes().all(|b| b.is_ascii_digit());
    let padded = is_number.then(|| format!("{code:0>14}"))?;
    let sum: u32 = padded.bytes().take(13).enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 3 } else { 1 }).sum();
    let check = (10 - sum % 10) % 10;
    (u32::from(padded.as_bytes()[13] - b'0') == check).then_some(padded)
}

/// `(01)08934567890123(17)270131(10)A1`: as people type it from the box.
fn bracketed(code: &str) -> Option<Gs1> {
    let mut out = Gs1::default();
    for element in code.split('(').skip(1) {
        let (key, value) = element.split_once(')')?;
        take(&mut out, key, value)?;
    }
    (!out.article.is_empty()).then_some(out)
}

/// `01…17…10…`: as a scanner sends it; elements of fixed length follow each other, the others end with a separator.
fn elements(code: &str) -> Option<Gs1> {
    let mut out = Gs1::default();
    let mut rest = code;
    while rest.len() > 2 {
        let key = rest.get(..2)?;
        let length = match key {
            "01" | "02" => Some(14),
            "11" | "12" | "13" | "15" | "16" | "17" => Some(6),
            "20" => Some(2),
            "10" | "21" | "22" | "30" | "37" => None,
            _ => return None,
        };
        let body = rest.get(2..)?;
        let end = length.unwrap_or_else(|| body.find(GROUP).unwrap_or(body.len()));
        take(&mut out, key, body.get(..end)?)?;
        rest = body.get(end..)?.trim_start_matches(GROUP);
    }
    (rest.is_empty() && !out.article.is_empty()).then_some(out)
}

fn take(out: &mut Gs1, key: &str, value: &str) -> Option<()> {
    match key {
        "01" => out.article = gtin(value)?,
        "10" => out.lot_no = (!value.is_empty() && value.len() <= 20).then(|| Some(value.to_uppercase()))?,
        "17" => out.expires = Some(date(value)?),
        _ => {}
    }
    Some(())
}

/// `YYMMDD`; day 00 is the last day of the month.
fn date(value: &str) -> Option<NaiveDate> {
    let part = |range: std::ops::Range<usize>| value.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (part(0..2)?, part(2..4)?, part(4..6)?);
    // Codes of this century only: nothing that still lies in a pharmacy expired in the last one.
    let first = NaiveDate::from_ymd_opt(2000 + i32::try_from(year).ok()?, month, 1)?;
    if day == 0 { first.checked_add_months(Months::new(1))?.pred_opt() } else { first.with_day(day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retail_code_names_the_article() {
        assert_eq!(read("8934567890120").map(|g| g.article), Some("08934567890120".to_owned()));
        assert_eq!(gtin("8934567890129"), None, "a misread digit is noticed");
    }

    #[test]
    fn a_data_matrix_names_batch_and_expiry_too() {
        let expected = Gs1 { article: "08934567890120".into(), lot_no: Some("A1".into()), expires: "2027-01-31".parse().ok() };
        for code in [
            "(01)08934567890120(17)270131(10)A1",
            "]d201089345678901201727013110A1",
            "\u{1d}010893456789012010A1\u{1d}17270100",
            "0108934567890120172701002199\u{1d}10a1",
        ] {
            assert_eq!(read(code), Some(expected.clone()), "{code:?}");
        }
    }

    #[test]
    fn other_codes_stay_what_they_are() {
        assert_eq!(read("VN-12345-67").map(|g| g.article), Some("VN-12345-67".to_owned()));
        for nothing in ["", "ab", "có dấu tiếng Việt", &"9".repeat(200)] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
        assert_eq!(date("271301"), None);
    }
}

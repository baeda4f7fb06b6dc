//! The character set of a message, as MSH-18 names it. A wrong name is refused, never guessed over: a diagnosis with
//! broken letters is worse than one that has to be sent again.

use unicode_normalization::UnicodeNormalization;

/// Why the bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongCharset {
    pub words: String,
    pub words_en: String,
}

/// The text of a message. `declared` is the first repetition of MSH-18; without one UTF-8 is expected.
pub fn decode(raw: &[u8], declared: &str) -> Result<String, WrongCharset> {
    let name = declared.trim().to_ascii_uppercase().replace('_', "-");
    match name.as_str() {
        "" | "UNICODE UTF-8" | "UTF-8" | "UTF8" | "UNICODE" => utf8(raw, declared),
        "ASCII" | "ISO IR6" | "US-ASCII" => match raw.iter().position(|b| !b.is_ascii()) {
            None => Ok(raw.iter().map(|b| char::from(*b)).collect()),
            Some(at) => Err(wrong(declared, &format!("byte {at} không phải ASCII"), &format!("byte {at} is not ASCII"))),
        },
        "8859/1" | "ISO-8859-1" | "ISO IR100" | "LATIN1" => {
            not_utf8(raw, declared)?;
            Ok(raw.iter().map(|b| char::from(*b)).collect())
        }
        "8859/15" | "ISO-8859-15" => by(encoding_rs::ISO_8859_15, raw, declared),
        "WINDOWS-1252" | "CP1252" => by(encoding_rs::WINDOWS_1252, raw, declared),
        "WINDOWS-1258" | "CP1258" | "CP-1258" | "VIETNAMESE" => by(encoding_rs::WINDOWS_1258, raw, declared),
        _ => Err(WrongCharset {
            words: format!("Bảng mã “{}” (MSH-18) chưa đọc được. Gửi bằng UNICODE UTF-8, ASCII, 8859/1 hoặc WINDOWS-1258.", short(declared)),
            words_en: format!("Character set '{}' in MSH-18 is not supported; use UNICODE UTF-8, ASCII, 8859/1 or WINDOWS-1258", plain(&short(declared))),
        }),
    }
}

fn utf8(raw: &[u8], declared: &str) -> Result<String, WrongCharset> {
    match std::str::from_utf8(raw) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            Err(wrong(declared, &format!("byte {at} không phải UTF-8"), &format!("byte {at} is not UTF-8")))
        }
    }
}

fn by(encoding: &'static encoding_rs::Encoding, raw: &[u8], declared: &str) -> Result<String, WrongCharset> {
    not_utf8(raw, declared)?;
    match encoding.decode_without_bom_handling_and_without_replacement(raw) {
        // Windows-1258 writes tones as marks behind the letter; names are compared in one form only.
        Some(text) => Ok(text.nfc().collect()),
        None => Err(wrong(declared, "có byte không thuộc bảng mã này", "some bytes do not belong to it")),
    }
}

/// One-byte sets take any bytes; text in another tongue that reads as UTF-8 from end to end is UTF-8.
fn not_utf8(raw: &[u8], declared: &str) -> Result<(), WrongCharset> {
    match std::str::from_utf8(raw) {
        Ok(text) if !text.is_ascii() => Err(wrong(declared, "nội dung thật ra là UTF-8", "the text is UTF-8 in fact")),
        _ => Ok(()),
    }
}

fn wrong(declared: &str, why: &str, why_en: &str) -> WrongCharset {
    let named = if declared.is_empty() { "(trống)" } else { declared };
    WrongCharset {
        words: format!("Bảng mã khai ở MSH-18 là “{}” nhưng {why}. Sửa MSH-18 hoặc cách xuất chữ ở bên gửi.", short(named)),
        words_en: format!("MSH-18 says '{}' but {why_en}", plain(&short(declared))),
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Letters without marks, for receivers that know ASCII only.
pub fn plain(text: &str) -> String {
    text.nfd()
        .filter_map(|c| match c {
            'đ' => Some('d'),
            'Đ' => Some('D'),
            '“' | '”' => Some('"'),
            c if c.is_ascii() => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_reads_its_own_and_refuses_the_others() {
        assert_eq!(decode("Nguyễn".as_bytes(), "UNICODE UTF-8").unwrap(), "Nguyễn");
        assert_eq!(decode("Nguyễn".as_bytes(), "").unwrap(), "Nguyễn");
        assert_eq!(decode(b"M\xe9decin", "8859/1").unwrap(), "Médecin");
        // "Ngô Thị Ánh" as an old Windows program writes it: letter, then the tone.
        assert_eq!(decode(b"Ng\xf4 Thi\xf2 A\xecnh", "WINDOWS-1258").unwrap(), "Ngô Thị Ánh");
        for (raw, declared, says) in [
            (&b"M\xe9decin"[..], "UNICODE UTF-8", "byte 1"),
            (&b"M\xe9decin"[..], "", "byte 1"),
            ("Nguyễn".as_bytes(), "ASCII", "không phải ASCII"),
            ("Nguyễn".as_bytes(), "8859/1", "UTF-8"),
            ("Nguyễn".as_bytes(), "WINDOWS-1258", "UTF-8"),
            (b"abc", "TCVN3", "chưa đọc được"),
            (b"abc", "UNICODE UTF-16", "chưa đọc được"),
        ] {
            let refused = decode(raw, declared).unwrap_err();
            assert!(refused.words.contains(says), "{declared}: {}", refused.words);
            assert!(refused.words_en.is_ascii());
        }
    }

    #[test]
    fn old_receivers_get_letters_they_know() {
        assert_eq!(plain("Số “Đặng” ở đâu"), "So \"Dang\" o dau");
    }
}

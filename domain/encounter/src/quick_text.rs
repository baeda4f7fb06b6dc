//! Quick text: `.hong` and a space become a sentence about the throat, with places that Tab jumps to.
//!
//! A text carries its places in braces: `Họng {đỏ}, amydan {sưng độ II}.` What stands in the braces is the usual
//! finding; it is selected when Tab arrives, so typing replaces it and Tab accepts it.

use base::{Problems, fold};
use std::sync::LazyLock;

/// The longest text that may hide behind a shortcut.
pub const MAX_CHARS: usize = 2_000;

/// A text behind a shortcut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickText {
    /// Without the dot, small letters and digits, e.g. `hong`.
    pub shortcut: String,
    pub title: String,
    pub text: String,
}

/// A text taken apart: plain, and the places with their character positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    pub text: String,
    /// Start and length of each place in characters of `text`.
    pub stops: Vec<(usize, usize)>,
}

impl QuickText {
    /// Takes a shortcut as typed (with or without the dot, with accents) and refuses what could not be expanded.
    pub fn new(shortcut: &str, title: &str, text: &str) -> Result<QuickText, Problems> {
        let mut problems = Problems::none();
        let shortcut: String = fold(shortcut).split(' ').collect();
        problems.add_if(shortcut.is_empty(), "shortcut", "Đặt tên ngắn cho mẫu câu, ví dụ: hong.");
        problems.add_if(shortcut.chars().count() > 20, "shortcut", "Tên mẫu câu tối đa 20 chữ, đặt ngắn hơn.");
        problems.add_if(text.trim().is_empty(), "text", "Chưa có nội dung mẫu câu.");
        problems.add_if(
            text.chars().count() > MAX_CHARS,
            "text",
            format!("Mẫu câu tối đa {MAX_CHARS} ký tự, hãy tách thành hai mẫu."),
        );
        problems.add_if(
            expand(text).is_none(),
            "text",
            "Dấu ngoặc { } chưa khép kín. Mỗi ô điền viết trong một cặp ngoặc, ví dụ {đỏ}.",
        );
        let title = if title.trim().is_empty() { shortcut.clone() } else { title.trim().to_string() };
        problems.or(QuickText { shortcut, title, text: text.trim().to_string() })
    }
}

/// Takes the braces out and remembers where they stood; `None` when they are not balanced or are nested.
pub fn expand(text: &str) -> Option<Expanded> {
    let mut out = String::with_capacity(text.len());
    let mut stops = Vec::new();
    let mut at = 0;
    let mut open: Option<usize> = None;
    for c in text.chars() {
        match (c, open) {
            ('{', None) => open = Some(at),
            ('}', Some(start)) => {
                stops.push((start, at - start));
                open = None;
            }
            ('{' | '}', _) => return None,
            _ => {
                out.push(c);
                at += 1;
            }
        }
    }
    open.is_none().then_some(Expanded { text: out, stops })
}

/// The texts every clinic starts with (`note_templates/quick_text.tsv`).
pub fn shipped() -> &'static [QuickText] {
    static SHIPPED: LazyLock<Vec<QuickText>> = LazyLock::new(|| {
        include_str!("../note_templates/quick_text.tsv")
            .lines()
            .skip(1)
            .map(|line| {
                let mut cells = line.split('\t');
                let mut cell = || cells.next().unwrap_or_default();
                QuickText::new(cell(), cell(), cell()).expect("shipped quick texts are sound")
            })
            .collect()
    });
    &SHIPPED
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_counted_in_characters_not_bytes() {
        let expanded = expand("Họng {đỏ}, amydan {sưng độ II}.").unwrap();
        assert_eq!(expanded.text, "Họng đỏ, amydan sưng độ II.");
        assert_eq!(expanded.stops, [(5, 2), (16, 10)]);
    }

    #[test]
    fn shortcuts_are_plain_and_texts_sound() {
        assert_eq!(QuickText::new(".Họng", "", "Họng {đỏ}").unwrap().shortcut, "hong");
        for (shortcut, text, field) in [
            ("", "x", "shortcut"),
            ("một tên dài hơn hai mươi chữ cái", "x", "shortcut"),
            ("hong", "  ", "text"),
            ("hong", "Họng {đỏ", "text"),
            ("hong", "Họng }{", "text"),
            ("hong", "Họng {{đỏ}}", "text"),
        ] {
            let problems = QuickText::new(shortcut, "", text).unwrap_err();
            assert!(!problems.at(field).is_empty(), "{shortcut} {text}");
        }
        assert!(shipped().iter().any(|q| q.shortcut == "hong"));
    }

    proptest! {
        #[test]
        fn every_stop_lies_inside_the_text(text in "[a-zđỏ{} ]{0,60}") {
            if let Some(expanded) = expand(&text) {
                let length = expanded.text.chars().count();
                for (start, len) in expanded.stops {
                    prop_assert!(start + len <= length);
                }
            }
        }
    }
}

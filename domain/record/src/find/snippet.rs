//! Where the words stand: a few words around the first place, with the found ones marked, marks of letters or not.

/// A piece of text, found or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub found: bool,
}

/// The text around the first found word, at most about `length` characters, cut into pieces. Words are compared folded;
/// the last of `marks` also finds words that only begin with it. Without a find, the beginning of the text.
pub fn around(text: &str, marks: &[String], length: usize) -> Vec<Piece> {
    let words = words(text);
    let hit = |word: &Word| marks.iter().enumerate().any(|(n, mark)| word.folded == *mark || (n + 1 == marks.len() && word.folded.starts_with(mark.as_str())));
    let found: Vec<bool> = words.iter().map(hit).collect();
    let first = found.iter().position(|f| *f).unwrap_or(0);
    let before = length / 4;
    let begin_at = words.get(first).map_or(0, |w| w.start.saturating_sub(before));
    let begin = words.iter().position(|w| w.start >= begin_at).unwrap_or(0);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &str, found: bool| match pieces.last_mut() {
        Some(last) if last.found == found => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), found }),
    };
    if begin > 0 {
        push("…", false);
    }
    let start = words.get(begin).map_or(0, |w| w.start);
    let mut at = start;
    let mut used = 0;
    for (word, found) in words.iter().zip(&found).skip(begin) {
        used += text[at..word.end].chars().count();
        if used > length {
            push("…", false);
            return pieces;
        }
        push(&text[at..word.start], false);
        push(&text[word.start..word.end], *found);
        at = word.end;
    }
    push(&text[at..], false);
    pieces
}

struct Word {
    start: usize,
    end: usize,
    folded: String,
}

/// The words of a text with their places in bytes.
fn words(text: &str) -> Vec<Word> {
    let mut out = Vec::new();
    let mut start = None;
    // A mark on its own belongs to the letter before it.
    let belongs = |c: char| c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, belongs(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                out.push(Word { start: from, end: at, folded: base::fold(&text[from..at]) });
                start = None;
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str, marks: &[&str], length: usize) -> String {
        let marks: Vec<String> = marks.iter().map(|m| m.to_string()).collect();
        around(text, &marks, length).iter().map(|p| if p.found { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn found_words_are_marked_with_or_without_marks() {
        assert_eq!(shown("Chẩn đoán: viêm phổi thùy dưới", &["viem", "phoi"], 200), "Chẩn đoán: [viêm] [phổi] thùy dưới");
        assert_eq!(shown("chup X-quang: viem phoi", &["viem", "pho"], 200), "chup X-quang: [viem] [phoi]");
        assert_eq!(shown("Ho, sốt", &["viem"], 200), "Ho, sốt");
        assert_eq!(shown("", &["viem"], 200), "");
        let long = format!("{} viêm phổi {}", "ho ".repeat(100), "sốt ".repeat(100));
        let cut = shown(&long, &["viem", "phoi"], 80);
        assert!(cut.starts_with('…') && cut.ends_with('…') && cut.contains("[viêm] [phổi]") && cut.chars().count() < 110, "{cut}");
    }

    proptest! {
        /// Nothing is invented and nothing is cut inside a letter.
        #[test]
        fn every_piece_stands_in_the_text(text in "(\\PC| ){0,300}", mark in "[a-z]{1,4}") {
            for piece in around(&text, &[mark], 60) {
                let body = piece.text.trim_matches('…');
                prop_assert!(text.contains(body), "{}", body);
            }
        }
    }
}

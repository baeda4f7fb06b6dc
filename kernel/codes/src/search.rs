//! What people type, turned into what PostgreSQL looks up: the beginnings of words, in any order.

use base::fold;
use std::fmt::Write;

/// More letters and words than these only cost time.
const MOST_LETTERS: usize = 200;
const MOST_WORDS: usize = 10;
const LONGEST_WORD: usize = 40;

/// A typed text made ready for the searches of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// Folded and cut to a sensible length; rows that begin with it rank first.
    pub phrase: String,
    /// The text of a `tsquery`: every word as a prefix. `None` when nothing usable was typed.
    pub words: Option<String>,
    /// The letters and digits run together, as codes and abbreviations are compared.
    pub plain: String,
}

impl Typed {
    pub fn new(typed: &str) -> Typed {
        let short: String = typed.chars().take(MOST_LETTERS).collect();
        let folded = fold(&short);
        let words: Vec<String> = folded
            .split(' ')
            .filter(|w| !w.is_empty())
            .take(MOST_WORDS)
            .map(|w| w.chars().take(LONGEST_WORD).collect())
            .collect();
        let mut query = String::new();
        for word in &words {
            if !query.is_empty() {
                query.push_str(" & ");
            }
            // Folding leaves letters and digits only, so quotes are safe without escaping.
            let _ = write!(query, "'{word}':*");
        }
        let phrase = words.join(" ");
        Typed { plain: words.concat(), words: (!query.is_empty()).then_some(query), phrase }
    }

    /// The typed text as the beginning of an ICD-10 code without its dot (`j02`, `J02.9` → `J029`).
    pub fn icd10_code(&self) -> Option<String> {
        let mut bytes = self.plain.bytes();
        let is_code = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && self.plain.len() <= 7
            && bytes.clone().next().is_some_and(|b| b.is_ascii_digit())
            && bytes.all(|b| b.is_ascii_digit());
        is_code.then(|| self.plain.to_ascii_uppercase())
    }
}

/// Folds the parts of a row into the text its words are taken from, each word once.
pub(crate) fn search_text<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = Vec::new();
    for part in parts {
        for word in fold(part).split(' ').filter(|w| !w.is_empty()) {
            let word: String = word.chars().take(LONGEST_WORD).collect();
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_words_become_prefixes() {
        let typed = Typed::new("  Viêm  họng, CẤP ");
        assert_eq!(typed.words.as_deref(), Some("'viem':* & 'hong':* & 'cap':*"));
        assert_eq!(typed.phrase, "viem hong cap");
        assert_eq!(Typed::new("'; drop & !").words.as_deref(), Some("'drop':*"));
        assert_eq!(Typed::new("…").words, None);
    }

    #[test]
    fn codes_are_recognised_with_and_without_dot() {
        for (typed, code) in
            [("j02.9", Some("J029")), ("J02", Some("J02")), ("b18 19", Some("B1819")), ("tha", None), ("i", None), ("10", None)]
        {
            assert_eq!(Typed::new(typed).icd10_code().as_deref(), code, "{typed}");
        }
    }
}

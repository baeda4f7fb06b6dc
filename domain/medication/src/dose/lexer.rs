//! Cuts what was typed into numbers, words, signs and quoted notes, each with its place in the text, so that an
//! unclear part can be underlined exactly where it stands.

use super::amount::Milli;
use unicode_normalization::UnicodeNormalization;

/// One piece of the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    /// Byte offsets in the text as typed.
    pub start: usize,
    pub end: usize,
    /// No space stood before it, as the `1` of `s1`.
    pub glued: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Number(Milli),
    /// Letters, folded: without marks, small.
    Word(String),
    /// A comma, semicolon or full stop between parts.
    Pause,
    Sign(char),
    /// Text in double quotes: a remark that is printed as typed.
    Quote(String),
    /// A number too long or too odd to be read.
    BadNumber,
}

/// Cuts the whole text; no character is lost except white space.
pub fn cut(text: &str) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let at = |i: usize| chars.get(i).map(|&(_, c)| c);
    let offset = |i: usize| chars.get(i).map_or(text.len(), |&(o, _)| o);
    let mut tokens = Vec::new();
    let mut i = 0;
    let mut glued = false;
    while let Some(c) = at(i) {
        if c.is_whitespace() || c.is_control() {
            glued = false;
            i += 1;
            continue;
        }
        let first = i;
        let kind = if c.is_ascii_digit() {
            i = end_of_number(&at, i);
            Milli::parse(&text[offset(first)..offset(i)]).map_or(Kind::BadNumber, Kind::Number)
        } else if let Some(amount) = vulgar_fraction(c) {
            i += 1;
            Kind::Number(amount)
        } else if c.is_alphabetic() || is_mark(c) {
            while at(i).is_some_and(|c| c.is_alphabetic() || is_mark(c)) {
                i += 1;
            }
            Kind::Word(folded(&text[offset(first)..offset(i)]))
        } else if matches!(c, '"' | '“' | '”') {
            i += 1;
            let inside = i;
            while at(i).is_some_and(|c| !matches!(c, '"' | '“' | '”')) {
                i += 1;
            }
            let note = text[offset(inside)..offset(i)].split_whitespace().collect::<Vec<_>>().join(" ");
            i += usize::from(at(i).is_some());
            Kind::Quote(note)
        } else {
            i += 1;
            if matches!(c, ',' | ';' | '.' | '·' | ':') { Kind::Pause } else { Kind::Sign(c) }
        };
        tokens.push(Token { kind, start: offset(first), end: offset(i), glued });
        glued = true;
    }
    tokens
}

/// Digits, then at most one decimal part or one fraction: `38,5`, `1/2`. A comma that no digit follows is a pause.
fn end_of_number(at: &impl Fn(usize) -> Option<char>, first: usize) -> usize {
    let digit = |i: usize| at(i).is_some_and(|c| c.is_ascii_digit());
    let mut i = first;
    while digit(i) {
        i += 1;
    }
    // Only 2, 3 and 4 divide a dose; `1/8h` is "one every eight hours", not an eighth.
    let divides = matches!(at(i + 1), Some('2' | '3' | '4')) && !digit(i + 2) && at(i + 2).is_none_or(|c| c != 'h');
    if at(i) == Some('/') && divides && i - first <= 2 {
        return i + 2;
    }
    if matches!(at(i), Some(',' | '.')) && digit(i + 1) {
        i += 1;
        while digit(i) {
            i += 1;
        }
    }
    i
}

fn vulgar_fraction(c: char) -> Option<Milli> {
    match c {
        '½' => Some(Milli(500)),
        '¼' => Some(Milli(250)),
        '¾' => Some(Milli(750)),
        '⅓' => Some(Milli(333)),
        '⅔' => Some(Milli(666)),
        _ => None,
    }
}

/// A combining mark: Vietnamese typed in decomposed form comes as letter plus marks.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn folded(word: &str) -> String {
    word.nfd()
        .filter(|c| !is_mark(*c))
        .map(|c| if matches!(c, 'đ' | 'Đ') { 'd' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        cut(text).into_iter().map(|t| t.kind).collect()
    }
    fn word(w: &str) -> Kind {
        Kind::Word(w.into())
    }

    #[test]
    fn glued_and_spaced_parts() {
        assert_eq!(kinds("s1"), [word("s"), Kind::Number(Milli::whole(1))]);
        assert_eq!(kinds("Sáng ½ viên"), [word("sang"), Kind::Number(Milli(500)), word("vien")]);
        assert_eq!(kinds("1/8h").len(), 4);
        assert_eq!(kinds("1/2v"), [Kind::Number(Milli(500)), word("v")]);
        assert_eq!(kinds("s1,c1").len(), 5);
        assert_eq!(kinds("\"pha  nước\""), [Kind::Quote("pha nước".into())]);
        assert_eq!(kinds("999999999"), [Kind::BadNumber]);
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "Sáng  tối";
        let tokens = cut(text);
        assert_eq!(&text[tokens[1].start..tokens[1].end], "tối");
        assert!(!tokens[1].glued);
    }
}

//! Reads `arrangement.txt`: which fields share a printed line.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is said about the page of one section.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrangement {
    pub shares: Vec<f32>,
    pub framed: bool,
    /// The whole section in one frame, together with what follows it at the foot of the record.
    pub whole: bool,
    pub heads: Vec<String>,
    pub title: Option<String>,
    /// A line above the section, e.g. "A- BỆNH ÁN".
    pub first: String,
    /// The section that stands in the right half.
    pub beside: String,
    pub lines: Vec<Placed>,
}

/// One printed line and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub side: Side,
    /// Cells with their tokens; one cell is the whole width.
    pub cells: Vec<Vec<Token>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Across,
    Left,
    Right,
    /// A rule across the frame.
    Rule,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A field, its dotted lines (0 = as it is), and in how many columns its options stand; without its label or in a
    /// box where the paper has it so.
    Field { id: String, lines: u32, columns: u32, bare: bool, boxed: bool },
    Words(String),
    Push,
    /// Dots.
    Dots,
    /// A table of transfers as lines with squares.
    Stays(String),
}

static ALL: LazyLock<HashMap<String, Arrangement>> = LazyLock::new(|| parse(include_str!("arrangement.txt")));

/// The arrangement of a section, of this very form where it has its own.
pub fn of(section: &str, form: &str) -> Option<&'static Arrangement> {
    ALL.get(&format!("{section}@{form}")).or_else(|| ALL.get(section))
}

fn parse(text: &'static str) -> HashMap<String, Arrangement> {
    let mut all = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut now = Arrangement::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(inner) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            keep(&mut all, &names, &now);
            names = inner.split_whitespace().map(str::to_owned).collect();
            now = Arrangement::default();
        } else {
            read(line, &mut now);
        }
    }
    keep(&mut all, &names, &now);
    all
}

fn keep(all: &mut HashMap<String, Arrangement>, names: &[String], arrangement: &Arrangement) {
    for name in names {
        all.insert(name.clone(), arrangement.clone());
    }
}

fn read(line: &str, now: &mut Arrangement) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "frame" | "halves" => {
            now.framed = word == "frame";
            now.shares = rest.split_whitespace().filter_map(|share| share.parse().ok()).collect();
        }
        "whole" => now.whole = true,
        "heads" => {
            let words = tokens(rest).into_iter().filter_map(|token| if let Token::Words(text) = token { Some(text) } else { None });
            now.heads = words.collect();
        }
        "title" => now.title = Some(rest.to_owned()),
        "untitled" => now.title = Some(String::new()),
        "first" => now.first = rest.to_owned(),
        "beside" => now.beside = rest.to_owned(),
        "-" => now.lines.push(Placed { side: Side::Rule, cells: Vec::new() }),
        "<" => now.lines.push(Placed { side: Side::Left, cells: vec![tokens(rest)] }),
        ">" => now.lines.push(Placed { side: Side::Right, cells: vec![tokens(rest)] }),
        _ => now.lines.push(Placed { side: Side::Across, cells: line.split('|').map(tokens).collect() }),
    }
}

/// The tokens of one cell; words stand in quotation marks.
fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    for (i, piece) in text.split('"').enumerate() {
        if i % 2 == 1 {
            out.push(Token::Words(piece.to_owned()));
            continue;
        }
        let mut words = piece.split_whitespace();
        while let Some(word) = words.next() {
            out.push(match word {
                "^" => Token::Push,
                "_" => Token::Dots,
                "stays" => Token::Stays(words.next().unwrap_or_default().to_owned()),
                word => field(word),
            });
        }
    }
    out
}

/// `tk_qua_trinh*11`, `ket_qua%2`, `tuoi!`, `vao_khoa#`.
fn field(word: &str) -> Token {
    let (bare, boxed) = (word.contains('!'), word.contains('#'));
    let word = word.trim_end_matches(['!', '#']);
    let (rest, columns) = word.split_once('%').map_or((word, 0), |(id, n)| (id, n.parse().unwrap_or(0)));
    let (id, lines) = rest.split_once('*').map_or((rest, 0), |(id, n)| (id, n.parse().unwrap_or(0)));
    Token::Field { id: id.to_owned(), lines, columns, bare, boxed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_its_own_wins_over_the_common_page() {
        let common = of("chan_doan_bia", "01/BV1").unwrap();
        let surgical = of("chan_doan_bia", "10/BV1").unwrap();
        assert_eq!(common.shares, [54.0, 46.0]);
        assert!(common.framed && surgical.framed);
        assert_ne!(common.lines, surgical.lines);
        assert!(of("khong_co", "01/BV1").is_none());
    }

    #[test]
    fn a_line_is_read_into_cells() {
        let placed = &of("hanh_chinh", "01/BV1").unwrap().lines[0];
        assert_eq!(placed.cells.len(), 2);
        assert_eq!(placed.cells[1][1], Token::Push);
        let last = of("tong_ket", "01/BV1").unwrap().lines.last().unwrap();
        assert_eq!(last.cells[0][0], Token::Field { id: "tk_huong_tiep".into(), lines: 5, columns: 0, bare: false, boxed: false });
    }
}

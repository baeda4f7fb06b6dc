//! Reads the words of a page with Tesseract in Vietnamese, where the machine has it. Without it scans are kept, checked and
//! filed all the same; they are only not found by what stands in them, and the pages say so.

use super::intake;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
use std::time::Duration;

/// How long one page may take.
const LONGEST: Duration = Duration::from_secs(120);

/// Words that the reader is less sure of than this (0–100) are noise.
const LEAST_SURE: f32 = 30.0;

/// A word and where it stands, in pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub x: u32,
    pub y: u32,
    pub h: u32,
    pub t: String,
}

/// What was read from a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub text: String,
    pub words: Vec<Word>,
}

/// Whether this machine can read Vietnamese: asked once.
pub fn is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let listed = intake::run(program(), &["--list-langs"], b"", Duration::from_secs(10)).unwrap_or_default();
        String::from_utf8_lossy(&listed).lines().any(|line| line.trim() == "vie")
    })
}

/// `YBA_TESSERACT` names another binary, or `off`.
fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var("YBA_TESSERACT").unwrap_or_else(|_| "tesseract".into()))
}

/// The words of a page; nothing where there is no reader, or where it fails: a page that cannot be read is still a page.
pub fn read(jpeg: &[u8]) -> Reading {
    if !is_there() {
        return Reading::default();
    }
    match intake::run(program(), &["stdin", "stdout", "-l", "vie", "--psm", "3", "tsv"], jpeg, LONGEST) {
        Ok(table) => parse(&String::from_utf8_lossy(&table)),
        Err(fault) => {
            tracing::warn!(%fault, "a scanned page could not be read");
            Reading::default()
        }
    }
}

/// Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
fn parse(table: &str) -> Reading {
    let mut out = Reading::default();
    let mut line_before = None;
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [level, _, block, paragraph, line, _, left, top, _, height, sure, text] = columns.as_slice() else { continue };
        let text = text.trim();
        if *level != "5" || text.is_empty() || sure.parse::<f32>().unwrap_or(-1.0) < LEAST_SURE {
            continue;
        }
        let (Ok(x), Ok(y), Ok(h)) = (left.parse(), top.parse(), height.parse()) else { continue };
        let place = (*block, *paragraph, *line);
        match line_before {
            None => {}
            Some(before) if before == place => out.text.push(' '),
            Some(_) => out.text.push('\n'),
        }
        line_before = Some(place);
        out.text.push_str(text);
        out.words.push(Word { x, y, h, t: text.to_owned() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_becomes_lines_and_places() {
        let table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
                     4\t1\t1\t1\t1\t0\t10\t10\t200\t20\t-1\t\n\
                     5\t1\t1\t1\t1\t1\t10\t10\t60\t20\t96.1\tBỆNH\n\
                     5\t1\t1\t1\t1\t2\t80\t10\t40\t20\t93.0\tÁN\n\
                     5\t1\t1\t1\t1\t3\t80\t10\t40\t20\t3.0\t~|\n\
                     5\t1\t1\t1\t2\t1\t10\t40\t60\t18\t88.2\tNội\n";
        let read = parse(table);
        assert_eq!(read.text, "BỆNH ÁN\nNội");
        assert_eq!(read.words[2], Word { x: 10, y: 40, h: 18, t: "Nội".into() });
        assert_eq!(parse(""), Reading::default());
    }
}

//! The small pieces a printed line is made of, and the blocks a page is made of, under the names that the template reads.

use serde_json::{Value, json};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Atom {
    /// Printed words.
    Words { text: String, bold: bool, slanted: bool },
    /// What was filled in, then dots to the end of the room there is.
    Fill(String),
    /// A short gap of a fixed width in points: a day, an hour, a number.
    Slot(String, f32),
    /// Squares that stand side by side without a gap: what is in each and how wide it is, in points.
    Cells(Vec<(String, f32)>),
    /// A choice with its square behind it, never parted.
    Choice { text: String, sign: String },
    /// Room in points.
    Gap(f32),
    /// Pushes what follows to the right.
    Push,
}

impl Atom {
    pub fn words(text: impl Into<String>) -> Atom {
        Atom::Words { text: text.into(), bold: false, slanted: false }
    }
    pub fn bold(text: impl Into<String>) -> Atom {
        Atom::Words { text: text.into(), bold: true, slanted: false }
    }
    pub fn slanted(text: impl Into<String>) -> Atom {
        Atom::Words { text: text.into(), bold: false, slanted: true }
    }

    fn json(&self) -> Value {
        match self {
            Atom::Words { text, bold, slanted } => {
                let mut out = json!({ "t": text });
                if *bold {
                    out["b"] = true.into();
                }
                if *slanted {
                    out["i"] = true.into();
                }
                out
            }
            Atom::Fill(value) => json!({ "f": value }),
            Atom::Slot(value, width) => json!({ "s": value, "w": points(*width) }),
            Atom::Cells(cells) => {
                let cells: Vec<Value> = cells.iter().map(|(sign, width)| json!([sign, points(*width)])).collect();
                json!({ "q": cells })
            }
            Atom::Choice { text, sign } => json!({ "o": text, "x": sign }),
            Atom::Gap(width) => json!({ "g": points(*width) }),
            Atom::Push => json!({ "p": "1" }),
        }
    }
}

/// A square as wide as one sign needs.
pub const SQUARE: f32 = 12.0;

/// The template reads texts only, with a decimal point.
fn points(width: f32) -> String {
    format!("{width}")
}

pub type Line = Vec<Atom>;

/// A piece of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// The head of a record's cover or of a slip: left lines, the title, right lines.
    Head { left: Vec<Line>, title: Vec<String>, below: Vec<Line>, right: Vec<Line> },
    /// The head of a certificate: the facility on the left, the name of the republic and its motto on the right.
    Republic { left: Vec<Line>, right: Vec<Line>, title: Vec<String>, below: Vec<Line> },
    Heading { text: String, right: String, level: u8 },
    /// Cells side by side; the widths are shares.
    Row { shares: Vec<f32>, cells: Vec<Line> },
    /// A line, what was written, then so many dotted lines more; the tail stands at the end of the last one.
    Long { line: Line, value: String, more: u32, tail: Line },
    /// Frame rows; each cell holds blocks.
    Frame { shares: Vec<f32>, rows: Vec<Vec<Vec<Block>>> },
    /// Blocks with a small frame at their right.
    Beside { main: Vec<Block>, side: Vec<Line> },
    Table { shares: Vec<f32>, head: Vec<String>, rows: Vec<Vec<String>>, small: bool },
    /// A printed paragraph.
    Text { line: Line, centre: bool },
    /// Places to sign, side by side.
    Sign { spots: Vec<Place> },
    /// "Hồ sơ, phim, ảnh" with the three who hand over, take over and treat.
    Handover { rows: Vec<(String, String)>, spots: Vec<Place> },
    /// A drawing: empty lines to draw on.
    Drawing { title: String, lines: u32 },
    Page,
}

/// One place to sign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub role: String,
    pub label: String,
    pub sub: String,
    /// "Ngày … tháng … năm …" above it.
    pub date: Line,
    /// Who signs by hand or by key, known from the form's own field.
    pub name: String,
    pub signed: Option<super::Signed>,
    /// Which of the paper's pictures is the drawn signature, from 1; 0 for none.
    pub picture: usize,
}

impl Place {
    fn json(&self) -> Value {
        let mut out = json!({
            "role": self.role, "label": self.label, "sub": self.sub, "date": line(&self.date), "name": self.name,
        });
        if let Some(signed) = &self.signed {
            let how = if signed.how.is_empty() { "Ký số bởi" } else { &signed.how };
            out["signer"] = signed.name.clone().into();
            out["when"] = signed.at.clone().into();
            out["how"] = how.into();
            out["picture"] = self.picture.to_string().into();
        }
        out
    }
}

fn line(atoms: &Line) -> Value {
    atoms.iter().map(Atom::json).collect()
}

fn lines(many: &[Line]) -> Value {
    many.iter().map(line).collect()
}

fn shares_of(shares: &[f32]) -> Value {
    shares.iter().map(|share| points(*share)).collect()
}

fn places(spots: &[Place]) -> Value {
    spots.iter().map(Place::json).collect()
}

/// Blocks as the template reads them.
pub fn json(blocks: &[Block]) -> Value {
    blocks.iter().map(one).collect()
}

fn one(block: &Block) -> Value {
    match block {
        Block::Head { left, title, below, right } => {
            json!({ "k": "head", "left": lines(left), "title": title, "below": lines(below), "right": lines(right) })
        }
        Block::Republic { left, right, title, below } => {
            json!({ "k": "republic", "left": lines(left), "right": lines(right), "title": title, "below": lines(below) })
        }
        Block::Heading { text, right, level } => json!({ "k": "heading", "text": text, "right": right, "level": level.to_string() }),
        Block::Row { shares, cells } => json!({ "k": "row", "w": shares_of(shares), "cells": lines(cells) }),
        Block::Long { line: atoms, value, more, tail } => {
            json!({ "k": "long", "line": line(atoms), "value": value, "n": more.to_string(), "tail": line(tail) })
        }
        Block::Frame { shares, rows } => {
            let rows: Vec<Vec<Value>> = rows.iter().map(|row| row.iter().map(|cell| json(cell)).collect()).collect();
            json!({ "k": "frame", "w": shares_of(shares), "rows": rows })
        }
        Block::Beside { main, side } => json!({ "k": "beside", "main": json(main), "side": lines(side) }),
        Block::Table { shares, head, rows, small } => {
            json!({ "k": "table", "w": shares_of(shares), "head": head, "rows": rows, "small": small })
        }
        Block::Text { line: atoms, centre } => json!({ "k": "text", "line": line(atoms), "centre": centre }),
        Block::Sign { spots } => json!({ "k": "sign", "spots": places(spots) }),
        Block::Handover { rows, spots } => json!({ "k": "handover", "rows": rows, "spots": places(spots) }),
        Block::Drawing { title, lines } => json!({ "k": "drawing", "title": title, "n": lines.to_string() }),
        Block::Page => json!({ "k": "page" }),
    }
}

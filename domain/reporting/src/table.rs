//! A report as a book of tables: the same rows go to the screen, into a sheet and onto paper, so that the three can never
//! say different things.

use base::{Vnd, show_date};
use chrono::NaiveDate;
use serde_json::{Value, json};

/// One field of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// Whole đồng.
    Money(i64),
    /// Thousandths of what is counted.
    Count(i64),
    Day(NaiveDate),
    None,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// As people read it; nothing is an empty text.
    pub fn shown(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Money(amount) => Vnd(*amount).digits(),
            Cell::Count(milli) => show_count(*milli),
            Cell::Day(day) => show_date(*day),
            Cell::None => String::new(),
        }
    }

    /// Stands at the right edge of its column.
    pub fn is_number(&self) -> bool {
        matches!(self, Cell::Money(_) | Cell::Count(_))
    }
}

impl From<Option<NaiveDate>> for Cell {
    fn from(day: Option<NaiveDate>) -> Cell {
        day.map_or(Cell::None, Cell::Day)
    }
}

/// `14`, or `1,5` for part of a bottle.
pub fn show_count(milli: i64) -> String {
    let (whole, rest) = (milli / 1000, (milli % 1000).abs());
    if rest == 0 {
        return Vnd(whole).digits();
    }
    let sign = if milli < 0 && whole == 0 { "−" } else { "" };
    format!("{sign}{},{}", Vnd(whole).digits(), format!("{rest:03}").trim_end_matches('0'))
}

/// A column: its heading, whether numbers stand in it, how many characters wide in a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub title: &'static str,
    pub is_number: bool,
    pub width: u16,
}

impl Column {
    /// Holds a day, a code or a telephone number: better wide than broken.
    pub fn is_short(&self) -> bool {
        self.width <= 18
    }
}

pub const fn words(title: &'static str, width: u16) -> Column {
    Column { title, is_number: false, width }
}

pub const fn number(title: &'static str) -> Column {
    Column { title, is_number: true, width: 16 }
}

/// One row, and the page that tells more about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub cells: Vec<Cell>,
    pub href: Option<String>,
}

impl Row {
    pub fn new(cells: Vec<Cell>) -> Row {
        Row { cells, href: None }
    }
    pub fn leading_to(cells: Vec<Cell>, href: String) -> Row {
        Row { cells, href: Some(href) }
    }
}

/// A table under a heading, with its sum where summing has a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub sum: Option<Row>,
}

impl Table {
    pub fn new(title: impl Into<String>, columns: &[Column], rows: Vec<Row>) -> Table {
        Table { title: title.into(), columns: columns.to_vec(), rows, sum: None }
    }

    /// Adds a last row: the first column says "Cộng", columns in which every row is money or a count are added up.
    pub fn summed(mut self) -> Table {
        if self.rows.is_empty() {
            return self;
        }
        let mut cells = vec![Cell::text("Cộng")];
        for at in 1..self.columns.len() {
            let column = || self.rows.iter().map(|row| &row.cells[at]);
            let sum = if !self.columns[at].is_number || column().any(|cell| !cell.is_number()) {
                Cell::None
            } else if column().all(|cell| matches!(cell, Cell::Money(_))) {
                Cell::Money(column().map(amount).sum())
            } else {
                Cell::Count(column().map(amount).sum())
            };
            cells.push(sum);
        }
        self.sum = Some(Row::new(cells));
        self
    }

    /// The sum of a money column; zero without one.
    pub fn sum_of(&self, title: &str) -> Vnd {
        let at = self.columns.iter().position(|column| column.title == title);
        let cell = at.zip(self.sum.as_ref()).and_then(|(at, sum)| sum.cells.get(at));
        Vnd(cell.map_or(0, amount))
    }
}

fn amount(cell: &Cell) -> i64 {
    match cell {
        Cell::Money(amount) | Cell::Count(amount) => *amount,
        _ => 0,
    }
}

/// A figure above the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    pub label: &'static str,
    pub value: String,
    pub hint: &'static str,
}

/// A whole report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    pub title: &'static str,
    /// Of which day or days.
    pub about: String,
    pub figures: Vec<Figure>,
    pub tables: Vec<Table>,
    /// Whether its sums are the ledger's to the đồng; `None` where the ledger has nothing to say.
    pub agrees: Option<bool>,
    /// What to do when there is nothing in it.
    pub when_empty: &'static str,
}

impl Book {
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(|table| table.rows.is_empty())
    }

    pub fn row_count(&self) -> usize {
        self.tables.iter().map(|table| table.rows.len()).sum()
    }

    /// What `edge/documents` needs for the paper `report`.
    pub fn paper(&self) -> Value {
        let shown = |row: &Row| row.cells.iter().map(Cell::shown).collect::<Vec<_>>();
        json!({
            "title": self.title,
            "about": self.about,
            "figures": self.figures.iter().map(|f| json!({ "label": f.label, "value": f.value })).collect::<Vec<_>>(),
            "verdict": self.verdict(),
            "tables": self.tables.iter().filter(|t| !t.rows.is_empty()).map(|t| json!({
                "title": t.title,
                "columns": t.columns.iter().map(|c| json!({ "title": c.title, "number": c.is_number, "width": c.width.to_string() })).collect::<Vec<_>>(),
                "rows": t.rows.iter().map(|row| json!({ "cells": shown(row) })).collect::<Vec<_>>(),
                "sum": t.sum.as_ref().map(|row| json!({ "cells": shown(row) })),
            })).collect::<Vec<_>>(),
        })
    }

    /// The sentence below a sheet and a paper.
    pub fn verdict(&self) -> Option<&'static str> {
        self.agrees.map(|agrees| if agrees { "Khớp sổ cái từng đồng." } else { "KHÔNG KHỚP SỔ CÁI: báo người quản trị." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_of_numbers_are_added_up() {
        let columns = [words("Ai", 20), number("Số phiếu"), number("Đã thu"), words("Ghi chú", 20), number("Chênh lệch")];
        let row = |who: &str, papers, amount, difference| {
            Row::new(vec![Cell::text(who), Cell::Count(papers), Cell::Money(amount), Cell::text("x"), difference])
        };
        let table = Table::new("Ca", &columns, vec![row("Vân", 2000, 150_000, Cell::Money(-500)), row("Hoa", 1500, 3_101, Cell::None)]).summed();
        let sum = table.sum.as_ref().unwrap();
        assert_eq!(sum.cells, [Cell::text("Cộng"), Cell::Count(3500), Cell::Money(153_101), Cell::None, Cell::None]);
        assert_eq!(table.sum_of("Đã thu"), Vnd(153_101));
        assert_eq!(table.sum_of("không có"), Vnd::ZERO);
        assert_eq!(Table::new("Trống", &columns, Vec::new()).summed().sum, None);
    }

    #[test]
    fn counts_read_as_people_write_them() {
        for (milli, shown) in [(14_000, "14"), (1_500, "1,5"), (-250, "−0,25"), (1_240_000, "1.240"), (0, "0"), (-1_500, "−1,5")] {
            assert_eq!(show_count(milli), shown);
        }
    }
}

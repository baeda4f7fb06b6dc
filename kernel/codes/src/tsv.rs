//! Tab-separated catalogue texts in, COPY lines out.

use anyhow::{Context, Result, bail};

/// A catalogue text whose first line names the columns. Cells hold neither tabs nor line breaks.
pub(crate) struct Table<'t> {
    name: &'t str,
    columns: Vec<&'t str>,
    body: std::str::Lines<'t>,
}

impl<'t> Table<'t> {
    pub fn read(name: &'t str, text: &'t str) -> Result<Table<'t>> {
        let mut body = text.lines();
        let head = body.next().with_context(|| format!("{name} is empty"))?;
        Ok(Table { name, columns: head.split('\t').collect(), body })
    }

    /// Every row with exactly these columns, in this order; refuses a file without one of them or a ragged row.
    pub fn rows<const N: usize>(self, wanted: [&str; N]) -> Result<Vec<[&'t str; N]>> {
        let mut places = [0; N];
        for (place, column) in places.iter_mut().zip(wanted) {
            *place = self
                .columns
                .iter()
                .position(|c| *c == column)
                .with_context(|| format!("{} has no column {column}", self.name))?;
        }
        let mut rows = Vec::new();
        for (line, text) in self.body.enumerate() {
            let cells: Vec<&str> = text.split('\t').collect();
            if cells.len() != self.columns.len() {
                bail!("{} line {}: {} cells, expected {}", self.name, line + 2, cells.len(), self.columns.len());
            }
            rows.push(places.map(|p| cells[p].trim()));
        }
        Ok(rows)
    }
}

/// Rows on their way into COPY … FROM STDIN, in PostgreSQL's text format.
#[derive(Default)]
pub(crate) struct CopyText {
    pub bytes: Vec<u8>,
    pub rows: usize,
    begun: bool,
}

impl CopyText {
    fn cell(&mut self) -> &mut Vec<u8> {
        if self.begun {
            self.bytes.push(b'\t');
        }
        self.begun = true;
        &mut self.bytes
    }

    /// A text as it stands, also when empty.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let cell = self.cell();
        for byte in text.bytes() {
            match byte {
                b'\\' => cell.extend(b"\\\\"),
                b'\t' | b'\n' | b'\r' => cell.push(b' '),
                _ => cell.push(byte),
            }
        }
        self
    }

    /// A text, NULL when empty.
    pub fn maybe(&mut self, text: &str) -> &mut Self {
        if text.is_empty() {
            self.cell().extend(b"\\N");
            self
        } else {
            self.text(text)
        }
    }

    pub fn flag(&mut self, holds: bool) -> &mut Self {
        self.text(if holds { "t" } else { "f" })
    }

    pub fn number(&mut self, number: impl ToString) -> &mut Self {
        self.text(&number.to_string())
    }

    /// An array of plain keys (letters and digits).
    pub fn keys(&mut self, keys: &[String]) -> &mut Self {
        let list = format!("{{{}}}", keys.join(","));
        self.text(&list)
    }

    pub fn end_row(&mut self) {
        self.bytes.push(b'\n');
        self.rows += 1;
        self.begun = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_ragged_rows_are_refused() {
        let rows = Table::read("t", "a\tb\tc\n1\t2\t3\n").unwrap().rows(["c", "a"]).unwrap();
        assert_eq!(rows, [["3", "1"]]);
        assert!(Table::read("t", "a\tb\n1\n").unwrap().rows(["a"]).is_err());
        assert!(Table::read("t", "a\tb\n").unwrap().rows(["z"]).is_err());
    }

    #[test]
    fn copy_lines_are_escaped() {
        let mut copy = CopyText::default();
        copy.text("a\\b\tc").maybe("").flag(true).number(5).end_row();
        assert_eq!(String::from_utf8(copy.bytes).unwrap(), "a\\\\b c\t\\N\tt\t5\n");
    }
}

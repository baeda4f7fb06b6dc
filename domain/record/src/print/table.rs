//! Tables of a form: fixed rows, rows that were filled, empty rows for the pen.

use super::atoms::Block;
use super::value;
use crate::form::definition::{Field, FieldType, Form};
use serde_json::Value;

/// The table of a field with what was filled in.
pub fn block(field: &Field, kept: &Value, form: &Form) -> Block {
    let columns: Vec<&Field> = field.columns.iter().filter(|column| !column.unprinted).collect();
    let filled: Vec<&Value> = kept.as_array().map(|rows| rows.iter().collect()).unwrap_or_default();
    if let Some(block) = halves(field, &columns, &filled) {
        return block;
    }
    let mut head: Vec<String> = columns.iter().map(|column| column.label.clone()).collect();
    let mut shares: Vec<f32> = columns.iter().map(|column| share(column, columns.len())).collect();
    let titles_first = !field.rows.is_empty();
    if titles_first {
        head.insert(0, field.rows_title.clone());
        shares.insert(0, 3.0);
    }
    let empty = field.min_rows.unwrap_or(if form.kind == crate::form::definition::Kind::BenhAn { 3 } else { 5 }) as usize;
    let count = if titles_first { field.rows.len().max(filled.len()) } else { filled.len().max(if filled.is_empty() { empty } else { filled.len() + 1 }) };
    let rows = (0..count).map(|at| {
        let row = filled.get(at).copied().unwrap_or(&Value::Null);
        let mut cells: Vec<String> = columns.iter().map(|column| cell(column, row)).collect();
        if titles_first {
            cells.insert(0, field.rows.get(at).cloned().unwrap_or_default());
        }
        cells
    });
    Block::Table { small: shares.len() > 6, rows: rows.collect(), head, shares }
}

/// The cell of a filled row. Squares in tables are printed as a cross.
fn cell(column: &Field, row: &Value) -> String {
    let kept = row.get(&column.id).unwrap_or(&Value::Null);
    match column.kind {
        FieldType::Boolean => if value::is_on(kept) { "X".into() } else { String::new() },
        _ => value::words(column, kept),
    }
}

fn share(column: &Field, columns: usize) -> f32 {
    let letters = column.label.chars().count() as f32;
    let kind: f32 = match column.kind {
        FieldType::Longtext => 5.0,
        FieldType::Text | FieldType::PersonRef | FieldType::Icd10 => 2.6,
        FieldType::Datetime => 2.0,
        FieldType::Date => 1.7,
        _ => 1.2,
    };
    if columns > 9 { (letters / 10.0).clamp(0.8, 2.2) } else { kind.max((letters / 14.0).min(3.0)) }
}

/// A list of numbered habits ("01 - Dị ứng" …) is printed in two halves side by side.
fn halves(field: &Field, columns: &[&Field], filled: &[&Value]) -> Option<Block> {
    let numbered = |title: &String| title.split_once(" - ").is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
    if field.rows.len() < 4 || !field.rows.iter().all(numbered) || columns.len() > 4 {
        return None;
    }
    let ticks = columns.iter().find(|column| column.kind == FieldType::Boolean)?;
    let last = columns.last().filter(|column| column.id != ticks.id)?;
    let down = field.rows.len().div_ceil(2);
    let half = |at: usize| -> Vec<String> {
        let Some((number, name)) = field.rows.get(at).and_then(|title| title.split_once(" - ")) else { return vec![String::new(); 4] };
        let row = filled.get(at).copied().unwrap_or(&Value::Null);
        vec![number.to_owned(), format!("- {name}"), cell(ticks, row), cell(last, row)]
    };
    let rows = (0..down).map(|at| [half(at), half(at + down)].concat());
    let head = ["TT", "Ký hiệu", "", last.label.as_str()].map(str::to_owned);
    Some(Block::Table { shares: vec![0.9, 2.2, 0.7, 3.2, 0.9, 2.2, 0.7, 3.2], head: [head.clone(), head].concat(), rows: rows.collect(), small: false })
}

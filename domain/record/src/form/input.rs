//! What was typed into a form, read: pairs of name and text become the values that documents keep.
//!
//! Names: the field's id; `<id>_mp` and `<id>_mt` for a field of both eyes; `<id>.<row>.<column>` for a cell of a table,
//! rows from 0; the same name several times for several choices. Whatever is typed, reading ends and gives an answer:
//! no panic, no endless work. Half a paper is fine here, it is a draft; whether it may be finished says [`super::check`].

use super::definition::{Field, FieldType, Form};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// The longest one-line answer, in characters.
pub const TEXT_LIMIT: usize = 500;
/// The longest story, in characters.
pub const LONGTEXT_LIMIT: usize = 20_000;
/// The most rows of a table whose form names no limit.
pub const ROW_LIMIT: usize = 200;
/// The most pairs that are looked at.
pub const PAIR_LIMIT: usize = 20_000;

/// A form as it was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Field id → value; what is empty or could not be read is left out.
    pub values: Map<String, Value>,
    /// Beside the field (or cell) that each belongs to.
    pub problems: base::Problems,
    /// Names that the form does not have: ignored, but told, so that a caller may refuse them.
    pub unknown: Vec<String>,
}

/// Reads what was typed. Computed fields are passed over: they are worked out, never typed.
pub fn read<'p>(form: &Form, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Read {
    let mut read = Read::default();
    let fields: HashMap<String, &Field> =
        form.fields().flat_map(|field| field.value_ids().into_iter().map(move |id| (id, field))).collect();
    let mut tables: BTreeMap<&str, BTreeMap<usize, Map<String, Value>>> = BTreeMap::new();
    for (at, (name, text)) in pairs.into_iter().enumerate() {
        if at >= PAIR_LIMIT {
            read.problems.add("", "Phiếu gửi lên có quá nhiều ô. Tải lại trang rồi nhập lại.");
            break;
        }
        match name.split_once('.') {
            None => match fields.get(name) {
                Some(field) => one(field, name, text, &mut read),
                None => read.unknown.push(name.to_owned()),
            },
            Some((table, cell)) => {
                let Some((id, field)) = fields.get_key_value(table) else {
                    read.unknown.push(name.to_owned());
                    continue;
                };
                match cell_of(field, cell) {
                    Some((row, column)) if row < row_limit(field) => {
                        if let Some(value) = value_of(column, name, text, &mut read.problems) {
                            tables.entry(id).or_default().entry(row).or_default().insert(column.id.clone(), value);
                        }
                    }
                    Some(_) => {
                        if read.problems.at(table).is_empty() && !text.trim().is_empty() {
                            let text = format!("Bảng chỉ có {} dòng. Ghi tiếp vào một phiếu mới.", row_limit(field));
                            read.problems.add(table.to_owned(), text);
                        }
                    }
                    None => read.unknown.push(name.to_owned()),
                }
            }
        }
    }
    for (id, rows) in tables {
        let field = fields[id];
        let rows: Vec<Value> = match field.rows.len() {
            // Rows that were left empty in the middle close up; fixed rows keep their places.
            0 => rows.into_values().filter(|row| !row.is_empty()).map(Value::Object).collect(),
            fixed => (0..fixed).map(|row| Value::Object(rows.get(&row).cloned().unwrap_or_default())).collect(),
        };
        if !rows.iter().all(super::condition::is_empty) {
            read.values.insert(id.to_owned(), Value::Array(rows));
        }
    }
    read
}

/// The most rows that a table takes.
pub fn row_limit(field: &Field) -> usize {
    match (field.rows.len(), field.max) {
        (0, Some(max)) => max as usize,
        (0, None) => ROW_LIMIT,
        (fixed, _) => fixed,
    }
}

fn cell_of<'f>(field: &'f Field, cell: &str) -> Option<(usize, &'f Field)> {
    let (row, column) = cell.split_once('.')?;
    let row = row.parse().ok().filter(|_| row.len() <= 6)?;
    Some((row, field.columns.iter().find(|c| c.id == column)?))
}

fn one(field: &Field, name: &str, text: &str, read: &mut Read) {
    match field.kind {
        FieldType::Computed | FieldType::Table => {}
        FieldType::Multichoice => {
            let text = text.trim();
            if text.is_empty() {
                return;
            }
            match choice_of(field, text) {
                Some(value) => {
                    let chosen = read.values.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(chosen) = chosen
                        && !chosen.contains(&value)
                    {
                        chosen.push(value);
                    }
                }
                None => read.problems.add(name.to_owned(), not_a_choice(text)),
            }
        }
        _ => {
            if let Some(value) = value_of(field, name, text, &mut read.problems) {
                read.values.insert(name.to_owned(), value);
            }
        }
    }
}

/// One answer. Empty text is no answer; what cannot be read is told beside `name`.
fn value_of(field: &Field, name: &str, text: &str, problems: &mut base::Problems) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let parsed = match field.kind {
        FieldType::Text | FieldType::PersonRef => line(text, TEXT_LIMIT),
        FieldType::Longtext => line(text, LONGTEXT_LIMIT),
        FieldType::Icd10 => codes(field, text),
        FieldType::Integer => match number_of(text).filter(|n| n.fract() == 0.0 && n.abs() < 9e15) {
            Some(number) => Ok(Value::from(number as i64)),
            None => Err("Cần một số nguyên, ví dụ 80.".into()),
        },
        FieldType::Decimal => number_of(text).map(Value::from).ok_or_else(|| "Cần một con số, ví dụ 36,5.".into()),
        FieldType::Date => date_of(text).map(|day| day.to_string().into()).ok_or_else(|| "Không đọc được ngày. Nhập như 25/11/2026.".into()),
        FieldType::Datetime => moment_of(text).map(Value::from).ok_or_else(|| "Không đọc được ngày giờ. Nhập như 08:40 25/11/2026.".into()),
        FieldType::Time => time_of(text).map(|t| t.format("%H:%M").to_string().into()).ok_or_else(|| "Không đọc được giờ. Nhập như 08:40.".into()),
        FieldType::Boolean => match text {
            "on" | "true" | "1" | "co" | "có" => Ok(Value::Bool(true)),
            _ => return None,
        },
        FieldType::Choice => choice_of(field, text).ok_or_else(|| not_a_choice(text)),
        FieldType::Image | FieldType::Signature => {
            let is_hash = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            if is_hash { Ok(text.into()) } else { Err("Hình chưa được tải lên. Vẽ hoặc chọn lại hình.".into()) }
        }
        FieldType::Multichoice | FieldType::Table | FieldType::Computed => return None,
    };
    match parsed {
        Ok(value) => Some(value),
        Err(problem) => {
            problems.add(name.to_owned(), problem);
            None
        }
    }
}

fn line(text: &str, limit: usize) -> Result<Value, String> {
    let count = text.chars().count();
    if count > limit {
        return Err(format!("Dài {count} ký tự, quá {limit}. Rút gọn hoặc ghi tiếp ở phiếu khác."));
    }
    // A line break counts as one whichever system typed it; other control characters have no place on paper.
    let clean: String = text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    Ok(clean.into())
}

/// Codes in capitals, joined by `, `. Whether they exist is asked of the catalogue: [`super::check::codes`].
fn codes(field: &Field, text: &str) -> Result<Value, String> {
    let codes: Vec<String> =
        text.split([',', ';', ' ', '\n']).map(str::trim).filter(|c| !c.is_empty()).map(|c| c.to_uppercase()).collect();
    let most = field.max.unwrap_or(1) as usize;
    if codes.len() > most {
        return Err(if most == 1 { "Chỉ ghi một mã bệnh ở đây.".to_owned() } else { format!("Chỉ ghi được {most} mã bệnh ở đây.") });
    }
    let looks_right = |code: &String| {
        let bytes = code.as_bytes();
        code.len() <= 8
            && bytes.len() >= 3
            && bytes[0].is_ascii_uppercase()
            && bytes[1].is_ascii_digit()
            && bytes[1..].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'*' | b'+' | b'-'))
    };
    match codes.iter().find(|code| !looks_right(code)) {
        Some(wrong) => Err(format!("“{}” không phải mã ICD-10. Mã viết như A09 hoặc E11.9.", short(wrong))),
        None => Ok(codes.join(", ").into()),
    }
}

/// `36,5` and `36.5` are the same number; `1.250.000` is read as money is written. Anything else is no number.
fn number_of(text: &str) -> Option<f64> {
    if text.len() > 24 {
        return None;
    }
    let plain = text.replace([' ', '\u{a0}'], "");
    let grouped = plain.split('.').count() > 2 || (plain.contains('.') && plain.contains(','));
    let plain = if grouped { plain.replace('.', "") } else { plain };
    let plain = plain.replace(',', ".");
    let is_number = plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    plain.parse().ok().filter(|n: &f64| is_number && n.is_finite())
}

fn date_of(text: &str) -> Option<NaiveDate> {
    base::parse_date_vi(text)
}

fn time_of(text: &str) -> Option<NaiveTime> {
    let text = text.replace(['h', 'g', 'H', 'G'], ":");
    let text = text.trim_end_matches(':');
    NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(&format!("{text}:00"), "%H:%M")).ok()
}

/// `2026-11-25T08:40` as browsers send it, `08:40 25/11/2026` and `25/11/2026 08:40` as people write it, a bare day
/// as its beginning.
fn moment_of(text: &str) -> Option<String> {
    let at = if let Some((day, time)) = text.split_once('T') {
        let time = time.get(..5)?;
        NaiveDateTime::new(date_of(day)?, time_of(time)?)
    } else if let Some((first, second)) = text.split_once(' ') {
        match date_of(first) {
            Some(day) => NaiveDateTime::new(day, time_of(second.trim())?),
            None => NaiveDateTime::new(date_of(second.trim())?, time_of(first)?),
        }
    } else {
        date_of(text)?.and_time(NaiveTime::MIN)
    };
    Some(at.format("%Y-%m-%dT%H:%M").to_string())
}

/// The choice by what is kept, or by its whole text as printed.
fn choice_of(field: &Field, text: &str) -> Option<Value> {
    let at = field.choices().zip(&field.options).find(|(choice, printed)| choice.value == text || *printed == text);
    at.map(|(choice, _)| choice.value.into())
}

fn not_a_choice(text: &str) -> String {
    format!("“{}” không có trong các lựa chọn. Chọn lại.", short(text))
}

/// Enough of a text to know it again.
fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(30).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests;

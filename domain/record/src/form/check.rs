//! Whether what stands in a form may stay, and whether the form may be finished. Every refusal is told beside its field.

use super::condition::{self, Condition};
use super::definition::{Field, FieldType, Form};
use super::formula::Formula;
use super::input::{LONGTEXT_LIMIT, TEXT_LIMIT, row_limit};
use base::Problems;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use db::PgConnection;
use serde_json::{Map, Value};

/// Works out the computed fields and takes away what is not asked: answers whose question does not stand (a time of
/// death beside "recovered"), and values of fields that the form does not have. Do this at every save.
pub fn settle(form: &Form, values: &mut Map<String, Value>, today: NaiveDate) {
    let known: std::collections::HashSet<String> = form.fields().flat_map(Field::value_ids).collect();
    values.retain(|id, value| known.contains(id) && !condition::is_empty(value));
    // Printing order is the order of asking: a field that goes takes those with it that hang on it further down.
    for field in form.fields() {
        if !is_asked(field, values) {
            for id in field.value_ids() {
                values.remove(&id);
            }
        }
    }
    for field in form.fields() {
        let Some(formula) = field.formula.as_deref().and_then(|text| Formula::parse(text).ok()) else { continue };
        match formula.work_out(values, today) {
            Some(value) => values.insert(field.id.clone(), value),
            None => values.remove(&field.id),
        };
    }
}

/// The question stands: its condition holds, and the facility has not hidden it.
pub fn is_asked(field: &Field, values: &Map<String, Value>) -> bool {
    let stands = |text: &str| Condition::parse(text).is_ok_and(|condition| condition.holds(values));
    !field.hidden && field.show_if.as_deref().is_none_or(stands)
}

/// Types, lengths, ranges, choices and rows of what stands there. Empty fields are fine: a draft may be half a paper.
pub fn draft(form: &Form, values: &Map<String, Value>) -> Problems {
    let mut problems = Problems::none();
    for field in form.fields() {
        for id in field.value_ids() {
            if let Some(value) = values.get(&id) {
                value_problems(field, &id, value, &mut problems);
            }
        }
    }
    problems
}

/// All that [`draft`] says, and every field that has to be filled and is asked but empty.
pub fn finished(form: &Form, values: &Map<String, Value>) -> Problems {
    let mut problems = draft(form, values);
    for field in form.fields().filter(|f| f.required && f.kind != FieldType::Computed) {
        if !is_asked(field, values) {
            continue;
        }
        for id in field.value_ids() {
            if values.get(&id).is_none_or(condition::is_empty) {
                let eye = if !field.both_eyes { "" } else if id.ends_with("_mp") { " (mắt phải)" } else { " (mắt trái)" };
                problems.add(id, format!("Chưa có “{}”{eye}.", field.label.trim_matches(['-', '+', ' ', ':'])));
            }
        }
    }
    problems
}

/// Disease codes that the catalogue does not have. One query for the whole form.
pub async fn codes(conn: &mut PgConnection, form: &Form, values: &Map<String, Value>) -> Result<Problems, sqlx::Error> {
    let mut asked: Vec<(String, &str)> = Vec::new();
    for field in form.fields() {
        match field.kind {
            FieldType::Icd10 => {
                for id in field.value_ids() {
                    let written = values.get(&id).and_then(Value::as_str).unwrap_or_default();
                    asked.extend(split(written).map(|code| (id.clone(), code)));
                }
            }
            FieldType::Table => {
                let rows = values.get(&field.id).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                for column in field.columns.iter().filter(|c| c.kind == FieldType::Icd10) {
                    for (at, row) in rows.iter().enumerate() {
                        let written = row.get(&column.id).and_then(Value::as_str).unwrap_or_default();
                        asked.extend(split(written).map(|code| (format!("{}.{at}.{}", field.id, column.id), code)));
                    }
                }
            }
            _ => {}
        }
    }
    let mut problems = Problems::none();
    if asked.is_empty() {
        return Ok(problems);
    }
    let wanted: Vec<&str> = asked.iter().map(|(_, code)| *code).collect();
    let known: std::collections::HashSet<String> = codes::icd10::list(conn, &wanted).await?.into_iter().map(|d| d.code).collect();
    for (place, code) in asked.iter().filter(|(_, code)| !known.contains(*code)) {
        problems.add(place.clone(), format!("Mã {code} không có trong danh mục ICD-10. Tìm lại theo tên bệnh."));
    }
    Ok(problems)
}

fn split(codes: &str) -> impl Iterator<Item = &str> {
    codes.split(',').map(str::trim).filter(|code| !code.is_empty())
}

fn value_problems(field: &Field, place: &str, value: &Value, problems: &mut Problems) {
    if let Some(text) = wrong(field, value) {
        problems.add(place.to_owned(), text);
        return;
    }
    if let (FieldType::Table, Value::Array(rows)) = (field.kind, value) {
        for (at, row) in rows.iter().enumerate() {
            for column in &field.columns {
                let cell = row.get(&column.id);
                let place = format!("{}.{at}.{}", field.id, column.id);
                match cell {
                    Some(cell) => value_problems(column, &place, cell, problems),
                    None if column.required && field.rows.is_empty() => {
                        problems.add(place, format!("Chưa có “{}”.", column.label));
                    }
                    None => {}
                }
            }
        }
    }
}

/// What is wrong with one value; `None` when it may stay.
fn wrong(field: &Field, value: &Value) -> Option<String> {
    let text = value.as_str();
    let is_choice = |value: &Value| value.as_str().is_some_and(|text| field.choices().any(|c| c.value == text));
    match field.kind {
        FieldType::Text | FieldType::PersonRef | FieldType::Icd10 => too_long(text, TEXT_LIMIT),
        FieldType::Longtext => too_long(text, LONGTEXT_LIMIT),
        FieldType::Integer if !value.is_i64() => Some("Cần một số nguyên, ví dụ 80.".into()),
        FieldType::Integer | FieldType::Decimal => match value.as_f64() {
            None => Some("Cần một con số, ví dụ 36,5.".into()),
            Some(number) => out_of_range(field, number),
        },
        FieldType::Date => text.and_then(|t| t.parse::<NaiveDate>().ok()).is_none().then(|| "Ngày không có thật.".into()),
        FieldType::Datetime => {
            let at = text.and_then(|t| NaiveDateTime::parse_from_str(t, "%Y-%m-%dT%H:%M").ok());
            at.is_none().then(|| "Ngày giờ không có thật.".into())
        }
        FieldType::Time => {
            let at = text.and_then(|t| NaiveTime::parse_from_str(t, "%H:%M").ok());
            at.is_none().then(|| "Giờ không có thật.".into())
        }
        FieldType::Boolean => (!value.is_boolean()).then(|| "Chỉ đánh dấu hoặc để trống.".into()),
        FieldType::Choice => (!is_choice(value)).then(|| "Chọn một trong các câu trả lời của mẫu.".into()),
        FieldType::Multichoice => match value.as_array() {
            Some(many) if many.iter().all(is_choice) => {
                let most = field.max.map_or(field.options.len(), |max| max as usize);
                (many.len() > most).then(|| format!("Trên mẫu chỉ có {most} ô. Bỏ bớt lựa chọn."))
            }
            _ => Some("Chọn trong các câu trả lời của mẫu.".into()),
        },
        FieldType::Table => match value.as_array() {
            Some(rows) if rows.iter().all(Value::is_object) => {
                let most = row_limit(field);
                (rows.len() > most).then(|| format!("Bảng chỉ có {most} dòng. Ghi tiếp vào một phiếu mới."))
            }
            _ => Some("Bảng không đọc được. Nhập lại.".into()),
        },
        FieldType::Image | FieldType::Signature => {
            let is_hash = text.is_some_and(|t| t.len() == 64 && t.bytes().all(|b| b.is_ascii_hexdigit()));
            (!is_hash).then(|| "Hình chưa được tải lên. Vẽ hoặc chọn lại hình.".into())
        }
        FieldType::Computed => None,
    }
}

fn too_long(text: Option<&str>, limit: usize) -> Option<String> {
    match text {
        None => Some("Cần chữ ở đây.".into()),
        Some(text) => {
            let count = text.chars().count();
            (count > limit).then(|| format!("Dài {count} ký tự, quá {limit}. Rút gọn hoặc ghi tiếp ở phiếu khác."))
        }
    }
}

fn out_of_range(field: &Field, number: f64) -> Option<String> {
    let (low, high) = field.range?;
    let show = |n: f64| n.to_string().replace('.', ",");
    (number < low || number > high)
        .then(|| format!("{} ngoài khoảng {}–{}. Kiểm tra số và đơn vị.", show(number), show(low), show(high)))
}

#[cfg(test)]
mod tests;

//! Between what people type and what documents keep: texts become values, calculations and conditions are settled,
//! and kept values become texts again for the page.

use super::draft::{Draft, flatten};
use crate::form::check;
use crate::form::definition::{Field, FieldType, Form};
use crate::form::{input, source};
use base::Problems;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A draft as it stands now.
pub struct Entry {
    pub values: Map<String, Value>,
    /// What could not be read, beside its field.
    pub problems: Problems,
    /// Fields that are not asked now.
    pub hidden: BTreeSet<String>,
    /// Results of calculations, ready to read.
    pub computed: BTreeMap<String, String>,
}

/// Reads a draft: half a paper is fine here.
pub fn read(form: &Form, draft: &Draft, today: NaiveDate) -> Entry {
    let several: BTreeSet<String> = form
        .fields()
        .filter(|field| field.kind == FieldType::Multichoice)
        .flat_map(Field::value_ids)
        .collect();
    let pairs = draft.texts.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| match name.split_once('.') {
        // A tick of several has a name of its own on the page.
        Some((id, choice)) if several.contains(id) => (id, choice),
        _ => (name.as_str(), text.as_str()),
    });
    let mut read = input::read(form, pairs);
    check::settle(form, &mut read.values, today);
    let hidden = form.fields().filter(|f| !f.hidden && !check::is_asked(f, &read.values)).map(|f| f.id.clone()).collect();
    let computed = form
        .fields()
        .filter(|field| field.kind == FieldType::Computed)
        .filter_map(|field| Some((field.id.clone(), text_of(field, read.values.get(&field.id)?))))
        .collect();
    Entry { values: read.values, problems: read.problems, hidden, computed }
}

/// Kept values as the texts of a page: dates and numbers as people write them.
pub fn texts(form: &Form, values: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut spoken = Map::new();
    for field in form.fields().filter(|field| field.kind != FieldType::Computed) {
        for id in field.value_ids() {
            let Some(value) = values.get(&id) else { continue };
            let value = match (field.kind, value) {
                (FieldType::Table, Value::Array(rows)) => Value::Array(rows.iter().map(|row| spoken_row(field, row)).collect()),
                (FieldType::Multichoice, many) => many.clone(),
                (_, one) => Value::String(text_of(field, one)),
            };
            spoken.insert(id, value);
        }
    }
    flatten(&Value::Object(spoken))
}

fn spoken_row(field: &Field, row: &Value) -> Value {
    let cells = field.columns.iter().filter_map(|column| Some((column.id.clone(), Value::String(text_of(column, row.get(&column.id)?)))));
    Value::Object(cells.collect())
}

/// What is known under the names of `form::source`, as texts of this form's fields. What does not fit stays empty.
pub fn prefilled(form: &Form, answers: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut values = Map::new();
    for field in form.fields().filter(|field| !field.hidden) {
        let known = field.source.as_deref().and_then(|key| answers.get(key)).and_then(|answer| source::fit(field, answer));
        let value = known.or_else(|| field.default.as_ref().map(|text| Value::String(text.clone())));
        if let Some(value) = value {
            values.insert(field.id.clone(), value);
        }
    }
    texts(form, &values)
}

/// A kept value as it is typed: `25/11/2026`, `08:40 25/11/2026`, `36,5`.
pub fn text_of(field: &Field, value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "1".to_owned(),
        Value::Number(number) => number.to_string().replace('.', ","),
        Value::String(text) => match field.kind {
            FieldType::Date => day_of(text).unwrap_or_else(|| text.clone()),
            FieldType::Datetime => moment_of(text).unwrap_or_else(|| text.clone()),
            _ => text.clone(),
        },
        Value::Array(many) => many.iter().map(|one| text_of(field, one)).collect::<Vec<_>>().join(", "),
        Value::Object(of) => of.get("name").or_else(|| of.get("label")).and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}

fn day_of(text: &str) -> Option<String> {
    let day: NaiveDate = text.get(..10)?.parse().ok()?;
    Some(base::show_date(day))
}

fn moment_of(text: &str) -> Option<String> {
    let local = match DateTime::parse_from_rfc3339(text) {
        Ok(at) => base::local_time(at.to_utc()).naive_local(),
        Err(_) => NaiveDateTime::parse_from_str(text.get(..16)?, "%Y-%m-%dT%H:%M").ok()?,
    };
    Some(local.format("%H:%M %d/%m/%Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::catalogue::national;
    use serde_json::json;

    #[test]
    fn what_is_kept_comes_back_as_it_was_typed() {
        let form = national().newest("01/BV1").expect("the internal medicine record");
        let typed = [("ngay_sinh", "15/03/1985"), ("vao_vien_luc", "18:10 23/11/2026"), ("nhiet_do", "38,2"), ("gioi", "1"), ("cd_tai_bien", "1")];
        let mut draft = Draft::default();
        draft.save(&typed.map(|(name, text)| (name.to_owned(), text.to_owned())), 0, "BS. Lộc");
        let today = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let entry = read(&form, &draft, today);
        assert_eq!(entry.problems, Problems::none());
        assert_eq!(entry.values["ngay_sinh"], json!("1985-03-15"));
        let back = texts(&form, &entry.values);
        for (name, text) in typed {
            assert_eq!(back.get(name).map(String::as_str), Some(text), "{name}");
        }
        assert_eq!(entry.computed["tuoi"], "41");
    }

    #[test]
    fn a_moment_is_told_in_vietnamese_time() {
        let field = Field { kind: FieldType::Datetime, ..Field::default() };
        assert_eq!(text_of(&field, &json!("2026-11-24T17:30:00Z")), "00:30 25/11/2026", "past midnight here");
        assert_eq!(text_of(&field, &json!("2026-11-25T08:40")), "08:40 25/11/2026");
    }
}

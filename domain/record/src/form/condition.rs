//! When a field is asked: `ket_qua_dieu_tri=5`, `cd_tai_bien or cd_bien_chung`, `dac_diem_lien_quan.1.co`.
//!
//! `id` holds when something stands there (a ticked box, a chosen answer, a text); `id=value` when the choice kept is
//! this number, or a text that begins so. `and` binds closer than `or`; there are no brackets, because no form needs them.
//! `table.1.column` is a cell of the first row.

use serde_json::{Map, Value};

/// A condition, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Any of these, each of which wants all of its own.
    any: Vec<Vec<Test>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    place: Place,
    wanted: Option<String>,
}

/// A value of the form: a field, or a cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub field: String,
    /// Row (from 1) and column.
    pub cell: Option<(usize, String)>,
}

impl Condition {
    /// Reads the text of a form. `Err` says in Vietnamese what is wrong with it.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let mut any = Vec::new();
        for branch in text.split(" or ") {
            let tests: Result<Vec<Test>, String> = branch.split(" and ").map(|test| Test::parse(test.trim())).collect();
            any.push(tests?);
        }
        Ok(Condition { any })
    }

    /// The fields that it looks at.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.any.iter().flatten().map(|test| test.place.field.as_str())
    }

    pub fn holds(&self, values: &Map<String, Value>) -> bool {
        self.any.iter().any(|all| all.iter().all(|test| test.holds(values)))
    }
}

impl Test {
    fn parse(text: &str) -> Result<Test, String> {
        let (place, wanted) = match text.split_once('=') {
            Some((place, wanted)) => (place.trim(), Some(wanted.trim().to_owned())),
            None => (text, None),
        };
        if wanted.as_deref() == Some("") {
            return Err(format!("Điều kiện “{text}” thiếu giá trị sau dấu bằng."));
        }
        Ok(Test { place: Place::parse(place).ok_or_else(|| format!("Không đọc được điều kiện “{text}”."))?, wanted })
    }

    fn holds(&self, values: &Map<String, Value>) -> bool {
        let Some(value) = self.place.find(values) else { return false };
        match &self.wanted {
            None => !is_empty(value),
            Some(wanted) => match value {
                Value::Array(many) => many.iter().any(|one| reads(one, wanted)),
                one => reads(one, wanted),
            },
        }
    }
}

impl Place {
    pub(super) fn parse(text: &str) -> Option<Place> {
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        match text.split('.').collect::<Vec<_>>().as_slice() {
            [field] if is_id(field) => Some(Place { field: (*field).to_owned(), cell: None }),
            [field, row, column] if is_id(field) && is_id(column) => {
                let row = row.parse().ok().filter(|row| *row > 0)?;
                Some(Place { field: (*field).to_owned(), cell: Some((row, (*column).to_owned())) })
            }
            _ => None,
        }
    }

    pub(super) fn find<'v>(&self, values: &'v Map<String, Value>) -> Option<&'v Value> {
        let value = values.get(&self.field)?;
        match &self.cell {
            None => Some(value),
            Some((row, column)) => value.get(row - 1)?.get(column),
        }
    }
}

/// Nothing stands there.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(many) => many.iter().all(is_empty),
        Value::Object(cells) => cells.values().all(is_empty),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn reads(value: &Value, wanted: &str) -> bool {
    match value {
        // A number stands for itself: 1 is not 14.
        Value::String(text) if wanted.bytes().all(|b| b.is_ascii_digit()) => text == wanted,
        Value::String(text) => text.starts_with(wanted),
        Value::Number(number) => number.to_string() == wanted,
        Value::Bool(ticked) => (wanted == "1") == *ticked,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(text: &str, values: Value) -> bool {
        let Value::Object(values) = values else { panic!("values are an object") };
        Condition::parse(text).expect("a condition").holds(&values)
    }

    #[test]
    fn a_condition_looks_at_what_stands_there() {
        for (text, values, expected) in [
            ("ket_qua=5", json!({ "ket_qua": "5" }), true),
            ("ket_qua=5", json!({ "ket_qua": "15" }), false),
            ("ket_qua=1", json!({ "ket_qua": "14" }), false),
            ("ket_qua=5", json!({}), false),
            ("tu_thi", json!({ "tu_thi": true }), true),
            ("tu_thi", json!({ "tu_thi": false }), false),
            ("phuong_phap=Khác", json!({ "phuong_phap": "Khác (ghi rõ nếu có)" }), true),
            ("yeu_to=3", json!({ "yeu_to": ["1", "3"] }), true),
            ("tai_bien or bien_chung", json!({ "bien_chung": true }), true),
            ("tai_bien and bien_chung", json!({ "bien_chung": true }), false),
            ("a or b and c", json!({ "b": "x", "c": "y" }), true),
            ("dac_diem.1.co", json!({ "dac_diem": [{ "co": true }, {}] }), true),
            ("dac_diem.2.co", json!({ "dac_diem": [{ "co": true }, {}] }), false),
        ] {
            assert_eq!(holds(text, values.clone()), expected, "{text} over {values}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "a=", "a b", "Tuổi", "a.b", "a.0.b", "a and "] {
            assert!(Condition::parse(text).is_err(), "{text:?}");
        }
    }
}

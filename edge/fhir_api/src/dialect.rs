//! The words of FHIR: every URI, system, code and profile stands in `catalogues/fhir_dialect.tsv`, so that another guide is
//! another row. What the ministry's guide and the community's guide call differently is sent in both ways and understood
//! in both.
//!
//! `kind`: `sid` = an identifier system with the identifier type, `cs` = a code system, `ext` = an extension, `profile` = a
//! ministry profile, `code` = one code with its display and, where a profile fixes it, text, `unit` = the unit of a vital
//! sign, `security` = labels that senders use, `special` = codes (beginnings of ICD-10, whole LOINC) of HIV, mental and
//! reproductive health, never sent by default. Several rows of one key: all are sent, all are understood.

use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub kind: &'static str,
    pub key: &'static str,
    pub dialect: &'static str,
    pub uri: &'static str,
    pub code: &'static str,
    pub display: &'static str,
    pub text: &'static str,
    pub usage: &'static str,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    include_str!("../../../catalogues/fhir_dialect.tsv")
        .lines()
        .filter(|line| !line.is_empty())
        .skip(1)
        .map(|line| {
            let mut cells = line.split('\t');
            let mut next = || cells.next().unwrap_or("");
            Row { kind: next(), key: next(), dialect: next(), uri: next(), code: next(), display: next(), text: next(), usage: next() }
        })
        .collect()
});

static BY_KEY: LazyLock<HashMap<&'static str, HashMap<&'static str, Vec<Row>>>> = LazyLock::new(|| {
    let mut map: HashMap<_, HashMap<_, Vec<Row>>> = HashMap::new();
    for row in ROWS.iter() {
        map.entry(row.kind).or_default().entry(row.key).or_default().push(*row);
    }
    map
});

/// All rows of a key; a key that is not in the table is a bug that the tests find.
pub fn rows(kind: &str, key: &str) -> &'static [Row] {
    BY_KEY.get(kind).and_then(|keys| keys.get(key)).map_or(&[], Vec::as_slice)
}

/// The first URI of a key; "" for a key that is not in the table.
pub fn uri(kind: &str, key: &str) -> &'static str {
    let found = rows(kind, key).first().map_or("", |row| row.uri);
    debug_assert!(!found.is_empty(), "{kind} {key} is not in the dialect table");
    found
}

fn code_row(key: &str) -> Option<&'static Row> {
    let row = rows("code", key).first();
    debug_assert!(row.is_some(), "the code {key} is not in the dialect table");
    row
}

/// A `Coding`.
pub fn coding(key: &str) -> Value {
    code_row(key).map_or(Value::Null, |row| plain(json!({ "system": row.uri, "code": row.code, "display": row.display })))
}

/// A `CodeableConcept` of one code of the table, with the text that a profile fixes.
pub fn concept(key: &str) -> Value {
    code_row(key).map_or(Value::Null, |row| plain(json!({ "coding": [coding(key)], "text": row.text })))
}

/// The code itself, e.g. the LOINC number of a vital sign.
pub fn code(key: &str) -> &'static str {
    code_row(key).map_or("", |row| row.code)
}

/// A value with a unit of the table.
pub fn quantity(key: &str, value: &Value) -> Value {
    match rows("unit", key).first() {
        Some(row) => json!({ "value": value, "unit": row.display, "system": row.uri, "code": row.code }),
        None => json!({ "value": value }),
    }
}

/// A number as every dialect calls it; nothing for an empty one.
pub fn identifiers(key: &str, value: &str) -> Vec<Value> {
    if value.is_empty() {
        return Vec::new();
    }
    rows("sid", key)
        .iter()
        .map(|row| {
            let systems = rows("cs", "identifier-type");
            let system = systems.iter().find(|s| s.dialect == row.dialect).or(systems.iter().find(|s| s.dialect == "base")).map_or("", |s| s.uri);
            let kind = if row.code.is_empty() { Value::Null } else { json!({ "coding": [{ "system": system, "code": row.code, "display": row.display }], "text": row.text }) };
            plain(json!({ "use": row.usage, "type": kind, "system": row.uri, "value": value }))
        })
        .collect()
}

/// Which number a system means (`"cccd"`, `"bhyt"`, `"record"`…), in any dialect.
pub fn meaning_of(system: &str) -> Option<&'static str> {
    ROWS.iter().find(|row| row.kind == "sid" && row.uri == system).map(|row| row.key)
}

/// The vital sign that a LOINC code means.
pub fn vital_of(loinc: &str) -> Option<&'static str> {
    ROWS.iter().find(|row| row.kind == "code" && row.code == loinc && row.key.starts_with("vital.")).map(|row| &row.key["vital.".len()..])
}

/// The sensitivity that a sender's security label says.
pub fn sensitivity_of(label: &str) -> Option<&'static str> {
    ROWS.iter().find(|row| row.kind == "security" && row.code == label).map(|row| row.key)
}

static SPECIAL: LazyLock<Vec<&'static str>> = LazyLock::new(|| ROWS.iter().filter(|row| row.kind == "special").map(|row| row.code).collect());

/// Whether a code of a diagnosis or result belongs to what never leaves the house by default (invariant I20).
pub fn is_special(code: &str) -> bool {
    let bare = code.replace('.', "");
    SPECIAL.iter().any(|known| match known.strip_prefix("LOINC:") {
        Some(loinc) => loinc == code,
        None => bare.starts_with(known),
    })
}

/// Without what says nothing: null, "", [] and {}. FHIR allows none of them.
pub fn plain(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept: Map<String, Value> = map.into_iter().map(|(key, value)| (key, plain(value))).filter(|(_, value)| says_something(value)).collect();
            Value::Object(kept)
        }
        Value::Array(list) => Value::Array(list.into_iter().map(plain).filter(says_something).collect()),
        other => other,
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        for row in ROWS.iter() {
            let needs_uri = row.kind != "special";
            assert!(!row.key.is_empty() && (row.uri.contains(':') || !needs_uri), "{row:?}");
            assert!(!matches!(row.kind, "code" | "unit" | "security" | "special") || !row.code.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn a_number_is_sent_in_both_dialects_and_understood_in_both() {
        let both = identifiers("cccd", "084085012345");
        assert_eq!(both.len(), 2);
        for identifier in &both {
            assert_eq!(meaning_of(identifier["system"].as_str().unwrap()), Some("cccd"));
        }
        assert_eq!(both[0]["type"]["coding"][0]["code"], "NI");
        assert!(identifiers("cccd", "").is_empty());
    }

    #[test]
    fn special_codes_are_known_with_and_without_the_point() {
        for code in ["B20", "B24", "F32.1", "O04", "75622-1", "HIV_AB"] {
            assert!(is_special(code), "{code}");
        }
        for code in ["I10", "J18.9", "2345-7", "GLU", ""] {
            assert!(!is_special(code), "{code}");
        }
    }

    #[test]
    fn nothing_empty_is_left() {
        assert_eq!(plain(json!({ "a": "", "b": [null, {}], "c": { "d": [] }, "e": false, "f": 0 })), json!({ "e": false, "f": 0 }));
    }
}

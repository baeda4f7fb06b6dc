//! What is being typed, field by field, by one or two people at once.
//!
//! The draft counts its changes; each field remembers the count at which it last changed and whose hand it was. Whoever
//! saves says which count they had read. A field that somebody else changed in between is not overwritten: both texts
//! come back and stand side by side. A field is named as the page names it: `mach`, `van_dong.0.ghi_chu` for a cell of
//! a table, `trieu_chung.2` for one tick of several.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The longest a field may be. A printed page holds about 3,000 characters; a pasted book is a mistake.
pub const MAX_CHARS: usize = 20_000;

/// Rows that a table may have; a stay of a year has fewer.
pub const MAX_ROWS: usize = 400;

/// What a draft remembers of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The count when it was last changed.
    pub v: i32,
    /// Whose hand.
    pub by: String,
    /// Where it was copied from, until somebody touches it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
}

/// A field that two people changed: `theirs` is what the draft holds, `yours` was not saved into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    pub field: String,
    pub yours: String,
    pub theirs: String,
    pub by: String,
}

/// The texts of a draft by field name, and what is remembered of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub revision: i32,
    pub texts: BTreeMap<String, String>,
    pub marks: BTreeMap<String, Mark>,
}

impl Draft {
    pub fn text(&self, field: &str) -> &str {
        self.texts.get(field).map_or("", String::as_str)
    }

    /// Saves what somebody typed who had read the draft at `read_at`. Fields that somebody else changed since come back
    /// instead of being saved; the others are saved all the same. Gives whether anything changed.
    pub fn save(&mut self, edits: &[(String, String)], read_at: i32, by: &str) -> (bool, Vec<Conflict>) {
        let now = self.revision + 1;
        let (mut changed, mut conflicts) = (false, Vec::new());
        for (field, text) in edits {
            let theirs = self.text(field);
            if theirs == text {
                continue;
            }
            match self.marks.get(field) {
                Some(mark) if mark.v > read_at => {
                    let by = mark.by.clone();
                    conflicts.push(Conflict { field: field.clone(), yours: text.clone(), theirs: theirs.to_owned(), by });
                }
                _ => {
                    self.write(field, text, now, by, "");
                    changed = true;
                }
            }
        }
        if changed {
            self.revision = now;
        }
        (changed, conflicts)
    }

    /// Writes what is known from elsewhere above what stands there. `from` names where, as the page shows it; "" for
    /// what was measured for this very form. Gives whether anything changed.
    pub fn put(&mut self, known: &BTreeMap<String, String>, by: &str, from: &str) -> bool {
        let now = self.revision + 1;
        let mut changed = false;
        for (field, text) in known {
            if self.text(field) != text {
                self.write(field, text, now, by, from);
                changed = true;
            }
        }
        if changed {
            self.revision = now;
        }
        changed
    }

    fn write(&mut self, field: &str, text: &str, now: i32, by: &str, from: &str) {
        self.texts.insert(field.to_owned(), text.to_owned());
        self.marks.insert(field.to_owned(), Mark { v: now, by: by.to_owned(), from: from.to_owned() });
    }

    /// "I have read it and it still holds": takes the mark of a copy off without changing the text.
    pub fn mark_read(&mut self, field: &str) {
        if let Some(mark) = self.marks.get_mut(field) {
            mark.from.clear();
        }
    }

    /// The whole draft as the fields of a page; the other side merges with it.
    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// The draft out of what is stored.
    pub fn read(revision: i32, data: &Value, marks: Value) -> Draft {
        Draft { revision, texts: flatten(data), marks: serde_json::from_value(marks).unwrap_or_default() }
    }

    /// The draft as it is stored: fields by id, rows as a list, ticks as a list of what is chosen.
    pub fn data(&self) -> Value {
        nest(&self.texts)
    }
}

/// Fields by id → texts by the names that the page uses.
pub fn flatten(data: &Value) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (id, value) in data.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for (row, item) in items.iter().enumerate() {
                    for (column, cell) in item.as_object().into_iter().flatten() {
                        match cell {
                            Value::Array(chosen) => {
                                out.extend(chosen.iter().map(|c| (format!("{id}.{row}.{column}.{}", plain(c)), "1".to_owned())))
                            }
                            cell => drop(out.insert(format!("{id}.{row}.{column}"), plain(cell))),
                        }
                    }
                }
            }
            Value::Array(chosen) => out.extend(chosen.iter().map(|c| (format!("{id}.{}", plain(c)), "1".to_owned()))),
            value => drop(out.insert(id.clone(), plain(value))),
        }
    }
    out
}

/// A value as it is typed: decimal comma, a tick as "1".
fn plain(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "1".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string().replace('.', ","),
        other => other.to_string(),
    }
}

/// The other way: `x` → text, `x.y` = "1" → one of the chosen, `x.0.y` → a cell. Empty rows at the end fall away, empty
/// ones in between stay, so that no cell changes its name while people type. The order of ticks says nothing and is that
/// of their names.
pub fn nest(texts: &BTreeMap<String, String>) -> Value {
    let mut out = Map::new();
    for (name, text) in texts {
        let parts: Vec<&str> = name.split('.').collect();
        match parts.as_slice() {
            [id] => {
                out.insert((*id).to_owned(), Value::String(text.clone()));
            }
            [id, row, column] if row.parse::<usize>().is_ok_and(|r| r < MAX_ROWS) => {
                let row: usize = row.parse().unwrap_or(0);
                cell(&mut out, id, row).insert((*column).to_owned(), Value::String(text.clone()));
            }
            [id, row, column, choice] if row.parse::<usize>().is_ok_and(|r| r < MAX_ROWS) => {
                let row: usize = row.parse().unwrap_or(0);
                choose(cell(&mut out, id, row), column, choice, !text.is_empty());
            }
            // A row that no table has: a hostile number makes no rows.
            [_, row, _, ..] if row.parse::<u64>().is_ok() => {}
            [id, choice @ ..] => choose(&mut out, id, &choice.join("."), !text.is_empty()),
            [] => {}
        }
    }
    for value in out.values_mut() {
        let Value::Array(rows) = value else { continue };
        while rows.last().is_some_and(|row| row.as_object().is_some_and(is_blank)) {
            rows.pop();
        }
    }
    Value::Object(out)
}

fn cell<'a>(out: &'a mut Map<String, Value>, id: &str, row: usize) -> &'a mut Map<String, Value> {
    let rows = out.entry(id.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
    if !rows.is_array() {
        *rows = Value::Array(Vec::new());
    }
    let Value::Array(rows) = rows else { unreachable!("made a list above") };
    while rows.len() <= row {
        rows.push(Value::Object(Map::new()));
    }
    if !rows[row].is_object() {
        rows[row] = Value::Object(Map::new());
    }
    match &mut rows[row] {
        Value::Object(cells) => cells,
        _ => unreachable!("made an object above"),
    }
}

fn choose(out: &mut Map<String, Value>, id: &str, choice: &str, is_chosen: bool) {
    let chosen = out.entry(id.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(chosen) = chosen
        && is_chosen
    {
        chosen.push(Value::String(choice.to_owned()));
    }
}

fn is_blank(row: &Map<String, Value>) -> bool {
    row.values().all(|cell| match cell {
        Value::String(text) => text.trim().is_empty(),
        Value::Array(chosen) => chosen.is_empty(),
        Value::Null => true,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edit(field: &str, text: &str) -> (String, String) {
        (field.to_owned(), text.to_owned())
    }

    #[test]
    fn two_people_in_different_fields_do_not_disturb_each_other() {
        let mut draft = Draft::default();
        assert_eq!(draft.save(&[edit("mach", "80")], 0, "BS. Lộc"), (true, vec![]));
        let (changed, conflicts) = draft.save(&[edit("mach", ""), edit("nhiet_do", "37")], 0, "ĐD. Mai");
        assert!(changed, "what nobody else touched is saved");
        assert_eq!(draft.text("nhiet_do"), "37");
        assert_eq!((conflicts[0].theirs.as_str(), conflicts[0].by.as_str()), ("80", "BS. Lộc"), "and the first one's field stays");
        assert_eq!(draft.text("mach"), "80");
    }

    #[test]
    fn rows_ticks_and_texts_survive_their_storage() {
        let data = json!({
            "ly_do": "Sốt", "trieu_chung": ["1", "3"],
            "thuoc": [{ "ten": "Paracetamol", "lieu": "500 mg" }, {}, { "ten": "Oresol", "gio": ["06", "18"] }],
        });
        let draft = Draft::read(3, &data, json!({}));
        assert_eq!(draft.text("thuoc.2.ten"), "Oresol");
        assert_eq!(draft.text("thuoc.2.gio.18"), "1");
        assert_eq!(draft.data(), data);
    }

    #[test]
    fn an_emptied_last_row_falls_away_and_a_hostile_row_number_makes_no_rows() {
        let mut draft = Draft::read(1, &json!({ "thuoc": [{ "ten": "A" }, { "ten": "B" }] }), json!({}));
        draft.save(&[edit("thuoc.1.ten", " ")], 1, "BS. Lộc");
        assert_eq!(draft.data()["thuoc"].as_array().unwrap().len(), 1);
        draft.save(&[edit("thuoc.4000000000.ten", "x")], 9, "BS. Lộc");
        assert!(draft.data()["thuoc"].as_array().unwrap().len() < 3);
    }

    #[test]
    fn what_was_copied_stays_marked_until_touched_or_read() {
        let mut draft = Draft::default();
        let known = BTreeMap::from([("tien_su".to_owned(), "THA 5 năm".to_owned()), ("di_ung".to_owned(), "Không".to_owned())]);
        assert!(draft.put(&known, "BS. Lộc", "lần trước 12/10/2026"));
        assert!(!draft.put(&known, "BS. Lộc", "lần trước 12/10/2026"), "twice changes nothing");
        assert_eq!(draft.marks["tien_su"].from, "lần trước 12/10/2026");
        draft.save(&[edit("tien_su", "THA 6 năm")], draft.revision, "BS. Lộc");
        draft.mark_read("di_ung");
        assert!(draft.marks.values().all(|mark| mark.from.is_empty()));
    }

    proptest::proptest! {
        /// Whatever two people do, each typed text is either in the draft or handed back.
        #[test]
        fn no_text_is_ever_lost(writes in proptest::collection::vec(
            (proptest::sample::select(vec!["mach", "thuoc.0.ten", "ghi_chu"]), "[a-c]{1,3}", 0i32..20), 1..24)) {
            let mut draft = Draft::default();
            for (field, text, read_at) in writes {
                let before = draft.text(field).to_owned();
                let (_, conflicts) = draft.save(&[edit(field, &text)], read_at.min(draft.revision), "ai đó");
                match conflicts.as_slice() {
                    [] => proptest::prop_assert_eq!(draft.text(field), text),
                    [one] => {
                        proptest::prop_assert_eq!(&one.yours, &text);
                        proptest::prop_assert_eq!(&one.theirs, &before);
                        proptest::prop_assert_eq!(draft.text(field), before);
                    }
                    _ => proptest::prop_assert!(false),
                }
                let stored = Draft::read(draft.revision, &draft.data(), serde_json::to_value(&draft.marks).unwrap());
                proptest::prop_assert_eq!(&stored, &draft);
            }
        }
    }
}

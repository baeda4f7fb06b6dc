//! The clinician's note: sections of text that are written while the visit lasts, by one or two people at once.
//!
//! While a visit is open its note is one draft that every keystroke may change. The draft counts its changes; each
//! section remembers the count at which it last changed. Whoever saves says which count they had read. A section
//! that somebody else changed in between is not overwritten: both texts come back and stand side by side.
//! Finishing turns the draft into version 1, which is never changed again.
//!
//! Text copied from an earlier visit stays marked until it is changed or looked at, so that nobody signs for last
//! month's findings without noticing.

use crate::disposition;
use crate::note_template::{self, Shape};
use base::Problems;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest a section may be. A page holds about 3,000 characters; a pasted book is a mistake.
pub const MAX_SECTION_CHARS: usize = 20_000;

/// The text of one section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub text: String,
    /// The draft's count when this text was written.
    #[serde(rename = "v", default)]
    pub changed_at: i32,
    /// The day of the visit it was copied from, until somebody touches it.
    #[serde(rename = "from", default, skip_serializing_if = "Option::is_none")]
    pub carried_from: Option<NaiveDate>,
}

/// All sections by key. Sections of another template are kept: switching the template loses nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Note(pub BTreeMap<String, Section>);

/// What somebody typed into one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub section: String,
    pub text: String,
}

/// A section that two people changed; `theirs` is what the draft holds, `yours` was not saved into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    pub section: String,
    pub title: String,
    pub yours: String,
    pub theirs: String,
}

impl Note {
    pub fn text(&self, section: &str) -> &str {
        self.0.get(section).map_or("", |s| s.text.as_str())
    }

    /// Saves what somebody typed who had read the draft at `read_at`; the draft's count becomes `now`.
    /// Sections that changed since are returned instead of saved, the others are saved all the same.
    pub fn save(&mut self, edits: Vec<Edit>, read_at: i32, now: i32) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        for edit in edits {
            let section = self.0.entry(edit.section.clone()).or_default();
            if section.text == edit.text {
                continue;
            }
            if section.changed_at > read_at {
                conflicts.push(Conflict {
                    title: note_template::title_of(&edit.section).to_string(),
                    section: edit.section,
                    yours: edit.text,
                    theirs: section.text.clone(),
                });
                continue;
            }
            *section = Section { text: edit.text, changed_at: now, carried_from: None };
        }
        conflicts
    }

    /// Copies the sections that may be carried from an earlier note into those that are still empty, each marked
    /// with the day it comes from. Tells how many were copied.
    pub fn carry_forward(&mut self, earlier: &Note, day: NaiveDate, template: &str, now: i32) -> usize {
        let mut copied = 0;
        for kind in &note_template::named(template).sections {
            let old = earlier.text(kind.key);
            if !kind.is_carried || old.is_empty() || !self.text(kind.key).is_empty() {
                continue;
            }
            let section = Section { text: old.to_string(), changed_at: now, carried_from: Some(day) };
            self.0.insert(kind.key.to_string(), section);
            copied += 1;
        }
        copied
    }

    /// "I have read it and it still holds": takes the mark off without changing the text.
    pub fn mark_read(&mut self, section: &str) {
        if let Some(section) = self.0.get_mut(section) {
            section.carried_from = None;
        }
    }

    /// The titles of copied sections nobody has touched.
    pub fn untouched(&self) -> Vec<&str> {
        let marked = self.0.iter().filter(|(_, s)| s.carried_from.is_some());
        marked.map(|(key, _)| note_template::title_of(key)).collect()
    }

    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|(key, s)| key.starts_with("go.") || s.text.trim().is_empty())
    }
}

/// The fields of a draft as forms name them, `section.exam` or `go.kind`, with their text.
pub fn fields(note: &Note) -> BTreeMap<String, &str> {
    note.0.iter().map(|(key, section)| (field_of(key), section.text.as_str())).collect()
}

/// The name of the form field of a section.
pub fn field_of(section: &str) -> String {
    if section.starts_with("go.") { section.to_string() } else { format!("section.{section}") }
}

/// Makes an edit of one form field: line ends become `\n`, control characters vanish. `None` for a field that is not
/// part of a draft. Refuses a text longer than [`MAX_SECTION_CHARS`], and a number field that holds no small number.
pub fn read_edit(field: &str, typed: &str, problems: &mut Problems) -> Option<Edit> {
    let (section, title, shape) = match field.strip_prefix("section.") {
        Some(key) => {
            let kind = note_template::all().iter().find_map(|t| t.section(key))?;
            (key, kind.title, kind.shape)
        }
        None if disposition::FIELDS.contains(&field) => (field, "Phần này", Shape::Text),
        None => return None,
    };
    let text: String =
        typed.replace("\r\n", "\n").chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
    if text.chars().count() > MAX_SECTION_CHARS {
        let shown = base::Vnd(MAX_SECTION_CHARS as i64).digits();
        let text = format!("{title} dài quá {shown} ký tự nên chưa lưu. Rút gọn phần vừa dán vào.");
        problems.add(field.to_string(), text);
        return None;
    }
    let trimmed = text.trim();
    let is_small_number = trimmed.parse().is_ok_and(|n: i32| (0..=9_999).contains(&n));
    if shape == Shape::Number && !trimmed.is_empty() && !is_small_number {
        problems.add(field.to_string(), format!("{title} ghi bằng số từ 0 đến 9999."));
        return None;
    }
    let text = if shape == Shape::Text { text } else { trimmed.replace('\n', " ") };
    Some(Edit { section: section.to_string(), text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(section: &str, text: &str) -> Edit {
        Edit { section: section.into(), text: text.into() }
    }
    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 12).unwrap()
    }

    #[test]
    fn two_people_in_different_sections_do_not_disturb_each_other() {
        let mut note = Note::default();
        assert!(note.save(vec![edit("history", "Sốt 2 ngày")], 0, 1).is_empty());
        assert!(note.save(vec![edit("exam", "Họng đỏ")], 0, 2).is_empty());
        assert_eq!(note.text("history"), "Sốt 2 ngày");
        assert_eq!(note.text("exam"), "Họng đỏ");
    }

    #[test]
    fn the_same_section_changed_twice_gives_both_texts_back() {
        let mut note = Note::default();
        note.save(vec![edit("exam", "Họng đỏ")], 0, 1);
        let conflicts = note.save(vec![edit("exam", "Phổi trong"), edit("plan", "Hạ sốt")], 0, 2);
        assert_eq!(conflicts.len(), 1);
        assert_eq!((conflicts[0].yours.as_str(), conflicts[0].theirs.as_str()), ("Phổi trong", "Họng đỏ"));
        assert_eq!(conflicts[0].title, "Khám");
        assert_eq!(note.text("exam"), "Họng đỏ", "the first text stays");
        assert_eq!(note.text("plan"), "Hạ sốt", "what nobody else touched is saved");
        assert!(note.save(vec![edit("exam", "Họng đỏ")], 0, 3).is_empty(), "the same words are no conflict");
    }

    #[test]
    fn copied_text_stays_marked_until_touched() {
        let mut earlier = Note::default();
        earlier.save(vec![edit("past", "THA 5 năm"), edit("exam", "Phù chân"), edit("lifestyle", "Bỏ thuốc lá")], 0, 1);
        let mut note = Note::default();
        note.save(vec![edit("lifestyle", "Hút lại")], 0, 1);
        assert_eq!(note.carry_forward(&earlier, day(), "family_doctor", 2), 1);
        assert_eq!(note.text("past"), "THA 5 năm");
        assert_eq!(note.text("exam"), "", "findings of the day are not carried");
        assert_eq!(note.text("lifestyle"), "Hút lại", "what was typed today wins");
        assert_eq!(note.untouched(), ["Tiền sử"]);
        note.save(vec![edit("past", "THA 5 năm")], 2, 3);
        assert_eq!(note.untouched().len(), 1, "saving it unchanged is not touching it");
        let mut read = note.clone();
        read.mark_read("past");
        assert!(read.untouched().is_empty());
        note.save(vec![edit("past", "THA 6 năm")], 3, 4);
        assert!(note.untouched().is_empty());
    }

    #[test]
    fn a_pasted_book_and_control_characters_do_no_harm() {
        let mut problems = Problems::none();
        assert_eq!(read_edit("section.exam", &"a".repeat(MAX_SECTION_CHARS + 1), &mut problems), None);
        assert!(problems.at("section.exam").contains("20.000"));
        let edit = read_edit("section.exam", "Họng\u{0} đỏ\u{8}\r\nPhổi trong", &mut Problems::none()).unwrap();
        assert_eq!(edit.text, "Họng đỏ\nPhổi trong");
        let mut problems = Problems::none();
        assert_eq!(read_edit("section.onset_days", "hai", &mut problems), None);
        assert!(!problems.is_empty());
        assert_eq!(read_edit("section.secret", "x", &mut Problems::none()), None);
    }

    #[test]
    fn a_note_survives_its_own_storage() {
        let mut note = Note::default();
        note.save(vec![edit("exam", "Họng \"đỏ\"\n\\")], 0, 7);
        note.0.get_mut("exam").unwrap().carried_from = Some(day());
        let stored = serde_json::to_value(&note).unwrap();
        assert_eq!(stored["exam"]["from"], "2026-11-12");
        assert_eq!(serde_json::from_value::<Note>(stored).unwrap(), note);
    }

    proptest! {
        /// Whatever two people do, each typed text is either in the note or handed back.
        #[test]
        fn no_text_is_ever_lost(writes in proptest::collection::vec(
            (prop::sample::select(vec!["exam", "history", "plan"]), "[a-c]{1,3}", 0i32..20), 1..20)) {
            let mut note = Note::default();
            for (i, (section, text, read_at)) in writes.into_iter().enumerate() {
                let now = i as i32 + 1;
                let before = note.text(section).to_string();
                let conflicts = note.save(vec![edit(section, &text)], read_at.min(now - 1), now);
                match conflicts.as_slice() {
                    [] => prop_assert_eq!(note.text(section), text),
                    [c] => {
                        prop_assert_eq!(&c.yours, &text);
                        prop_assert_eq!(&c.theirs, &before);
                        prop_assert_eq!(note.text(section), before);
                    }
                    _ => prop_assert!(false),
                }
            }
        }
    }
}

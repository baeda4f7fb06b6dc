//! A form as lines to read: only what was written, under its headings.

use super::draft::flatten;
use super::fields::unit;
use crate::form::definition::{Field, FieldType, Form};
use serde_json::Value;
use std::collections::BTreeMap;

/// A heading with what was written under it.
pub struct Section {
    pub title: String,
    pub lines: Vec<(String, String)>,
}

/// What was written, section by section; empty ones are left out.
pub fn sections(form: &Form, data: &Value) -> Vec<Section> {
    let texts = flatten(data);
    let of = |section: &crate::form::definition::Section| -> Vec<(String, String)> {
        section.fields.iter().flat_map(|field| field.value_ids().into_iter().map(move |id| (field, id))).filter_map(|(field, id)| {
            let said = said(field, &id, &texts);
            (!said.trim().is_empty()).then(|| (field.label.clone(), said))
        }).collect()
    };
    form.sections.iter().map(|s| Section { title: s.title.clone(), lines: of(s) }).filter(|s| !s.lines.is_empty()).collect()
}

/// The value of a field in words; a table row by row.
fn said(field: &Field, name: &str, texts: &BTreeMap<String, String>) -> String {
    let text = texts.get(name).map_or("", String::as_str);
    match field.kind {
        FieldType::Boolean => if text.is_empty() { String::new() } else { "có".to_owned() },
        FieldType::Choice => field.choices().find(|c| c.value == text).map_or(text.to_owned(), |c| c.label.to_owned()),
        FieldType::Multichoice => {
            let chosen = field.choices().filter(|c| texts.contains_key(&format!("{name}.{}", c.value)));
            chosen.map(|c| c.label.to_owned()).collect::<Vec<_>>().join(", ")
        }
        FieldType::Table => {
            let rows = (0..super::draft::MAX_ROWS).map_while(|row| {
                let any = texts.keys().any(|key| key.starts_with(&format!("{name}.{row}.")));
                (any || row == 0).then(|| {
                    let cells = field.columns.iter().map(|c| said(c, &format!("{name}.{row}.{}", c.id), texts));
                    cells.filter(|cell| !cell.trim().is_empty()).collect::<Vec<_>>().join(" · ")
                })
            });
            rows.filter(|row| !row.is_empty()).collect::<Vec<_>>().join("\n")
        }
        _ => match field.unit.as_deref() {
            Some(ucum) if !text.is_empty() => format!("{text} {}", unit(ucum)),
            _ => text.to_owned(),
        },
    }
}

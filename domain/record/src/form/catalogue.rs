//! The ministry's forms as they lie in `forms/`, read once when first asked for. A form lists its parts in printing
//! order; a part that many forms share stands in `forms/common/`, and a form may say what it changes there: other item
//! numbers, fields that its paper does not have.

use super::definition::{Field, Form, Section, Spot};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../forms"]
struct Files;

/// All national forms and all their versions.
pub struct National {
    forms: Vec<Arc<Form>>,
    by_number: HashMap<String, Vec<usize>>,
}

static NATIONAL: LazyLock<National> = LazyLock::new(|| match National::read() {
    Ok(national) => national,
    // A binary whose own forms cannot be read was never tested: stop rather than open records with half of them.
    Err(fault) => panic!("the packed forms cannot be read: {fault:#}"),
});

/// The forms packed in this binary.
pub fn national() -> &'static National {
    &NATIONAL
}

impl National {
    /// The newest version of every form, bệnh án first, then the numbered papers, then the rest.
    pub fn list(&self) -> impl Iterator<Item = &Arc<Form>> {
        let mut numbers: Vec<&String> = self.by_number.keys().collect();
        numbers.sort_by_key(|number| (rank(number), number.to_owned()));
        numbers.into_iter().filter_map(|number| self.by_number[number].last()).map(|at| &self.forms[*at])
    }

    /// The version in force on a day: none before the form began or after it was withdrawn.
    pub fn in_force(&self, form: &str, day: NaiveDate) -> Option<Arc<Form>> {
        let versions = self.by_number.get(form)?;
        let found = versions.iter().rev().map(|at| &self.forms[*at]);
        found.into_iter().find(|f| f.valid_from <= day && f.valid_to.is_none_or(|last| day <= last)).cloned()
    }

    /// This very version, in force or not.
    pub fn version(&self, form: &str, version: i32) -> Option<Arc<Form>> {
        let versions = self.by_number.get(form)?;
        versions.iter().map(|at| &self.forms[*at]).find(|f| f.version == version).cloned()
    }

    /// The newest version, in force or not.
    pub fn newest(&self, form: &str) -> Option<Arc<Form>> {
        self.by_number.get(form)?.last().map(|at| self.forms[*at].clone())
    }

    fn read() -> Result<National> {
        let mut parts = HashMap::new();
        let mut forms = Vec::new();
        for name in Files::iter() {
            if let Some(part) = name.strip_suffix(".toml").filter(|n| n.starts_with("common/")) {
                parts.insert(part.to_owned(), toml::from_str::<Part>(&text(&name)?).with_context(|| name.to_string())?);
            }
        }
        for name in Files::iter().filter(|n| n.ends_with(".toml") && !n.starts_with("common/")) {
            forms.push(Arc::new(form_of(&text(&name)?, &parts).with_context(|| name.to_string())?));
        }
        forms.sort_by_key(|form| (form.form.clone(), form.version));
        let mut by_number: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, form) in forms.iter().enumerate() {
            by_number.entry(form.form.clone()).or_default().push(at);
        }
        Ok(National { forms, by_number })
    }
}

/// The order of the official list.
fn rank(number: &str) -> u8 {
    match number.rsplit_once('/') {
        Some((_, "BV1")) => 0,
        Some((_, "BV2")) => 1,
        _ => 2,
    }
}

fn text(name: &str) -> Result<String> {
    let file = Files::get(name).with_context(|| format!("no form file {name}"))?;
    Ok(String::from_utf8(file.data.into_owned())?)
}

/// What several forms share.
#[derive(Deserialize)]
struct Part {
    sections: Vec<Section>,
    /// Remembered beside the part; a form names its own places.
    #[serde(default, rename = "signatures")]
    _signatures: Vec<Spot>,
}

/// How a form differs from a shared part.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Changes {
    omit: Vec<String>,
    labels: BTreeMap<String, String>,
    /// An empty hint takes the shared one away.
    hints: BTreeMap<String, String>,
    options: BTreeMap<String, Vec<String>>,
    /// Where the shared calculation names a field that this form does not have.
    formulas: BTreeMap<String, String>,
    /// Of sections.
    titles: BTreeMap<String, String>,
}

/// What is said only in a file, taken out before the rest is read as a [`Form`].
#[derive(Deserialize)]
struct Composition {
    layout: Vec<String>,
    #[serde(default)]
    pages: BTreeMap<String, u8>,
    #[serde(default)]
    changes: BTreeMap<String, Changes>,
    #[serde(default)]
    sections: Vec<Section>,
}

fn form_of(text: &str, parts: &HashMap<String, Part>) -> Result<Form> {
    let mut table: toml::Table = toml::from_str(text)?;
    let mut said = toml::Table::new();
    for key in ["layout", "pages", "changes", "sections"] {
        if let Some(value) = table.remove(key) {
            said.insert(key.to_owned(), value);
        }
    }
    table.insert("sections".to_owned(), toml::Value::Array(Vec::new()));
    let mut said: Composition = said.try_into()?;
    let mut form: Form = table.try_into()?;
    for name in &said.layout {
        if let Some(part) = parts.get(name) {
            form.sections.extend(changed(&part.sections, said.changes.get(name))?);
        } else if let Some(at) = said.sections.iter().position(|s| s.id == *name) {
            form.sections.push(said.sections.remove(at));
        } else {
            bail!("the layout names {name}, which is neither a shared part nor a section");
        }
    }
    if let Some(unplaced) = said.sections.first() {
        bail!("section {} stands nowhere in the layout", unplaced.id);
    }
    for (id, page) in said.pages {
        let section = form.sections.iter_mut().find(|s| s.id == id).with_context(|| format!("page of {id}: no such section"))?;
        section.page = page;
    }
    if form.sensitivity.is_special() && form.sections.is_empty() {
        bail!("a sensitive form without sections");
    }
    Ok(form)
}

/// A shared part as one form has it. Refuses a change that meets nothing: the part was changed behind the form's back.
fn changed(sections: &[Section], changes: Option<&Changes>) -> Result<Vec<Section>> {
    let mut sections = sections.to_vec();
    let Some(changes) = changes else { return Ok(sections) };
    for (id, title) in &changes.titles {
        sections.iter_mut().find(|s| s.id == *id).with_context(|| format!("title of {id}: no such section"))?.title = title.clone();
    }
    for id in &changes.omit {
        let section = sections.iter_mut().find(|s| s.fields.iter().any(|f| f.id == *id));
        section.with_context(|| format!("omits {id}: no such field"))?.fields.retain(|f| f.id != *id);
    }
    for (id, label) in &changes.labels {
        field_mut(&mut sections, id)?.label = label.clone();
    }
    for (id, hint) in &changes.hints {
        field_mut(&mut sections, id)?.hint = Some(hint.clone()).filter(|h| !h.is_empty());
    }
    for (id, options) in &changes.options {
        field_mut(&mut sections, id)?.options = options.clone();
    }
    for (id, formula) in &changes.formulas {
        field_mut(&mut sections, id)?.formula = Some(formula.clone());
    }
    Ok(sections)
}

fn field_mut<'a>(sections: &'a mut [Section], id: &str) -> Result<&'a mut Field> {
    let mut fields = sections.iter_mut().flat_map(|s| s.fields.iter_mut());
    fields.find(|f| f.id == id).with_context(|| format!("changes {id}: no such field"))
}

#[cfg(test)]
mod tests;

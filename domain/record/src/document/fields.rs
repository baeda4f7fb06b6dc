//! A form as the fields of a page: names, controls, what stands in them, what the last stay had there.

use super::draft::{Draft, MAX_ROWS};
use crate::form::definition::{Field, FieldType, Form, Section};
use base::Problems;
use std::collections::{BTreeMap, BTreeSet};

/// One answer to choose from.
pub struct ChoiceView {
    /// The field's name; one of its own for each tick of several.
    pub name: String,
    pub value: String,
    pub label: String,
    /// The key that picks it while the group has the focus.
    pub digit: String,
    pub is_chosen: bool,
}

/// A field as the page draws it.
pub struct FieldView {
    pub name: String,
    pub label: String,
    /// Which control: `line`, `text`, `number`, `date`, `datetime`, `time`, `tick`, `radio`, `select`, `ticks`, `table`,
    /// `computed`, `icd`, `staff`, `later`.
    pub shape: &'static str,
    pub value: String,
    pub choices: Vec<ChoiceView>,
    pub unit: String,
    pub hint: String,
    pub is_required: bool,
    pub is_shown: bool,
    pub problem: String,
    pub previous: String,
    /// The previous value as it is typed, for taking it over.
    pub previous_raw: String,
    pub copied: String,
    pub span: u8,
    pub columns: Vec<Column>,
    pub rows: Vec<RowView>,
    /// An empty row to be copied, with `#` where its number goes.
    pub blank: Vec<FieldView>,
    pub may_add: bool,
    pub rows_title: String,
    /// Printed paragraphs before the field.
    pub texts: Vec<String>,
}

/// The head of a table's column.
pub struct Column {
    pub label: String,
    pub unit: String,
    pub is_required: bool,
    pub is_wide: bool,
}

/// A row of a table.
pub struct RowView {
    pub title: String,
    pub cells: Vec<FieldView>,
}

/// A section with its progress.
pub struct SectionView {
    pub id: String,
    pub title: String,
    pub fields: Vec<FieldView>,
    pub texts: Vec<String>,
    pub required: usize,
    pub missing: usize,
    pub is_begun: bool,
}

impl SectionView {
    /// `done`, `open` (something is written or required) or `empty`.
    pub fn progress(&self) -> &'static str {
        match (self.missing, self.is_begun) {
            (0, true) => "done",
            (0, false) if self.required == 0 => "empty",
            (_, true) => "begun",
            _ => "empty",
        }
    }
}

/// What the page knows beside the form.
pub struct Known<'a> {
    pub form: &'a Form,
    pub draft: &'a Draft,
    /// Results of calculations by field id, ready to read.
    pub computed: &'a BTreeMap<String, String>,
    /// Field ids that are not asked now.
    pub hidden: &'a BTreeSet<String>,
    pub previous: &'a BTreeMap<String, String>,
    pub problems: &'a Problems,
}

/// All sections of the form. A section without a title belongs to the one before.
pub fn sections(known: &Known<'_>) -> Vec<SectionView> {
    known.form.sections.iter().map(|section| section_view(known, section)).filter(|s| !s.fields.is_empty() || !s.texts.is_empty()).collect()
}

fn section_view(known: &Known<'_>, section: &Section) -> SectionView {
    let mut fields = Vec::new();
    for field in section.fields.iter().filter(|f| !f.hidden) {
        let ids = field.value_ids();
        for (i, id) in ids.iter().enumerate() {
            let eye = match (ids.len(), i) {
                (2, 0) => " · mắt phải",
                (2, 1) => " · mắt trái",
                _ => "",
            };
            let mut view = field_view(known, field, id, &field.id);
            view.label.push_str(eye);
            view.texts = if i == 0 { texts(section, &field.id) } else { Vec::new() };
            fields.push(view);
        }
    }
    let asked: Vec<&FieldView> = fields.iter().filter(|f| f.is_required && f.is_shown).collect();
    SectionView {
        id: section.id.clone(),
        title: section.title.clone(),
        texts: texts(section, "end"),
        required: asked.len(),
        missing: asked.iter().filter(|f| f.is_empty()).count(),
        is_begun: fields.iter().any(|f| !f.is_empty() && f.shape != "computed"),
        fields,
    }
}

fn texts(section: &Section, before: &str) -> Vec<String> {
    section.texts.iter().filter(|text| text.before == before).map(|text| text.text.replace("{ten_co_so}", "cơ sở")).collect()
}

impl FieldView {
    /// Nothing was written or chosen.
    pub fn is_empty(&self) -> bool {
        match self.shape {
            "radio" | "select" | "ticks" => self.choices.iter().all(|choice| !choice.is_chosen),
            "table" => self.rows.iter().all(|row| row.cells.iter().all(FieldView::is_empty)),
            _ => self.value.trim().is_empty(),
        }
    }
    pub fn is_line(&self) -> bool {
        matches!(self.shape, "line" | "number" | "date" | "datetime" | "time" | "staff")
    }
    /// Attributes that the control's kind brings along.
    pub fn mode(&self) -> &'static str {
        match self.shape {
            "number" => "inputmode=decimal",
            "date" | "datetime" | "time" => "inputmode=numeric",
            _ => "",
        }
    }
    pub fn placeholder(&self) -> &'static str {
        match self.shape {
            "date" => "ngày/tháng/năm",
            "datetime" => "giờ:phút ngày/tháng/năm",
            "time" => "giờ:phút",
            _ => "",
        }
    }
}

fn field_view(known: &Known<'_>, field: &Field, name: &str, id: &str) -> FieldView {
    let shape = shape(field);
    let chosen = |choice: &str| match shape {
        "ticks" => !known.draft.text(&format!("{name}.{choice}")).is_empty(),
        _ => known.draft.text(name) == choice,
    };
    let choices = field
        .choices()
        .map(|choice| ChoiceView {
            name: if shape == "ticks" { format!("{name}.{}", choice.value) } else { name.to_owned() },
            value: if shape == "ticks" { "1".to_owned() } else { choice.value.to_owned() },
            label: choice.label.to_owned(),
            digit: choice.value.chars().next().filter(|c| choice.value.len() == 1 && c.is_ascii_digit()).map(String::from).unwrap_or_default(),
            is_chosen: chosen(choice.value),
        })
        .collect();
    let previous = known.previous.get(name).cloned().unwrap_or_default();
    let said = |value: &str| field.choices().find(|c| c.value == value).map_or(value.to_owned(), |c| c.label.to_owned());
    let mut view = FieldView {
        label: field.label.clone(),
        shape,
        value: match shape {
            "computed" => known.computed.get(id).cloned().unwrap_or_default(),
            _ => known.draft.text(name).to_owned(),
        },
        choices,
        unit: unit(field.unit.as_deref().unwrap_or("")).to_owned(),
        hint: field.hint.clone().unwrap_or_default(),
        is_required: field.required,
        is_shown: !known.hidden.contains(id),
        problem: known.problems.at(name).to_owned(),
        previous_raw: previous.clone(),
        // What stands there already needs no reminder.
        previous: if matches!(shape, "table" | "ticks" | "tick" | "computed") || known.draft.text(name) == previous { String::new() } else { said(&previous) },
        copied: known.draft.marks.get(name).map(|mark| mark.from.clone()).unwrap_or_default(),
        span: span(field, shape),
        columns: Vec::new(),
        rows: Vec::new(),
        blank: Vec::new(),
        may_add: false,
        rows_title: field.rows_title.clone(),
        texts: Vec::new(),
        name: name.to_owned(),
    };
    if shape == "table" {
        table(known, field, &mut view);
    }
    view
}

fn table(known: &Known<'_>, field: &Field, view: &mut FieldView) {
    let columns: Vec<&Field> = field.columns.iter().filter(|c| !c.hidden).collect();
    let filled = known
        .draft
        .texts
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .filter_map(|(name, _)| name.strip_prefix(&format!("{}.", view.name))?.split('.').next()?.parse::<usize>().ok())
        .filter(|row| *row < MAX_ROWS)
        .max()
        .map_or(0, |last| last + 1);
    let most = field.max.map_or(MAX_ROWS, |max| max as usize);
    let count = if field.rows.is_empty() { (filled + 1).clamp(1, most.max(filled)) } else { field.rows.len() };
    let row = |at: &str, known: &Known<'_>| -> Vec<FieldView> {
        columns.iter().map(|column| field_view(known, column, &format!("{}.{at}.{}", view.name, column.id), &column.id)).collect()
    };
    view.rows = (0..count)
        .map(|at| RowView { title: field.rows.get(at).cloned().unwrap_or_default(), cells: row(&at.to_string(), known) })
        .collect();
    view.blank = row("#", known);
    view.may_add = field.rows.is_empty() && count < most;
    view.columns = columns
        .iter()
        .map(|column| Column {
            label: column.label.clone(),
            unit: unit(column.unit.as_deref().unwrap_or("")).to_owned(),
            is_required: column.required,
            is_wide: matches!(column.kind, FieldType::Longtext),
        })
        .collect();
}

fn shape(field: &Field) -> &'static str {
    match field.kind {
        FieldType::Text => "line",
        FieldType::Longtext => "text",
        FieldType::Integer | FieldType::Decimal => "number",
        FieldType::Date => "date",
        FieldType::Datetime => "datetime",
        FieldType::Time => "time",
        FieldType::Boolean => "tick",
        FieldType::Choice if field.options.len() > 6 => "select",
        FieldType::Choice => "radio",
        FieldType::Multichoice => "ticks",
        FieldType::Table => "table",
        FieldType::Computed => "computed",
        FieldType::Icd10 => "icd",
        FieldType::PersonRef => "staff",
        // Pictures are added, signatures are made after the form is finished.
        FieldType::Image | FieldType::Signature => "later",
    }
}

/// Columns of twelve.
fn span(field: &Field, shape: &str) -> u8 {
    let words: usize = field.options.iter().map(|option| option.chars().count() + 4).sum();
    match shape {
        "text" | "table" | "ticks" => 12,
        "radio" if words > 60 => 12,
        "radio" | "select" => 6,
        "number" | "time" | "tick" | "date" | "computed" | "icd" => 3,
        "datetime" => 4,
        "later" => 4,
        _ if field.boxes.is_some_and(|boxes| boxes <= 4) => 3,
        _ => 6,
    }
}

/// UCUM in the words of the ward.
pub fn unit(ucum: &str) -> &str {
    match ucum {
        "/min" => "lần/phút",
        "Cel" => "°C",
        "mm[Hg]" => "mmHg",
        "kg/m2" => "kg/m²",
        "wk" => "tuần",
        "d" => "ngày",
        "h" => "giờ",
        "a" => "năm",
        "mo" => "tháng",
        other => other,
    }
}

/// The names that a page of this form may send; everything else is left aside.
pub fn allows(form: &Form, name: &str) -> bool {
    let mut parts = name.split('.');
    let id = parts.next().unwrap_or("");
    let Some(field) = form.fields().find(|field| !field.hidden && field.value_ids().iter().any(|v| v == id)) else { return false };
    let rest: Vec<&str> = parts.collect();
    match (field.kind, rest.as_slice()) {
        (FieldType::Computed | FieldType::Signature | FieldType::Image, _) => false,
        (FieldType::Table, [row, column]) => row.parse::<usize>().is_ok_and(|r| r < MAX_ROWS) && field.columns.iter().any(|c| c.id == *column),
        (FieldType::Multichoice, choice) => field.choices().any(|o| o.value == choice.join(".")),
        (_, []) => true,
        _ => false,
    }
}

/// All tick boxes of a form that a page shows: one that is not sent was taken off.
pub fn is_tick(form: &Form, name: &str) -> bool {
    let id = name.split('.').next().unwrap_or("");
    let of = |field: &Field| matches!(field.kind, FieldType::Boolean | FieldType::Multichoice | FieldType::Choice);
    let field = form.fields().find(|field| field.value_ids().iter().any(|v| v == id));
    field.is_some_and(|field| match field.kind {
        FieldType::Table => {
            let column = name.split('.').nth(2).unwrap_or("");
            field.columns.iter().any(|c| c.id == column && of(c))
        }
        _ => of(field),
    })
}

//! Whether a form agrees with itself: ids once, conditions and formulas about fields that exist, signers with a place.
//! Asked of the packed forms by a test, and of every version before a facility publishes it.

use super::condition::Condition;
use super::definition::{Choice, Field, FieldType, Form};
use super::formula::Formula;
use super::source;
use std::collections::{HashMap, HashSet};

/// What is wrong, in Vietnamese, for the administrator who edits the form; empty when it may be used.
pub fn faults(form: &Form) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fields: HashMap<&str, &Field> = HashMap::new();
    let mut ids = HashSet::new();
    for field in form.fields() {
        fields.insert(&field.id, field);
        for id in field.value_ids() {
            if !ids.insert(id.clone()) {
                faults.push(format!("Có hai trường cùng mã “{id}”."));
            }
        }
        field_faults(field, &mut faults);
    }
    let mut sections = HashSet::new();
    for section in &form.sections {
        if !sections.insert(section.id.as_str()) {
            faults.push(format!("Có hai phần cùng mã “{}”.", section.id));
        }
        for text in &section.texts {
            if text.before != "end" && !section.fields.iter().any(|f| f.id == text.before) {
                faults.push(format!("Đoạn chữ in sẵn đứng trước “{}”, nhưng phần “{}” không có trường đó.", text.before, section.title));
            }
            for name in places(&text.text) {
                if name != "ten_co_so" && !fields.contains_key(name) {
                    faults.push(format!("Đoạn chữ in sẵn nhắc “{name}”, nhưng mẫu không có trường đó."));
                }
            }
        }
    }
    for field in form.fields() {
        refers(field, &fields, &mut faults);
    }
    let roles: HashSet<&str> = form.signatures.iter().map(|s| s.role.as_str()).collect();
    for role in &form.sign_flow {
        if !roles.contains(role.as_str()) {
            faults.push(format!("Trình tự ký có “{role}”, nhưng mẫu không có chỗ ký đó."));
        }
    }
    for spot in form.signatures.iter().filter(|s| !s.after.is_empty()) {
        if !sections.contains(spot.after.as_str()) {
            faults.push(format!("Chỗ ký “{}” đứng sau phần “{}”, nhưng mẫu không có phần đó.", spot.label, spot.after));
        }
    }
    for step in form.closing.steps.iter().filter(|s| !s.through.is_empty()) {
        if !sections.contains(step.through.as_str()) {
            faults.push(format!("Hạn của “{}” tính đến phần “{}”, nhưng mẫu không có phần đó.", step.title, step.through));
        }
    }
    faults
}

fn field_faults(field: &Field, faults: &mut Vec<String>) {
    let name = &field.label;
    let is_id = field.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !is_id || !field.id.starts_with(|c: char| c.is_ascii_lowercase()) || field.id.len() > 60 {
        faults.push(format!("Mã trường “{}” chỉ được gồm chữ thường không dấu, chữ số và dấu gạch dưới.", field.id));
    }
    if field.label.trim().is_empty() {
        faults.push(format!("Trường “{}” chưa có tên.", field.id));
    }
    let chooses = matches!(field.kind, FieldType::Choice | FieldType::Multichoice);
    if chooses && field.options.is_empty() {
        faults.push(format!("“{name}” cần ít nhất một lựa chọn."));
    }
    let mut kept = HashSet::new();
    for option in &field.options {
        let Choice { value, label } = Choice::of(option);
        if label.is_empty() || !kept.insert(value) {
            faults.push(format!("“{name}” có lựa chọn trùng hoặc trống: “{option}”."));
        }
    }
    if field.kind == FieldType::Table && field.columns.is_empty() {
        faults.push(format!("Bảng “{name}” chưa có cột."));
    }
    let mut columns = HashSet::new();
    for column in &field.columns {
        if !columns.insert(column.id.as_str()) {
            faults.push(format!("Bảng “{name}” có hai cột cùng mã “{}”.", column.id));
        }
        if matches!(column.kind, FieldType::Table | FieldType::Computed | FieldType::Multichoice) {
            faults.push(format!("Bảng “{name}”: cột “{}” không dùng được kiểu này.", column.label));
        }
        field_faults(column, faults);
    }
    if !field.row_codes.is_empty() && field.row_codes.len() != field.rows.len() {
        faults.push(format!("Bảng “{name}” có số mã khác số dòng."));
    }
    if field.range.is_some_and(|(low, high)| !(low <= high)) {
        faults.push(format!("“{name}” có giá trị thấp nhất lớn hơn giá trị cao nhất."));
    }
    if let Some(key) = &field.source
        && source::title(key).is_none()
    {
        faults.push(format!("“{name}” lấy dữ liệu từ nguồn không có: “{key}”."));
    }
    if field.hidden && field.required {
        faults.push(format!("“{name}” là mục bắt buộc nên không ẩn được."));
    }
}

/// Conditions and formulas speak about fields of this form.
fn refers(field: &Field, fields: &HashMap<&str, &Field>, faults: &mut Vec<String>) {
    if let Some(text) = &field.show_if {
        match Condition::parse(text) {
            Err(fault) => faults.push(format!("“{}”: {fault}", field.label)),
            Ok(condition) => {
                for id in condition.fields().filter(|id| !fields.contains_key(id)) {
                    faults.push(format!("“{}” hiện theo trường “{id}”, nhưng mẫu không có trường đó.", field.label));
                }
            }
        }
    }
    if let Some(text) = &field.formula {
        match Formula::parse(text) {
            Err(fault) => faults.push(format!("“{}”: {fault}", field.label)),
            Ok(formula) => {
                for (id, column) in formula.fields() {
                    let there = fields.get(id).is_some_and(|f| column.is_none_or(|c| f.columns.iter().any(|x| x.id == c)));
                    if !there {
                        faults.push(format!("“{}” tính từ “{id}”, nhưng mẫu không có trường đó.", field.label));
                    }
                }
            }
        }
    }
}

/// The names between braces.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

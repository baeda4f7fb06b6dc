//! What a facility makes of a form: what differs from the form it is built on. Whatever the ministry prints may be added
//! to and never taken away; what nobody has to fill may be left unasked on the screen, its blank stays on the paper.

use super::definition::{Choice, Field, FieldType, Form, Happening};
use base::Problems;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most fields that a facility adds to one form.
pub const ADDED_LIMIT: usize = 60;

/// The differences of one version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Patch {
    /// By field id.
    pub fields: BTreeMap<String, FieldChange>,
    /// In the order in which they were added.
    pub added: Vec<Added>,
    pub sign_flow: Option<Vec<String>>,
    pub required_for: Option<Vec<Happening>>,
    /// The term; `Some(None)` takes the term away.
    #[serde(with = "term")]
    pub within_hours: Option<Option<u32>>,
}

/// What is different about a field of the form underneath.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldChange {
    /// Words after the printed label.
    pub label: Option<String>,
    /// An empty hint takes it away.
    pub hint: Option<String>,
    pub required: Option<bool>,
    pub hidden: bool,
    /// Choices after the printed ones.
    pub more_options: Vec<String>,
    /// What stands there before anybody types.
    pub default: Option<String>,
}

/// A field of the facility's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Added {
    pub section: String,
    /// The field it stands after; empty = first in its section.
    #[serde(default)]
    pub after: String,
    pub field: Field,
}

impl Patch {
    pub fn is_empty(&self) -> bool {
        *self == Patch::default()
    }

    /// How many things differ, for the list.
    pub fn count(&self) -> usize {
        let rest = [self.sign_flow.is_some(), self.required_for.is_some(), self.within_hours.is_some()];
        self.fields.len() + self.added.len() + rest.into_iter().filter(|differs| *differs).count()
    }

    /// Forgets changes that say nothing.
    pub fn tidy(&mut self) {
        self.fields.retain(|_, change| *change != FieldChange::default());
    }
}

/// The form with the differences. Refuses what takes something of the ministry's away, and a form that would not agree
/// with itself; every refusal stands beside the field id it is about.
pub fn apply(base: &Form, patch: &Patch) -> Result<Form, Problems> {
    let mut form = base.clone();
    let mut problems = Problems::none();
    for (id, change) in &patch.fields {
        match form.sections.iter_mut().flat_map(|s| s.fields.iter_mut()).find(|f| f.id == *id) {
            Some(field) => changed(field, change, &mut problems),
            // The form underneath lost the field with a new edition: its change goes too.
            None => continue,
        }
    }
    if patch.added.len() > ADDED_LIMIT {
        problems.add("", format!("Một mẫu thêm được nhiều nhất {ADDED_LIMIT} mục. Lập một phiếu riêng cho phần còn lại."));
    }
    for added in patch.added.iter().take(ADDED_LIMIT) {
        let mut field = added.field.clone();
        field.own = true;
        if let Some(text) = unfit(&field) {
            problems.add(field.id.clone(), text);
            continue;
        }
        let Some(section) = form.sections.iter_mut().find(|s| s.id == added.section) else {
            problems.add(field.id.clone(), format!("Phần chứa “{}” không còn trong mẫu. Chọn phần khác.", field.label));
            continue;
        };
        let at = section.fields.iter().position(|f| f.id == added.after).map_or(0, |at| at + 1);
        section.fields.insert(at, field);
    }
    if let Some(flow) = &patch.sign_flow {
        form.sign_flow = flow.clone();
        problems.add_if(flow.is_empty() && !base.sign_flow.is_empty(), "sign_flow", "Mẫu này phải có người ký. Chọn ít nhất một người.");
    }
    if let Some(happenings) = &patch.required_for {
        form.closing.required_for = happenings.clone();
    }
    if let Some(hours) = patch.within_hours {
        form.closing.within_hours = hours;
        form.closing.deadline = hours.map(|hours| format!("trong {hours} giờ")).unwrap_or_default();
        problems.add_if(hours.is_some_and(|h| h > 8760), "within_hours", "Hạn dài nhất là 8.760 giờ (một năm).");
    }
    if problems.is_empty() {
        for fault in super::sound::faults(&form) {
            problems.add("", fault);
        }
    }
    problems.or(form)
}

fn changed(field: &mut Field, change: &FieldChange, problems: &mut Problems) {
    let place = field.id.clone();
    if let Some(label) = &change.label {
        let label = label.trim();
        if !label.starts_with(field.label.trim()) && !field.own {
            let text = format!("Chữ in của mẫu phải giữ nguyên ở đầu: “{}”. Ghi thêm ở sau.", field.label);
            problems.add(place.clone(), text);
        } else if label.chars().count() > 200 {
            problems.add(place.clone(), "Tên mục dài quá 200 ký tự. Rút gọn lại.");
        } else {
            field.label = label.to_owned();
        }
    }
    if let Some(hint) = &change.hint {
        problems.add_if(hint.chars().count() > 400, place.clone(), "Lời nhắc dài quá 400 ký tự. Rút gọn lại.");
        field.hint = Some(hint.trim().to_owned()).filter(|h| !h.is_empty());
    }
    if let Some(required) = change.required {
        field.required = required;
    }
    if change.hidden {
        if field.required {
            problems.add(place.clone(), "Mục bắt buộc không ẩn được. Bỏ bắt buộc trước.");
        }
        field.hidden = true;
    }
    if !change.more_options.is_empty() {
        if !matches!(field.kind, FieldType::Choice | FieldType::Multichoice) {
            problems.add(place.clone(), "Chỉ thêm lựa chọn cho mục chọn.");
        }
        for option in &change.more_options {
            let option = option.trim();
            if option.is_empty() || option.chars().count() > 200 || field.choices().any(|c| c.value == Choice::of(option).value) {
                problems.add(place.clone(), format!("Lựa chọn “{option}” trống, quá dài hoặc đã có."));
            } else {
                field.options.push(option.to_owned());
            }
        }
    }
    if let Some(default) = &change.default {
        field.default = Some(default.trim().to_owned()).filter(|d| !d.is_empty());
    }
}

/// Why a field cannot be a facility's own.
fn unfit(field: &Field) -> Option<String> {
    let simple = matches!(
        field.kind,
        FieldType::Text
            | FieldType::Longtext
            | FieldType::Integer
            | FieldType::Decimal
            | FieldType::Date
            | FieldType::Datetime
            | FieldType::Time
            | FieldType::Boolean
            | FieldType::Choice
            | FieldType::Multichoice
            | FieldType::Icd10
    );
    if !simple {
        return Some("Mục thêm chỉ dùng được các kiểu: chữ, số, ngày giờ, đánh dấu, chọn, mã bệnh.".into());
    }
    if !field.id.starts_with("rieng_") {
        return Some("Mã của mục thêm bắt đầu bằng “rieng_”, để không trùng với mẫu của Bộ sau này.".into());
    }
    (field.label.trim().is_empty() || field.label.chars().count() > 200).then(|| "Đặt tên cho mục, nhiều nhất 200 ký tự.".into())
}

/// JSON knows no `Some(None)`: a term is a list of none or one number.
mod term {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<Option<u32>>, to: S) -> Result<S::Ok, S::Error> {
        value.map(|hours| hours.into_iter().collect::<Vec<u32>>()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<u32>>, D::Error> {
        Ok(Option::<Vec<u32>>::deserialize(from)?.map(|hours| hours.first().copied()))
    }
}

#[cfg(test)]
mod tests;

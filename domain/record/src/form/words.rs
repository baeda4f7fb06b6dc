//! What differs between two versions of a form, in words, for the history and before publishing.

use super::definition::{Field, FieldType, Form};
use std::collections::HashMap;

/// One line for each difference, in printing order; empty when both ask the same.
pub fn between(old: &Form, new: &Form) -> Vec<String> {
    let mut lines = Vec::new();
    let before: HashMap<&str, &Field> = old.fields().map(|f| (f.id.as_str(), f)).collect();
    let after: HashMap<&str, &Field> = new.fields().map(|f| (f.id.as_str(), f)).collect();
    if old.title != new.title {
        lines.push(format!("Tên mẫu đổi thành “{}”.", new.title));
    }
    for section in &new.sections {
        for field in &section.fields {
            match before.get(field.id.as_str()) {
                None => lines.push(format!("Thêm “{}” ({}) vào phần “{}”.", field.label, kind_word(field.kind), section.title)),
                Some(was) => field_lines(was, field, &mut lines),
            }
        }
    }
    for field in old.fields().filter(|f| !after.contains_key(f.id.as_str())) {
        lines.push(format!("Bỏ “{}”.", field.label));
    }
    let own_order = |form: &Form| form.fields().filter(|f| f.own).map(|f| f.id.clone()).collect::<Vec<_>>();
    let (was, is) = (own_order(old), own_order(new));
    if was != is && was.len() == is.len() && was.iter().all(|id| is.contains(id)) {
        lines.push("Đổi thứ tự các mục của cơ sở.".to_owned());
    }
    if old.sign_flow != new.sign_flow {
        let named: Vec<&str> = new.sign_flow.iter().map(|role| role_label(new, role)).collect();
        lines.push(format!("Trình tự ký: {}.", if named.is_empty() { "không ai".to_owned() } else { named.join(" → ") }));
    }
    if old.closing.required_for != new.closing.required_for {
        let named: Vec<&str> = new.closing.required_for.iter().map(|happening| happening.title()).collect();
        lines.push(format!("Bắt buộc khi: {}.", if named.is_empty() { "không khi nào".to_owned() } else { named.join(", ") }));
    }
    if old.closing.within_hours != new.closing.within_hours {
        lines.push(match new.closing.within_hours {
            Some(0) => "Hạn: có trước khi việc đó diễn ra.".to_owned(),
            Some(hours) => format!("Hạn: trong {hours} giờ."),
            None => "Không còn hạn.".to_owned(),
        });
    }
    lines
}

/// The label of a signing place, without a line break; the role itself where the form has no such place.
pub fn role_label<'a>(form: &'a Form, role: &'a str) -> &'a str {
    form.signatures.iter().find(|spot| spot.role == role).map_or(role, |spot| spot.label.as_str())
}

fn field_lines(was: &Field, is: &Field, lines: &mut Vec<String>) {
    let name = &was.label;
    if was.label != is.label {
        lines.push(format!("“{name}” ghi thành “{}”.", is.label));
    }
    if was.hint != is.hint {
        lines.push(match &is.hint {
            Some(hint) => format!("“{name}”: lời nhắc “{hint}”."),
            None => format!("“{name}”: bỏ lời nhắc."),
        });
    }
    if was.required != is.required {
        lines.push(format!("“{name}” {}.", if is.required { "thành bắt buộc" } else { "không còn bắt buộc" }));
    }
    if was.hidden != is.hidden {
        lines.push(format!("“{name}” {}.", if is.hidden { "ẩn khi nhập, vẫn in" } else { "hiện lại khi nhập" }));
    }
    if was.kind != is.kind {
        lines.push(format!("“{name}” đổi kiểu thành {}.", kind_word(is.kind)));
    }
    let more: Vec<&str> = is.options.iter().filter(|o| !was.options.contains(o)).map(String::as_str).collect();
    if !more.is_empty() {
        lines.push(format!("“{name}”: thêm lựa chọn {}.", more.join(", ")));
    }
    let less: Vec<&str> = was.options.iter().filter(|o| !is.options.contains(o)).map(String::as_str).collect();
    if !less.is_empty() {
        lines.push(format!("“{name}”: bỏ lựa chọn {}.", less.join(", ")));
    }
    if was.default != is.default {
        lines.push(match &is.default {
            Some(text) => format!("“{name}”: ghi sẵn “{text}”."),
            None => format!("“{name}”: không ghi sẵn nữa."),
        });
    }
    if was.range != is.range || was.unit != is.unit {
        lines.push(format!("“{name}”: đổi khoảng giá trị hoặc đơn vị."));
    }
}

/// The type in the administrator's words.
pub fn kind_word(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "chữ, một dòng",
        FieldType::Longtext => "chữ, nhiều dòng",
        FieldType::Integer => "số nguyên",
        FieldType::Decimal => "số lẻ",
        FieldType::Date => "ngày",
        FieldType::Datetime => "ngày giờ",
        FieldType::Time => "giờ",
        FieldType::Boolean => "đánh dấu",
        FieldType::Choice => "chọn một",
        FieldType::Multichoice => "chọn nhiều",
        FieldType::Table => "bảng",
        FieldType::Computed => "tự tính",
        FieldType::Icd10 => "mã ICD-10",
        FieldType::PersonRef => "nhân viên",
        FieldType::Image => "hình vẽ",
        FieldType::Signature => "chữ ký",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::catalogue::national;

    #[test]
    fn differences_are_told_in_whole_sentences() {
        let old = (*national().newest("01/BV1").expect("internal medicine")).clone();
        assert_eq!(between(&old, &old), Vec::<String>::new());
        let mut new = old.clone();
        new.sections[0].fields[0].required = true;
        new.sign_flow = vec!["bac_si_dieu_tri".into()];
        new.closing.within_hours = Some(48);
        new.sections[5].fields.push(Field { id: "rieng_x".into(), label: "Té ngã".into(), own: true, ..Field::default() });
        assert_eq!(
            between(&old, &new),
            [
                "“Sở Y tế” thành bắt buộc.",
                "Thêm “Té ngã” (chữ, một dòng) vào phần “I. Lý do vào viện”.",
                "Trình tự ký: Bác sỹ điều trị.",
                "Hạn: trong 48 giờ.",
            ]
        );
    }
}

//! A form with something in every field, to look at its page before anybody has filled one.

use crate::form::definition::{Field, FieldType, Form};
use serde_json::{Map, Value, json};

/// Something believable in every field. Each text names its field, so that it can be found again on the paper.
pub fn specimen(form: &Form) -> Value {
    let mut out = Map::new();
    for field in form.sections.iter().flat_map(|section| &section.fields) {
        let kept = answer(field);
        if field.both_eyes {
            out.insert(format!("{}_mp", field.id), kept.clone());
            out.insert(format!("{}_mt", field.id), kept);
        } else {
            out.insert(field.id.clone(), kept);
        }
    }
    Value::Object(out)
}

fn answer(field: &Field) -> Value {
    match field.kind {
        FieldType::Text if field.id == "so_the_bhyt" => json!("DN4868612345678"),
        FieldType::Text if field.boxes.is_some() => json!("27"),
        FieldType::Text => json!(format!("chữ của {}", field.id)),
        FieldType::Longtext => json!(format!("Đoạn dài của {}: người bệnh mệt, ho khan, sốt nhẹ về chiều.\nĐã dùng thuốc ba ngày, đỡ ít.", field.id)),
        FieldType::Integer => json!(7),
        FieldType::Decimal => json!(36.5),
        FieldType::Computed => json!(41),
        FieldType::Date => json!("2026-11-25"),
        FieldType::Datetime => json!("2026-11-25T08:30"),
        FieldType::Time => json!("08:30"),
        FieldType::Boolean => json!(true),
        FieldType::Choice => field.options.first().map_or(Value::Null, |option| json!(number(option))),
        FieldType::Multichoice => json!(field.options.iter().take(2).map(|option| number(option)).collect::<Vec<_>>()),
        FieldType::Icd10 => json!("J18.9"),
        FieldType::PersonRef => json!({ "name": "Nguyễn Thị Lan" }),
        FieldType::Image | FieldType::Signature => Value::Null,
        FieldType::Table => {
            let row: Map<String, Value> = field.columns.iter().map(|column| (column.id.clone(), answer(column))).collect();
            Value::Array(vec![Value::Object(row); field.rows.len().max(2)])
        }
    }
}

fn number(option: &str) -> &str {
    option.split_once('.').filter(|(n, _)| n.len() <= 2 && n.bytes().all(|b| b.is_ascii_digit())).map_or(option, |(n, _)| n)
}

//! Where a field is filled from: the one list of keys that forms may name and that `document` answers.
//!
//! An answer is a JSON value in the words people use, never in a form's own numbers: the sex is `"Nam"`, an admission
//! `"2026-11-25T08:40:00+07:00"`. [`fit`] turns it into what the field keeps, so that the same answer serves a paper
//! that numbers its choices and one that does not.

use super::definition::{Choice, Field, FieldType};
use serde_json::{Map, Value};

/// Every key with what it answers. Dates are `2026-11-25`, moments RFC 3339, numbers JSON numbers, the rest text.
pub const SOURCES: &[(&str, &str)] = &[
    ("facility.name", "Tên cơ sở"),
    ("facility.health_department", "Cơ quan chủ quản, in trên tên cơ sở"),
    ("form.number", "Số của mẫu"),
    ("form.today", "Lúc mở phiếu"),
    ("staff.author", "Người viết phiếu"),
    ("record.archive_no", "Số lưu trữ"),
    ("record.medical_code", "Mã y tế: tỉnh / cơ sở / năm / số thứ tự"),
    ("patient.name", "Họ và tên"),
    ("patient.code", "Mã người bệnh"),
    ("patient.birth_date", "Ngày sinh"),
    ("patient.birth_year", "Năm sinh"),
    ("patient.age", "Tuổi bằng chữ: 46, hoặc 15 tháng"),
    ("patient.sex", "Nam hoặc Nữ"),
    ("patient.occupation", "Nghề nghiệp"),
    ("patient.occupation_code", "Mã nghề nghiệp"),
    ("patient.ethnicity", "Dân tộc"),
    ("patient.ethnicity_code", "Mã dân tộc"),
    ("patient.nationality", "Quốc tịch"),
    ("patient.foreign_nationality", "Quốc tịch của người nước ngoài; người Việt Nam thì để trống"),
    ("patient.nationality_code", "Mã quốc tịch"),
    ("patient.street", "Số nhà, đường, thôn"),
    ("patient.commune", "Xã, phường"),
    ("patient.commune_code", "Mã xã, phường"),
    ("patient.province", "Tỉnh, thành phố"),
    ("patient.province_code", "Mã tỉnh, thành phố"),
    ("patient.address", "Địa chỉ đầy đủ"),
    ("patient.workplace", "Nơi làm việc"),
    ("patient.phone", "Điện thoại"),
    ("patient.identity_no", "Số định danh, căn cước hoặc hộ chiếu"),
    ("patient.contact", "Người nhà khi cần báo tin: tên, địa chỉ"),
    ("patient.contact_phone", "Điện thoại người nhà"),
    ("patient.father", "Họ tên bố"),
    ("patient.mother", "Họ tên mẹ"),
    ("patient.payer", "Đối tượng: BHYT, Thu phí, Miễn, Khác"),
    ("patient.blood_group", "Nhóm máu"),
    ("patient.allergies", "Dị ứng đã biết"),
    ("coverage.card_no", "Số thẻ BHYT"),
    ("coverage.valid_from", "Thẻ có giá trị từ ngày"),
    ("coverage.valid_to", "Thẻ có giá trị đến ngày"),
    ("coverage.registered_at", "Nơi đăng ký ban đầu"),
    ("coverage.registered_code", "Mã nơi đăng ký ban đầu"),
    ("stay.number", "Số vào viện hoặc số ngoại trú"),
    ("stay.ward", "Khoa"),
    ("stay.bed_room", "Buồng"),
    ("stay.bed", "Giường"),
    ("stay.reason", "Lý do vào viện, lý do khám"),
    ("stay.arrived_at", "Lúc đến khám"),
    ("stay.admitted_at", "Lúc vào viện"),
    ("stay.entry", "Trực tiếp vào: Cấp cứu, KKB, Khoa điều trị"),
    ("stay.referral", "Nơi giới thiệu: Cơ quan y tế, Tự đến, Khác"),
    ("stay.times", "Vào viện do bệnh này lần thứ"),
    ("stay.first_ward", "Khoa vào đầu tiên"),
    ("stay.first_ward_at", "Lúc vào khoa đầu tiên"),
    ("stay.first_ward_days", "Số ngày ở khoa đầu tiên"),
    ("stay.transfers", "Các lần chuyển khoa: dòng gồm khoa, lúc, số ngày theo thứ tự cột"),
    ("stay.discharged_at", "Lúc ra viện"),
    ("stay.discharge_kind", "Hình thức ra viện: Ra viện, Xin về, Bỏ về, Đưa về"),
    ("stay.outcome", "Kết quả điều trị: Khỏi, Đỡ, giảm, Không thay đổi, Nặng hơn, Tử vong"),
    ("stay.days", "Tổng số ngày điều trị"),
    ("stay.died_at", "Lúc tử vong"),
    ("diagnosis.referral", "Chẩn đoán của nơi chuyển đến"),
    ("diagnosis.referral_code", "Mã bệnh của nơi chuyển đến"),
    ("diagnosis.admission", "Chẩn đoán của khoa khám bệnh, cấp cứu"),
    ("diagnosis.admission_code", "Mã bệnh của khoa khám bệnh, cấp cứu"),
    ("diagnosis.ward", "Chẩn đoán khi vào khoa: bệnh chính"),
    ("diagnosis.ward_code", "Mã bệnh chính khi vào khoa"),
    ("diagnosis.ward_secondary", "Bệnh kèm theo khi vào khoa"),
    ("diagnosis.ward_secondary_codes", "Mã bệnh kèm theo khi vào khoa"),
    ("diagnosis.current", "Chẩn đoán hiện tại"),
    ("diagnosis.current_code", "Mã bệnh của chẩn đoán hiện tại"),
    ("diagnosis.secondary", "Bệnh kèm theo hiện tại"),
    ("diagnosis.secondary_codes", "Mã bệnh kèm theo hiện tại"),
    ("diagnosis.discharge", "Chẩn đoán ra viện: bệnh chính"),
    ("diagnosis.discharge_code", "Mã bệnh chính khi ra viện"),
    ("diagnosis.discharge_secondary", "Bệnh kèm theo khi ra viện"),
    ("diagnosis.discharge_secondary_codes", "Mã bệnh kèm theo khi ra viện"),
    ("vitals.pulse", "Mạch"),
    ("vitals.temperature", "Nhiệt độ"),
    ("vitals.systolic", "Huyết áp tâm thu"),
    ("vitals.diastolic", "Huyết áp tâm trương"),
    ("vitals.blood_pressure", "Huyết áp, viết 120/80"),
    ("vitals.respiration", "Nhịp thở"),
    ("vitals.weight", "Cân nặng (kg)"),
    ("vitals.height", "Chiều cao (cm)"),
    ("vitals.spo2", "SpO2"),
    ("findings.summary", "Kết quả cận lâm sàng có giá trị, mỗi dòng một kết quả"),
    ("procedures.list", "Các lần phẫu thuật, thủ thuật: dòng theo thứ tự cột"),
    ("orders.drugs", "Y lệnh thuốc: dòng theo thứ tự cột"),
    ("prescription.lines", "Các thuốc trong đơn: dòng theo thứ tự cột"),
    ("bill.total", "Tổng chi phí"),
    ("bill.insurer", "Quỹ BHYT thanh toán"),
    ("bill.patient", "Người bệnh trả"),
    ("bill.copay", "Người bệnh cùng chi trả"),
    ("bill.other", "Các khoản phải trả khác"),
    ("bill.sponsor", "Nguồn khác"),
];

/// What a key answers, in words; `None` for a key that does not exist.
pub fn title(key: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(known, _)| *known == key).map(|(_, title)| *title)
}

/// An answer as the field keeps it, or `None` when it does not fit: a choice that the paper does not have, a word where a
/// number belongs. A table takes rows that are arrays and names their cells by its columns.
pub fn fit(field: &Field, answer: &Value) -> Option<Value> {
    match field.kind {
        FieldType::Choice => chosen(field, answer.as_str()?).map(Value::from),
        FieldType::Multichoice => {
            let all: Vec<Value> = match answer {
                Value::Array(many) => many.iter().filter_map(|one| chosen(field, one.as_str()?).map(Value::from)).collect(),
                one => chosen(field, one.as_str()?).map(Value::from).into_iter().collect(),
            };
            (!all.is_empty()).then_some(Value::Array(all))
        }
        FieldType::Integer => whole(answer).map(Value::from),
        FieldType::Decimal => answer.as_f64().map(Value::from),
        FieldType::Boolean => answer.as_bool().map(Value::from),
        FieldType::Date => answer.as_str().and_then(local_minute).map(|at| Value::from(&at[..10])),
        FieldType::Datetime => answer.as_str().and_then(local_minute).map(Value::from),
        FieldType::Time => answer.as_str().and_then(local_minute).map(|at| Value::from(&at[11..])),
        FieldType::Table => {
            let rows: Vec<Value> = answer.as_array()?.iter().filter_map(|row| named(field, row)).collect();
            (!rows.is_empty()).then_some(Value::Array(rows))
        }
        FieldType::Text | FieldType::Longtext | FieldType::Icd10 | FieldType::PersonRef => match answer {
            Value::String(text) if !text.is_empty() => Some(Value::from(text.as_str())),
            Value::Number(number) => Some(Value::from(number.to_string())),
            _ => None,
        },
        FieldType::Computed | FieldType::Image | FieldType::Signature => None,
    }
}

/// `2026-11-25T08:40` on the clock of the ward, from a moment or a bare day.
fn local_minute(text: &str) -> Option<String> {
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(base::local_time(at.to_utc()).format("%Y-%m-%dT%H:%M").to_string());
    }
    let day: chrono::NaiveDate = text.get(..10)?.parse().ok()?;
    let time = text.get(11..16).and_then(|t| chrono::NaiveTime::parse_from_str(t, "%H:%M").ok()).unwrap_or_default();
    Some(day.and_time(time).format("%Y-%m-%dT%H:%M").to_string())
}

fn whole(answer: &Value) -> Option<i64> {
    answer.as_i64().or_else(|| answer.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as i64))
}

/// The choice that reads like the word, whatever number and accents the paper gives it. "Đỡ" finds "2. Đỡ, giảm".
fn chosen(field: &Field, word: &str) -> Option<String> {
    let wanted = base::fold(word);
    let read = |choice: &Choice<'_>| base::fold(choice.label);
    let same = field.choices().find(|c| read(c) == wanted || c.value == word);
    let begins = || field.choices().find(|c| !wanted.is_empty() && read(c).starts_with(&wanted));
    same.or_else(begins).map(|c| c.value.to_owned())
}

/// A row given as an array of cells, named by the columns; a row that is an object already stays as it is.
fn named(field: &Field, row: &Value) -> Option<Value> {
    match row {
        Value::Object(_) => Some(row.clone()),
        Value::Array(cells) => {
            let mut object = Map::new();
            for (column, cell) in field.columns.iter().zip(cells) {
                if let Some(value) = fit(column, cell) {
                    object.insert(column.id.clone(), value);
                }
            }
            (!object.is_empty()).then_some(Value::Object(object))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(kind: FieldType, options: &[&str]) -> Field {
        Field { kind, options: options.iter().map(|o| o.to_string()).collect(), ..Field::default() }
    }

    #[test]
    fn an_answer_takes_the_number_of_the_paper_or_its_word() {
        let numbered = field(FieldType::Choice, &["1. Nam", "2. Nữ"]);
        let plain = field(FieldType::Choice, &["Nam", "Nữ"]);
        let outcome = field(FieldType::Choice, &["1. Khỏi", "2. Đỡ, giảm", "3. Không thay đổi"]);
        for (field, answer, kept) in [
            (&numbered, json!("Nữ"), json!("2")),
            (&plain, json!("Nữ"), json!("Nữ")),
            (&numbered, json!("nu"), json!("2")),
            (&outcome, json!("Đỡ"), json!("2")),
        ] {
            assert_eq!(fit(field, &answer), Some(kept));
        }
        assert_eq!(fit(&numbered, &json!("Khác")), None, "a paper without that choice stays empty");
    }

    #[test]
    fn a_moment_becomes_the_day_that_a_date_field_asks() {
        let at = json!("2026-11-25T08:40:00+07:00");
        assert_eq!(fit(&field(FieldType::Date, &[]), &at), Some(json!("2026-11-25")));
        assert_eq!(fit(&field(FieldType::Time, &[]), &at), Some(json!("08:40")));
        let just_after_midnight = json!("2026-11-24T17:05:00Z");
        assert_eq!(fit(&field(FieldType::Date, &[]), &just_after_midnight), Some(json!("2026-11-25")));
        assert_eq!(fit(&field(FieldType::Integer, &[]), &json!(36.5)), None);
    }

    #[test]
    fn rows_are_named_by_the_columns_of_the_paper() {
        let column = |id: &str, kind| Field { id: id.into(), kind, ..Field::default() };
        let table = Field {
            kind: FieldType::Table,
            columns: vec![column("khoa", FieldType::Text), column("so_ngay", FieldType::Integer)],
            ..Field::default()
        };
        assert_eq!(fit(&table, &json!([["Khoa Nội", 3]])), Some(json!([{ "khoa": "Khoa Nội", "so_ngay": 3 }])));
    }
}

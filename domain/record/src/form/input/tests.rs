//! What browsers send, read into values, by cases and at random.

use super::*;
use crate::form::catalogue::national;
use crate::form::check;
use proptest::prelude::*;
use serde_json::json;

fn field(id: &str, kind: FieldType) -> Field {
    Field { id: id.into(), label: id.into(), kind, ..Field::default() }
}

fn form_of(fields: Vec<Field>) -> Form {
    let mut form = (*national().newest("01/BV1").expect("the first form")).clone();
    form.sections.truncate(1);
    form.sections[0].fields = fields;
    form
}

fn read_one(field: Field, text: &str) -> Read {
    let id = field.id.clone();
    read(&form_of(vec![field]), [(id.as_str(), text)])
}

#[test]
fn answers_are_read_as_people_type_them() {
    let choice = Field { options: vec!["1. Khỏi".into(), "2. Đỡ, giảm".into()], ..field("a", FieldType::Choice) };
    for (field, typed, kept) in [
        (field("a", FieldType::Text), "  Đau bụng ", json!("Đau bụng")),
        (field("a", FieldType::Longtext), "một\r\nhai", json!("một\nhai")),
        (field("a", FieldType::Integer), "80", json!(80)),
        (field("a", FieldType::Decimal), "36,5", json!(36.5)),
        (field("a", FieldType::Decimal), "36.5", json!(36.5)),
        (field("a", FieldType::Integer), "1.250.000", json!(1_250_000)),
        (field("a", FieldType::Date), "25/11/2026", json!("2026-11-25")),
        (field("a", FieldType::Date), "2026-11-25", json!("2026-11-25")),
        (field("a", FieldType::Datetime), "08:40 25/11/2026", json!("2026-11-25T08:40")),
        (field("a", FieldType::Datetime), "25/11/2026 8:40", json!("2026-11-25T08:40")),
        (field("a", FieldType::Datetime), "2026-11-25T08:40:30", json!("2026-11-25T08:40")),
        (field("a", FieldType::Datetime), "25/11/2026", json!("2026-11-25T00:00")),
        (field("a", FieldType::Time), "8h40", json!("08:40")),
        (field("a", FieldType::Boolean), "on", json!(true)),
        (choice.clone(), "2", json!("2")),
        (choice.clone(), "1. Khỏi", json!("1")),
        (field("a", FieldType::Icd10), "a09", json!("A09")),
        (Field { max: Some(3), ..field("a", FieldType::Icd10) }, "e11.9; i10", json!("E11.9, I10")),
    ] {
        let read = read_one(field, typed);
        assert_eq!(read.problems, base::Problems::none(), "{typed}");
        assert_eq!(read.values.get("a"), Some(&kept), "{typed}");
    }
}

#[test]
fn what_cannot_be_read_is_told_beside_its_field() {
    let choice = Field { options: vec!["Có".into()], ..field("a", FieldType::Choice) };
    for (field, typed) in [
        (field("a", FieldType::Text), "x".repeat(TEXT_LIMIT + 1)),
        (field("a", FieldType::Integer), "36,5".to_owned()),
        (field("a", FieldType::Integer), "tám mươi".to_owned()),
        (field("a", FieldType::Decimal), "inf".to_owned()),
        (field("a", FieldType::Decimal), "1e400".to_owned()),
        (field("a", FieldType::Date), "31/02/2026".to_owned()),
        (field("a", FieldType::Datetime), "25/11/2026 25:00".to_owned()),
        (field("a", FieldType::Time), "24:61".to_owned()),
        (choice, "Không".to_owned()),
        (field("a", FieldType::Icd10), "đau đầu".to_owned()),
        (field("a", FieldType::Icd10), "A09, I10".to_owned()),
        (field("a", FieldType::Image), "/etc/passwd".to_owned()),
    ] {
        let read = read_one(field.clone(), &typed);
        assert!(!read.problems.at("a").is_empty(), "{:?}: {typed}", field.kind);
        assert_eq!(read.values.get("a"), None);
    }
}

#[test]
fn both_eyes_choices_and_rows_find_their_places() {
    let eye = Field { both_eyes: true, ..field("tl", FieldType::Text) };
    let many = Field { options: vec!["1. Nông".into(), "2. Sâu".into()], ..field("mach", FieldType::Multichoice) };
    let rows = Field { columns: vec![field("ml", FieldType::Integer)], max: Some(3), ..field("dich", FieldType::Table) };
    let fixed = Field { columns: vec![field("co", FieldType::Boolean)], rows: vec!["01".into(), "02".into()], ..field("dd", FieldType::Table) };
    let form = form_of(vec![eye, many, rows, fixed]);
    let read = read(
        &form,
        [
            ("tl_mp", "10/10"),
            ("tl_mt", "3/10"),
            ("mach", "2"),
            ("mach", "1"),
            ("mach", "2"),
            ("dich.0.ml", "500"),
            ("dich.2.ml", "250"),
            ("dich.9.ml", "1"),
            ("dd.1.co", "on"),
            ("khac", "?"),
            ("dich.0.mau", "đỏ"),
            ("tl", "cả hai"),
        ],
    );
    let expected = json!({
        "tl_mp": "10/10", "tl_mt": "3/10", "mach": ["2", "1"], "dich": [{ "ml": 500 }, { "ml": 250 }], "dd": [{}, { "co": true }],
    });
    assert_eq!(Value::Object(read.values), expected);
    assert!(read.problems.at("dich").contains("3 dòng"));
    assert_eq!(read.unknown, ["khac", "dich.0.mau", "tl"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is sent, to whichever form: reading ends, what it keeps has the right types, and settling twice is
    /// settling once.
    #[test]
    fn reading_always_ends_well(
        at in 0usize..104,
        picks in prop::collection::vec((0usize..400, "\\PC{0,40}|[0-9]{1,3}|[0-9]{2}/[0-9]{2}/20[0-9]{2}|on", 0usize..4), 0..40),
    ) {
        let form = national().list().nth(at).expect("104 forms");
        let fields: Vec<&Field> = form.fields().collect();
        let pairs: Vec<(String, String)> = picks.into_iter().map(|(pick, text, row)| {
            let field = fields[pick % fields.len()];
            let ids = field.value_ids();
            let name = match field.columns.get(row) {
                Some(column) => format!("{}.{row}.{}", field.id, column.id),
                None => ids[row % ids.len()].clone(),
            };
            (name, text)
        }).collect();
        let read = read(form, pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut values = read.values;
        let today = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
        check::settle(form, &mut values, today);
        // Ranges may be broken, types never.
        for problem in check::draft(form, &values).0 {
            prop_assert!(problem.text.contains("ngoài khoảng") || problem.text.contains("chỉ có") || problem.text.contains("Chưa có"), "{problem:?}");
        }
        let mut again = values.clone();
        check::settle(form, &mut again, today);
        prop_assert_eq!(again, values);
    }
}

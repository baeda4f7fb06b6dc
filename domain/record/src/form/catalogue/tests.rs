//! The ministry's forms as they are packed: all of them read, and every name in them means something.

use super::*;
use crate::form::condition::Condition;
use crate::form::definition::{FieldType, Kind};
use crate::form::formula::Formula;
use crate::form::source;
use std::collections::HashSet;

fn day(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).expect("a day")
}

#[test]
fn all_104_forms_are_there_in_the_official_order() {
    let forms: Vec<_> = national().list().collect();
    assert_eq!(forms.len(), 104);
    assert_eq!(forms.iter().filter(|f| f.kind == Kind::BenhAn).count(), 29);
    assert_eq!(forms.iter().filter(|f| f.form.ends_with("/BV2")).count(), 53);
    assert_eq!((forms[0].form.as_str(), forms[28].form.as_str(), forms[29].form.as_str()), ("01/BV1", "29/BV1", "01/BV2"));
    for form in forms {
        assert!(!form.title.is_empty() && !form.sections.is_empty(), "{}", form.form);
        assert!(form.fields().count() >= 10, "{} asks almost nothing", form.form);
    }
}

/// What a form says about its own fields: shared by the files here and by what administrators publish.
#[test]
fn every_form_agrees_with_itself() {
    let faults: Vec<(&str, Vec<String>)> = national().forms.iter().map(|f| (f.form.as_str(), crate::form::sound::faults(f))).collect();
    let faulty: Vec<_> = faults.into_iter().filter(|(_, faults)| !faults.is_empty()).collect();
    assert_eq!(faulty, Vec::<(&str, Vec<String>)>::new());
}

#[test]
fn a_word_that_no_form_knows_is_not_swallowed() {
    for name in Files::iter().filter(|n| n.ends_with(".toml")) {
        let table: toml::Table = toml::from_str(&text(&name).expect("the text")).expect("a table");
        let sections = table.get("sections").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        for section in sections {
            same_words(&name, &section, &Section::default());
            for field in section.get("fields").and_then(toml::Value::as_array).expect("fields") {
                same_words(&name, field, &Field::default());
                for column in field.get("columns").and_then(toml::Value::as_array).into_iter().flatten() {
                    same_words(&name, column, &Field::default());
                }
            }
        }
    }
}

fn same_words<T: serde::Serialize>(file: &str, said: &toml::Value, known: &T) {
    let known = serde_json::to_value(known).expect("JSON");
    for word in said.as_table().expect("a table").keys() {
        assert!(known.get(word).is_some(), "{file}: {word}");
    }
}

#[test]
fn a_form_changes_only_its_own_copy_of_a_shared_part() {
    let surgical = national().newest("10/BV1").expect("surgery");
    let internal = national().newest("01/BV1").expect("internal medicine");
    assert_eq!(surgical.field("tom_tat_benh_an").expect("summary").label, "5. Tóm tắt bệnh án");
    assert_eq!(internal.field("tom_tat_benh_an").expect("summary").label, "4. Tóm tắt bệnh án");
    assert!(national().newest("04/BV1").expect("gynaecology").field("gioi").is_none(), "nobody asks the sex there");
}

#[test]
fn a_form_is_in_force_from_its_first_day_to_its_last() {
    let summary = |on| national().in_force("52/BV2", on).is_some();
    assert!(!summary(day(2023, 12, 31)));
    assert!(summary(day(2024, 1, 1)) && summary(day(2025, 6, 30)));
    assert!(!summary(day(2025, 7, 1)));
    assert!(national().version("52/BV2", 1).is_some(), "an old document still opens");
}

#[test]
fn names_births_and_vitals_fill_themselves_in() {
    let mut filled = HashSet::new();
    for form in national().list() {
        filled.extend(form.fields().filter_map(|f| f.source.as_deref()).map(str::to_owned));
    }
    let unused: Vec<_> = source::SOURCES.iter().filter(|(key, _)| !filled.contains(*key)).collect();
    assert_eq!(unused, Vec::<&(&str, &str)>::new(), "a source that no form asks");
    let internal = national().newest("01/BV1").expect("internal medicine");
    for id in ["ho_ten", "ngay_sinh", "gioi", "dan_toc", "so_the_bhyt", "vao_vien_luc", "khoa", "mach", "cd_kkb_ma"] {
        assert!(internal.field(id).expect(id).source.is_some(), "{id}");
    }
}

#[test]
fn conditions_and_formulas_of_all_forms_can_be_read() {
    let mut counted = (0, 0);
    for field in national().list().flat_map(|form| form.fields()) {
        if let Some(text) = &field.show_if {
            Condition::parse(text).expect("a condition");
            counted.0 += 1;
        }
        if let Some(text) = &field.formula {
            Formula::parse(text).expect("a formula");
            counted.1 += 1;
        }
        assert_eq!(field.formula.is_some(), field.kind == FieldType::Computed, "{}", field.id);
    }
    assert!(counted.0 > 100 && counted.1 > 60, "{counted:?}");
}

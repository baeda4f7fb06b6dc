//! Every form of the ministry as the data of its paper: nothing that was asked or written may be missing from it.

use chrono::NaiveDate;
use record::form::catalogue::national;
use record::form::definition::{FieldType, Form};
use record::print::{Signed, ToPrint, data, specimen};
use serde_json::{Value, json};

fn head() -> Value {
    json!({ "parent": "Sở Y tế tỉnh Vĩnh Long", "name": "Bệnh viện Đa khoa Minh An", "address": "12 Lê Lợi", "phone": "02703 800 100" })
}

/// Leaves the data in the folder named by YBA_PAPERS, for somebody who draws the page.
fn keep(form: &Form, kind: &str, data: &Value) {
    if let Ok(folder) = std::env::var("YBA_PAPERS") {
        std::fs::write(format!("{folder}/{}-{kind}.json", form.form.replace('/', "_")), data.to_string()).expect("the folder is there");
    }
}

#[test]
fn every_form_is_laid_out_blank_and_filled() {
    let forms: Vec<_> = national().list().collect();
    assert!(forms.len() >= 104, "{} forms", forms.len());
    for form in forms {
        let blank = data(&ToPrint::blank(form, head()));
        keep(form, "blank", &blank);
        let values = specimen(form);
        let paper = ToPrint { values: &values, code: "BA-26-00017".into(), link: "https://yba.example/kiem-tra/x".into(), version: 1, ..ToPrint::blank(form, head()) };
        let full = data(&paper);
        keep(form, "filled", &full);
        let text = full.to_string();
        for field in form.sections.iter().flat_map(|section| &section.fields).filter(|field| !field.unprinted) {
            let missing = match field.kind {
                // A paper without an official number prints none.
                FieldType::Text if field.id == "pt_ms" => false,
                FieldType::Text => field.boxes.is_none() && !text.contains(&format!("chữ của {}", field.id)) && field.id != "so_the_bhyt",
                FieldType::Longtext => !text.contains(&format!("Đoạn dài của {}:", field.id)),
                FieldType::PersonRef => !text.contains("Nguyễn Thị Lan"),
                _ => false,
            };
            assert!(!missing, "{}: what was written in {} is not on the paper", form.form, field.id);
        }
        for spot in &form.signatures {
            assert!(text.contains(&format!("\"role\":\"{}\"", spot.role)), "{}: no place for {}", form.form, spot.role);
        }
        let printed = blank.to_string();
        assert!(!printed.contains("chữ của"), "{}: a blank form is blank", form.form);
    }
}

#[test]
fn a_signature_is_shown_in_its_own_place() {
    let form = national().newest("01/BV1").expect("the form is there");
    let values = json!({});
    let signed = vec![Signed { role: "truong_khoa".into(), name: "Trần Quốc Việt".into(), at: "25/11/2026 09:10".into(), ..Signed::default() }];
    let made_at = NaiveDate::from_ymd_opt(2026, 11, 25).and_then(|day| day.and_hms_opt(2, 10, 0)).map(|at| at.and_utc());
    let out = data(&ToPrint { values: &values, signed, made_at, ..ToPrint::blank(&form, head()) });
    let spots: Vec<&Value> = out["blocks"].as_array().unwrap().iter().filter(|block| block["k"] == "sign").flat_map(|block| block["spots"].as_array().unwrap()).collect();
    let head_of_ward = spots.iter().find(|spot| spot["role"] == "truong_khoa").expect("a place");
    assert_eq!(head_of_ward["signer"], "Trần Quốc Việt");
    assert_eq!(head_of_ward["how"], "Ký số bởi");
    let director = spots.iter().find(|spot| spot["role"] == "giam_doc").expect("a place");
    assert!(director.get("signer").is_none());
}

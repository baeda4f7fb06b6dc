//! What a filled form is refused for, by cases.

use super::*;
use crate::form::catalogue::national;
use serde_json::json;

fn values(of: Value) -> Map<String, Value> {
    match of {
        Value::Object(values) => values,
        _ => panic!("values are an object"),
    }
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day")
}

#[test]
fn an_internal_record_works_out_age_days_and_bmi() {
    let form = national().newest("01/BV1").expect("internal medicine");
    let mut written = values(json!({
        "ngay_sinh": "1961-03-02", "vao_vien_luc": "2026-11-20T09:10", "ra_vien_luc": "2026-11-25T15:00",
        "can_nang": 62, "chieu_cao": 165, "tuoi": "999",
    }));
    settle(&form, &mut written, day());
    assert_eq!(written["tuoi"], "65", "what was typed into a computed field does not count");
    assert_eq!(written["tong_ngay_dt"], 6);
    assert_eq!(written["bmi"], 22.8);
}

#[test]
fn a_time_of_death_goes_when_the_patient_recovered() {
    let form = national().newest("01/BV1").expect("internal medicine");
    let mut written = values(json!({
        "ket_qua_dieu_tri": "1", "tu_vong_luc": "2026-11-25T03:00", "kham_nghiem_tu_thi": true, "cd_gp_tu_thi": "Viêm phổi",
        "khong_co_o_nay": "?",
    }));
    settle(&form, &mut written, day());
    assert_eq!(written, values(json!({ "ket_qua_dieu_tri": "1" })));
}

#[test]
fn what_has_to_be_filled_is_told_by_its_printed_name() {
    let form = national().newest("01/BV1").expect("internal medicine");
    let problems = finished(&form, &values(json!({ "ho_ten": "LÊ THỊ MAI", "mach": 420, "nhiet_do": "nóng" })));
    assert_eq!(problems.at("ho_ten"), "");
    assert!(problems.at("ly_do_vao_vien").contains("I. Lý do vào viện"));
    assert!(problems.at("mach").contains("ngoài khoảng 0–300"));
    assert!(problems.at("nhiet_do").contains("con số"));
    assert_eq!(problems.at("tu_vong_luc"), "", "nobody died");
}

#[test]
fn a_newborn_s_breathing_score_is_the_sum_of_five_answers() {
    let form = national().newest("06/BV1").expect("newborn");
    let mut written = values(json!({
        "su_dan_no_long_nguc": "1", "co_keo_co_lien_suon": "2", "co_keo_mui_uc": "0", "dap_canh_mui": "1", "ren_ri": "1",
    }));
    settle(&form, &mut written, day());
    assert_eq!(written["silverman_tong"], 5);
}

#[test]
fn fluids_in_and_out_make_a_balance() {
    let form = national().newest("37/BV2").expect("care level 1");
    let mut written = values(json!({
        "dich_vao": [{ "loai": "NaCl 0,9%", "so_luong": 1000 }, { "so_luong": 500 }], "dich_ra": [{ "so_luong": 1650 }],
    }));
    settle(&form, &mut written, day());
    assert_eq!((&written["tong_nhap"], &written["tong_xuat"], &written["bilan"]), (&json!(1500), &json!(1650), &json!(-150)));
}

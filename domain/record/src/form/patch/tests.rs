//! A house's own changes laid over the ministry's form, by cases.

use super::*;
use crate::form::catalogue::national;

fn internal() -> Form {
    (*national().newest("01/BV1").expect("internal medicine")).clone()
}

fn change(id: &str, change: FieldChange) -> Patch {
    Patch { fields: BTreeMap::from([(id.to_owned(), change)]), ..Patch::default() }
}

fn own(id: &str, kind: FieldType) -> Patch {
    let field = Field { id: id.into(), label: "Nguy cơ té ngã".into(), kind, ..Field::default() };
    Patch { added: vec![Added { section: "ly_do".into(), after: "ly_do_vao_vien".into(), field }], ..Patch::default() }
}

#[test]
fn what_the_ministry_prints_is_added_to_and_never_removed() {
    let form = internal();
    let longer = FieldChange { label: Some("I. Lý do vào viện (ghi lời người bệnh)".into()), ..FieldChange::default() };
    let shown = apply(&form, &change("ly_do_vao_vien", longer)).expect("words after the printed ones");
    assert_eq!(shown.field("ly_do_vao_vien").expect("reason").label, "I. Lý do vào viện (ghi lời người bệnh)");

    let other = FieldChange { label: Some("Lý do".into()), ..FieldChange::default() };
    let refused = apply(&form, &change("ly_do_vao_vien", other)).expect_err("the printed words are gone");
    assert!(refused.at("ly_do_vao_vien").contains("giữ nguyên"));
}

#[test]
fn an_optional_item_may_stay_unasked_a_required_one_not() {
    let form = internal();
    let hide = |required| FieldChange { hidden: true, required, ..FieldChange::default() };
    assert!(apply(&form, &change("noi_lam_viec", hide(None))).expect("optional").field("noi_lam_viec").expect("it").hidden);
    assert!(!apply(&form, &change("ho_ten", hide(None))).expect_err("required").at("ho_ten").is_empty());
    assert!(apply(&form, &change("tuan_hoan", hide(Some(false)))).is_ok(), "the house may loosen its own strictness");
}

#[test]
fn choices_are_added_after_the_printed_ones() {
    let form = internal();
    let more = |option: &str| FieldChange { more_options: vec![option.into()], ..FieldChange::default() };
    let shown = apply(&form, &change("doi_tuong", more("5. Quân nhân"))).expect("a fifth payer");
    assert_eq!(shown.field("doi_tuong").expect("payer").options.last().map(String::as_str), Some("5. Quân nhân"));
    assert!(apply(&form, &change("doi_tuong", more("1. Quân nhân"))).is_err(), "1 is taken");
    assert!(apply(&form, &change("ho_ten", more("An"))).is_err(), "a name has no choices");
}

#[test]
fn a_field_of_the_house_stands_where_it_was_put() {
    let shown = apply(&internal(), &own("rieng_te_nga", FieldType::Integer)).expect("a field of the house");
    let section = shown.sections.iter().find(|s| s.id == "ly_do").expect("the section");
    let ids: Vec<&str> = section.fields.iter().map(|f| f.id.as_str()).collect();
    assert_eq!(ids, ["ly_do_vao_vien", "rieng_te_nga", "vao_ngay_thu"]);
    assert!(section.fields[1].own);
    assert!(apply(&internal(), &own("te_nga", FieldType::Integer)).is_err(), "an id that the ministry may use one day");
    assert!(apply(&internal(), &own("rieng_te_nga", FieldType::Table)).is_err());
    let twice = Patch { added: [own("rieng_a", FieldType::Text).added, own("rieng_a", FieldType::Text).added].concat(), ..Patch::default() };
    assert!(apply(&internal(), &twice).is_err());
}

#[test]
fn signers_need_a_place_and_terms_an_end() {
    let flow = |roles: &[&str]| Patch { sign_flow: Some(roles.iter().map(|r| r.to_string()).collect()), ..Patch::default() };
    assert!(apply(&internal(), &flow(&["bac_si_dieu_tri", "giam_doc"])).is_ok());
    assert!(apply(&internal(), &flow(&["ke_toan"])).is_err());
    assert!(apply(&internal(), &flow(&[])).is_err());
    let term = Patch { within_hours: Some(Some(48)), ..Patch::default() };
    assert_eq!(apply(&internal(), &term).expect("two days").closing.within_hours, Some(48));
}

#[test]
fn differences_survive_the_table() {
    let mut patch = own("rieng_te_nga", FieldType::Choice);
    patch.added[0].field.options = vec!["Thấp".into(), "Cao".into()];
    patch.within_hours = Some(None);
    let kept = serde_json::to_value(&patch).expect("JSON");
    assert_eq!(serde_json::from_value::<Patch>(kept).expect("a patch"), patch);
    assert_eq!(serde_json::from_str::<Patch>("{}").expect("a patch"), Patch::default());
}

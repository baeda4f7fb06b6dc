//! The order in which a document is signed, and whose turn it is. The form gives the order; a council's members get a
//! place each, as many as the minutes name.

use super::role::{self, Who};
use serde_json::Value;

/// The place that the seal of a scanned paper takes.
pub const SEAL: &str = "con_dau";
/// The place of whoever answers for a paper that another module made.
pub const PRACTITIONER: &str = "nguoi_hanh_nghe";
/// The place of the timestamp that the archive sets; never part of an order.
pub const ARCHIVE: &str = "luu_tru";

/// The order of this very document. `order` is the form's own or the facility's; scans are sealed as certified copies
/// (NĐ 137/2024/NĐ-CP, art. 5); a report or prescription is signed by whoever answers for it; what others sent came signed
/// or not at all.
pub fn of(kind: &str, order: &[String], data: &Value) -> Vec<String> {
    if !order.is_empty() {
        return order.iter().flat_map(|key| places(key, data)).collect();
    }
    match kind {
        "paper" => vec![PRACTITIONER.to_owned()],
        "scan" => vec![SEAL.to_owned()],
        _ => Vec::new(),
    }
}

fn places(key: &str, data: &Value) -> Vec<String> {
    match role::find(key) {
        Some(role) if role.who == Who::Members => (1..=role::named(role, data).len()).map(|number| format!("{key}_{number}")).collect(),
        _ => vec![key.to_owned()],
    }
}

/// The place whose turn it is; `None` when all have signed.
pub fn next<'a>(flow: &'a [String], signed: &[String]) -> Option<&'a str> {
    flow.iter().find(|place| !signed.contains(place)).map(String::as_str)
}

/// What is still to come, in order.
pub fn missing<'a>(flow: &'a [String], signed: &[String]) -> Vec<&'a str> {
    flow.iter().filter(|place| !signed.contains(place)).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn words(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|k| (*k).to_owned()).collect()
    }

    #[test]
    fn the_order_of_a_document() {
        let council = json!({ "thanh_phan": [{ "ho_ten": "A B" }, { "ho_ten": "C D" }, { "ho_ten": "" }] });
        for (kind, order, data, flow) in [
            ("form", vec!["bac_si", "truong_khoa"], json!({}), vec!["bac_si", "truong_khoa"]),
            ("form", vec![], json!({}), vec![]),
            ("form", vec!["thu_ky", "thanh_vien", "chu_toa"], council.clone(), vec!["thu_ky", "thanh_vien_1", "thanh_vien_2", "chu_toa"]),
            ("form", vec!["thu_ky", "thanh_vien", "chu_toa"], json!({}), vec!["thu_ky", "chu_toa"]),
            ("paper", vec![], json!({}), vec![PRACTITIONER]),
            ("scan", vec![], json!({}), vec![SEAL]),
            ("incoming", vec![], json!({}), vec![]),
        ] {
            assert_eq!(of(kind, &words(&order), &data), words(&flow), "{kind} {order:?}");
        }
    }

    proptest! {
        /// Whoever signs in turn comes to the end, every place once, in the order of the form.
        #[test]
        fn signing_in_turn_ends(length in 0usize..9) {
            let flow: Vec<String> = (0..length).map(|n| format!("thanh_vien_{n}")).collect();
            let mut signed: Vec<String> = Vec::new();
            while let Some(place) = next(&flow, &signed) {
                prop_assert_eq!(missing(&flow, &signed).len(), length - signed.len());
                signed.push(place.to_owned());
            }
            prop_assert_eq!(signed, flow);
        }
    }
}

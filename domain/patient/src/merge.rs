//! Two records of one person: which values stay, what moves, and when it may be done or undone.
//!
//! The gone record is never deleted: it points at the kept one, its rows move by changing their owner only, and
//! the log holds both records as they were, so that undoing restores each byte (invariant I17).

use base::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Which of the two records a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Kept,
    Gone,
}

/// A choice on the merge page: columns that only make sense together.
pub struct Choice {
    pub key: &'static str,
    pub label: &'static str,
    pub columns: &'static [&'static str],
}

/// What may be chosen, in the order of the page.
pub const CHOICES: [Choice; 8] = [
    Choice { key: "name", label: "Họ và tên", columns: &["name", "name_folded"] },
    Choice { key: "birth", label: "Ngày sinh", columns: &["birth_date", "birth_year_only"] },
    Choice { key: "sex", label: "Giới tính", columns: &["sex"] },
    Choice { key: "cccd", label: "Số CCCD", columns: &["cccd", "cccd_issued_on", "identity_verified_at"] },
    Choice { key: "phone", label: "Điện thoại", columns: &["phone"] },
    Choice { key: "address", label: "Địa chỉ", columns: &["address_line", "commune_code", "address_text"] },
    Choice { key: "ethnic", label: "Dân tộc", columns: &["ethnic_code"] },
    Choice { key: "occupation", label: "Nghề nghiệp", columns: &["occupation"] },
];

type Row = Map<String, Value>;

/// The side marked at first: the kept record's value, unless it is empty and the other's is not.
pub fn first_choice(choice: &Choice, kept: &Row, gone: &Row) -> Side {
    let column = choice.columns[0];
    if is_empty(kept.get(column)) && !is_empty(gone.get(column)) { Side::Gone } else { Side::Kept }
}

/// Refuses a merge that would hide a mistake: the same record, one that is already merged, two different citizen
/// numbers, two different sexes.
pub fn may_merge(kept: &Row, gone: &Row) -> Result<(), Problem> {
    if kept.get("patient_id") == gone.get("patient_id") {
        return Err(Problem::of("Đây là cùng một hồ sơ. Chọn một hồ sơ khác để gộp."));
    }
    if !is_empty(kept.get("merged_into")) || !is_empty(gone.get("merged_into")) {
        return Err(Problem::of("Một trong hai hồ sơ đã được gộp trước đó. Mở hồ sơ còn lại rồi gộp từ đó."));
    }
    let (a, b) = (text(kept.get("cccd")), text(gone.get("cccd")));
    if !a.is_empty() && !b.is_empty() && a != b {
        return Err(Problem::of("Hai hồ sơ có hai số CCCD khác nhau nên là hai người. Nếu một số bị gõ sai, sửa số đó trước."));
    }
    let (a, b) = (text(kept.get("sex")), text(gone.get("sex")));
    if a != b && a != "unknown" && b != "unknown" {
        return Err(Problem::of("Hai hồ sơ khác giới tính. Xem lại giấy tờ và sửa hồ sơ sai trước khi gộp."));
    }
    Ok(())
}

/// The kept record after the merge. Allergies are the union, so what is known about them is the stronger state.
pub fn merged(kept: &Row, gone: &Row, chosen: &BTreeMap<String, Side>) -> Row {
    let mut row = kept.clone();
    for choice in &CHOICES {
        if chosen.get(choice.key).copied().unwrap_or_else(|| first_choice(choice, kept, gone)) == Side::Gone {
            for column in choice.columns {
                if let Some(value) = gone.get(*column) {
                    row.insert((*column).to_owned(), value.clone());
                }
            }
        }
    }
    let strength = |row: &Row| match text(row.get("allergy_state")) {
        "recorded" => 2,
        "none_known" => 1,
        _ => 0,
    };
    if strength(gone) > strength(kept) {
        for column in ["allergy_state", "allergy_asked_at", "allergy_asked_by"] {
            if let Some(value) = gone.get(column) {
                row.insert(column.to_owned(), value.clone());
            }
        }
    }
    row
}

/// The kept record after undoing: every column that the merge changed and nobody changed since goes back to what
/// it was; later corrections stay.
pub fn unmerged(before: &Row, after_merge: &Row, now: &Row) -> Row {
    let mut row = now.clone();
    for (column, old) in before {
        if after_merge.get(column) != Some(old) && now.get(column) == after_merge.get(column) {
            row.insert(column.clone(), old.clone());
        }
    }
    row
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(s)) => s.is_empty(),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn row(value: Value) -> Row {
        value.as_object().unwrap().clone()
    }
    fn kept() -> Row {
        row(json!({"patient_id": "a", "name": "Nguyễn Văn An", "name_folded": "nguyen van an", "sex": "male",
            "cccd": "", "cccd_issued_on": null, "phone": "0900000001", "address_text": "", "address_line": "",
            "commune_code": "", "allergy_state": "not_asked", "allergy_asked_at": null, "merged_into": null, "version": 3}))
    }
    fn gone() -> Row {
        row(json!({"patient_id": "b", "name": "Nguyễn Văn Ân", "name_folded": "nguyen van an", "sex": "male",
            "cccd": "084085012345", "cccd_issued_on": "2021-04-20", "phone": "0911111111", "address_text": "x",
            "address_line": "x", "commune_code": "1", "allergy_state": "recorded", "allergy_asked_at": "t", "merged_into": null, "version": 1}))
    }

    #[test]
    fn gaps_are_filled_and_choices_respected() {
        let chosen = BTreeMap::from([("phone".to_owned(), Side::Gone)]);
        let after = merged(&kept(), &gone(), &chosen);
        assert_eq!(after["name"], "Nguyễn Văn An");
        assert_eq!(after["phone"], "0911111111");
        assert_eq!(after["cccd"], "084085012345");
        assert_eq!(after["cccd_issued_on"], "2021-04-20");
        assert_eq!(after["allergy_state"], "recorded");
        assert_eq!(after["version"], 3);
    }

    #[test]
    fn undoing_restores_and_keeps_later_corrections() {
        let after = merged(&kept(), &gone(), &BTreeMap::new());
        assert_eq!(unmerged(&kept(), &after, &after), kept());
        let mut corrected = after.clone();
        corrected.insert("cccd".into(), json!("084085099999"));
        let back = unmerged(&kept(), &after, &corrected);
        assert_eq!(back["cccd"], "084085099999");
        assert_eq!(back["cccd_issued_on"], Value::Null);
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(may_merge(&kept(), &gone()).is_ok());
        for (column, value, says) in [
            ("patient_id", json!("a"), "cùng một hồ sơ"),
            ("merged_into", json!("c"), "đã được gộp"),
            ("sex", json!("female"), "giới tính"),
        ] {
            let mut other = gone();
            other.insert(column.into(), value);
            assert!(may_merge(&kept(), &other).unwrap_err().text.contains(says));
        }
        let mut with_card = kept();
        with_card.insert("cccd".into(), json!("084085000000"));
        assert!(may_merge(&with_card, &gone()).unwrap_err().text.contains("hai số CCCD"));
    }

    proptest! {
        #[test]
        fn undo_is_exact_for_any_choice(picks in proptest::collection::vec(any::<bool>(), 8)) {
            let chosen: BTreeMap<String, Side> = CHOICES.iter().zip(picks)
                .map(|(c, gone)| (c.key.to_owned(), if gone { Side::Gone } else { Side::Kept })).collect();
            let after = merged(&kept(), &gone(), &chosen);
            prop_assert_eq!(unmerged(&kept(), &after, &after), kept());
        }
    }
}

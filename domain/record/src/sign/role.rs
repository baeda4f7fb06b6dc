//! The places in a signing order, and who may stand in each: `roles.tsv` beside this file. A document may name the person
//! itself (the chair of a consultation, the surgeon); then only that person signs there.

use serde_json::Value;
use std::sync::LazyLock;
use uuid::Uuid;

/// Who stands in a place when the document names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The doctor who answers for the document.
    Practitioner,
    /// Any doctor of the house.
    Doctor,
    /// The nurse who made the document.
    Nurse,
    /// Any nurse.
    AnyNurse,
    /// Whoever made the document.
    Author,
    /// The head of the department.
    Head,
    Director,
    /// The seal of the house, set by the director or by whom the director trusts with it.
    Seal,
    /// Only the person whom the document names.
    Named,
    /// Each person in a list that the document holds, one place each.
    Members,
    /// Any member of staff.
    Staff,
    /// The patient or a relative: no certificate, a confirmation.
    Patient,
    /// No person at all.
    Nobody,
}

/// One place in a signing order.
#[derive(Clone, Debug)]
pub struct Role {
    pub key: &'static str,
    /// As people read it.
    pub label: &'static str,
    pub who: Who,
    /// The fields of a form in which the person may be named.
    pub fields: Vec<&'static str>,
}

static ROLES: LazyLock<Vec<Role>> = LazyLock::new(|| {
    include_str!("roles.tsv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let (key, label, who) = (cells.next()?, cells.next()?, cells.next()?);
            let fields = cells.next().unwrap_or("").split_whitespace().collect();
            Some(Role { key, label, who: who_of(who)?, fields })
        })
        .collect()
});

fn who_of(word: &str) -> Option<Who> {
    Some(match word {
        "practitioner" => Who::Practitioner,
        "doctor" => Who::Doctor,
        "nurse" => Who::Nurse,
        "any_nurse" => Who::AnyNurse,
        "author" => Who::Author,
        "head" => Who::Head,
        "director" => Who::Director,
        "seal" => Who::Seal,
        "named" => Who::Named,
        "members" => Who::Members,
        "staff" => Who::Staff,
        "patient" => Who::Patient,
        "nobody" => Who::Nobody,
        _ => return None,
    })
}

/// All places that are known, in the order of the list.
pub fn all() -> &'static [Role] {
    &ROLES
}

/// The place with this key; the third member of a council stands at `thanh_vien_3`. `None` for a word nobody knows.
pub fn find(key: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.key == key).or_else(|| {
        let (front, number) = key.rsplit_once('_')?;
        number.parse::<u32>().ok()?;
        ROLES.iter().find(|role| role.key == front && role.who == Who::Members)
    })
}

/// The word that people read for a place: "Thành viên 3".
pub fn label(key: &str) -> String {
    match find(key) {
        Some(role) if role.who == Who::Members => match key.rsplit_once('_').and_then(|(_, n)| n.parse::<u32>().ok()) {
            Some(number) => format!("{} {number}", role.label),
            None => role.label.to_owned(),
        },
        Some(role) => role.label.to_owned(),
        None => key.replace('_', " "),
    }
}

/// A person as a document names them: with their number in the house, or as a name somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub practitioner: Option<Uuid>,
    pub name: String,
}

/// The fields that name signers, of all places: what a list of documents has to read of each.
pub fn naming_fields() -> Vec<&'static str> {
    let mut fields: Vec<&str> = ROLES.iter().flat_map(|role| role.fields.iter().copied()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// The people whom `data` names for this place: at most one, or all members of a council.
pub fn named(role: &Role, data: &Value) -> Vec<Named> {
    let found = role.fields.iter().map(|field| people(&data[*field])).find(|people| !people.is_empty());
    let mut people = found.unwrap_or_default();
    if role.who != Who::Members {
        people.truncate(1);
    }
    people
}

/// People in a value: a name, `{"id", "name"}`, or the rows of a table with a column `ho_ten`.
fn people(value: &Value) -> Vec<Named> {
    match value {
        Value::String(text) if !text.trim().is_empty() => vec![match text.trim().parse() {
            Ok(id) => Named { practitioner: Some(id), name: String::new() },
            Err(_) => Named { practitioner: None, name: text.trim().to_owned() },
        }],
        Value::Array(rows) => rows.iter().flat_map(people).collect(),
        Value::Object(of) if of.contains_key("ho_ten") => people(&of["ho_ten"]),
        Value::Object(of) => {
            let practitioner = ["id", "practitioner", "practitioner_id", "value"].iter().find_map(|key| of.get(*key)?.as_str()?.parse().ok());
            let name = ["name", "label", "text"].iter().find_map(|key| of.get(*key)?.as_str()).unwrap_or("").trim().to_owned();
            if practitioner.is_none() && name.is_empty() { Vec::new() } else { vec![Named { practitioner, name }] }
        }
        _ => Vec::new(),
    }
}

/// Whether two names are one person's: titles in front ("BS.", "BSCKII.") and accents do not count.
pub fn is_same_name(left: &str, right: &str) -> bool {
    let bare = |name: &str| {
        let words: Vec<&str> = name.split_whitespace().filter(|word| !word.contains('.')).collect();
        base::fold(&words.join(" "))
    };
    let (left, right) = (bare(left), bare(right));
    !left.is_empty() && left == right
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_line_of_the_list_is_read() {
        assert_eq!(all().len(), include_str!("roles.tsv").lines().count() - 1);
        assert_eq!(find("bac_si_dieu_tri").unwrap().who, Who::Practitioner);
        assert_eq!(label("thanh_vien_2"), "Thành viên 2");
        assert_eq!(label("truong_khoa"), "Trưởng khoa");
        assert!(find("truong_khoa_7").is_none(), "only a council has several places of one kind");
        assert!(find("ai_do").is_none());
    }

    #[test]
    fn a_document_names_people_in_many_ways() {
        let id = Uuid::now_v7();
        let chair = find("chu_toa").unwrap();
        let by = |practitioner, name: &str| vec![Named { practitioner, name: name.into() }];
        for (data, people) in [
            (json!({}), vec![]),
            (json!({ "chu_toa": "" }), vec![]),
            (json!({ "chu_toa": "BS. Lê Thị Thu Vân" }), by(None, "BS. Lê Thị Thu Vân")),
            (json!({ "chu_toa": id }), by(Some(id), "")),
            (json!({ "chu_toa": { "id": id, "name": "Lê Thị Thu Vân" } }), by(Some(id), "Lê Thị Thu Vân")),
            (json!({ "chu_toa": ["A B", "C D"] }), by(None, "A B")),
        ] {
            assert_eq!(named(chair, &data), people, "{data}");
        }
        let council = json!({ "thanh_phan": [{ "ho_ten": "Lê Thị Thu Vân", "chuc_danh": "BS" }, { "ho_ten": { "id": id } }] });
        assert_eq!(named(find("thanh_vien").unwrap(), &council).len(), 2);
    }

    #[test]
    fn names_are_compared_without_titles_and_accents() {
        for (left, right, same) in [
            ("BSCKII. Võ Thị Hồng Nhung", "Võ Thị Hồng Nhung", true),
            ("VÕ THỊ HỒNG NHUNG", "Võ Thị Hồng Nhung", true),
            ("vo thi hong nhung", "TS. BS. Võ Thị Hồng Nhung", true),
            ("Võ Thị Nhung", "Võ Thị Hồng Nhung", false),
            ("", "", false),
            ("BS.", "BS.", false),
        ] {
            assert_eq!(is_same_name(left, right), same, "{left} / {right}");
        }
    }
}

//! The patient of a bundle.

use super::{Pile, number_of};
use crate::dialect::{meaning_of, rows};
use crate::outcome::Issue;
use exchange::command::Subject;
use serde_json::Value;

/// The person as the sender knows them. A bundle is about exactly one.
pub fn read(pile: &Pile<'_>, issues: &mut Vec<Issue>) -> Option<Subject> {
    let mut patients = pile.of("Patient");
    let Some(item) = patients.next() else {
        issues.push(Issue::error("required", "Bundle phải có tài nguyên Patient.").at("Bundle.entry"));
        return None;
    };
    if let Some(second) = patients.next() {
        issues.push(Issue::error("business-rule", "Một Bundle chỉ về một người bệnh. Gửi mỗi người một Bundle.").at(second.at("")));
        return None;
    }
    let patient = item.resource;
    let text = |value: &Value| value.as_str().unwrap_or("").trim().to_owned();
    let name = name_of(&patient["name"][0]);
    if name.is_empty() {
        issues.push(Issue::error("required", "Người bệnh phải có họ tên.").at(item.at("name")));
    }
    let birth = text(&patient["birthDate"]);
    if !birth.is_empty() && crate::search::span(&birth).is_err() {
        issues.push(Issue::error("value", format!("Ngày sinh {birth} không đúng dạng yyyy-mm-dd.")).at(item.at("birthDate")));
    }
    let sex = text(&patient["gender"]);
    if !matches!(sex.as_str(), "" | "male" | "female" | "other" | "unknown") {
        issues.push(Issue::error("code-invalid", format!("Giới tính “{sex}” không thuộc male, female, other, unknown.")).at(item.at("gender")));
    }
    let phone = patient["telecom"].as_array().and_then(|all| all.iter().find(|t| t["system"] == "phone")).map(|t| text(&t["value"])).unwrap_or_default();
    let contact = &patient["contact"][0];
    Some(Subject {
        record_no: record_no(&patient["identifier"]),
        cccd: number_of(&patient["identifier"], "cccd").unwrap_or_default(),
        card_no: number_of(&patient["identifier"], "bhyt").unwrap_or_default(),
        name,
        // Where only the month is known, the year is what we keep.
        birth: if birth.len() == 7 { birth[..4].to_owned() } else { birth },
        sex: if sex == "other" { "unknown".to_owned() } else { sex },
        phone,
        address: text(&patient["address"][0]["text"]),
        commune_code: commune(&patient["address"][0]),
        ethnic_code: extension(patient, "ethnic").map(|e| text(&e["valueCodeableConcept"]["coding"][0]["code"])).unwrap_or_default(),
        contact_name: name_of(&contact["name"]),
        contact_phone: text(&contact["telecom"][0]["value"]),
        ..Subject::default()
    })
}

fn name_of(name: &Value) -> String {
    if let Some(text) = name["text"].as_str().filter(|t| !t.trim().is_empty()) {
        return text.trim().to_owned();
    }
    let given = name["given"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str);
    name["family"].as_str().into_iter().chain(given).collect::<Vec<_>>().join(" ")
}

/// The sender's own number: the facility's record number, else the first that is no number of the state.
fn record_no(identifiers: &Value) -> String {
    let all = identifiers.as_array().map_or(&[][..], Vec::as_slice);
    let of_state = |i: &&Value| !i["system"].as_str().and_then(meaning_of).is_some_and(|m| m != "record");
    number_of(identifiers, "record").or_else(|| all.iter().find(of_state).and_then(|i| i["value"].as_str()).map(str::to_owned)).unwrap_or_default()
}

fn extension<'a>(element: &'a Value, key: &str) -> Option<&'a Value> {
    let urls = rows("ext", key);
    element["extension"].as_array()?.iter().find(|e| urls.iter().any(|row| e["url"] == row.uri))
}

fn commune(address: &Value) -> String {
    let by_community = extension(address, "ward").and_then(|e| e["valueCoding"]["code"].as_str());
    let by_ministry = extension(address, "address")
        .and_then(|e| e["extension"].as_array()?.iter().find(|part| part["url"] == "ward"))
        .and_then(|ward| ward["valueCodeableConcept"]["coding"][0]["code"].as_str());
    by_community.or(by_ministry).unwrap_or("").to_owned()
}

//! Patients, staff, the facility and its rooms, and who looked at whom.

use super::House;
use crate::dialect::{coding, concept, identifiers, uri};
use crate::row::{Row, name, named, reference};
use serde_json::{Value, json};

/// A patient. A record that was merged into another stays readable, is not active, and points there.
pub fn patient(row: &Row, house: &House) -> Value {
    let mut numbers = identifiers("cccd", row.text("cccd"));
    for number in row.list("numbers") {
        let kind = match number["kind"].as_str() {
            Some("cmnd") => "cmnd",
            Some("passport") => "passport",
            Some("bhxh") => "bhxh",
            _ => continue,
        };
        numbers.extend(identifiers(kind, number["value"].as_str().unwrap_or("")));
    }
    // The ministry's slice holds one card; further cards are named by the community's system only.
    for (n, card) in row.list("cards").iter().enumerate() {
        let all = identifiers("bhyt", card.as_str().unwrap_or(""));
        numbers.extend(all.into_iter().skip(usize::from(n > 0)));
    }
    numbers.extend(identifiers("record", &format!("{}.{}", house.code, row.text("record_no"))));
    let merged_into = row.text("merged_into");
    let mut links: Vec<Value> = row.list("merged_from").iter().filter_map(Value::as_str).map(|id| json!({ "other": reference("Patient", id), "type": "replaces" })).collect();
    if !merged_into.is_empty() {
        links.push(json!({ "other": reference("Patient", merged_into), "type": "replaced-by" }));
    }
    let birth = row.text("birth");
    json!({
        "extension": extensions(row),
        "identifier": numbers,
        "active": merged_into.is_empty(),
        "name": [name(row.text("name"))],
        "telecom": phone(row.text("phone")),
        "gender": row.text("sex"),
        "birthDate": if row.facts["year_only"] == true { birth.get(..4).unwrap_or(birth) } else { birth },
        "address": address(row),
        "contact": row.list("contacts").iter().map(|c| json!({
            "relationship": [{ "text": c["relation"] }],
            "name": { "text": c["name"] },
            "telecom": phone(c["phone"].as_str().unwrap_or("")),
        })).collect::<Vec<_>>(),
        "managingOrganization": house.reference(),
        "link": links,
    })
}

fn extensions(row: &Row) -> Vec<Value> {
    let mut out = Vec::new();
    if !row.text("ethnic").is_empty() {
        out.push(json!({ "url": uri("ext", "ethnic"), "valueCodeableConcept": { "coding": [{ "system": uri("cs", "ethnic"), "code": row.text("ethnic") }] } }));
    }
    if !row.text("nationality").is_empty() {
        out.push(json!({ "url": uri("ext", "nationality"), "valueCodeableConcept": { "coding": [{ "system": uri("cs", "nationality"), "code": row.text("nationality") }] } }));
    }
    out
}

fn address(row: &Row) -> Value {
    if row.text("address").is_empty() {
        return Value::Null;
    }
    let mut codes = Vec::new();
    if !row.text("commune").is_empty() {
        let code = row.text("commune");
        codes.push(json!({ "url": uri("ext", "address"), "extension": [{ "url": "ward", "valueCodeableConcept": { "coding": [{ "system": uri("cs", "address"), "code": code }] } }] }));
        codes.push(json!({ "url": uri("ext", "ward"), "valueCoding": { "system": uri("cs", "ward"), "code": code } }));
    }
    json!([{ "extension": codes, "use": "home", "text": row.text("address"), "line": [row.text("line")], "country": "VN" }])
}

fn phone(number: &str) -> Value {
    if number.is_empty() { Value::Null } else { json!([{ "system": "phone", "value": number }]) }
}

pub fn practitioner(row: &Row) -> Value {
    let qualification = if row.text("licence").is_empty() {
        Value::Null
    } else {
        let title = [row.text("title"), "Người hành nghề"].into_iter().find(|t| !t.is_empty());
        json!([{ "identifier": identifiers("licence", row.text("licence")), "code": { "text": title } }])
    };
    json!({
        "active": row.text("to").is_empty(),
        "name": [{ "use": "official", "text": format!("{} {}", row.text("title"), row.text("name")).trim() }],
        "qualification": qualification,
    })
}

pub fn role(row: &Row, house: &House) -> Value {
    json!({
        "active": row.text("to").is_empty(),
        "period": { "start": row.facts["from"], "end": row.facts["to"] },
        "practitioner": named("Practitioner", &row.facts["practitioner"], row.text("name")),
        "organization": house.reference(),
        "specialty": [{ "text": row.text("position") }],
    })
}

/// The facility; the row is made from its own table.
pub fn organization(row: &Row) -> Value {
    let mut numbers = identifiers("facility", row.text("code"));
    numbers.extend(identifiers("facility-licence", row.text("licence")));
    json!({
        "id": row.text("code"),
        "identifier": numbers,
        "active": true,
        "type": [concept("organization.prov")],
        "name": row.text("name"),
        "telecom": phone(row.text("phone")),
        "address": if row.text("address").is_empty() { Value::Null } else { json!([{ "text": row.text("address"), "country": "VN" }]) },
    })
}

pub fn location(row: &Row, house: &House) -> Value {
    json!({
        "status": if row.text("to").is_empty() { "active" } else { "inactive" },
        "name": row.text("name"),
        "alias": [row.text("code")],
        "description": row.text("department"),
        "mode": "instance",
        "physicalType": concept(if row.text("kind") == "ward" { "place.wa" } else { "place.ro" }),
        "managingOrganization": house.reference(),
    })
}

/// Who read or changed something about a patient.
pub fn audit(row: &Row, house: &House) -> Value {
    let (letter, interaction) = match row.text("action") {
        "read" => ("R", "read"),
        "search" => ("E", "search-type"),
        _ => ("U", "update"),
    };
    json!({
        "type": coding("audit.rest"),
        "subtype": [{ "system": uri("cs", "interaction"), "code": interaction }],
        "action": letter,
        "recorded": row.time("at"),
        "outcome": "0",
        "agent": [{ "who": { "display": row.text("who") }, "altId": row.text("account"), "requestor": true }],
        "source": { "observer": house.reference() },
        "entity": [{ "what": row.subject(), "type": coding("audit.person"), "role": coding("audit.patient"), "name": row.text("entity") }],
    })
}

//! Visits and stays, diagnoses, allergies, orders and prescriptions.

use super::House;
use crate::dialect::{coding, concept, identifiers, is_special, uri};
use crate::row::{Row, reference, show};
use serde_json::{Value, json};

/// A visit or stay, with the rooms and wards it went through. A diagnosis of special sensitivity is not among the
/// diagnoses.
pub fn encounter(row: &Row, house: &House) -> Value {
    let class = match row.text("class") {
        "IMP" => "class.IMP",
        "EMER" => "class.EMER",
        _ => "class.AMB",
    };
    let status = match row.text("status") {
        "in_progress" => "in-progress",
        other => other,
    };
    let ended = [row.time("finished"), row.time("cancelled")].into_iter().find(|t| !t.is_null());
    let mut numbers = identifiers("visit", &row.id.to_string());
    numbers.extend(identifiers("archive", row.text("archive_no")));
    let ordinary = row.list("diagnoses").iter().filter(|d| !is_special(d["code"].as_str().unwrap_or("")));
    let diagnoses: Vec<Value> = ordinary
        .map(|d| {
            let place = if d["place"] == 0 { "diagnosis.main" } else { "diagnosis.other" };
            json!({ "condition": reference("Condition", d["id"].as_str().unwrap_or("")), "use": concept(place) })
        })
        .collect();
    let left = match (row.text("class"), row.text("outcome"), row.text("status")) {
        ("IMP", outcome, "finished") => concept(match outcome {
            "died" => "disposition.exp",
            "transferred" => "disposition.other-hcf",
            "left" => "disposition.aadvice",
            "" => "disposition.oth",
            _ => "disposition.home",
        }),
        _ => Value::Null,
    };
    json!({
        "identifier": numbers,
        "status": status,
        "class": coding(class),
        "type": [{ "coding": [{ "system": uri("cs", "visit-type"), "code": row.text("type") }] }],
        "subject": row.subject(),
        "participant": if row.facts["doctor"].is_null() { Value::Null } else { json!([{ "individual": row.doctor() }]) },
        "period": { "start": row.time("opened"), "end": ended },
        "reasonCode": [{ "text": row.text("reason") }],
        "diagnosis": diagnoses,
        "hospitalization": { "dischargeDisposition": left },
        "location": places(row, &ended),
        "serviceProvider": house.reference(),
        "partOf": row.facts["from"].as_str().map(|id| reference("Encounter", id)),
    })
}

/// The rooms one after the other, each until the next began.
fn places(row: &Row, ended: &Option<Value>) -> Vec<Value> {
    let mut stops: Vec<(&str, &Value)> = Vec::new();
    for step in row.list("steps") {
        let Some(room) = step["room"].as_str() else { continue };
        if stops.last().is_none_or(|(last, _)| *last != room) {
            stops.push((room, &step["at"]));
        }
    }
    if stops.is_empty()
        && let Some(room) = row.facts["room"].as_str()
    {
        stops.push((room, &row.facts["opened"]));
    }
    let until = |n: usize| stops.get(n + 1).map(|(_, at)| show(at)).or(ended.clone());
    let stop = |(n, (room, at)): (usize, &(&str, &Value))| {
        let end = until(n);
        let status = if end.is_some() { "completed" } else { "active" };
        json!({ "location": reference("Location", room), "status": status, "period": { "start": show(at), "end": end } })
    };
    stops.iter().enumerate().map(stop).collect()
}

pub fn condition(row: &Row) -> Value {
    let (code, name) = (row.text("code"), row.text("name"));
    json!({
        "clinicalStatus": concept("condition.active"),
        "verificationStatus": concept("condition.confirmed"),
        "category": [concept("condition.category")],
        "code": { "coding": [{ "system": uri("cs", "icd10"), "code": code, "display": name }], "text": name },
        "subject": row.subject(),
        "encounter": row.visit(),
        "recordedDate": row.time("at"),
        "note": [{ "text": row.text("remark") }],
    })
}

pub fn allergy(row: &Row) -> Value {
    let ended = row.text("ended");
    let is_error = ended == "entered_in_error";
    let category = match row.text("kind") {
        "food" => "food",
        "other" => "environment",
        _ => "medication",
    };
    let mut codings = Vec::new();
    if !row.text("ingredient").is_empty() {
        codings.push(json!({ "system": uri("cs", "ingredient"), "code": row.text("ingredient"), "display": row.text("substance") }));
    }
    let severity = match row.text("severity") {
        "unknown" => "",
        known => known,
    };
    // FHIR wants a manifestation where there is a reaction.
    let reaction = if row.text("reaction").is_empty() { Value::Null } else { json!([{ "manifestation": [{ "text": row.text("reaction") }], "severity": severity }]) };
    json!({
        // ait-2: no clinical status where it was an error.
        "clinicalStatus": if is_error { Value::Null } else { concept(if ended.is_empty() { "allergy.active" } else { "allergy.resolved" }) },
        "verificationStatus": concept(match (is_error, row.text("certainty")) {
            (true, _) => "allergy.error",
            (_, "confirmed") => "allergy.confirmed",
            _ => "allergy.reported",
        }),
        "category": [category],
        "criticality": if severity == "severe" { "high" } else { "" },
        "code": { "coding": codings, "text": row.text("substance") },
        "patient": row.subject(),
        "recordedDate": row.time("at"),
        "reaction": reaction,
    })
}

/// One line of a prescription.
pub fn medication(row: &Row, house: &House) -> Value {
    let name = [row.text("brand"), row.text("strength"), row.text("form")].join(" ");
    let quantity = row.facts["quantity_milli"].as_i64().unwrap_or(0);
    let mut codings = Vec::new();
    if !row.text("national").is_empty() {
        codings.push(json!({ "system": uri("cs", "ingredient"), "code": row.text("national"), "display": row.text("ingredient") }));
    }
    json!({
        "status": row.status,
        "statusReason": { "text": row.text("end_reason") },
        "intent": "order",
        "category": [concept(if row.text("class") == "IMP" { "request.inpatient" } else { "request.outpatient" })],
        "medicationCodeableConcept": { "coding": codings, "text": name.trim() },
        "subject": row.subject(),
        "encounter": row.visit(),
        "authoredOn": row.time("at"),
        "requester": row.doctor(),
        "performer": house.reference(),
        "groupIdentifier": identifiers("prescription", row.text("prescription")).pop(),
        "dosageInstruction": [{ "text": row.text("instruction"), "route": { "text": row.text("route") } }],
        "dispenseRequest": {
            "quantity": { "value": thousandths(quantity), "unit": row.text("unit") },
            "validityPeriod": { "start": row.text("day"), "end": row.text("ends_on") },
        },
    })
}

/// Thousandths as a number: 30000 is 30, 2500 is 2.5.
fn thousandths(milli: i64) -> Value {
    if milli % 1000 == 0 { json!(milli / 1000) } else { json!(milli as f64 / 1000.0) }
}

/// An order for a test, a picture or a procedure.
pub fn request(row: &Row) -> Value {
    json!({
        "identifier": identifiers("order", row.text("slip")),
        "status": row.status,
        "intent": "order",
        "category": [{ "text": row.text("kind") }],
        "priority": row.text("priority"),
        "code": { "coding": [{ "system": uri("cs", "service"), "code": row.text("code"), "display": row.text("name") }], "text": row.text("name") },
        "quantityQuantity": { "value": row.facts["quantity"] },
        "subject": row.subject(),
        "encounter": row.visit(),
        "authoredOn": row.time("at"),
        "requester": { "display": row.text("by") },
        "note": [{ "text": row.text("note") }],
    })
}

//! What was measured and found: vital signs, laboratory values, reports.

use super::House;
use crate::dialect::{code, coding, concept, identifiers, quantity, uri};
use crate::row::{Row, reference};
use serde_json::{Value, json};

pub fn observation(row: &Row) -> Value {
    if row.text("from") == "vital" { vital(row) } else { laboratory(row) }
}

fn vital(row: &Row) -> Value {
    let sign = format!("vital.{}", row.text("sign"));
    let (value, component) = if row.text("sign") == "bp" {
        let part = |key: &str, value: &Value| json!({ "code": concept(key), "valueQuantity": quantity(key, value) });
        let mut parts = vec![part("vital.systolic", &row.facts["value"])];
        if !row.facts["second"].is_null() {
            parts.push(part("vital.diastolic", &row.facts["second"]));
        }
        (Value::Null, json!(parts))
    } else {
        (quantity(&sign, &row.facts["value"]), Value::Null)
    };
    json!({
        "status": "final",
        "category": [concept("observation.vital")],
        "code": concept(&sign),
        "subject": row.subject(),
        "encounter": row.visit(),
        "effectiveDateTime": row.time("at"),
        "performer": [{ "display": row.text("by") }],
        "valueQuantity": value,
        "component": component,
    })
}

fn laboratory(row: &Row) -> Value {
    let mut codings = Vec::new();
    if !row.text("loinc").is_empty() {
        codings.push(json!({ "system": uri("cs", "loinc"), "code": row.text("loinc") }));
    }
    codings.push(json!({ "system": uri("cs", "result"), "code": row.text("code"), "display": row.text("name") }));
    let name = [row.text("name"), row.text("code")].into_iter().find(|t| !t.is_empty());
    let number = number_of(row);
    let value_text = if number.is_none() { row.text("shown") } else { "" };
    let ordinary = row.text("range");
    let range = if row.facts["low"].is_null() && row.facts["high"].is_null() {
        let text = [row.text("normal"), ordinary].into_iter().find(|t| !t.is_empty());
        text.map_or(Value::Null, |text| json!([{ "text": text }]))
    } else {
        json!([{ "low": measured(row, &row.facts["low"]), "high": measured(row, &row.facts["high"]), "text": row.text("normal") }])
    };
    json!({
        "basedOn": row.list("orders").iter().filter_map(Value::as_str).map(|id| reference("ServiceRequest", id)).collect::<Vec<_>>(),
        "status": row.status,
        "category": [concept("observation.lab")],
        "code": { "coding": codings, "text": name },
        "subject": row.subject(),
        "encounter": row.visit(),
        "effectiveDateTime": first_of([row.time("taken"), row.time("at")]),
        "issued": row.time("at"),
        "performer": [{ "display": row.text("by") }],
        "valueQuantity": number,
        "valueString": value_text,
        "interpretation": [interpretation(row.text("flag"))],
        "method": { "text": row.text("method") },
        "referenceRange": range,
    })
}

/// The value as a quantity, where it is a number.
fn number_of(row: &Row) -> Option<Value> {
    let value = match &row.facts["value"] {
        Value::Null => {
            let text = row.text("shown").trim_start_matches(['<', '>', '=', ' ']);
            text.parse::<f64>().ok().filter(|n| n.is_finite()).and_then(|_| serde_json::from_str(text).ok())?
        }
        value => value.clone(),
    };
    let said = [row.text("comparator"), row.text("shown").get(..1).unwrap_or("")].into_iter().find(|c| matches!(*c, "<" | ">")).unwrap_or("");
    let mut quantity = measured(row, &value);
    quantity["comparator"] = json!(said);
    Some(quantity)
}

fn measured(row: &Row, value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let ucum = row.text("ucum");
    let system = if ucum.is_empty() { "" } else { uri("cs", "ucum") };
    json!({ "value": value, "unit": row.text("unit"), "system": system, "code": ucum })
}

fn interpretation(flag: &str) -> Value {
    let letter = match flag {
        "" => "N",
        known @ ("H" | "L" | "HH" | "LL" | "A" | "N" | "AA") => known,
        _ => return Value::Null,
    };
    json!({ "coding": [{ "system": uri("cs", "interpretation"), "code": letter }] })
}

pub fn report(row: &Row, house: &House) -> Value {
    let is_imaging = row.text("from") == "imaging";
    let (category, kind) = if is_imaging { ("report.imaging", "report.imaging.code") } else { ("report.lab", "report.lab.code") };
    let paper = row.facts["document"].as_str().map(|id| {
        json!([{ "contentType": "text/plain", "url": format!("Binary/{id}.{}", row.facts["version"]), "title": row.text("title") }])
    });
    let mut numbers = identifiers("report", row.text("number"));
    numbers.extend(identifiers("report", row.text("accession")));
    json!({
        "identifier": numbers,
        "basedOn": row.list("orders").iter().filter_map(Value::as_str).map(|id| reference("ServiceRequest", id)).collect::<Vec<_>>(),
        "status": row.status,
        "category": [concept(category)],
        "code": { "coding": [coding(kind)], "text": first_of([json!(row.text("title")), json!(code(kind))]) },
        "subject": row.subject(),
        "encounter": row.visit(),
        "effectiveDateTime": first_of([row.time("taken"), row.time("at")]),
        "issued": row.time("at"),
        "performer": [house.reference()],
        "resultsInterpreter": [{ "display": row.text("by") }],
        "result": row.list("results").iter().filter_map(Value::as_str).map(|id| reference("Observation", id)).collect::<Vec<_>>(),
        "conclusion": row.text("conclusion"),
        "presentedForm": paper,
    })
}

/// The first that says something.
fn first_of(all: [Value; 2]) -> Value {
    all.into_iter().find(|v| !v.is_null() && v != "").unwrap_or(Value::Null)
}

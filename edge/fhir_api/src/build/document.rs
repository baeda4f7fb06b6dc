//! The papers of the medical record: what they are, who signed them, who may see them elsewhere, and their bytes.

use super::House;
use crate::dialect::{coding, concept, identifiers, uri};
use crate::row::{Row, named, reference as refer};
use record::form::catalogue::national;
use serde_json::{Value, json};

/// What kind of paper it is: the ministry's form, and LOINC's word where there is one.
fn kind_of(row: &Row) -> Value {
    let (form, title) = (row.text("form"), row.text("title"));
    let mut codings = vec![coding(if form == "giay_ra_vien" { "document.giay_ra_vien" } else { "document.note" })];
    if !form.is_empty() {
        codings.push(json!({ "system": uri("cs", "form"), "code": form, "display": title }));
    }
    json!({ "coding": codings, "text": title })
}

fn binary_of(row: &Row) -> String {
    format!("Binary/{}.{}", row.id, row.facts["version"])
}

pub fn reference(row: &Row, house: &House) -> Value {
    let is_error = row.text("status") == "entered_in_error";
    let is_final = row.text("status") == "signed" || row.text("kind") != "form";
    json!({
        "masterIdentifier": { "system": uri("cs", "uri"), "value": format!("urn:uuid:{}", row.id) },
        "identifier": identifiers("document", &row.id.to_string()),
        "status": if is_error { "entered-in-error" } else { "current" },
        "docStatus": match (is_error, is_final) { (true, _) => "entered-in-error", (_, true) => "final", _ => "preliminary" },
        "type": kind_of(row),
        "subject": row.subject(),
        "date": row.time("at"),
        "author": [named("Practitioner", &row.facts["doctor"], row.text("author"))],
        "custodian": house.reference(),
        "description": row.text("title"),
        "content": [{ "attachment": {
            "contentType": row.text("media"), "url": binary_of(row), "size": row.facts["size"], "title": row.text("title"), "creation": row.time("at"),
        } }],
        "context": { "encounter": [row.visit()] },
    })
}

/// A filled form as a Composition: its sections with what stands in them.
pub fn composition(row: &Row, house: &House) -> Value {
    let is_error = row.text("status") == "entered_in_error";
    let status = match (is_error, row.text("status")) {
        (true, _) => "entered-in-error",
        (_, "signed") => "final",
        _ => "preliminary",
    };
    json!({
        "identifier": identifiers("document", &row.id.to_string()).pop(),
        "status": status,
        "type": kind_of(row),
        "subject": row.subject(),
        "encounter": row.visit(),
        "date": row.time("at"),
        "author": [named("Practitioner", &row.facts["doctor"], row.text("author"))],
        "title": row.text("title"),
        "custodian": house.reference(),
        "section": sections(row),
    })
}

/// The sections of the form in its order; a form that this server does not know is told field by field.
fn sections(row: &Row) -> Vec<Value> {
    let data = &row.facts["data"];
    let version = row.facts["form_version"].as_i64().unwrap_or(0) as i32;
    let form = national().version(row.text("form"), version).or_else(|| national().newest(row.text("form")));
    let mut out = Vec::new();
    if let Some(form) = form {
        for section in &form.sections {
            let lines: Vec<(String, String)> =
                section.fields.iter().filter_map(|f| said(&data[f.id.as_str()]).map(|value| (f.label.clone(), value))).collect();
            if !lines.is_empty() {
                out.push(json!({ "title": section.title, "text": narrative(&lines) }));
            }
        }
    } else if let Some(fields) = data.as_object() {
        let lines: Vec<(String, String)> = fields.iter().filter_map(|(key, value)| said(value).map(|v| (key.clone(), v))).collect();
        if !lines.is_empty() {
            out.push(json!({ "title": row.text("title"), "text": narrative(&lines) }));
        }
    }
    if out.is_empty() {
        // A Composition without sections would say nothing: the paper itself is the content.
        out.push(json!({ "title": row.text("title"), "entry": [refer("DocumentReference", &row.id.to_string())] }));
    }
    out
}

fn said(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "có".into(),
        Value::Bool(false) => "không".into(),
        Value::Array(list) => list.iter().filter_map(said).collect::<Vec<_>>().join("; "),
        Value::Object(map) => map.values().filter_map(said).collect::<Vec<_>>().join(", "),
        number => number.to_string(),
    };
    (!text.trim().is_empty()).then_some(text)
}

fn narrative(lines: &[(String, String)]) -> Value {
    let rows: String = lines.iter().map(|(label, value)| format!("<p><b>{}</b>: {}</p>", escape(label), escape(value))).collect();
    json!({ "status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{rows}</div>") })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The frame of a Binary; whoever reads it adds the bytes.
pub fn binary(row: &Row) -> Value {
    json!({ "contentType": row.text("media"), "securityContext": refer("DocumentReference", row.text("document")) })
}

/// A permission to let papers be seen elsewhere. A withdrawn one stays, inactive.
pub fn consent(row: &Row, house: &House) -> Value {
    let purpose = match row.text("purpose") {
        _ if row.text("basis") == "emergency" => "purpose.emergency",
        "treatment" | "care" => "purpose.treat",
        _ => "purpose.other",
    };
    let papers: Vec<Value> = row.list("documents").iter().filter_map(Value::as_str).map(|id| json!({ "meaning": "instance", "reference": refer("DocumentReference", id) })).collect();
    json!({
        "identifier": identifiers("consent", &row.id.to_string()),
        "status": if row.facts["revoked"].is_null() { "active" } else { "inactive" },
        "scope": concept("consent.scope"),
        "category": [concept("consent.category")],
        "patient": row.subject(),
        "dateTime": row.time("from"),
        "performer": [row.subject()],
        "organization": [house.reference()],
        "policy": [{ "uri": uri("cs", "consent-law") }],
        "provision": {
            "type": "permit",
            "period": { "start": row.time("from"), "end": row.time("until") },
            "actor": if row.text("asker").is_empty() { Value::Null } else { json!([{ "role": { "text": "IRCP" }, "reference": { "display": row.text("asker") } }]) },
            "purpose": [coding(purpose)],
            "data": papers,
        },
    })
}

/// One signature under one version of a document. The signature itself lies in the paper; here is who, when and over what.
pub fn provenance(row: &Row, house: &House) -> Value {
    let is_confirmation = row.text("method") == "confirmation";
    let document = row.id.to_string();
    let mut targets = vec![refer("DocumentReference", &document), refer("Binary", &format!("{document}.{}", row.facts["version"]))];
    if row.text("kind") == "form" {
        targets.push(refer("Composition", &document));
    }
    let who = named("Practitioner", &row.facts["doctor"], row.text("holder"));
    json!({
        "target": targets,
        "occurredDateTime": row.time("at"),
        "recorded": row.time("at"),
        "activity": concept("provenance.legal"),
        "agent": [{ "type": concept(if is_confirmation { "provenance.author" } else { "provenance.legal-agent" }), "role": [{ "text": row.text("role") }], "who": who, "onBehalfOf": house.reference() }],
        "entity": [{ "role": "source", "what": { "identifier": { "system": uri("cs", "uri"), "value": format!("urn:sha256:{}", row.text("sha256")) } } }],
        "signature": [{
            "type": [coding(if is_confirmation { "signature.consent" } else { "signature.author" })],
            "when": row.time("at"),
            "who": who,
            "sigFormat": row.text("media"),
        }],
    })
}

//! `GET /fhir/r4/metadata`: what this server can, made from the same tables that do it.

use crate::answer::{json as answer, negotiated};
use crate::dialect::{concept, rows, uri};
use crate::kind::Kind;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use web::Visitor;

/// The capability statement; open to everybody.
pub async fn show(visitor: Visitor, query: axum::extract::RawQuery, headers: HeaderMap) -> Response {
    let pairs = crate::read::pairs(&query);
    let format = pairs.iter().find(|(name, _)| name == "_format").map(|(_, v)| v.as_str());
    if let Err(refused) = negotiated(&headers, format) {
        return refused.into_response();
    }
    answer(StatusCode::OK, &statement(visitor.app.config.public_url.trim_end_matches('/')))
}

/// What is answered, kind by kind.
pub fn statement(public_url: &str) -> Value {
    let resources: Vec<Value> = Kind::ALL.into_iter().map(resource).collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-25",
        "publisher": "Yba",
        "kind": "instance",
        "software": { "name": "Yba", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "Yba FHIR R4", "url": format!("{public_url}/fhir/r4") },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "security": {
                "cors": false,
                "service": [concept("security.smart")],
                "extension": [{ "url": uri("ext", "oauth"), "extension": [{ "url": "token", "valueUri": format!("{public_url}/oauth/token") }] }],
                "description": "OAuth 2 client credentials, SMART system scopes; each read of a person's data is audited.",
            },
            "resource": resources,
            "interaction": [{ "code": "transaction", "documentation": "Patient, Encounter, Condition, Observation, DiagnosticReport, DocumentReference, Composition of one patient; exactly once by Bundle.identifier." }],
        }],
    })
}

fn resource(kind: Kind) -> Value {
    let mut interactions = vec![json!({ "code": "read" })];
    if kind.can_be_searched() {
        interactions.push(json!({ "code": "search-type" }));
    }
    let mut parameters: Vec<Value> = Vec::new();
    if kind.can_be_searched() {
        parameters.push(json!({ "name": "_id", "type": "token" }));
        parameters.push(json!({ "name": "_lastUpdated", "type": "date" }));
        parameters.extend(kind.parameters().iter().map(|p| json!({ "name": p.name(kind), "type": p.kind() })));
    }
    let operations: Vec<Value> = match kind {
        Kind::Patient => vec![json!({ "name": "everything", "definition": uri("cs", "operation.Patient") })],
        Kind::Encounter => vec![json!({ "name": "everything", "definition": uri("cs", "operation.Encounter") })],
        Kind::Composition => vec![json!({ "name": "document", "definition": uri("cs", "operation.Composition") })],
        _ => Vec::new(),
    };
    let includes: Vec<String> = [("patient", crate::kind::Parameter::Patient), ("encounter", crate::kind::Parameter::Encounter)]
        .into_iter()
        .filter(|(_, p)| kind.parameters().contains(p))
        .map(|(name, _)| format!("{}:{name}", kind.name()))
        .collect();
    let profiles: Vec<&str> = rows("profile", kind.name()).iter().map(|r| r.uri).collect();
    crate::dialect::plain(json!({
        "type": kind.name(),
        "supportedProfile": profiles,
        "interaction": interactions,
        "versioning": "versioned",
        "searchInclude": includes,
        "searchParam": parameters,
        "operation": operations,
    }))
}

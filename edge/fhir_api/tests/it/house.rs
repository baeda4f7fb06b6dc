//! The clinic of these tests: 84101 with its program `demo-his`, real records, and the bundle of a visit.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use record::RecordDesk;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{Client, Page, World};
use uuid::Uuid;

pub const PAPER: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\nxref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \ntrailer<</Size 3/Root 1 0 R>>\nstartxref\n103\n%%EOF\n";

pub async fn open() -> World {
    let modules = vec![
        patient::module(),
        encounter::module(),
        diagnostics::module(),
        medication::module(),
        record::module(),
        sharing::module(),
        exchange::module(),
        fhir_api::module(),
    ];
    let world = World::wired(modules, |wiring| wiring.records = Arc::new(RecordDesk::new(wiring.files.clone()))).await;
    let mut tx = world.tx("84101").await;
    fhir_api::seed::write(&mut tx, "84101", "demo-his", &[("PK-NOI", "NOI1")], "2026-01-01".parse().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    world
}

/// The program with a token of these scopes.
pub async fn scoped(world: &World, scope: &str) -> Client {
    let mut client = world.stranger();
    let form = [("grant_type", "client_credentials"), ("client_id", "demo-his"), ("client_secret", "demo-secret"), ("scope", scope)];
    let page = client.post("/oauth/token", &form).await;
    assert_eq!(page.status, 200, "{}", page.text);
    client.bearer(page.json()["access_token"].as_str().unwrap());
    client
}

pub async fn send(client: &mut Client, bundle: &Value) -> Page {
    client.send(Method::POST, "/fhir/r4", Some("application/fhir+json"), bundle.to_string().into_bytes()).await
}

fn entry(kind: &str, urn: u128, resource: Value) -> Value {
    let mut resource = resource;
    resource["resourceType"] = json!(kind);
    json!({ "fullUrl": format!("urn:uuid:{}", Uuid::from_u128(urn)), "resource": resource, "request": { "method": "POST", "url": kind } })
}

pub fn urn(n: u128) -> Value {
    json!({ "reference": format!("urn:uuid:{}", Uuid::from_u128(n)) })
}

/// A finished visit of Nguyễn Văn An with a diagnosis, a report of two values and a paper; `number` names the bundle.
pub fn visit_bundle(number: &str) -> Value {
    let mut bundle = json!({
        "resourceType": "Bundle", "type": "transaction", "timestamp": "2026-11-24T07:55:00+07:00",
        "identifier": { "system": "https://his.example.vn/bundle", "value": number },
        "entry": [
            entry("Patient", 1, json!({
                "identifier": [
                    { "system": "http://fhir.ehealth.gov.vn/core/sid/national_id", "value": "084085012345" },
                    { "system": "https://his.example.vn/patient", "value": "HIS-000123" }],
                "name": [{ "text": "Nguyễn Văn An" }], "gender": "male", "birthDate": "1985-03-15",
                "telecom": [{ "system": "phone", "value": "0900000001" }], "address": [{ "text": "12 Nguyễn Huệ, tỉnh Vĩnh Long" }] })),
            entry("Encounter", 2, json!({
                "identifier": [{ "system": "http://fhir.ehealth.gov.vn/core/sid/VisitNumber", "value": "V-1" }],
                "status": "finished", "class": { "code": "AMB" }, "subject": urn(1),
                "period": { "start": "2026-11-24T07:10:00+07:00", "end": "2026-11-24T07:50:00+07:00" },
                "reasonCode": [{ "text": "Đau đầu" }],
                "location": [{ "location": { "identifier": { "value": "PK-NOI" }, "display": "Phòng khám nội" } }],
                "diagnosis": [{ "condition": urn(3), "use": { "coding": [{ "code": "CC" }] } }] })),
            entry("Condition", 3, json!({
                "code": { "coding": [{ "system": "http://hl7.org/fhir/sid/icd-10", "code": "I10", "display": "Tăng huyết áp vô căn" }] },
                "subject": urn(1), "encounter": urn(2), "recordedDate": "2026-11-24T07:30:00+07:00" })),
            entry("DiagnosticReport", 4, json!({
                "identifier": [{ "value": "KQ-1" }], "status": "final", "code": { "text": "Sinh hóa máu" }, "subject": urn(1), "encounter": urn(2),
                "effectiveDateTime": "2026-11-24T07:40:00+07:00", "result": [urn(5), urn(6)] })),
            entry("Observation", 5, json!({
                "status": "final", "code": { "coding": [{ "system": "http://loinc.org", "code": "2345-7", "display": "Glucose" }] }, "subject": urn(1), "encounter": urn(2),
                "valueQuantity": { "value": 7.2, "unit": "mmol/L" }, "interpretation": [{ "coding": [{ "code": "H" }] }],
                "referenceRange": [{ "low": { "value": 3.9 }, "high": { "value": 6.4 } }] })),
            entry("Observation", 6, json!({
                "status": "final", "code": { "coding": [{ "system": "http://loinc.org", "code": "2160-0", "display": "Creatinine" }] }, "subject": urn(1), "encounter": urn(2),
                "valueQuantity": { "value": 88, "unit": "umol/L" } })),
            entry("DocumentReference", 7, json!({
                "masterIdentifier": { "value": "PHIEU-1" }, "status": "current", "type": { "text": "Phiếu khám bệnh" }, "subject": urn(1),
                "date": "2026-11-24T07:45:00+07:00", "author": [{ "display": "BS. Lê Hoàng Phúc" }], "context": { "encounter": [urn(2)] } })),
        ],
    });
    bundle["entry"][6]["resource"]["content"] = json!([{ "attachment": { "contentType": "application/pdf", "data": STANDARD.encode(PAPER), "title": "Phiếu khám bệnh" } }]);
    bundle
}

/// Where the entry of this place went, e.g. `Patient/…`.
pub fn placed(page: &Page, n: usize) -> String {
    let answer = page.json();
    answer["entry"][n]["response"]["location"].as_str().unwrap_or_else(|| panic!("entry {n} has no place: {answer}")).to_owned()
}

//! A hospital system sends a visit: in whole, once, or not at all.

use crate::house::{PAPER, open, placed, scoped, send, urn, visit_bundle};
use http::Method;
use serde_json::{Value, json};
use testkit::World;

async fn count(world: &World, table: &str) -> i64 {
    let mut tx = world.tx("84101").await;
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn a_visit_arrives_in_whole_and_reads_back_as_it_was_told() {
    let world = open().await;
    let mut his = world.machine().await;
    let page = send(&mut his, &visit_bundle("B-1")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let answer = page.json();
    assert_eq!((answer["type"].as_str(), answer["entry"].as_array().unwrap().len()), (Some("transaction-response"), 7));
    for n in 0..7 {
        assert_eq!(answer["entry"][n]["response"]["status"], "201 Created", "{answer}");
    }
    let patient = his.get(&format!("/fhir/r4/{}", placed(&page, 0))).await.json();
    assert_eq!(patient["name"][0]["text"], "Nguyễn Văn An");
    let encounter = his.get(&format!("/fhir/r4/{}", placed(&page, 1))).await.json();
    assert_eq!((encounter["status"].as_str(), encounter["class"]["code"].as_str()), (Some("finished"), Some("AMB")));
    assert_eq!(encounter["diagnosis"][0]["condition"]["reference"], placed(&page, 2));
    let condition = his.get(&format!("/fhir/r4/{}", placed(&page, 2))).await.json();
    assert_eq!(condition["code"]["coding"][0]["code"], "I10");
    let report = his.get(&format!("/fhir/r4/{}", placed(&page, 3))).await.json();
    assert_eq!(report["result"].as_array().unwrap().len(), 2, "{report}");
    let glucose = his.get(&format!("/fhir/r4/{}", placed(&page, 4))).await.json();
    assert_eq!((&glucose["valueQuantity"]["value"], glucose["interpretation"][0]["coding"][0]["code"].as_str()), (&json!(7.2), Some("H")));
    let paper = his.get(&format!("/fhir/r4/{}", placed(&page, 6))).await.json();
    let url = paper["content"][0]["attachment"]["url"].as_str().unwrap().to_owned();
    let bytes = his.get(&format!("/fhir/r4/{url}")).await;
    assert_eq!(bytes.bytes, PAPER, "the paper is no longer byte for byte");
    assert_eq!(bytes.headers["content-type"], "application/pdf");
}

#[tokio::test]
async fn the_same_bundle_twice_is_filed_once_and_another_under_its_number_is_refused() {
    let world = open().await;
    let mut his = world.machine().await;
    let first = send(&mut his, &visit_bundle("B-1")).await;
    let before = (count(&world, "encounter_encounter").await, count(&world, "record_document").await, count(&world, "exchange_result").await);
    let second = send(&mut his, &visit_bundle("B-1")).await;
    assert_eq!((first.status, second.status), (200, 200), "{}", second.text);
    for n in 0..7 {
        assert_eq!(placed(&first, n), placed(&second, n));
    }
    let mut other = visit_bundle("B-1");
    other["entry"][2]["resource"]["code"]["coding"][0]["code"] = json!("J18.9");
    let refused = send(&mut his, &other).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(refused.json()["resourceType"], "OperationOutcome");
    let after = (count(&world, "encounter_encounter").await, count(&world, "record_document").await, count(&world, "exchange_result").await);
    assert_eq!(before, after);
    assert_eq!(count(&world, "exchange_diagnosis").await, 1);
}

#[tokio::test]
async fn two_at_once_make_one() {
    let world = open().await;
    let (mut one, mut two) = (world.machine().await, world.machine().await);
    let bundle = visit_bundle("B-1");
    let (a, b) = tokio::join!(send(&mut one, &bundle), send(&mut two, &bundle));
    assert_eq!((a.status, b.status), (200, 200), "{} {}", a.text, b.text);
    assert_eq!(placed(&a, 1), placed(&b, 1));
    assert_eq!((count(&world, "encounter_encounter").await, count(&world, "patient_patient").await), (1, 1));
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_place_and_nothing_is_filed() {
    let world = open().await;
    let mut his = world.machine().await;
    let cases: [(&str, fn(&mut Value), u16, &str); 8] = [
        ("a reference to nowhere", |b| b["entry"][2]["resource"]["subject"] = urn(99), 422, "Bundle.entry[2].resource.subject.reference"),
        ("a reference to another kind", |b| b["entry"][2]["resource"]["subject"] = urn(2), 422, "Bundle.entry[2].resource.subject.reference"),
        ("no patient", |b| drop(b["entry"].as_array_mut().unwrap().remove(0)), 422, "Bundle.entry"),
        ("an unknown kind", |b| b["entry"][5]["resource"]["resourceType"] = json!("Spaceship"), 422, "Bundle.entry[5].resource"),
        ("a batch", |b| b["type"] = json!("batch"), 422, "Bundle.type"),
        ("no base64", |b| b["entry"][6]["resource"]["content"][0]["attachment"]["data"] = json!("*"), 422, "Bundle.entry[6].resource.content[0].attachment.data"),
        ("no code", |b| b["entry"][2]["resource"]["code"] = json!({}), 422, "Bundle.entry[2].resource.code.coding"),
        ("two with one address", |b| b["entry"][5]["fullUrl"] = b["entry"][4]["fullUrl"].clone(), 422, "Bundle.entry[5].fullUrl"),
    ];
    for (n, (what, spoil, status, place)) in cases.into_iter().enumerate() {
        let mut bundle = visit_bundle(&format!("B-{n}"));
        spoil(&mut bundle);
        let page = send(&mut his, &bundle).await;
        assert_eq!(page.status, status, "{what}: {}", page.text);
        let outcome = page.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        let places: Vec<&str> = outcome["issue"].as_array().unwrap().iter().filter_map(|i| i["expression"][0].as_str()).collect();
        assert!(places.contains(&place), "{what}: {places:?}");
    }
    assert_eq!((count(&world, "patient_patient").await, count(&world, "encounter_encounter").await), (0, 0));
    let dead: i64 = count(&world, "exchange_message WHERE state = 'dead'").await;
    assert_eq!(dead, 8, "every unreadable bundle is a dead letter that somebody sees");
}

#[tokio::test]
async fn monstrous_bodies_are_refused_calmly() {
    let world = open().await;
    let mut his = world.machine().await;
    let deep = format!("{{\"resourceType\":\"Bundle\",\"x\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let nested = format!("{{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"x\":{}1{}}}", "[".repeat(60), "]".repeat(60));
    let large = vec![b' '; 1024 * 1024 + 1];
    let bodies: [(&str, Vec<u8>, u16); 5] =
        [("deep", deep.into_bytes(), 400), ("nested", nested.into_bytes(), 422), ("large", large, 413), ("no JSON", b"<Bundle/>".to_vec(), 400), ("no UTF-8", vec![b'"', 0xff, b'"'], 400)];
    for (what, body, status) in bodies {
        let page = his.send(Method::POST, "/fhir/r4", Some("application/fhir+json"), body).await;
        assert_eq!(page.status, status, "{what}: {}", page.text);
        assert_eq!(page.json()["resourceType"], "OperationOutcome", "{what}");
    }
    let xml = his.send(Method::POST, "/fhir/r4", Some("application/fhir+xml"), b"<Bundle/>".to_vec()).await;
    assert_eq!(xml.status, 415);
}

#[tokio::test]
async fn a_sender_needs_its_scopes_and_its_declaration() {
    let world = open().await;
    let mut narrow = scoped(&world, "system/Patient.cruds system/Encounter.cruds").await;
    let page = send(&mut narrow, &visit_bundle("B-1")).await;
    assert_eq!(page.status, 403, "{}", page.text);
    assert_eq!(page.json()["resourceType"], "OperationOutcome");
    let mut reader = scoped(&world, "system/*.rs").await;
    assert_eq!(send(&mut reader, &visit_bundle("B-1")).await.status, 403);
    assert_eq!(count(&world, "patient_patient").await, 0);
    let mut owner = world.database.owner().await;
    sqlx::query("UPDATE exchange_partner SET active_to = '2026-01-02'").execute(&mut owner).await.unwrap();
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE exchange_stamp SET stamp = stamp + 1").execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    let mut full = world.machine().await;
    assert_eq!(send(&mut full, &visit_bundle("B-2")).await.status, 422);
}

#[tokio::test]
async fn a_label_of_special_sensitivity_keeps_the_paper_in_the_house() {
    let world = open().await;
    let mut his = world.machine().await;
    let mut bundle = visit_bundle("B-1");
    bundle["entry"][6]["resource"]["meta"] = json!({ "security": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV" }] });
    let page = send(&mut his, &bundle).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(his.get(&format!("/fhir/r4/{}", placed(&page, 6))).await.status, 404);
    assert_eq!(his.get("/fhir/r4/DocumentReference").await.json()["total"], 1, "only the laboratory's paper");
    let mut unclear = visit_bundle("B-2");
    unclear["entry"][6]["resource"]["meta"] = json!({ "security": [{ "code": "XYZZY" }] });
    assert_eq!(send(&mut his, &unclear).await.status, 422);
}

//! Who reads what: scopes, rights, the other facility, what is kept apart, and what is written down.

use crate::house::{open, placed, scoped, send, visit_bundle};
use serde_json::Value;
use testkit::{Client, World, demo_id};
use uuid::Uuid;

struct Day {
    world: World,
    his: Client,
    patient: String,
    encounter: String,
}

async fn day() -> Day {
    let world = open().await;
    let mut his = world.machine().await;
    let page = send(&mut his, &visit_bundle("B-1")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    Day { patient: placed(&page, 0), encounter: placed(&page, 1), world, his }
}

fn kinds(bundle: &Value) -> Vec<&str> {
    bundle["entry"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(|e| e["resource"]["resourceType"].as_str()).collect()
}

async fn audited(world: &World, action: &str) -> i64 {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar("SELECT count(*) FROM db_audit WHERE action = $1 AND patient_id IS NOT NULL").bind(action).fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn one_reading_one_audit_row_and_a_known_version_is_not_sent_again() {
    let mut day = day().await;
    let before = audited(&day.world, "read").await;
    let page = day.his.get(&format!("/fhir/r4/{}", day.patient)).await;
    assert_eq!(page.status, 200);
    assert_eq!(audited(&day.world, "read").await, before + 1);
    let tag = page.headers["etag"].to_str().unwrap().to_owned();
    day.his.set_header("if-none-match", &tag);
    let again = day.his.get(&format!("/fhir/r4/{}", day.patient)).await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    day.his.remove_header("if-none-match");
    let events = day.his.get(&format!("/fhir/r4/AuditEvent?patient={}", day.patient)).await.json();
    assert!(kinds(&events).len() >= 2, "{events}");
}

#[tokio::test]
async fn sixteen_readers_at_once_are_all_answered_and_all_written_down() {
    let day = day().await;
    let before = audited(&day.world, "read").await;
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (mut his, address) = (day.world.machine().await, format!("/fhir/r4/{}", day.patient));
        readers.spawn(async move { his.get(&address).await.status });
    }
    while let Some(status) = readers.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(audited(&day.world, "read").await, before + 16);
}

#[tokio::test]
async fn the_other_facility_finds_nothing() {
    let day = day().await;
    let mut foreigner = day.world.sign_in_as("bacsi.84102").await;
    for address in [&day.patient, &day.encounter] {
        let page = foreigner.get(&format!("/fhir/r4/{address}")).await;
        assert_eq!(page.status, 404, "{}", page.text);
        assert_eq!(page.json()["resourceType"], "OperationOutcome");
        assert_eq!(foreigner.get(&format!("/fhir/r4/{address}/$everything")).await.status, 404);
    }
    assert_eq!(foreigner.get("/fhir/r4/Patient").await.json()["total"], 0);
    assert_eq!(foreigner.get("/fhir/r4/Organization/84101").await.status, 404);
    assert_eq!(foreigner.get("/fhir/r4/Organization/84102").await.json()["name"].is_string(), true);
}

#[tokio::test]
async fn a_token_reads_only_what_its_scopes_say_and_a_nurse_nothing() {
    let day = day().await;
    let mut narrow = scoped(&day.world, "system/Patient.rs").await;
    assert_eq!(narrow.get(&format!("/fhir/r4/{}", day.patient)).await.status, 200);
    let refused = narrow.get(&format!("/fhir/r4/{}", day.encounter)).await;
    assert_eq!((refused.status, refused.json()["issue"][0]["code"].as_str()), (403, Some("forbidden")));
    let all = narrow.get(&format!("/fhir/r4/{}/$everything", day.patient)).await.json();
    assert_eq!(kinds(&all), ["Patient"], "what the scope leaves out is left out here too");
    let mut found = scoped(&day.world, "system/Encounter.s").await;
    assert_eq!(found.get("/fhir/r4/Encounter").await.status, 200);
    assert_eq!(found.get(&format!("/fhir/r4/{}", day.encounter)).await.status, 403);
    // A scoped token is no key to the other doors.
    assert_eq!(narrow.get("/api/v1/patients?q=an").await.status, 403);
    let mut nurse = day.world.sign_in_as("dieuduong.84101").await;
    assert_eq!(nurse.get(&format!("/fhir/r4/{}", day.patient)).await.status, 403);
    let mut doctor = day.world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get(&format!("/fhir/r4/{}", day.patient)).await.status, 200);
    assert_eq!(doctor.get("/fhir/r4/AuditEvent").await.status, 403, "a doctor has no page of the audit either");
    let nobody = day.world.stranger().get(&format!("/fhir/r4/{}", day.patient)).await;
    assert_eq!((nobody.status, nobody.json()["resourceType"].as_str()), (401, Some("OperationOutcome")));
    let mut wrong = day.world.stranger();
    let form = [("grant_type", "client_credentials"), ("client_id", "demo-his"), ("client_secret", "demo-secret"), ("scope", "user/Patient.rs")];
    assert_eq!(wrong.post("/oauth/token", &form).await.json()["error"], "invalid_scope");
}

#[tokio::test]
async fn searches_by_what_people_ask_for() {
    let mut day = day().await;
    let Day { his, patient, encounter, .. } = &mut day;
    let cases = [
        ("Patient?name=nguyen+an".to_owned(), 1),
        ("Patient?name=Tr%E1%BA%A7n".to_owned(), 0),
        ("Patient?identifier=http://fhir.ehealth.gov.vn/core/sid/national_id|084085012345".to_owned(), 1),
        ("Patient?identifier=http://fhir.hl7.org.vn/core/sid/cccd%7C084085012345".to_owned(), 1),
        ("Patient?identifier=084085012345&gender=male".to_owned(), 1),
        ("Patient?identifier=https://unknown.example|084085012345".to_owned(), 0),
        ("Patient?birthdate=1985-03-15".to_owned(), 1),
        ("Patient?birthdate=gt1985".to_owned(), 0),
        (format!("Encounter?patient={patient}&status=finished&class=AMB"), 1),
        (format!("Encounter?patient={patient}&date=2026-11-24"), 1),
        (format!("Encounter?patient={patient}&date=lt2026-11-24"), 0),
        (format!("Condition?patient={patient}&code=http://hl7.org/fhir/sid/icd-10|I10"), 1),
        (format!("Observation?encounter={encounter}&category=laboratory"), 2),
        (format!("Observation?patient={patient}&code=2345-7,2160-0"), 2),
        (format!("Observation?patient={patient}&code=8867-4"), 0),
        (format!("DiagnosticReport?patient={patient}"), 1),
        (format!("DocumentReference?encounter={encounter}"), 2),
        (format!("Encounter?_id={}", Uuid::from_u128(5)), 0),
    ];
    for (query, expected) in cases {
        let page = his.get(&format!("/fhir/r4/{query}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.text);
        assert_eq!(page.json()["total"], expected, "{query}: {}", page.text);
    }
    let along = his.get(&format!("/fhir/r4/Observation?encounter={encounter}&_include=Observation:patient&_include=Observation:encounter")).await.json();
    assert_eq!(kinds(&along), ["Observation", "Observation", "Patient", "Encounter"]);
    let lax = his.get("/fhir/r4/Patient?colour=red").await.json();
    assert!(kinds(&lax).contains(&"OperationOutcome") && !lax["link"][0]["url"].as_str().unwrap().contains("colour"), "{lax}");
    his.set_header("prefer", "handling=strict");
    assert_eq!(his.get("/fhir/r4/Patient?colour=red").await.status, 400);
    assert_eq!(his.get("/fhir/r4/Patient?birthdate=15/03/1985").await.status, 400);
    his.set_header("accept", "application/fhir+xml");
    assert_eq!(his.get("/fhir/r4/Patient").await.status, 406);
    assert_eq!(his.get("/fhir/r4/metadata").await.status, 406);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let mut day = day().await;
    let mut seen = Vec::new();
    let mut next = Some("/fhir/r4/Observation?_count=1".to_owned());
    while let Some(address) = next {
        let page = day.his.get(&address).await.json();
        seen.extend(page["entry"].as_array().unwrap().iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()));
        let link = page["link"].as_array().unwrap().iter().find(|l| l["relation"] == "next");
        next = link.map(|l| l["url"].as_str().unwrap().trim_start_matches("http://127.0.0.1:8080").to_owned());
        assert!(seen.len() <= 2, "the pages never end: {seen:?}");
    }
    let once: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), once.len()), (2, 2));
}

#[tokio::test]
async fn everything_is_one_bundle_with_whom_it_names() {
    let mut day = day().await;
    for of in [&day.patient, &day.encounter] {
        let page = day.his.get(&format!("/fhir/r4/{of}/$everything")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let all = page.json();
        let kinds = kinds(&all);
        for kind in ["Patient", "Encounter", "Condition", "Observation", "DiagnosticReport", "DocumentReference", "Location", "Organization"] {
            assert!(kinds.contains(&kind), "{of} lacks {kind}: {kinds:?}");
        }
        assert_eq!(all["total"], kinds.len());
    }
    assert_eq!(day.his.get(&format!("/fhir/r4/Patient/{}/$everything", Uuid::from_u128(9))).await.status, 404);
    assert_eq!(day.his.get("/fhir/r4/Patient/abc").await.status, 404);
}

#[tokio::test]
async fn special_diagnoses_and_records_stay_in_the_house() {
    let mut day = day().await;
    let mut owner = day.world.database.owner().await;
    sqlx::query("UPDATE exchange_diagnosis SET code = 'B20.1'").execute(&mut owner).await.unwrap();
    let conditions = day.his.get(&format!("/fhir/r4/Condition?patient={}", day.patient)).await.json();
    assert_eq!(conditions["total"], 0);
    let encounter = day.his.get(&format!("/fhir/r4/{}", day.encounter)).await;
    assert!(!encounter.contains("B20") && encounter.json()["diagnosis"].is_null(), "{}", encounter.text);
    assert!(!day.his.get(&format!("/fhir/r4/{}/$everything", day.patient)).await.contains("B20"));
    sqlx::query("UPDATE record_record SET sensitivity = 'mental'").execute(&mut owner).await.unwrap();
    assert_eq!(day.his.get(&format!("/fhir/r4/{}", day.encounter)).await.status, 404);
    assert_eq!(day.his.get(&format!("/fhir/r4/{}/$everything", day.encounter)).await.status, 404);
    let left = day.his.get(&format!("/fhir/r4/{}/$everything", day.patient)).await.json();
    assert_eq!(kinds(&left), ["Patient", "Organization"], "nothing of that visit leaves: {left}");
}

#[tokio::test]
async fn a_merged_record_points_to_the_one_that_stayed_and_finds_its_visits() {
    let mut day = day().await;
    let (kept, gone) = (day.patient.rsplit('/').next().unwrap().to_owned(), Uuid::now_v7());
    let mut tx = day.world.tx("84101").await;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by, merged_into)
         VALUES ($1, $2, $2, 900, 'PK-0000900', 'Nguyễn Văn An', 'nguyen van an', '1985-03-15', 'male', $3, $2, $4::uuid)",
    )
    .bind(tx.facility().0)
    .bind(gone)
    .bind(day.world.clock.now())
    .bind(&kept)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let old = day.his.get(&format!("/fhir/r4/Patient/{gone}")).await.json();
    assert_eq!((&old["active"], old["link"][0]["type"].as_str()), (&Value::Bool(false), Some("replaced-by")));
    assert_eq!(old["link"][0]["other"]["reference"], day.patient);
    assert_eq!(day.his.get(&format!("/fhir/r4/Encounter?patient={gone}")).await.json()["total"], 1);
}

#[tokio::test]
async fn the_capability_statement_says_what_answers() {
    let mut day = day().await;
    let statement = day.world.stranger().get("/fhir/r4/metadata").await.json();
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    assert_eq!(resources.len(), 18);
    day.his.set_header("prefer", "handling=strict");
    for resource in resources {
        let kind = resource["type"].as_str().unwrap();
        for parameter in resource["searchParam"].as_array().map_or(&[][..], Vec::as_slice) {
            let value = match (parameter["type"].as_str().unwrap(), parameter["name"].as_str().unwrap()) {
                ("date", _) => "ge2026-01-01".to_owned(),
                ("reference", _) | (_, "_id") => demo_id("84101", "staff", "bacsi.84101").to_string(),
                _ => "final".to_owned(),
            };
            let address = format!("/fhir/r4/{kind}?{}={value}", parameter["name"].as_str().unwrap());
            let page = day.his.get(&address).await;
            assert_eq!(page.status, 200, "{address}: {}", page.text);
        }
        assert_eq!(day.his.get(&format!("/fhir/r4/{kind}/{}", Uuid::from_u128(1))).await.status, 404);
        assert_eq!(day.his.get(&format!("/fhir/r4/{kind}?colour=red")).await.status, if kind == "Binary" { 404 } else { 400 });
    }
    assert_eq!(day.his.get("/fhir/r4/Claim").await.status, 404);
}

//! A laboratory's day for the tests: ordering, taking, receiving, typing, looking twice.

use crate::world::{add, clinic, person, place, visit};
use base::{EncounterId, PatientId};
use serde_json::Value;
use testkit::{Client, Page, World};
use uuid::Uuid;

/// A visit of today with these services sent to the laboratory.
pub async fn ordered(world: &World, patient: PatientId, services: &[&str]) -> (EncounterId, Vec<Uuid>) {
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let visit = visit(world, "84101", patient).await;
    let mut orders = Vec::new();
    for service in services {
        orders.push(add(&mut doctor, visit, service).await);
    }
    let sent = place(&mut doctor, visit, &orders).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    (visit, orders)
}

/// A person with a sex and a birthday of their own.
pub async fn born(world: &World, name: &str, sex: &str, birth: &str) -> PatientId {
    let id = person(world, "84101", name).await;
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE patient_patient SET sex = $2, birth_date = $3::date WHERE patient_id = $1")
        .bind(id.0)
        .bind(sex)
        .bind(birth)
        .execute(tx.conn())
        .await
        .expect("a person");
    tx.commit().await.expect("kept");
    id
}

/// The clinic with somebody whose samples are taken.
pub async fn lab_day() -> World {
    clinic().await
}

/// The samples of a visit are taken by the laboratory.
pub async fn collect(lab: &mut Client, visit: EncounterId) -> Page {
    lab.post(&format!("/app/lab/encounters/{visit}/specimens"), &[]).await
}

/// One row of the laboratory's tables, as the system sees it.
pub async fn rows(world: &World, statement: &'static str, id: Uuid) -> Vec<Value> {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar(statement).bind(id).fetch_all(tx.conn()).await.expect("rows")
}

/// Samples of a visit: id, code, tube and status.
pub async fn specimens(world: &World, visit: EncounterId) -> Vec<Value> {
    rows(
        world,
        "SELECT jsonb_build_object('id', specimen_id, 'code', code, 'tube', tube, 'status', status) FROM diagnostics_specimen
         WHERE encounter_id = $1 ORDER BY code",
        visit.0,
    )
    .await
}

/// A cell of a visit by the code of its analyte: id, version, shown, flag, status, range.
pub async fn cell(world: &World, visit: EncounterId, code: &str) -> Value {
    let all = rows(
        world,
        "SELECT jsonb_build_object('id', result_id, 'code', code, 'version', version, 'shown', shown, 'flag', flag, 'status', status,
                'low', low::text, 'high', high::text, 'delta', is_delta, 'calculated', is_calculated)
         FROM diagnostics_result WHERE encounter_id = $1 AND status <> 'cancelled'",
        visit.0,
    )
    .await;
    all.into_iter().find(|cell| cell["code"] == code).unwrap_or_else(|| panic!("no {code}"))
}

/// Types into a cell as it stands now.
pub async fn type_in(world: &World, lab: &mut Client, visit: EncounterId, code: &str, value: &str) -> Page {
    let cell = cell(world, visit, code).await;
    type_over(lab, &cell, value).await
}

/// Types into a cell as it was read before.
pub async fn type_over(lab: &mut Client, cell: &Value, value: &str) -> Page {
    let fields = format!("value={}&version={}", encode(value), cell["version"]);
    lab.send(
        http::Method::PUT,
        &format!("/app/lab/results/{}", cell["id"].as_str().expect("an id")),
        Some("application/x-www-form-urlencoded"),
        fields.into_bytes(),
    )
    .await
}

fn encode(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Takes, receives and types everything of a visit.
pub async fn to_bench(world: &World, visit: EncounterId, values: &[(&str, &str)]) {
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let taken = collect(&mut lab, visit).await;
    assert_eq!(taken.status, 303, "{}", taken.text);
    for specimen in specimens(world, visit).await {
        let code = specimen["code"].as_str().expect("a code");
        let page = lab.post("/app/lab/received", &[("code", code)]).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    for (code, value) in values {
        let page = type_in(world, &mut lab, visit, code, value).await;
        assert_eq!(page.status, 200, "{code} {value}: {}", page.text);
    }
}

/// The technician's look at all samples of a visit on a bench.
pub async fn technical(world: &World, bench: &str, visit: EncounterId) -> Page {
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let ids = ids(world, visit).await;
    let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("specimen", id.as_str())).collect();
    lab.post(&format!("/app/lab/bench/{bench}/technical"), &fields).await
}

/// The second look at all samples of a visit by the head of the laboratory.
pub async fn release(world: &World, visit: EncounterId) -> Page {
    let mut head = world.sign_in_as("xetnghiem2.84101").await;
    let ids = ids(world, visit).await;
    let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("specimen", id.as_str())).collect();
    head.post("/app/lab/validation", &fields).await
}

/// The ids of a visit's samples.
pub async fn ids(world: &World, visit: EncounterId) -> Vec<String> {
    specimens(world, visit).await.iter().map(|s| s["id"].as_str().expect("an id").to_owned()).collect()
}

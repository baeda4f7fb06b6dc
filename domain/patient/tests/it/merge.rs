//! Two records of one person, and the way back to the byte.

use crate::register::person;
use serde_json::{Value, json};
use testkit::World;

/// Every row about two records, as JSON.
async fn rows(world: &World, a: &str, b: &str) -> Value {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
            'patient', (SELECT jsonb_agg(p ORDER BY p.patient_id) FROM patient_patient p WHERE p.patient_id = ANY($1)),
            'identifier', (SELECT jsonb_agg(p ORDER BY p.identifier_id) FROM patient_identifier p WHERE p.patient_id = ANY($1)),
            'address', (SELECT jsonb_agg(p ORDER BY p.address_id) FROM patient_address p WHERE p.patient_id = ANY($1)),
            'coverage', (SELECT jsonb_agg(p ORDER BY p.coverage_id) FROM patient_coverage p WHERE p.patient_id = ANY($1)),
            'contact', (SELECT jsonb_agg(p ORDER BY p.contact_id) FROM patient_contact p WHERE p.patient_id = ANY($1)),
            'allergy', (SELECT jsonb_agg(p ORDER BY p.allergy_id) FROM patient_allergy p WHERE p.patient_id = ANY($1)),
            'search', (SELECT jsonb_agg(p ORDER BY p.key, p.patient_id) FROM patient_search p WHERE p.patient_id = ANY($1)))",
    )
    .bind(vec![a.parse::<sqlx::types::Uuid>().unwrap(), b.parse().unwrap()])
    .fetch_one(tx.conn())
    .await
    .unwrap()
}

#[tokio::test]
async fn merging_loses_nothing_and_undoing_restores_each_byte() {
    let world = World::with(vec![patient::module()]).await;
    let mut machine = world.machine().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let kept = machine.post_json("/api/v1/patients", &person(json!({ "phone": "0912345678" }))).await.json();
    let gone = machine
        .post_json("/api/v1/patients", &person(json!({ "name": "Trần Thị Bười", "cccd": "084185012345", "card_no": "GD4860012345678" })))
        .await
        .json();
    let (kept, gone) = (kept["id"].as_str().unwrap().to_owned(), gone["id"].as_str().unwrap().to_owned());
    let allergy = [("substance", "Amoxicilin"), ("severity", "severe"), ("kind", "drug")];
    assert_eq!(doctor.post(&format!("/app/patients/{gone}/allergies"), &allergy).await.status, 303);
    let before = rows(&world, &kept, &gone).await;

    let preview = desk.get(&format!("/app/patients/{kept}/merge?with={gone}")).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert!(preview.contains("Amoxicilin") && preview.contains("GD4860012345678"));
    let id = preview.input("id").unwrap();
    let form = [("id", id.as_str()), ("gone", gone.as_str()), ("name", "kept")];
    for _ in 0..2 {
        let page = desk.post(&format!("/app/patients/{kept}/merge"), &form).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    let merged = machine.get(&format!("/api/v1/patients/{kept}")).await.json();
    assert_eq!((merged["cccd"].as_str(), merged["phone"].as_str()), (Some("084185012345"), Some("0912345678")));
    let found = machine.get("/api/v1/patients?q=084185012345").await.json();
    assert_eq!(found[0]["id"], kept.as_str(), "the gone record is found through the kept one");
    assert!(doctor.get(&format!("/app/patients/{kept}")).await.contains("Amoxicilin"));

    let undo = format!("/app/patients/merges/{id}/undo");
    for _ in 0..2 {
        assert_eq!(desk.post(&undo, &[]).await.status, 303);
    }
    assert_eq!(rows(&world, &kept, &gone).await, before);
}

#[tokio::test]
async fn two_citizen_numbers_are_two_people() {
    let world = World::with(vec![patient::module()]).await;
    let mut machine = world.machine().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let mut ids = Vec::new();
    for number in ["084185012345", "084185099999"] {
        let made = machine.post_json("/api/v1/patients", &person(json!({ "cccd": number }))).await.json();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let page = desk.post(&format!("/app/patients/{}/merge", ids[0]), &[("gone", ids[1].as_str())]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("hai số CCCD khác nhau"), "{}", page.text);
}

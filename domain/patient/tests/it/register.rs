//! Entering the house, once.

use serde_json::{Value, json};
use testkit::World;

/// The smallest person the API takes, with changes.
pub fn person(changes: Value) -> Value {
    let mut person = json!({ "name": "Trần Thị Bưởi", "birth": "15/03/1985", "sex": "female" });
    for (key, value) in changes.as_object().into_iter().flatten() {
        person[key] = value.clone();
    }
    person
}

#[tokio::test]
async fn record_numbers_follow_each_other_and_each_facility_counts_alone() {
    let world = World::with(vec![patient::module()]).await;
    let mut machine = world.machine().await;
    let first = machine.post_json("/api/v1/patients", &person(json!({}))).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let second = machine.post_json("/api/v1/patients", &person(json!({ "name": "Lê Văn Cam", "sex": "male" }))).await;
    let number = |page: &testkit::Page| -> i64 {
        page.json()["record_no"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap()
    };
    assert_eq!(number(&second), number(&first) + 1);
}

#[tokio::test]
async fn the_same_key_twice_registers_once() {
    let world = World::with(vec![patient::module()]).await;
    let mut machine = world.machine().await;
    machine.set_header("idempotency-key", "quay-1-0001");
    let first = machine.post_json("/api/v1/patients", &person(json!({}))).await;
    let again = machine.post_json("/api/v1/patients", &person(json!({}))).await;
    assert_eq!((first.status, first.json()), (again.status, again.json()));
    machine.remove_header("idempotency-key");
    let found = machine.get("/api/v1/patients?q=tran+thi+buoi").await;
    assert_eq!(found.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_citizen_number_belongs_to_one_record() {
    let world = World::with(vec![patient::module()]).await;
    let mut machine = world.machine().await;
    let with_card = person(json!({ "cccd": "084185012345" }));
    assert_eq!(machine.post_json("/api/v1/patients", &with_card).await.status, 201);
    let again = machine.post_json("/api/v1/patients", &with_card).await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("dùng hồ sơ cũ"), "{}", again.text);
}

#[tokio::test]
async fn bad_input_is_told_beside_its_field() {
    let world = World::with(vec![patient::module()]).await;
    let mut machine = world.machine().await;
    for (change, field) in [
        (json!({ "birth": "31/02/2024" }), "birth"),
        (json!({ "birth": "25/11/2026" }), "birth"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "a".repeat(900_000) }), "name"),
        (json!({ "name": "An\u{202e}" }), "name"),
        (json!({ "cccd": "0841850" }), "cccd"),
        (json!({ "phone": "khong" }), "phone"),
        (json!({ "sex": "x" }), "sex"),
        (json!({ "birth": "10/01/2026" }), "contact_name"),
        (json!({ "commune_code": "99999" }), "commune_code"),
    ] {
        let page = machine.post_json("/api/v1/patients", &person(change.clone())).await;
        assert_eq!(page.status, 422, "{change} {}", page.text);
        assert_eq!(page.json()["errors"][0]["field"], field, "{change}");
    }
    let huge = machine.post_json("/api/v1/patients", &person(json!({ "name": "a".repeat(10_000_000) }))).await;
    assert_eq!(huge.status, 413);
}

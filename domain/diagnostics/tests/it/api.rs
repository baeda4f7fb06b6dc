//! Programs search services and order.

use crate::world::{clinic, events, person, service, visit};
use serde_json::json;
use testkit::demo_id;
use uuid::Uuid;

#[tokio::test]
async fn a_program_orders_once_per_key() {
    let world = clinic().await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    let mut machine = world.machine().await;
    let found = machine.get("/api/v1/services?q=ctm&kind=lab").await.json();
    assert_eq!((found[0]["code"].as_str(), found[0]["price_vnd"].as_i64()), (Some("XN01"), Some(49_700)));
    let path = format!("/api/v1/encounters/{visit}/orders");
    let body = json!({ "lines": [{ "service_id": service("XN01") }, { "service_id": service("SA01"), "quantity": 2 }], "priority": "urgent" });
    machine.set_header("idempotency-key", "0a1b2c3d-orders-1");
    let first = machine.post_json(&path, &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = machine.post_json(&path, &body).await;
    assert_eq!((again.status, again.json()), (201, first.json()), "the same answer");
    machine.remove_header("idempotency-key");
    let all = machine.get(&path).await.json();
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert_eq!(all[1]["priority"], "urgent");
    assert_eq!(events(&world, "84101", "OrdersPlaced").await.len(), 1);
}

#[tokio::test]
async fn what_a_program_sends_wrongly_is_a_problem_and_changes_nothing() {
    let world = clinic().await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    let mut machine = world.machine().await;
    let path = format!("/api/v1/encounters/{visit}/orders");
    for (body, status) in [
        (json!({}), 422),
        (json!({ "lines": [] }), 422),
        (json!({ "lines": [{ "service_id": "x" }] }), 400),
        (json!({ "lines": [{ "service_id": service("XN01"), "quantity": 0 }] }), 422),
        (json!({ "lines": [{ "service_id": service("XN01"), "quantity": -9 }] }), 422),
        (json!({ "lines": [{ "service_id": service("KNOI") }] }), 422),
        (json!({ "lines": [{ "service_id": service("XN01") }, { "service_id": service("KNOI") }] }), 422),
        (json!({ "lines": [{ "service_id": Uuid::now_v7() }] }), 404),
        (json!({ "lines": [{ "service_id": demo_id("84102", "service", "KBSGD") }] }), 404),
        (json!({ "lines": [{ "service_id": service("XN01") }], "priority": "now" }), 422),
        (json!({ "lines": [{ "service_id": service("XN01") }], "note": "x".repeat(501) }), 422),
    ] {
        let answer = machine.post_json(&path, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert!(answer.json()["title"].is_string(), "{}", answer.text);
    }
    assert_eq!(machine.post_json(&format!("/api/v1/encounters/{}/orders", Uuid::now_v7()), &json!({ "lines": [{ "service_id": service("XN01") }] })).await.status, 404);
    assert_eq!(machine.get("/api/v1/services?kind=sorcery").await.status, 422);
    assert_eq!(machine.get(&path).await.json(), json!([]));
    assert_eq!(events(&world, "84101", "OrdersPlaced").await.len(), 0);
}

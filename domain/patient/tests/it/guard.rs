//! The neighbours see nothing, and only who may, may.

use crate::register::person;
use serde_json::json;
use testkit::World;

#[tokio::test]
async fn another_facility_finds_nobody_and_opens_nothing() {
    let world = World::with(vec![patient::module()]).await;
    let made = world.machine().await.post_json("/api/v1/patients", &person(json!({ "cccd": "084185012345" }))).await.json();
    let id = made["id"].as_str().unwrap();
    let mut other = world.sign_in_as("tiepnhan.84102").await;
    for path in ["", "/edit", "/merge"] {
        assert_eq!(other.get(&format!("/app/patients/{id}{path}")).await.status, 404, "{path}");
    }
    for path in ["flags", "edit", "merge"] {
        let form = [("kind", "merit"), ("name", "A B"), ("birth", "1985"), ("sex", "male"), ("gone", id)];
        assert_eq!(other.post(&format!("/app/patients/{id}/{path}"), &form).await.status, 404, "{path}");
    }
    for q in ["084185012345", "tran+thi+buoi"] {
        assert!(!other.get(&format!("/app/find/suggestions?q={q}")).await.contains("Bưởi"));
    }
}

#[tokio::test]
async fn rights_are_asked() {
    let world = World::with(vec![patient::module()]).await;
    let made = world.machine().await.post_json("/api/v1/patients", &person(json!({}))).await.json();
    let id = made["id"].as_str().unwrap();
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.get(&format!("/app/patients/{id}")).await.status, 200);
    assert_eq!(cashier.get(&format!("/app/patients/{id}/edit")).await.status, 403);
    assert_eq!(cashier.post(&format!("/app/patients/{id}/allergies"), &[("substance", "x")]).await.status, 403);
    assert_eq!(world.stranger().get(&format!("/api/v1/patients/{id}")).await.status, 401);
}

#[tokio::test]
async fn a_correction_keeps_the_earlier_state_and_the_slower_hand_is_told() {
    let world = World::with(vec![patient::module()]).await;
    let made = world.machine().await.post_json("/api/v1/patients", &person(json!({ "phone": "0912345678" }))).await.json();
    let at = format!("/app/patients/{}", made["id"].as_str().unwrap());
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let form = [("version", "1"), ("name", "Trần Thị Bưởi"), ("birth", "15/03/1985"), ("sex", "female"), ("phone", "0987654321")];
    assert_eq!(desk.post(&format!("{at}/edit"), &form).await.status, 303);
    let page = desk.get(&at).await;
    assert!(page.contains("0987654321") && page.contains("Điện thoại: 0912345678"), "{}", page.text);
    assert_eq!(desk.post(&format!("{at}/edit"), &form).await.status, 409);
}

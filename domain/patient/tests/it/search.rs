//! The one search box.

use crate::register::person;
use serde_json::json;
use testkit::World;

#[tokio::test]
async fn one_box_finds_by_anything_a_person_says() {
    let world = World::with(vec![patient::module()]).await;
    let mut machine = world.machine().await;
    let an = json!({ "name": "Nguyễn Văn Đạt", "birth": "15/03/1985", "sex": "male", "phone": "0912345678", "cccd": "084085012399", "card_no": "GD4860012345699" });
    let an = machine.post_json("/api/v1/patients", &person(an)).await.json();
    for other in ["Nguyễn Văn Danh", "Trần Đạt Văn", "Lê Thị Nguyên"] {
        machine.post_json("/api/v1/patients", &person(json!({ "name": other, "birth": "1990" }))).await;
    }
    let record = an["record_no"].as_str().unwrap().to_owned();
    for typed in ["nguyen van dat", "dat nguyen", "Đạt  NGUYỄN văn", "van dat 85", "nguyen dat 1985", "ng v d 85", "0912 345 678", "5678", "2399", "084085012399", "GD 4 86 00123 45699", "0012345699", &record] {
        let found = machine.get(&format!("/api/v1/patients?q={}", typed.replace(' ', "+").replace('Đ', "%C4%90").replace('ạ', "%E1%BA%A1").replace('Ễ', "%E1%BB%84").replace('ă', "%C4%83"))).await;
        assert!(found.json().as_array().unwrap().iter().any(|p| p["id"] == an["id"]), "{typed}: {}", found.text);
    }
    for typed in ["dat 1990", "dat xyz", "nguyen van dat 86", "%21%21", "", "%F0%9F%A4%92"] {
        let found = machine.get(&format!("/api/v1/patients?q={}", typed.replace(' ', "+"))).await;
        assert!(!found.json().as_array().unwrap().iter().any(|p| p["id"] == an["id"]), "{typed}: {}", found.text);
    }
}

#[tokio::test]
async fn type_ahead_answers_for_the_desk() {
    let world = World::with(vec![patient::module()]).await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    world.machine().await.post_json("/api/v1/patients", &person(json!({}))).await;
    let list = desk.get("/app/find/suggestions?q=buoi").await;
    assert!(list.contains("Trần Thị Bưởi") && list.contains("role=\"option\""), "{}", list.text);
    let page = desk.get("/app/find?q=buoi").await;
    assert!(page.contains("Trần Thị Bưởi"), "{}", page.text);
}

//! The owner gives and takes rights.

use testkit::{World, demo_id};

#[tokio::test]
async fn only_the_owner_sees_the_staff_desk_and_only_of_his_own_house() {
    let world = World::with(vec![]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get("/app/staff").await.status, 403);
    let mut owner = world.sign_in_as("quantri.84101").await;
    let own = demo_id("84101", "staff", "bacsi");
    let foreign = demo_id("84102", "staff", "bacsi");
    assert_eq!(owner.get(&format!("/app/staff/{own}")).await.status, 200);
    assert_eq!(owner.get(&format!("/app/staff/{foreign}")).await.status, 404);
    assert_eq!(owner.post(&format!("/app/staff/{foreign}"), &[("name", "Trộm")]).await.status, 404);
}

#[tokio::test]
async fn a_new_nurse_signs_in_and_a_disabled_one_is_out_at_once() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = owner.get("/app/staff/new").await.input("id").expect("the page mints the id");
    let path = format!("/app/staff/{id}");
    let fields = [
        ("id", id.as_str()),
        ("name", "trần thị hoa mai"),
        ("login", "hoamai.84101"),
        ("password", "sáng nay trời nắng"),
        ("roles", "nurse"),
    ];
    let saved = owner.post("/app/staff", &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    assert_eq!(owner.post("/app/staff", &fields).await.status, 303, "the second click");
    let mut nurse = world.stranger();
    let page = nurse.post("/sign-in", &[("login", "hoamai.84101"), ("password", "sáng nay trời nắng")]).await;
    assert_eq!(page.status, 303);
    assert_eq!(nurse.get("/account").await.status, 200);
    let again = [("name", "Trần Thị Hoa Mai"), ("login", "hoamai.84101"), ("roles", "nurse"), ("disabled", "on")];
    assert_eq!(owner.post(&path, &again).await.status, 303);
    assert_eq!(nurse.get("/account").await.status, 303, "thrown out at once");
}

#[tokio::test]
async fn a_dangerous_act_asks_for_the_password_again() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    world.clock.advance(chrono::TimeDelta::minutes(11));
    let path = format!("/app/staff/{}", demo_id("84101", "staff", "dieuduong"));
    let page = owner.post(&path, &[("name", "Phạm Thị Mỹ Duyên")]).await;
    assert!(page.location().starts_with("/app/prove"), "{} {}", page.status, page.location());
    assert_eq!(owner.post("/app/prove", &[("password", "sai"), ("code", "000000")]).await.status, 422);
    assert_eq!(owner.post("/app/prove", &[("password", "demo"), ("code", "000000"), ("next", &path)]).await.status, 303);
    let page = owner.post(&path, &[("name", "Phạm Thị Mỹ Duyên"), ("login", "dieuduong.84101"), ("roles", "nurse")]).await;
    assert_eq!(page.location(), "/app/staff", "{}", page.text);
}

//! The facility's own card: names, rooms, package, switches.

use organization::facility as ours;
use testkit::{World, demo_id, facility};
use uuid::Uuid;

#[tokio::test]
async fn the_header_of_papers_follows_the_card() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let fields = [
        ("name", "Phòng khám Đa khoa An Tâm Mới"),
        ("address", "1 Lê Lợi, phường Long Châu, tỉnh Vĩnh Long"),
        ("phone", "0270 000 0199"),
        ("footer", "Mang theo phiếu khi tái khám"),
    ];
    assert_eq!(owner.post("/app/catalogue/facility", &fields).await.status, 303);
    let paper = owner.get("/app/catalogue/facility/preview.pdf").await;
    for printed in ["Phòng khám Đa khoa An Tâm Mới", "0270 000 0199", "\"code\": \"84101\""] {
        assert!(paper.contains(printed), "{printed}: {}", paper.text);
    }
    let refused = owner.post("/app/catalogue/facility", &[("name", ""), ("address", "x"), ("bank_bin", "97")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("Chưa có tên cơ sở") && refused.contains("đúng 6 số"));
    // The neighbour's papers carry the neighbour's name.
    let mut other = world.sign_in_as("quantri.84102").await;
    assert!(!other.get("/app/catalogue/facility/preview.pdf").await.contains("An Tâm"));
}

#[tokio::test]
async fn rooms_open_once_and_close_without_a_trace_lost() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = owner.get("/app/catalogue/rooms").await.input("id").expect("the page mints the id");
    let fields = [("id", id.as_str()), ("code", "noi9"), ("name", "Phòng khám Nội 9"), ("kind", "exam")];
    for _ in 0..2 {
        assert_eq!(owner.post("/app/catalogue/rooms", &fields).await.status, 303);
    }
    let taken = owner.post("/app/catalogue/rooms", &[("id", &Uuid::now_v7().to_string()), fields[1], fields[2], fields[3]]).await;
    assert!(taken.status == 422 && taken.contains("NOI9 là của phòng khác"));
    assert_eq!(owner.post(&format!("/app/catalogue/rooms/{id}/end"), &[]).await.status, 303);
    let list = owner.get("/app/catalogue/rooms").await;
    assert!(list.contains("Phòng khám Nội 9") && list.contains("Ngừng"));
    let broken = owner.post("/app/catalogue/rooms", &[("id", "x"), fields[1]]).await;
    assert_eq!(broken.status, 400);
}

#[tokio::test]
async fn a_package_brings_its_features_until_it_runs_out() {
    let world = World::with_catalogues(vec![]).await;
    let mut tx = world.tx("84102").await;
    let today = "2026-11-24".parse().expect("a day");
    let basic = ours::features_of(tx.conn(), facility("84102"), today).await.expect("features");
    assert!(basic.contains("cls.order") && basic.contains("rx.national") && !basic.contains("stock"), "{basic:?}");
    sqlx::query("UPDATE organization_facility SET package_to = '2026-11-23' WHERE facility_id = 2").execute(tx.conn()).await.expect("it ends");
    let after = ours::features_of(tx.conn(), facility("84102"), "2027-03-01".parse().expect("a day")).await.expect("features");
    assert_eq!(after, basic, "what was written can be read for ever");
    let periods = organization::package::periods(tx.conn(), facility("84102")).await.expect("the rows");
    assert!(!organization::package::standing_on(&periods, "2027-03-01".parse().expect("a day")).may_write());
    organization::package::append(&mut tx, "BASIC", organization::package::Kind::Closed, today, None, "ngừng dùng").await.expect("it closes");
    let closed = ours::features_of(tx.conn(), facility("84102"), today).await.expect("features");
    assert!(!closed.contains("cls.order") && closed.contains("rx.national") && closed.contains("emr.sign"), "{closed:?}");
    let mut owner = world.sign_in_as("quantri.84101").await;
    let page = owner.get("/app/catalogue/package").await;
    assert!(page.contains("Đang dùng") && page.contains("PREMIUM 1</div>"));
}

#[tokio::test]
async fn a_drug_is_taken_from_the_national_catalogue() {
    let world = World::with_catalogues(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let found = owner.get("/app/catalogue/drugs/national?q=clopidogrel").await;
    assert!(found.contains("Tunadimet") && found.contains("from=893110288623"), "{}", found.text);
    let form = owner.get("/app/catalogue/drugs/new?from=893110288623").await;
    assert_eq!(form.input("name").as_deref(), Some("Tunadimet"));
    let value = |name: &str| form.input(name).unwrap_or_default();
    let fields: Vec<(&str, String)> = ["id", "code", "name", "ingredient", "strength", "form", "unit", "route", "registration_no", "national_ingredient_code"]
        .map(|name| (name, value(name)))
        .to_vec();
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    fields.push(("price", "276"));
    let saved = owner.post("/app/catalogue/drugs", &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    assert!(owner.get("/app/catalogue/drugs/national?q=tunadimet").await.contains("Đã có"));
    assert_eq!(owner.get("/app/catalogue/drugs/new?from=khong-co").await.status, 404);
    let service = owner.get("/app/catalogue/services/national?q=sieu%20am%20o%20bung").await;
    assert!(service.contains("Siêu âm ổ bụng"), "{}", service.text);
}

#[tokio::test]
async fn paying_first_is_a_switch_of_the_owner() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[("pay_first", "1")]).await.status, 303);
    let mut tx = world.tx("84101").await;
    assert!(ours::get(tx.conn(), facility("84101")).await.expect("the facility").settings.pay_first);
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[]).await.status, 303);
    assert!(!ours::get(tx.conn(), facility("84101")).await.expect("the facility").settings.pay_first);
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.post("/app/catalogue/facility/settings", &[]).await.status, 403);
    // Nobody's room can be opened by its id alone.
    assert_eq!(doctor.get(&format!("/app/catalogue/rooms/{}", demo_id("84101", "room", "NOI1"))).await.status, 403);
}

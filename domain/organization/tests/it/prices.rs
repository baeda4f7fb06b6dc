//! The owner changes prices and lists; what was done keeps its price.

use base::Vnd;
use chrono::{NaiveDate, TimeDelta};
use organization::{drug, parameter, service};
use testkit::{World, demo_id, facility};
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

async fn price_on(world: &World, id: Uuid, on: &str) -> Option<Vnd> {
    let mut tx = world.tx("84101").await;
    service::price_on(tx.conn(), facility("84101"), id, day(on)).await.expect("a price")
}

#[tokio::test]
async fn a_price_of_today_leaves_yesterday_alone() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = demo_id("84101", "service", "KNOI");
    let path = format!("/app/catalogue/services/{id}");
    assert_eq!(owner.get(&path).await.status, 200);
    let saved = owner.post(&format!("{path}/prices"), &[("price", "50.000"), ("valid_from", "24/11/2026")]).await;
    assert_eq!((saved.status, saved.location()), (303, path.as_str()), "{}", saved.text);
    assert_eq!(price_on(&world, id, "2026-11-23").await, Some(Vnd(36_500)));
    assert_eq!(price_on(&world, id, "2026-11-24").await, Some(Vnd(50_000)));
    // Next month's price can be planned, and a second click plans it once.
    for _ in 0..2 {
        let planned = owner.post(&format!("{path}/prices"), &[("price", "60000"), ("valid_from", "2026-12-01")]).await;
        assert_eq!(planned.status, 303);
    }
    assert_eq!(price_on(&world, id, "2026-11-30").await, Some(Vnd(50_000)));
    assert_eq!(price_on(&world, id, "2026-12-01").await, Some(Vnd(60_000)));
    let page = owner.get(&path).await;
    for seen in ["24/11/2026 – 30/11/2026", "từ 01/12/2026", "Sắp áp dụng", "Đang áp dụng"] {
        assert!(page.contains(seen), "{seen}");
    }
}

#[tokio::test]
async fn a_price_in_the_past_or_unreadable_is_refused_beside_its_field() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = demo_id("84101", "service", "KNOI");
    let path = format!("/app/catalogue/services/{id}/prices");
    for (price, from, says) in [
        ("50000", "23/11/2026", "áp dụng từ hôm nay"),
        ("150.5", "24/11/2026", "Không đọc được giá"),
        ("-1", "24/11/2026", "bị âm"),
        ("99999999999999", "24/11/2026", "quá lớn"),
        ("50000", "31/02/2027", "Chưa có ngày hợp lệ"),
    ] {
        let page = owner.post(&path, &[("price", price), ("valid_from", from)]).await;
        assert_eq!(page.status, 422, "{price} {from}");
        assert!(page.contains(says), "{says}: {}", page.text);
        assert!(page.contains(&format!("value=\"{price}\"")), "what was typed stays");
    }
    assert_eq!(price_on(&world, id, "2026-11-24").await, Some(Vnd(36_500)));
}

#[tokio::test]
async fn a_new_service_is_made_once_and_its_code_is_its_own() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let form = owner.get("/app/catalogue/services/new").await;
    let id = form.input("id").expect("the page mints the id");
    let fields = [
        ("id", id.as_str()),
        ("code", "dv-0999"),
        ("name", "Đo loãng xương"),
        ("kind", "imaging"),
        ("price", "120000"),
        ("valid_from", "24/11/2026"),
        ("aliases", "loãng xương, dexa"),
    ];
    for _ in 0..2 {
        let saved = owner.post("/app/catalogue/services", &fields).await;
        assert_eq!(saved.location(), format!("/app/catalogue/services/{id}"), "{}", saved.text);
    }
    let found = owner.get("/app/catalogue/services?q=dexa").await;
    assert!(found.contains("Đo loãng xương") && found.contains("DV-0999") && found.contains("120.000"));
    // The same code under another id is refused, and nothing typed is lost.
    let other = Uuid::now_v7().to_string();
    let mut again = fields;
    again[0] = ("id", &other);
    let page = owner.post("/app/catalogue/services", &again).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Mã DV-0999 đã có") && page.contains("loãng xương, dexa"));
}

#[tokio::test]
async fn an_ended_service_is_not_offered_and_still_has_its_name() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = demo_id("84101", "service", "KNOI");
    assert_eq!(owner.post(&format!("/app/catalogue/services/{id}/end"), &[]).await.status, 303);
    let mut tx = world.tx("84101").await;
    let (ours, today) = (facility("84101"), day("2026-11-24"));
    let offered = service::search(tx.conn(), ours, "kham noi", &[], today, 20).await.expect("a search");
    assert!(offered.iter().all(|s| s.id != id));
    let kept = service::find(tx.conn(), ours, id, day("2026-11-20")).await.expect("a look-up").expect("the row stays");
    assert_eq!((kept.facts.name.as_str(), kept.price), ("Khám Nội", Some(Vnd(36_500))));
    assert!(owner.get("/app/catalogue/services?ended=1&q=kham%20noi").await.contains("Ngừng"));
    assert_eq!(owner.post(&format!("/app/catalogue/services/{id}/reopen"), &[]).await.status, 303);
    let offered = service::search(tx.conn(), ours, "kham noi", &[], today, 20).await.expect("a search");
    assert!(offered.iter().any(|s| s.id == id));
    let deleted = sqlx::query("DELETE FROM organization_service").execute(tx.conn()).await;
    assert!(deleted.is_err(), "the application may not delete a catalogue row");
}

#[tokio::test]
async fn drugs_are_found_by_brand_ingredient_and_strength() {
    let world = World::with(vec![]).await;
    let mut tx = world.tx("84101").await;
    for (typed, first) in [("amox 500", "T001"), ("augmen", "T002"), ("T003", "T003"), ("clavulanic", "T002")] {
        let found = drug::search(tx.conn(), facility("84101"), typed, day("2026-11-24"), 10).await.expect("a search");
        assert_eq!(found.first().map(|d| d.facts.code.as_str()), Some(first), "{typed}");
    }
    let strange = drug::search(tx.conn(), facility("84101"), "%_'; --", day("2026-11-24"), 10).await.expect("a search");
    assert!(strange.len() <= 10);
}

#[tokio::test]
async fn a_parameter_holds_from_its_day_and_for_its_service() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let known = parameter::known("order.duplicate_days").expect("known");
    let blood = demo_id("84101", "service", "XN01");
    let path = "/app/catalogue/parameters";
    let tomorrow = [("key", known.key), ("value", "30"), ("valid_from", "25/11/2026")];
    assert_eq!(owner.post(path, &tomorrow).await.status, 303);
    let blood_text = blood.to_string();
    let own = [("key", known.key), ("value", "90"), ("valid_from", ""), ("service", blood_text.as_str())];
    assert_eq!(owner.post(path, &own).await.status, 303);
    let mut tx = world.tx("84101").await;
    for (on, general, special) in [("2026-11-23", 7, 7), ("2026-11-24", 7, 90), ("2026-11-25", 30, 90)] {
        let all = parameter::numbers_on(tx.conn(), facility("84101"), known, day(on)).await.expect("numbers");
        assert_eq!((all.general, all.of(blood)), (general, special), "{on}");
    }
    drop(tx);
    let wrong = owner.post(path, &[("key", known.key), ("value", "-3")]).await;
    assert!(wrong.status == 422 && wrong.contains("Nhập số nguyên từ 0 đến 365"), "{}", wrong.text);
    world.clock.advance(TimeDelta::days(2));
    let mut owner = world.sign_in_as("quantri.84101").await;
    let late = owner.post(path, &[("key", known.key), ("value", "5"), ("valid_from", "25/11/2026")]).await;
    assert!(late.status == 422 && late.contains("để việc đã làm không đổi"), "{}", late.text);
}

#[tokio::test]
async fn other_facilities_see_and_change_nothing() {
    let world = World::with(vec![]).await;
    let mut stranger = world.sign_in_as("quantri.84102").await;
    let service = demo_id("84101", "service", "KNOI");
    let drug = demo_id("84101", "drug", "T001");
    let room = demo_id("84101", "room", "NOI1");
    for path in [
        format!("/app/catalogue/services/{service}"),
        format!("/app/catalogue/drugs/{drug}"),
        format!("/app/catalogue/rooms/{room}"),
        format!("/app/catalogue/parameters?service={service}"),
    ] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    let fields = [("code", "X"), ("name", "Trộm"), ("kind", "exam"), ("price", "1"), ("ingredient", "x"), ("unit", "viên")];
    for path in [
        format!("/app/catalogue/services/{service}"),
        format!("/app/catalogue/services/{service}/prices"),
        format!("/app/catalogue/services/{service}/end"),
        format!("/app/catalogue/drugs/{drug}"),
        format!("/app/catalogue/drugs/{drug}/prices"),
        format!("/app/catalogue/drugs/{drug}/reopen"),
        format!("/app/catalogue/rooms/{room}"),
        format!("/app/catalogue/rooms/{room}/end"),
    ] {
        assert_eq!(stranger.post(&path, &fields).await.status, 404, "{path}");
    }
    assert_eq!(price_on(&world, service, "2026-11-24").await, Some(Vnd(36_500)));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get("/app/catalogue/services").await.status, 403);
}

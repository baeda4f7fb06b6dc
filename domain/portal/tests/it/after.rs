//! What the holder of a booking may still do: look, move, cancel, put it into a calendar, find it again, say how it was.

use crate::house::{behind, book, khue, times, with, world};
use base::{AppointmentId, EncounterId};
use chrono::TimeDelta;
use scheduling::{Status, change};
use testkit::World;

async fn confirm(world: &World, link: &str) -> scheduling::Appointment {
    let a = behind(world, link).await;
    let mut tx = world.tx("84101").await;
    let a = change::confirm(&mut tx, a.id, a.version).await.unwrap();
    tx.commit().await.unwrap();
    a
}

fn until(world: &World, at: chrono::DateTime<chrono::Utc>) {
    world.clock.advance(at - world.clock.now());
}

#[tokio::test]
async fn an_moves_his_booking_and_the_old_place_is_free_again() {
    let world = world().await;
    let slots = times(&world, "TMH").await;
    let mut phone = world.stranger();
    let link = book(&world, &mut phone, "TMH", slots[0], &khue()).await;
    let first = confirm(&world, &link).await;
    let page = phone.get(&format!("{link}/move")).await;
    assert!(page.status == 200 && page.contains("Buổi sáng"), "{}", page.text);
    let (id, version, slot) = (page.input("id").unwrap(), page.input("version").unwrap(), slots[2].to_string());
    let fields = [("id", id.as_str()), ("version", version.as_str()), ("slot", slot.as_str()), ("day", "2026-11-25")];
    let moved = phone.post(&format!("{link}/move"), &fields).await;
    assert_eq!(moved.status, 303, "{}", moved.text);
    let again = phone.post(&format!("{link}/move"), &fields).await;
    assert_eq!((again.status, again.location()), (303, moved.location()), "the second click leads to the same booking");
    let new = behind(&world, moved.location()).await;
    assert_eq!((new.status, new.moved_from, new.slot), (Status::Confirmed, Some(first.id), slots[2]));
    assert!(phone.get(&link).await.contains("Đã đổi lịch"));
    assert!(times(&world, "TMH").await.contains(&slots[0]));
    let old = [("id", &AppointmentId::new().to_string()[..]), ("version", version.as_str()), ("slot", slot.as_str())].map(|(k, v)| (k, v.to_owned()));
    let old: Vec<(&str, &str)> = old.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_ne!(phone.post(&format!("{link}/move"), &old).await.status, 303, "what was moved does not move again");
}

#[tokio::test]
async fn a_booking_is_cancelled_until_the_hour_and_then_by_telephone() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut phone = world.stranger();
    let link = book(&world, &mut phone, "NHI", slots[0], &khue()).await;
    let a = confirm(&world, &link).await;
    let before = phone.get(&format!("{link}/calendar.ics")).await;
    assert!(before.contains("METHOD:PUBLISH\r\n") && before.contains(&format!("UID:{}@yba.vn", a.id)) && before.contains("TZID:Asia/Ho_Chi_Minh"), "{}", before.text);
    assert!(before.text.split("\r\n").all(|line| line.len() <= 75));
    let version = a.version.to_string();
    let stale = phone.post(&format!("{link}/cancellation"), &[("version", "1"), ("reason", "bận")]).await;
    assert!(stale.status == 422 && stale.contains("vừa được đổi"), "{}", stale.text);
    assert_eq!(phone.post(&format!("{link}/cancellation"), &[("version", &version), ("reason", "bận")]).await.status, 303);
    let after = phone.get(&format!("{link}/calendar.ics")).await;
    assert!(after.contains("METHOD:CANCEL\r\n") && after.contains("STATUS:CANCELLED") && after.contains(&format!("SEQUENCE:{}", a.version + 1)), "{}", after.text);

    let link = book(&world, &mut phone, "NHI", slots[1], &khue()).await;
    let a = confirm(&world, &link).await;
    let version = a.version.to_string();
    until(&world, a.starts_at - TimeDelta::minutes(60));
    let late = phone.post(&format!("{link}/cancellation"), &[("version", &version), ("reason", "bận")]).await;
    assert!(late.status == 422 && late.contains("Đã qua giờ tự đổi hoặc hủy"), "{}", late.text);
    assert_eq!(phone.post(&format!("{link}/move"), &[("version", &version), ("slot", &slots[5].to_string()), ("id", &AppointmentId::new().to_string())]).await.status, 422);
}

#[tokio::test]
async fn a_booking_is_found_by_code_and_phone_and_not_by_guessing() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut phone = world.stranger();
    let link = book(&world, &mut phone, "NHI", slots[0], &khue()).await;
    let code = behind(&world, &link).await.code;
    let mut other = world.stranger();
    for _ in 0..12 {
        // Who is right is never locked out by being right.
        let found = other.post("/booking/find", &[("code", &scheduling::code::shown(&code)), ("phone", "0900 000 001")]).await;
        assert_eq!(found.status, 303, "{}", found.text);
        assert_eq!(other.get(found.location()).await.status, 200);
    }
    let wrong_code = std::iter::repeat_with(scheduling::code::fresh).find(|c| *c != code).unwrap();
    let strip = |text: &str| text.split("<main").nth(1).unwrap().split("<form").next().unwrap().to_owned();
    let a = other.post("/booking/find", &[("code", &wrong_code), ("phone", "0900000001")]).await;
    let b = other.post("/booking/find", &[("code", &code), ("phone", "0900000002")]).await;
    assert_eq!((a.status, b.status, strip(&a.text)), (422, 422, strip(&b.text)), "nobody learns which of the two was wrong");
    for _ in 0..8 {
        other.post("/booking/find", &[("code", &code), ("phone", "0900000002")]).await;
    }
    let locked = other.post("/booking/find", &[("code", &code), ("phone", "0900000001")]).await;
    assert!(locked.status == 422 && locked.contains("quá nhiều lần thử"), "{}", locked.text);
    world.clock.advance(TimeDelta::minutes(61));
    assert_eq!(other.post("/booking/find", &[("code", &code), ("phone", "0900000001")]).await.status, 303);
}

#[tokio::test]
async fn a_visit_is_rated_once_and_only_when_it_is_over() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut phone = world.stranger();
    let link = book(&world, &mut phone, "NHI", slots[0], &khue()).await;
    let a = confirm(&world, &link).await;
    assert_eq!(phone.post(&format!("{link}/rating"), &[("stars", "5")]).await.status, 422, "not before the visit");
    until(&world, a.starts_at);
    let mut tx = world.tx("84101").await;
    let typed = patient::demographics::Typed { name: a.name.clone(), birth: "10/01/2026".into(), sex: "female".into(), contact_name: "Nguyễn Văn An".into(), contact_relation: "father".into(), contact_phone: "0900000001".into(), ..Default::default() };
    let who = patient::demographics::Demographics::check(&typed, a.day).unwrap();
    tx.purpose("person-index").await.unwrap();
    let made = patient::api::register_new(&mut tx, base::PatientId::new(), &who, patient::store::register::Source::Typed).await.unwrap();
    let visit = EncounterId::new();
    scheduling::arrival::check_in(&mut tx, a.id, a.version, made.patient, visit).await.unwrap();
    tx.commit().await.unwrap();
    let line = phone.get(&link).await;
    assert!(line.contains("Còn trước bạn") && line.contains("0 người"), "{}", line.text);
    let mut tx = world.tx("84101").await;
    change::fulfil(&mut tx, visit).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(phone.post(&format!("{link}/rating"), &[("stars", "9")]).await.status, 422);
    let kind = [("stars", "5"), ("words", "Bác sĩ dặn kỹ")];
    assert_eq!(phone.post(&format!("{link}/rating"), &kind).await.status, 303);
    assert_eq!(phone.post(&format!("{link}/rating"), &[("stars", "1")]).await.status, 303, "the second click changes nothing");
    assert!(phone.get(&link).await.contains("Cảm ơn ý kiến"));
    let mut tx = world.tx("84101").await;
    let stars: Vec<i16> = sqlx::query_scalar("SELECT stars FROM portal_rating").fetch_all(tx.conn()).await.unwrap();
    assert_eq!(stars, [5]);
    drop(tx);
    let mut tx = world.tx("84102").await;
    let elsewhere: i64 = sqlx::query_scalar("SELECT count(*) FROM portal_rating").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(elsewhere, 0, "another house sees none of it");
}

#[tokio::test]
async fn a_browser_is_forgotten_after_a_month_and_a_stolen_cookie_after_goodbye() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut phone = world.stranger();
    book(&world, &mut phone, "NHI", slots[0], &with(khue(), "reason", "")).await;
    world.drain().await;
    let cookie = phone.cookie(portal::proof::COOKIE).unwrap().to_owned();
    assert!(!cookie.contains("0900000001"));
    let mut thief = world.stranger();
    thief.set_cookie(portal::proof::COOKIE, &cookie);
    assert!(thief.get("/me").await.contains("Khám Nhi"));
    phone.post("/me/sign-out", &[]).await;
    assert!(!thief.get("/me").await.contains("Khám Nhi"));
    let mut second = world.stranger();
    world.clock.advance(TimeDelta::minutes(2));
    book(&world, &mut second, "NHI", slots[4], &with(khue(), "name", "Nguyễn Văn An")).await;
    world.drain().await;
    assert!(second.get("/me").await.contains("Khám Nhi"));
    world.clock.advance(TimeDelta::days(31));
    assert!(!second.get("/me").await.contains("Khám Nhi"));
}

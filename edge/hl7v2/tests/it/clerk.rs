//! Doubts about who is meant, and facts that two houses know differently.

use crate::house::{House, IN_HSTC, IN_KNOI, about, code, message, open};

/// Nguyễn Văn An is known here without a citizen number.
async fn known_an(house: &House) {
    let mut desk = house.world.sign_in_as("tiepnhan.84001").await;
    drop(desk.get("/app").await);
    let mut tx = house.world.db.begin(
        db::Scope::FacilityFor(testkit::facility("84001"), "person-index"),
        base::Actor::system(testkit::facility("84001")),
        house.world.clock.now(),
    ).await.unwrap();
    let typed = patient::Typed { name: "Nguyễn Văn An".into(), birth: "15/03/1985".into(), sex: "male".into(), phone: "0911222333".into(), ..patient::Typed::default() };
    let who = patient::Demographics::check(&typed, "2026-11-24".parse().unwrap()).unwrap();
    let person = patient::store::register::person_for(&mut tx, "").await.unwrap();
    patient::store::register::insert_patient(&mut tx, base::PatientId::new(), person, &who, patient::store::register::Source::Typed).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_doubtful_person_waits_for_the_clerk_and_later_messages_wait_behind() {
    let house = open().await;
    known_an(&house).await;
    for (kind, id, more) in [("ADT^A01", "1", IN_KNOI), ("ADT^A02", "2", IN_HSTC), ("ADT^A08", "3", "")] {
        assert_eq!(code(&house.send(&message(kind, id, more)).await), "AA");
    }
    assert_eq!(house.text("SELECT string_agg(state, ' ' ORDER BY control_id) FROM exchange_message").await, "clerk behind behind");
    assert_eq!(house.count("SELECT count(*) FROM encounter_encounter").await, 0);
    let mut clerk = house.world.sign_in_as("khth.84001").await;
    let page = clerk.get("/app/exchange/desk").await;
    assert!(page.contains("NGUYỄN VĂN AN") && page.contains("Chưa rõ là ai"));
    let id = house.text("SELECT message_id::text FROM exchange_message WHERE state = 'clerk'").await;
    let path = format!("/app/exchange/desk/{id}");
    let page = clerk.get(&path).await;
    assert!(page.contains("Là người này") && page.contains("Lập hồ sơ mới") && page.contains("15/03/1985"), "{}", page.text);
    assert_eq!(clerk.post(&path, &[("who", "")]).await.status, 422);
    let patient = house.text("SELECT patient_id::text FROM patient_patient").await;
    assert_eq!(clerk.post(&path, &[("who", &patient)]).await.status, 303);
    assert_eq!(clerk.post(&path, &[("who", &patient)]).await.status, 303, "the second click changes nothing");
    assert_eq!(house.text("SELECT string_agg(state, ' ' ORDER BY control_id) FROM exchange_message").await, "applied applied applied");
    assert_eq!(house.count("SELECT count(*) FROM patient_patient").await, 1);
    assert_eq!(house.text("SELECT r.code FROM encounter_encounter e JOIN organization_room r USING (facility_id, room_id)").await, "HSTC");
    // The number is known from now on; the telephone followed the sender by rule.
    assert_eq!(house.text("SELECT how FROM exchange_identifier").await, "clerk");
    assert_eq!(house.text("SELECT phone FROM patient_patient").await, "0900000001");
}

#[tokio::test]
async fn the_clerk_may_say_that_it_is_somebody_new() {
    let house = open().await;
    known_an(&house).await;
    house.send(&message("ADT^A01", "1", IN_KNOI)).await;
    let mut clerk = house.world.sign_in_as("khth.84001").await;
    let id = house.text("SELECT message_id::text FROM exchange_message").await;
    assert_eq!(clerk.post(&format!("/app/exchange/desk/{id}"), &[("who", "new")]).await.status, 303);
    assert_eq!(house.count("SELECT count(*) FROM patient_patient").await, 2);
    assert_eq!(house.text("SELECT state FROM exchange_message").await, "applied");
}

#[tokio::test]
async fn a_number_that_suddenly_means_somebody_else_is_not_believed() {
    let house = open().await;
    assert_eq!(code(&house.send(&message("ADT^A01", "1", IN_KNOI)).await), "AA");
    let other = about("BN1", "LÊ^BƯỞI^THỊ", "19900101", "F", "ADT^A08", "2", "");
    let answer = house.send(&other).await;
    assert_eq!(code(&answer), "AA");
    assert!(answer.get("NTE", 3, 1).contains("trước đây là Nguyễn Văn An"));
    assert_eq!(house.text("SELECT string_agg(name, ',') FROM patient_patient").await, "Nguyễn Văn An");
    assert_eq!(house.text("SELECT state FROM exchange_message WHERE control_id = '2'").await, "clerk");
}

#[tokio::test]
async fn a_corrected_name_is_compared_side_by_side() {
    let house = open().await;
    house.send(&message("ADT^A01", "1", IN_KNOI)).await;
    let answer = house.send(&about("BN1", "NGUYỄN^ÂN^VĂN", "19850315", "M", "ADT^A08", "2", "")).await;
    assert_eq!(code(&answer), "AA");
    assert_eq!(house.text("SELECT name FROM patient_patient").await, "Nguyễn Văn An", "nothing changes by itself");
    let mut clerk = house.world.sign_in_as("khth.84001").await;
    assert!(clerk.get("/app/exchange/desk").await.contains("Thông tin hành chính khác với hồ sơ"));
    let id = house.text("SELECT message_id::text FROM exchange_difference").await;
    let path = format!("/app/exchange/differences/{id}");
    assert!(clerk.get(&path).await.contains("Nguyễn Văn Ân"));
    assert_eq!(clerk.post(&path, &[("name", "theirs")]).await.status, 303);
    assert_eq!(house.text("SELECT name FROM patient_patient").await, "Nguyễn Văn Ân");
    assert_eq!(house.text("SELECT before->>'name' FROM patient_revision").await, "Nguyễn Văn An");
    assert!(clerk.get("/app/exchange/desk").await.contains("Không có gì chờ"));
    // The other hospital's clerk finds nothing under this address.
    assert_eq!(house.world.sign_in_as("quantri.84101").await.get(&path).await.status, 404);
}

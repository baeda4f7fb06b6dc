//! From the door to the room: the desk's form, numbers without gaps, the board, the neighbours.

use crate::clinic;
use testkit::{Client, Page, World, demo_id};

/// The desk's form for a first visit.
fn first_visit<'a>(page: &Page, room: &'a str) -> Vec<(&'static str, String)> {
    let hidden = |name: &str| page.input(name).unwrap_or_default();
    vec![
        ("id", hidden("id")),
        ("new_patient", hidden("new_patient")),
        ("known", hidden("known")),
        ("version", hidden("version")),
        ("card", hidden("card")),
        ("name", "Lâm Thị Mỹ Linh".into()),
        ("birth", "12/06/1974".into()),
        ("sex", "female".into()),
        ("phone", "0912345678".into()),
        ("room", room.into()),
        ("reason", "Đau đầu".into()),
        ("payer", "self".into()),
    ]
}

async fn send(client: &mut Client, path: &str, fields: &[(&'static str, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    client.post(path, &fields).await
}

fn room() -> String {
    demo_id("84101", "room", "NOI1").to_string()
}

#[tokio::test]
async fn a_first_visit_gets_a_number_and_a_double_click_changes_nothing() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let page = desk.get("/app/reception/new").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let form = first_visit(&page, &room());
    let first = send(&mut desk, "/app/reception", &form).await;
    assert_eq!(first.status, 303, "{}", first.text);
    let again = send(&mut desk, "/app/reception", &form).await;
    assert_eq!((again.status, again.location()), (303, first.location()));
    let today = desk.get(first.location()).await;
    assert!(today.contains("Lâm Thị Mỹ Linh") && today.contains("In số"), "{}", today.text);
    let mut tx = world.tx("84101").await;
    let counted: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM patient_patient), (SELECT count(*) FROM encounter_encounter), (SELECT count(*) FROM encounter_ticket)",
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    assert_eq!(counted, (1, 1, 1));
    let paper = desk.get(&format!("/app/encounters/{}/ticket.pdf", form[0].1)).await;
    assert_eq!(paper.status, 200);
}

#[tokio::test]
async fn problems_come_back_with_everything_typed() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let page = desk.get("/app/reception/new").await;
    let mut form = first_visit(&page, "");
    form.iter_mut().find(|(k, _)| *k == "birth").unwrap().1 = "31/02/2024".into();
    let refused = send(&mut desk, "/app/reception", &form).await;
    assert_eq!(refused.status, 422);
    for kept in ["Lâm Thị Mỹ Linh", "31/02/2024", "Đau đầu", "tháng 2/2024 có 29 ngày", "Chọn phòng để cấp số"] {
        assert!(refused.contains(kept), "{kept}: {}", refused.text);
    }
    assert_eq!(refused.input("id"), page.input("id"));
    let foreign = demo_id("84102", "room", "P1").to_string();
    assert_eq!(send(&mut desk, "/app/reception", &first_visit(&page, &foreign)).await.status, 422);
}

#[tokio::test]
async fn somebody_very_alike_must_be_acknowledged() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let page = desk.get("/app/reception/new").await;
    assert_eq!(send(&mut desk, "/app/reception", &first_visit(&page, &room())).await.status, 303);
    let second = desk.get("/app/reception/new").await;
    let mut form = first_visit(&second, &room());
    let refused = send(&mut desk, "/app/reception", &form).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("Có hồ sơ rất giống") && refused.contains(" %"), "{}", refused.text);
    form.push(("acknowledged", "1".into()));
    assert_eq!(send(&mut desk, "/app/reception", &form).await.status, 303);
}

#[tokio::test]
async fn fifty_at_once_get_fifty_numbers_without_a_gap() {
    let world = clinic::world().await;
    let mut people = Vec::new();
    for _ in 0..50 {
        people.push(clinic::register(&world, &clinic::MR_AN).await);
    }
    let arrivals = people.into_iter().map(|p| clinic::arrive(&world, p, "Sốt"));
    futures_util::future::join_all(arrivals).await;
    let mut tx = world.tx("84101").await;
    let numbers: Vec<i32> =
        sqlx::query_scalar("SELECT number FROM encounter_ticket ORDER BY number").fetch_all(tx.conn()).await.unwrap();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_person_holds_one_number_per_room_and_day() {
    let world = clinic::world().await;
    let patient = clinic::register(&world, &clinic::MR_AN).await;
    clinic::arrive(&world, patient, "Sốt").await;
    let mut machine = world.machine().await;
    let visit = serde_json::json!({ "patient_id": patient.0, "room_id": room() });
    let refused = machine.post_json("/api/v1/encounters", &visit).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("đang có số chờ ở phòng này"));
    // Tomorrow is another day; the day changes at midnight in Vietnam, 17:00 UTC.
    world.clock.advance(chrono::TimeDelta::minutes(15 * 60 + 59));
    assert_eq!(world.machine().await.post_json("/api/v1/encounters", &visit).await.status, 422, "23:59 is still today");
    world.clock.advance(chrono::TimeDelta::minutes(2));
    let next_day = world.machine().await.post_json("/api/v1/encounters", &visit).await;
    assert_eq!(next_day.status, 201, "{}", next_day.text);
    assert_eq!(next_day.json()["ticket_number"], 1);
    assert_eq!(next_day.json()["day"], "2026-11-25");
}

#[tokio::test]
async fn a_scanned_card_fills_compares_and_never_overwrites_by_itself() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let card = "084085012399||NGUYỄN VĂN ĐẠT|15031985|Nam|Ấp Phú Hòa, Xã Long Hồ, Tỉnh Vĩnh Long|20042021";
    let go = desk.post("/app/scan", &[("code", card)]).await;
    assert_eq!(go.status, 200, "{}", go.text);
    let page = desk.get(go.json()["go"].as_str().unwrap()).await;
    assert_eq!(page.input("name").as_deref(), Some("Nguyễn Văn Đạt"));
    assert_eq!(page.input("cccd").as_deref(), Some("084085012399"));
    let mut form = first_visit(&page, &room());
    for (key, value) in form.iter_mut() {
        match *key {
            "name" | "birth" => *value = page.input(key).unwrap_or_default(),
            "phone" => *value = "0900000009".into(),
            _ => {}
        }
    }
    form.retain(|(k, _)| *k != "sex");
    form.extend([("sex", "male".to_owned()), ("cccd", "084085012399".into()), ("cccd_issued_on", "20/04/2021".into())]);
    let saved = send(&mut desk, "/app/reception", &form).await;
    assert_eq!(saved.status, 303, "{}", saved.text);

    let newer = card.replace("20042021", "11062025");
    let go = desk.post("/app/scan", &[("code", &newer)]).await.json();
    let go = go["go"].as_str().unwrap().to_owned();
    assert!(go.contains("patient="), "{go}");
    let compare = desk.get(&go).await;
    assert!(compare.contains("20/04/2021") && compare.contains("11/06/2025") && compare.contains("take.cccd_issued_on"), "{}", compare.text);
    let mut form = first_visit(&compare, &demo_id("84101", "room", "NHI").to_string());
    form.push(("take.cccd_issued_on", "new".into()));
    let saved = send(&mut desk, "/app/reception", &form).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let mut tx = world.tx("84101").await;
    let row: (String, String, String) =
        sqlx::query_as("SELECT cccd_issued_on::text, phone, name FROM patient_patient WHERE cccd = '084085012399'")
            .fetch_one(tx.conn())
            .await
            .unwrap();
    assert_eq!(row, ("2025-06-11".into(), "0900000009".into(), "Nguyễn Văn Đạt".into()));
}

#[tokio::test]
async fn an_insurance_card_is_compared_too_and_the_visit_names_it() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let card = |to: &str| {
        let name: String = "Lý Thị Mận".bytes().map(|b| format!("{b:02x}")).collect();
        format!("GD4848412349999|{name}|09/08/1990|2|-|84 - 101|01/01/2026|{to}|-|-|-|4|-|-|-$")
    };
    let go = desk.post("/app/scan", &[("code", &card("31/12/2026"))]).await.json();
    let page = desk.get(go["go"].as_str().unwrap()).await;
    let mut form = first_visit(&page, &room());
    for key in ["name", "birth", "card_no", "card_from", "card_to", "card_registered_at"] {
        form.retain(|(k, _)| *k != key);
        form.push((key, page.input(key).unwrap_or_default()));
    }
    form.retain(|(k, _)| *k != "sex" && *k != "payer");
    form.extend([("sex", "female".to_owned()), ("payer", "insurance".into())]);
    let saved = send(&mut desk, "/app/reception", &form).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let mut tx = world.tx("84101").await;
    let (to, proven): (String, bool) = sqlx::query_as(
        "SELECT c.valid_to::text, p.identity_verified_at IS NOT NULL FROM encounter_encounter e
         JOIN patient_coverage c USING (facility_id, coverage_id)
         JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id WHERE p.name = 'Lý Thị Mận'",
    )
    .fetch_one(tx.conn())
    .await
    .expect("the first insured visit names the card");
    assert_eq!((to.as_str(), proven), ("2026-12-31", false));
    drop(tx);

    let go = desk.post("/app/scan", &[("code", &card("31/12/2027"))]).await.json();
    let compare = desk.get(go["go"].as_str().unwrap()).await;
    assert!(compare.contains("31/12/2026") && compare.contains("take.card_to"), "{}", compare.text);
    let mut form = first_visit(&compare, &demo_id("84101", "room", "NHI").to_string());
    form.retain(|(k, _)| *k != "payer");
    form.extend([("take.card_to", "new".to_owned()), ("payer", "insurance".into())]);
    let saved = send(&mut desk, "/app/reception", &form).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let mut tx = world.tx("84101").await;
    let ends: Vec<String> = sqlx::query_scalar(
        "SELECT c.valid_to::text FROM encounter_encounter e JOIN patient_coverage c USING (facility_id, coverage_id) ORDER BY e.opened_at, e.encounter_id",
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    assert_eq!(ends, ["2026-12-31", "2027-12-31"]);
}

#[tokio::test]
async fn broken_and_foreign_codes_are_told_to_the_desk() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    for (code, says) in [
        ("084085012399||NGUYỄN", "không đủ 7 phần"),
        ("00020101021238540010A000000727", "chuyển khoản"),
        ("https://example.vn", "trang web"),
        ("999999999999", "Không có người bệnh"),
        ("", "Không có người bệnh"),
    ] {
        let page = desk.post("/app/scan", &[("code", code)]).await;
        assert_eq!(page.status, 422, "{code}: {}", page.text);
        assert!(page.text.contains(says), "{code}: {}", page.text);
    }
    let huge = "9".repeat(900_000);
    assert!(desk.post("/app/scan", &[("code", &huge)]).await.text.contains("quá dài"));
}

#[tokio::test]
async fn calling_moving_and_cancelling() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let room = room();
    let an = clinic::register(&world, &clinic::MR_AN).await;
    let khue = clinic::register(&world, &clinic::BABY_KHUE).await;
    let first = clinic::arrive(&world, an, "Sốt").await;
    let second = clinic::arrive(&world, khue, "Ho").await;
    let called = desk.post("/app/queue/call", &[("room", room.as_str())]).await;
    assert_eq!(called.status, 303, "{}", called.text);
    let board = world.stranger().get(&format!("/board/{room}")).await;
    assert_eq!(board.status, 200, "{}", board.text);
    assert!(board.contains("Mời người bệnh số") && !board.contains("Nguyễn Văn An"), "{}", board.text);
    let all = world.stranger().get(&format!("/board/{room}?view=all")).await;
    assert_eq!(all.status, 200);
    assert_eq!(world.stranger().get(&format!("/board/{}", uuid::Uuid::now_v7())).await.status, 404);

    let nhi = demo_id("84101", "room", "NHI").to_string();
    let moved = desk.post(&format!("/app/encounters/{second}/room"), &[("room", nhi.as_str())]).await;
    assert_eq!(moved.status, 303, "{}", moved.text);
    let gone = desk.post(&format!("/app/encounters/{first}/cancel"), &[("reason", "Người bệnh về")]).await;
    assert_eq!(gone.status, 303, "{}", gone.text);
    assert_eq!(desk.post(&format!("/app/encounters/{second}/cancel"), &[("reason", "")]).await.status, 422);
    let list = desk.get("/app/reception?show=cancelled").await;
    assert!(list.contains("Nguyễn Văn An"));
}

#[tokio::test]
async fn the_neighbours_and_the_wrong_right() {
    let world: World = clinic::world().await;
    let an = clinic::register(&world, &clinic::MR_AN).await;
    let visit = clinic::arrive(&world, an, "Sốt").await;
    let mut other = world.sign_in_as("tiepnhan.84102").await;
    let reason = [("reason", "x"), ("room", "00000000-0000-0000-0000-000000000000")];
    for path in ["room", "cancel"] {
        assert_eq!(other.post(&format!("/app/encounters/{visit}/{path}"), &reason).await.status, 404, "{path}");
    }
    assert_eq!(other.get(&format!("/app/encounters/{visit}/ticket.pdf")).await.status, 404);
    assert_eq!(other.get(&format!("/app/reception/new?patient={an}")).await.status, 404);
    let mut tx = world.tx("84101").await;
    let ticket: uuid::Uuid = sqlx::query_scalar("SELECT ticket_id FROM encounter_ticket").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(other.post(&format!("/app/queue/tickets/{ticket}/call"), &[]).await.status, 404);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.post(&format!("/app/encounters/{visit}/cancel"), &reason).await.status, 403);
}

#[tokio::test]
async fn visits_follow_a_merge_and_come_back_to_the_byte() {
    let world = clinic::world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let kept = clinic::register(&world, &clinic::MR_AN).await;
    let gone = clinic::register(&world, &clinic::MR_AN).await;
    let visit = clinic::arrive(&world, gone, "Sốt").await;
    let row = async |world: &World| -> serde_json::Value {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT to_jsonb(e) FROM encounter_encounter e WHERE encounter_id = $1")
            .bind(visit.0)
            .fetch_one(tx.conn())
            .await
            .unwrap()
    };
    let before = row(&world).await;
    let page = desk.get(&format!("/app/patients/{kept}/merge?with={gone}")).await;
    let id = page.input("id").unwrap();
    let form = [("id", id.as_str()), ("gone", &gone.to_string())].map(|(k, v)| (k, v.to_owned()));
    assert_eq!(send(&mut desk, &format!("/app/patients/{kept}/merge"), &form).await.status, 303);
    world.drain().await;
    assert_eq!(row(&world).await["patient_id"], kept.to_string());
    assert_eq!(desk.post(&format!("/app/patients/merges/{id}/undo"), &[]).await.status, 303);
    world.drain().await;
    assert_eq!(row(&world).await, before);
    assert!(world.failed_jobs("84101").await.is_empty());
}

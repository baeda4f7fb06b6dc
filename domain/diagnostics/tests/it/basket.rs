//! The doctor fills the basket and sends it.

use crate::world::{add, add_as, by_hand, clinic, events, person, place, service, statuses, visit};
use base::EncounterId;
use chrono::TimeDelta;
use testkit::demo_id;
use uuid::Uuid;

#[tokio::test]
async fn a_basket_is_sent_once_however_often_it_is_clicked() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    let blood = add(&mut doctor, visit, "XN01").await;
    assert_eq!(add_as(&mut doctor, visit, blood, &service("XN01").to_string()).await.status, 303, "the second click");
    let scan = add(&mut doctor, visit, "SA01").await;
    let sugar = add(&mut doctor, visit, "XN02").await;
    let page = doctor.get(&format!("/app/encounters/{visit}")).await;
    for seen in ["Tổng phân tích tế bào máu", "49.700", "58.600", "Còn 3 chỉ định chưa gửi", "Gửi 3 chỉ định"] {
        assert!(page.contains(seen), "{seen}: {}", page.text);
    }
    assert_eq!(events(&world, "84101", "OrdersPlaced").await.len(), 0, "drafts concern nobody else");
    for _ in 0..2 {
        let sent = place(&mut doctor, visit, &[blood, scan, sugar]).await;
        assert_eq!((sent.status, sent.location()), (303, format!("/app/encounters/{visit}?tab=3").as_str()), "{}", sent.text);
    }
    let told = events(&world, "84101", "OrdersPlaced").await;
    assert_eq!(told.len(), 1, "one basket, one event");
    assert_eq!(told[0]["orders"].as_array().map(Vec::len), Some(3));
    assert_eq!((told[0]["day"].as_str(), told[0]["patient"].as_str()), (Some("2026-11-24"), Some(patient.to_string().as_str())));
    assert!(statuses(&mut doctor, visit).await.iter().all(|(_, status)| status == "placed"));
    // Two rooms, two slips, and what this doctor orders stands ready next time.
    let page = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert_eq!(page.text.matches("In phiếu").count(), 2, "{}", page.text);
    let next = crate::world::visit(&world, "84101", patient).await;
    assert!(doctor.get(&format!("/app/encounters/{next}")).await.contains("Hay chỉ định"));
    world.drain().await;
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_price_of_the_day_is_shown_and_kept() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    add(&mut doctor, visit, "XN01").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let path = format!("/app/catalogue/services/{}/prices", service("XN01"));
    assert_eq!(owner.post(&path, &[("price", "99000"), ("valid_from", "25/11/2026")]).await.status, 303);
    assert!(doctor.get(&format!("/app/encounters/{visit}")).await.contains("49.700"));
    // A visit of today that is still open after midnight keeps today's prices.
    world.clock.advance(TimeDelta::hours(17));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    add(&mut doctor, visit, "XN01").await;
    let page = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert!(page.contains("49.700") && !page.contains("99.000"), "{}", page.text);
    let tomorrow = crate::world::visit(&world, "84101", patient).await;
    add(&mut doctor, tomorrow, "XN01").await;
    assert!(doctor.get(&format!("/app/encounters/{tomorrow}")).await.contains("99.000"));
}

#[tokio::test]
async fn a_repetition_is_told_and_never_refused() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let first = visit(&world, "84101", patient).await;
    let order = add(&mut doctor, first, "XN01").await;
    place(&mut doctor, first, &[order]).await;
    world.clock.advance(TimeDelta::days(5));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let second = visit(&world, "84101", patient).await;
    let found = doctor.get(&format!("/app/encounters/{second}/orders/suggestions?q=ctm")).await;
    assert!(found.contains("Đã chỉ định 24/11") && found.contains("49.700"), "{}", found.text);
    let again = add(&mut doctor, second, "XN01").await;
    let page = doctor.get(&format!("/app/encounters/{second}")).await;
    assert!(page.contains("ngày 24/11/2026 (5 ngày trước)"), "{}", page.text);
    assert_eq!(place(&mut doctor, second, &[again]).await.status, 303, "the doctor decides");
    // The owner may shorten the days for one service, and another person's orders never count.
    let stranger = person(&world, "84101", "Trần Văn Bình").await;
    let third = visit(&world, "84101", stranger).await;
    assert!(!doctor.get(&format!("/app/encounters/{third}/orders/suggestions?q=ctm")).await.contains("Đã chỉ định"));
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = service("XN01").to_string();
    let fields = [("key", "order.duplicate_days"), ("value", "0"), ("service", id.as_str())];
    assert_eq!(owner.post("/app/catalogue/parameters", &fields).await.status, 303);
    let fourth = visit(&world, "84101", patient).await;
    assert!(!doctor.get(&format!("/app/encounters/{fourth}/orders/suggestions?q=ctm")).await.contains("Đã chỉ định"));
}

#[tokio::test]
async fn twice_in_one_visit_is_told_at_once() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    add(&mut doctor, visit, "SA01").await;
    let double = add(&mut doctor, visit, "SA01").await;
    doctor.set_header("hx-request", "true");
    let page = doctor.get(&format!("/app/encounters/{visit}/orders")).await;
    assert!(page.contains("Đã có trong lượt này") && page.contains("hx-partial"), "{}", page.text);
    let removed = doctor.post(&format!("/app/encounters/{visit}/orders/drafts/{double}/removed"), &[]).await;
    assert!(removed.status == 200 && !removed.contains("Đã có trong lượt này"), "{}", removed.text);
    assert_eq!(doctor.post(&format!("/app/encounters/{visit}/orders/drafts/{double}/removed"), &[]).await.status, 200);
}

#[tokio::test]
async fn bad_input_is_answered_in_place() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    doctor.set_header("hx-request", "true");
    for (service_id, says) in [("", "Chưa chọn dịch vụ"), ("nonsense", "Chưa chọn dịch vụ")] {
        let page = add_as(&mut doctor, visit, Uuid::now_v7(), service_id).await;
        assert!(page.status == 422 && page.contains(says), "{}", page.text);
    }
    assert_eq!(add_as(&mut doctor, visit, Uuid::now_v7(), &Uuid::now_v7().to_string()).await.status, 404);
    let exam = add_as(&mut doctor, visit, Uuid::now_v7(), &service("KNOI").to_string()).await;
    assert!(exam.status == 422 && exam.contains("công khám"), "{}", exam.text);
    let order = Uuid::now_v7();
    assert_eq!(add_as(&mut doctor, visit, order, &service("XN01").to_string()).await.status, 200);
    for typed in ["0", "-5", "100", "99999999999999999999", "hai"] {
        let path = format!("/app/encounters/{visit}/orders/drafts/{order}/quantity");
        let page = doctor.post(&path, &[("quantity", typed)]).await;
        assert!(page.status == 422 && page.contains("Nhập từ 1 đến 99"), "{typed}: {}", page.text);
    }
    let path = format!("/app/encounters/{visit}/orders/placed");
    let long = "á".repeat(501);
    let id = order.to_string();
    let page = doctor.post(&path, &[("order", &id), ("note", &long), ("priority", "yesterday")]).await;
    assert!(page.status == 422 && page.contains("tối đa 500") && page.contains(&long), "what was typed stays");
    let page = doctor.post(&path, &[("order", "nonsense")]).await;
    assert!(page.status == 422 && page.contains("đang trống"), "{}", page.text);
    assert_eq!(events(&world, "84101", "OrdersPlaced").await.len(), 0);
    // A finished visit takes nothing more, and says so.
    by_hand(&world, "84101", "UPDATE encounter_encounter SET status = 'finished' WHERE encounter_id = $1", visit.0).await;
    let late = add_as(&mut doctor, visit, Uuid::now_v7(), &service("XN02").to_string()).await;
    assert!(late.status == 422 && late.contains("đã kết thúc"), "{}", late.text);
    let late = doctor.post(&path, &[("order", &id)]).await;
    assert!(late.status == 422 && late.contains("đã kết thúc"), "{}", late.text);
}

#[tokio::test]
async fn a_set_is_kept_offered_and_added_once() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let first = visit(&world, "84101", patient).await;
    let orders = [add(&mut doctor, first, "XN01").await, add(&mut doctor, first, "SA01").await];
    let set = Uuid::now_v7();
    let set_text = set.to_string();
    let keep = format!("/app/encounters/{first}/orders/kept");
    let fields = [("id", set_text.as_str()), ("name", "Đau bụng"), ("icd", "k29, R10")];
    for _ in 0..2 {
        assert_eq!(doctor.post(&keep, &fields).await.status, 303);
    }
    let nameless = doctor.post(&keep, &[("id", &Uuid::now_v7().to_string()), ("name", " ")]).await;
    assert!(nameless.status == 422 && nameless.contains("Chưa có tên bộ"), "{}", nameless.text);
    place(&mut doctor, first, &orders).await;
    // In the next visit one click adds both lines, a second click nothing.
    let second = visit(&world, "84101", patient).await;
    assert!(!doctor.get(&format!("/app/encounters/{second}")).await.contains("Gợi ý theo chẩn đoán"));
    by_hand(
        &world,
        "84101",
        "INSERT INTO encounter_diagnosis (facility_id, diagnosis_id, encounter_id, patient_id, code, name, place, recorded_at, recorded_by)
         SELECT facility_id, encounter_id, encounter_id, patient_id, 'K29.7', 'Viêm dạ dày', 0, opened_at, patient_id
         FROM encounter_encounter WHERE encounter_id = $1",
        second.0,
    )
    .await;
    assert!(doctor.get(&format!("/app/encounters/{second}")).await.contains("Gợi ý theo chẩn đoán"));
    let minted = Uuid::now_v7().to_string();
    for _ in 0..2 {
        let added = doctor.post(&format!("/app/encounters/{second}/orders/sets/{set}"), &[("id", &minted)]).await;
        assert_eq!(added.status, 303, "{}", added.text);
    }
    assert_eq!(statuses(&mut doctor, second).await.len(), 2);
    // Another doctor does not see it; nor does another facility.
    let mut colleague = world.sign_in_as("bacsi.lan.84101").await;
    assert!(!colleague.get(&format!("/app/encounters/{second}")).await.contains("Đau bụng"));
    assert_eq!(colleague.post(&format!("/app/encounters/{second}/orders/sets/{set}"), &[("id", &minted)]).await.status, 404);
    assert_eq!(colleague.post(&format!("/app/orders/sets/{set}/ended"), &[]).await.status, 404);
    // "Again as last time" brings the same services.
    let third = visit(&world, "84101", patient).await;
    let minted = Uuid::now_v7().to_string();
    for _ in 0..2 {
        let path = format!("/app/encounters/{third}/orders/repeated");
        assert_eq!(doctor.post(&path, &[("id", &minted)]).await.status, 303);
    }
    let mut codes: Vec<String> = statuses(&mut doctor, third).await.into_iter().map(|(code, _)| code).collect();
    codes.sort();
    assert_eq!(codes, ["SA01", "XN01"]);
    assert_eq!(doctor.post(&format!("/app/orders/sets/{set}/ended"), &[]).await.status, 303);
    assert!(!doctor.get(&format!("/app/encounters/{third}")).await.contains("Đau bụng"));
}

#[tokio::test]
async fn other_facilities_orders_do_not_exist() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    let order = add(&mut doctor, visit, "XN01").await;
    place(&mut doctor, visit, &[order]).await;
    let code = doctor.get(&format!("/api/v1/encounters/{visit}/orders")).await.json()[0]["slip_code"].as_str().expect("a slip").to_owned();
    let mut stranger = world.sign_in_as("bacsi.84102").await;
    stranger.set_header("hx-request", "true");
    for path in [
        format!("/app/encounters/{visit}/orders"),
        format!("/app/encounters/{visit}/orders/suggestions?q=ctm"),
        format!("/app/encounters/{visit}/orders/slips/{code}"),
        format!("/api/v1/encounters/{visit}/orders"),
    ] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    let id = Uuid::now_v7().to_string();
    let foreign = demo_id("84101", "service", "XN01").to_string();
    let fields = [("id", id.as_str()), ("service", foreign.as_str()), ("reason", "thử xem sao"), ("quantity", "2")];
    for path in [
        format!("/app/encounters/{visit}/orders/drafts"),
        format!("/app/encounters/{visit}/orders/drafts/{order}/quantity"),
        format!("/app/encounters/{visit}/orders/drafts/{order}/removed"),
        format!("/app/encounters/{visit}/orders/placed"),
        format!("/app/encounters/{visit}/orders/repeated"),
        format!("/app/encounters/{visit}/orders/kept"),
        format!("/app/encounters/{visit}/orders/{order}/cancelled"),
    ] {
        assert_eq!(stranger.post(&path, &fields).await.status, 404, "{path}");
    }
    // An own visit does not open another facility's service or order either.
    let neighbour = person(&world, "84102", "Lê Văn Ba").await;
    let own: EncounterId = crate::world::visit(&world, "84102", neighbour).await;
    assert_eq!(add_as(&mut stranger, own, Uuid::now_v7(), &foreign).await.status, 404);
    assert_eq!(stranger.post(&format!("/app/encounters/{own}/orders/{order}/cancelled"), &fields).await.status, 404);
    assert_eq!(statuses(&mut doctor, visit).await, [("XN01".to_owned(), "placed".to_owned())]);
    // Who may not order sees the basket and cannot add.
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(add_as(&mut cashier, visit, Uuid::now_v7(), &foreign).await.status, 403);
    assert!(!cashier.get(&format!("/app/encounters/{visit}")).await.contains("order-find"));
}

#[tokio::test]
async fn the_book_of_sets_is_kept_outside_any_visit() {
    let world = clinic().await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let set = Uuid::now_v7().to_string();
    let (blood, sugar) = (service("XN01").to_string(), service("XN02").to_string());
    let page = doctor.get(&format!("/app/orders/sets/{set}?new=1")).await;
    assert!(page.status == 200 && page.contains("Bộ chỉ định mới"), "{}", page.text);
    let empty = doctor.post("/app/orders/sets", &[("id", set.as_str()), ("name", "Tiểu đường")]).await;
    assert!(empty.status == 422 && empty.contains("chưa có dịch vụ nào") && empty.contains("Tiểu đường"), "{}", empty.text);
    for _ in 0..2 {
        let made = doctor.post("/app/orders/sets", &[("id", set.as_str()), ("name", "Tiểu đường"), ("icd", "E11"), ("add", &blood)]).await;
        assert_eq!(made.location(), format!("/app/orders/sets/{set}"), "{}", made.text);
    }
    let change = [("name", "Đái tháo đường"), ("icd", "E11"), ("service", blood.as_str()), ("quantity", "0"), ("add", &sugar)];
    assert_eq!(doctor.post(&format!("/app/orders/sets/{set}"), &change).await.status, 303);
    let book = doctor.get("/app/orders/sets").await;
    assert!(book.contains("Đái tháo đường") && book.contains("Định lượng Glucose máu") && !book.contains("Tổng phân tích tế bào máu"), "{}", book.text);
    assert!(doctor.get("/app/orders/services?q=hba1c").await.contains("Định lượng HbA1c"));
    // What it holds is what the basket gets.
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let visit = visit(&world, "84101", patient).await;
    let minted = Uuid::now_v7().to_string();
    assert_eq!(doctor.post(&format!("/app/encounters/{visit}/orders/sets/{set}"), &[("id", &minted)]).await.status, 303);
    assert_eq!(statuses(&mut doctor, visit).await, [("XN02".to_owned(), "draft".to_owned())]);
    for (client, status) in [("bacsi.lan.84101", 404), ("xetnghiem.84101", 403), ("dieuduong.84102", 403)] {
        assert_eq!(world.sign_in_as(client).await.get(&format!("/app/orders/sets/{set}")).await.status, status, "{client}");
    }
    let foreign = demo_id("84102", "service", "KBSGD").to_string();
    assert_eq!(doctor.post(&format!("/app/orders/sets/{set}"), &[("name", "X"), ("add", &foreign)]).await.status, 404);
    assert_eq!(doctor.post(&format!("/app/orders/sets/{set}/ended"), &[]).await.status, 303);
    assert_eq!(doctor.get(&format!("/app/orders/sets/{set}")).await.status, 404);
}

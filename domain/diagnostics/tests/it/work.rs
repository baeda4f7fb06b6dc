//! Orders on their way: paid, carried out, cancelled; and when the visit or the record behind them changes.

use crate::world::{add, by_hand, clinic, events, person, place, statuses, visit};
use base::{EncounterId, Event, OrderId, PatientId};
use testkit::World;
use uuid::Uuid;

/// One sent order of a fresh visit.
async fn sent(world: &World, code: &str) -> (PatientId, EncounterId, Uuid) {
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let patient = person(world, "84101", "Nguyễn Thị An").await;
    let visit = visit(world, "84101", patient).await;
    let order = add(&mut doctor, visit, code).await;
    assert_eq!(place(&mut doctor, visit, &[order]).await.status, 303);
    (patient, visit, order)
}

async fn tell(world: &World, event: Event) {
    let mut tx = world.tx("84101").await;
    tx.emit(event);
    tx.commit().await.expect("told");
    world.drain().await;
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn where_payment_comes_first_unpaid_orders_wait_out_of_sight() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[("pay_first", "1")]).await.status, 303);
    let (_, visit, order) = sent(&world, "XN01").await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let list = lab.get("/app/orders?room=all").await;
    assert!(list.contains("Không còn chỉ định nào chờ") && !list.contains("Nguyễn Thị An"), "{}", list.text);
    let early = lab.post(&format!("/app/orders/{order}/collected"), &[]).await;
    assert!(early.status == 422 && early.contains("chưa thanh toán"), "{}", early.text);
    let paid = Event::OrdersPaid { encounter: visit, orders: vec![OrderId(order)] };
    tell(&world, paid.clone()).await;
    tell(&world, paid).await;
    assert!(lab.get("/app/orders?room=all").await.contains("Nguyễn Thị An"));
    for _ in 0..2 {
        assert_eq!(lab.post(&format!("/app/orders/{order}/collected"), &[]).await.status, 303);
    }
    for _ in 0..2 {
        assert_eq!(lab.post(&format!("/app/orders/{order}/done"), &[]).await.status, 303);
    }
    assert!(!lab.get("/app/orders?room=all").await.contains("Nguyễn Thị An"));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert!(doctor.get(&format!("/app/encounters/{visit}")).await.contains("Đã làm"));
}

#[tokio::test]
async fn without_that_rule_orders_are_seen_at_once() {
    let world = clinic().await;
    let (_, _, order) = sent(&world, "XN01").await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let room = testkit::demo_id("84101", "room", "XN");
    let list = lab.get(&format!("/app/orders?room={room}")).await;
    assert!(list.contains("Nguyễn Thị An") && list.contains("Đau thượng vị sau ăn"), "{}", list.text);
    assert_eq!(lab.get(&format!("/app/orders?room={}", Uuid::now_v7())).await.status, 404);
    let mut neighbour = world.sign_in_as("dieuduong.84102").await;
    assert!(!neighbour.get("/app/orders?room=all").await.contains("Nguyễn Thị An"));
    assert_eq!(neighbour.post(&format!("/app/orders/{order}/collected"), &[]).await.status, 404);
    assert_eq!(lab.post(&format!("/app/orders/{order}/done"), &[]).await.status, 422, "nothing is done before it began");
}

#[tokio::test]
async fn after_the_sample_a_cancellation_needs_its_reason() {
    let world = clinic().await;
    let (_, visit, order) = sent(&world, "XN01").await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    lab.post(&format!("/app/orders/{order}/collected"), &[]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{visit}/orders/{order}/cancelled");
    let bare = doctor.post(&path, &[("reason", " ")]).await;
    assert!(bare.status == 422 && bare.contains("ghi lý do hủy"), "{}", bare.text);
    assert_eq!(lab.post(&path, &[("reason", "mẫu vỡ hồng cầu")]).await.status, 403, "the laboratory asks the doctor");
    for _ in 0..2 {
        assert_eq!(doctor.post(&path, &[("reason", "mẫu vỡ hồng cầu")]).await.status, 303);
    }
    assert_eq!(events(&world, "84101", "OrderCancelled").await.len(), 1, "told once");
    let page = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert!(page.contains("Đã hủy") && page.contains("mẫu vỡ hồng cầu"), "the order stays readable");
    let mut tx = world.tx("84101").await;
    let gone = sqlx::query("DELETE FROM diagnostics_order WHERE order_id = $1").bind(order).execute(tx.conn()).await;
    assert!(gone.is_err(), "what was ordered is never deleted");
}

#[tokio::test]
async fn before_the_sample_no_reason_is_asked_and_after_the_result_nothing_is_cancelled() {
    let world = clinic().await;
    let (_, visit, order) = sent(&world, "SA01").await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{visit}/orders/{order}/cancelled");
    assert_eq!(doctor.post(&path, &[]).await.status, 303);
    let (_, visit, order) = sent(&world, "SA01").await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    lab.post(&format!("/app/orders/{order}/collected"), &[]).await;
    lab.post(&format!("/app/orders/{order}/done"), &[]).await;
    let path = format!("/app/encounters/{visit}/orders/{order}/cancelled");
    let late = doctor.post(&path, &[("reason", "nhầm người bệnh")]).await;
    assert!(late.status == 422 && late.contains("đã làm xong"), "{}", late.text);
}

#[tokio::test]
async fn a_slip_tells_room_service_person_and_barcode() {
    let world = clinic().await;
    let (_, visit, _) = sent(&world, "XN01").await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let code = doctor.get(&format!("/api/v1/encounters/{visit}/orders")).await.json()[0]["slip_code"].as_str().expect("a slip").to_owned();
    by_hand(
        &world,
        "84101",
        "INSERT INTO encounter_diagnosis (facility_id, diagnosis_id, encounter_id, patient_id, code, name, place, recorded_at, recorded_by)
         SELECT facility_id, encounter_id, encounter_id, patient_id, 'K29.7', 'Viêm dạ dày', 0, opened_at, patient_id
         FROM encounter_encounter WHERE encounter_id = $1",
        visit.0,
    )
    .await;
    let paper = doctor.get(&format!("/app/encounters/{visit}/orders/slips/{code}")).await;
    assert_eq!(paper.status, 200);
    for printed in ["order-slip", code.as_str(), "Nguyễn Thị An", "Tổng phân tích tế bào máu", "49700", "BS. Lê Hoàng Phúc", "Phòng khám Đa khoa An Tâm", "K29.7"] {
        assert!(paper.contains(printed), "{printed}: {}", paper.text);
    }
    assert_eq!(doctor.get(&format!("/app/encounters/{visit}/orders/slips/CD000000AAAAAAA")).await.status, 404);
}

#[tokio::test]
async fn a_cancelled_visit_leaves_nothing_waiting() {
    let world = clinic().await;
    let (_, visit, order) = sent(&world, "XN01").await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    add(&mut doctor, visit, "SA01").await;
    by_hand(&world, "84101", "UPDATE encounter_encounter SET status = 'cancelled' WHERE encounter_id = $1", visit.0).await;
    let called_off = Event::EncounterCancelled { encounter: visit };
    tell(&world, called_off.clone()).await;
    tell(&world, called_off).await;
    assert_eq!(statuses(&mut doctor, visit).await, [("XN01".to_owned(), "cancelled".to_owned())]);
    let told = events(&world, "84101", "OrderCancelled").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["order"].as_str(), Some(order.to_string().as_str()));
}

#[tokio::test]
async fn orders_follow_their_person_through_a_merge_and_back() {
    let world = clinic().await;
    let (gone, _, _) = sent(&world, "XN01").await;
    let kept = person(&world, "84101", "Nguyễn Thị An").await;
    let next = visit(&world, "84101", kept).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let suggestions = format!("/app/encounters/{next}/orders/suggestions?q=ctm");
    assert!(!doctor.get(&suggestions).await.contains("Đã chỉ định"));
    let merged = Event::PatientsMerged { kept, gone };
    tell(&world, merged.clone()).await;
    tell(&world, merged).await;
    assert!(doctor.get(&suggestions).await.contains("Đã chỉ định 24/11"));
    tell(&world, Event::PatientsUnmerged { kept, restored: gone }).await;
    assert!(!doctor.get(&suggestions).await.contains("Đã chỉ định"));
}

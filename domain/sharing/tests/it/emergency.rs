//! Opening a record because life is in danger: a reason, four hours, the patient and the auditor told.

use crate::house::{House, ask_form, paper, patient_of};
use chrono::TimeDelta;
use uuid::Uuid;

async fn open_visit(house: &House) {
    let mut tx = house.world.tx("84101").await;
    let now = house.world.clock.now();
    sqlx::query(
        "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, status, day, opened_at, opened_by)
         VALUES ($1, $2, $3, $4, $5, 'in_progress', $6, $7, $2)",
    )
    .bind(testkit::facility("84101").0)
    .bind(Uuid::now_v7())
    .bind(patient_of("84101"))
    .bind(crate::house::AN)
    .bind(testkit::demo_id("84101", "room", "NOI1"))
    .bind(base::local_date(now))
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn four_hours_with_a_reason_and_everybody_told() {
    let house = House::open().await;
    let mut doctor = house.world.sign_in_as("bacsi.84101").await;
    let id = Uuid::now_v7();
    let mut form = ask_form(id);
    form[4].1 = "Hôn mê, không có người nhà".into();
    let typed: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let nobody_here = doctor.post("/app/sharing/emergencies", &typed).await;
    assert!(nobody_here.status == 422 && nobody_here.contains("Tiếp nhận cấp cứu trước"), "{}", nobody_here.text);
    open_visit(&house).await;
    let mut short = form.clone();
    short[4].1 = "gấp".into();
    let short: Vec<(&str, &str)> = short.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_eq!(doctor.post("/app/sharing/emergencies", &short).await.status, 422);
    assert_eq!(doctor.post("/app/sharing/emergencies", &typed).await.status, 303);
    assert_eq!(doctor.post("/app/sharing/emergencies", &typed).await.status, 303, "the second click");

    let list = doctor.get(&format!("/app/sharing/inquiries/{id}")).await;
    assert!(list.contains("Giấy ra viện") && list.contains("Kết quả xét nghiệm"), "{}", list.text);
    assert!(!list.contains("tâm thần"), "what is specially protected stays closed");
    let file = format!("/app/sharing/inquiries/{id}/documents/{}/file", paper(1));
    assert_eq!(doctor.get(&file).await.status, 200);
    let told = house.messages().await;
    assert_eq!(told.iter().filter(|text| text.contains("mở hồ sơ của bạn để cấp cứu")).count(), 1, "{told:?}");

    let mut auditor = house.world.sign_in_as("giamdoc.84001").await;
    let emergencies = auditor.get("/app/sharing/emergencies").await;
    assert!(emergencies.contains("Chưa xem xét") && emergencies.contains("Hôn mê"), "{}", emergencies.text);
    assert_eq!(auditor.post(&format!("/app/sharing/requests/{id}/review"), &[("verdict", "justified")]).await.status, 303);
    assert!(auditor.get("/app/sharing/emergencies").await.contains("Đã xem xét"));

    house.world.clock.advance(TimeDelta::hours(4) - TimeDelta::minutes(1));
    let mut doctor = house.world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get(&file).await.status, 200);
    house.world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(doctor.get(&file).await.status, 403);
}

#[tokio::test]
async fn a_nurse_opens_nothing_in_an_emergency() {
    let house = House::open().await;
    open_visit(&house).await;
    let mut nurse = house.world.sign_in_as("dieuduong.84101").await;
    let form = ask_form(Uuid::now_v7());
    let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_eq!(nurse.post("/app/sharing/emergencies", &form).await.status, 403);
}

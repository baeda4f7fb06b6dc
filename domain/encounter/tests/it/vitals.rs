//! The nurse measures who waits.

use crate::clinic::{self, BABY_KHUE, count};
use serde_json::json;
use uuid::Uuid;

const MEASURED: &str = "SELECT count(*) FROM encounter_vitals WHERE encounter_id = $1 AND ended_at IS NULL";

#[tokio::test]
async fn measured_people_go_on_to_the_doctor() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let home = nurse.get("/app/vitals").await;
    assert_eq!(home.location(), format!("/app/vitals/{an}"), "the first who waits opens");
    let form = nurse.get(home.location()).await;
    assert!(form.contains("Nguyễn Văn An") && form.contains("Chưa khai thác dị ứng"));
    let id = form.input("id").unwrap();
    let fields = [
        ("id", id.as_str()),
        ("systolic", "128"),
        ("diastolic", "82"),
        ("pulse", "96"),
        ("temperature", "38,2"),
        ("spo2", "97"),
        ("breaths", "18"),
        ("weight", "68"),
        ("height", "173"),
        ("consciousness", "alert"),
    ];
    let path = format!("/app/encounters/{an}/vitals");
    assert_eq!(nurse.post(&path, &fields).await.status, 303);
    assert_eq!(nurse.post(&path, &fields).await.status, 303, "a second click is answered alike");
    assert_eq!(count(&world, MEASURED, an).await, 1, "and keeps one measurement");

    let again = [("id", &*Uuid::now_v7().to_string()), ("temperature", "37,9")].map(|(k, v)| (k, v.to_string()));
    let again: Vec<(&str, &str)> = again.iter().map(|(k, v)| (*k, v.as_str())).collect();
    nurse.post(&path, &again).await;
    assert_eq!(count(&world, MEASURED, an).await, 2, "several measurements are kept");
    let form = nurse.get(&format!("/app/vitals/{an}")).await;
    assert!(form.contains("HA 128/82"), "what was taken is shown");

    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains("T° 37,9"), "the latest stands in the banner");
}

#[tokio::test]
async fn half_typed_numbers_already_mean_something() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let fields = [("temperature", "38,2"), ("pulse", "1"), ("weight", "68"), ("height", "173")];
    let piece = nurse.post(&format!("/app/encounters/{an}/vitals/meaning"), &fields).await;
    assert_eq!(piece.status, 200);
    assert!(piece.contains("NEWS2") && piece.contains("Nhiệt độ 38,2 °C: 1 điểm"), "{}", piece.text);
    assert!(piece.contains("22,7") && piece.contains("Bình thường"));
    assert!(!piece.contains("Mạch 1"), "a pulse of 1 is a number that is not finished");
    assert_eq!(count(&world, MEASURED, an).await, 0, "nothing was kept");
}

#[tokio::test]
async fn impossible_values_are_refused_beside_the_field_and_nothing_is_lost() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let fields = [("systolic", "82"), ("diastolic", "128"), ("temperature", "382"), ("weight", "68"), ("pulse", "-5")];
    let page = nurse.post(&format!("/app/encounters/{an}/vitals"), &fields).await;
    assert_eq!(page.status, 422);
    for text in ["Số dưới phải nhỏ hơn số trên", "Nhiệt độ 382,0 °C không thể có", "Mạch chỉ gồm chữ số"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(page.input("weight").as_deref(), Some("68"), "what was right is still there");
    assert_eq!(count(&world, MEASURED, an).await, 0);
}

#[tokio::test]
async fn a_baby_is_measured_against_babies() {
    let world = clinic::world().await;
    let patient = clinic::register(&world, &BABY_KHUE).await;
    let khue = clinic::arrive(&world, patient, "Sốt, bỏ bú").await;
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let fields =
        [("weight", "6,1"), ("height", "71"), ("temperature", "39,0"), ("behaviour", "irritable"), ("pulse", "150")];
    let piece = nurse.post(&format!("/app/encounters/{khue}/vitals/meaning"), &fields).await;
    assert!(piece.contains("PEWS") && piece.contains("kích thích, quấy khóc: 2 điểm"), "{}", piece.text);
    assert!(piece.contains("Cân nặng theo tuổi") && piece.contains("Nhẹ cân"), "{}", piece.text);
}

#[tokio::test]
async fn a_wrong_measurement_ends_with_a_reason() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let id = Uuid::now_v7().to_string();
    nurse.post(&format!("/app/encounters/{an}/vitals"), &[("id", &id), ("temperature", "38,2")]).await;
    let path = format!("/app/encounters/{an}/vitals/{id}/ended");
    assert_eq!(nurse.post(&path, &[("end_reason", "")]).await.status, 422);
    assert_eq!(nurse.post(&path, &[("end_reason", "Đo nhầm người")]).await.status, 303);
    assert_eq!(count(&world, MEASURED, an).await, 0);
    let kept = "SELECT count(*) FROM encounter_vitals WHERE encounter_id = $1";
    assert_eq!(count(&world, kept, an).await, 1, "the row is ended, not gone");
    assert_eq!(nurse.post(&path, &[("end_reason", "Đo nhầm người")]).await.status, 404, "there is nothing left to end");
}

#[tokio::test]
async fn a_device_sends_the_same_reading_twice() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut device = world.machine().await;
    device.set_header("idempotency-key", "omron-0001");
    let path = format!("/api/v1/encounters/{an}/vitals");
    let reading = json!({ "systolic_mmhg": 182, "diastolic_mmhg": 96, "pulse_bpm": 88, "temperature_c": 36.8 });
    let first = device.post_json(&path, &reading).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.json()["alarms"][0], "Huyết áp tâm thu 182 mmHg");
    assert_eq!(device.post_json(&path, &reading).await.json()["id"], first.json()["id"]);
    assert_eq!(count(&world, MEASURED, an).await, 1);
    device.remove_header("idempotency-key");
    for bad in [
        json!({}),
        json!({ "pulse_bpm": 1e300 }),
        json!({ "pulse_bpm": -1 }),
        json!({ "systolic_mmhg": 120 }),
        json!({ "consciousness": "asleep", "pulse_bpm": 80 }),
    ] {
        let page = device.post_json(&path, &bad).await;
        assert_eq!(page.status, 422, "{bad}: {}", page.text);
        assert!(!page.json()["errors"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn who_may_not_measure_and_who_may_not_know() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let path = format!("/app/encounters/{an}/vitals");
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.post(&path, &[("pulse", "80")]).await.status, 403);
    let mut elsewhere = world.sign_in_as("dieuduong.84102").await;
    assert_eq!(elsewhere.post(&path, &[("pulse", "80")]).await.status, 404);
    assert_eq!(elsewhere.get(&format!("/app/vitals/{an}")).await.status, 404);
    assert_eq!(count(&world, MEASURED, an).await, 0);
}

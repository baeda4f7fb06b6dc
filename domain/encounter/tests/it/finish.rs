//! The last word on a visit.

use crate::clinic::{self, count, diagnose};
use chrono::TimeDelta;
use uuid::Uuid;

const EVENTS: &str =
    "SELECT count(*) FROM db_event WHERE kind = 'EncounterFinished' AND payload->>'encounter' = $1::uuid::text";
const VERSIONS: &str = "SELECT count(*) FROM encounter_note WHERE encounter_id = $1";

#[tokio::test]
async fn everything_missing_is_told_at_once_and_what_was_typed_is_kept() {
    let world = clinic::world().await;
    let patient = clinic::register(&world, &clinic::MR_AN).await;
    let an = clinic::arrive(&world, patient, "").await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let page = clinic::finish(&mut doctor, an, Uuid::now_v7(), &[("section.exam", "Họng đỏ")]).await;
    assert_eq!(page.status, 422);
    for text in ["Chưa ghi lý do khám", "Chưa có chẩn đoán chính", "Chưa chọn hướng xử trí", "3 chỗ cần sửa", "Họng đỏ"]
    {
        assert!(page.contains(text), "{text}");
    }
    let again = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(again.contains("Họng đỏ"));
    assert_eq!(count(&world, VERSIONS, an).await, 0);
}

#[tokio::test]
async fn a_double_click_finishes_once() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    diagnose(&mut doctor, an, "J02.9").await;
    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    let (version, note_id) = (chart.input("version").unwrap(), chart.input("note_id").unwrap());
    let fields = [
        ("version", &*version),
        ("note_id", &*note_id),
        ("section.exam", "Họng đỏ"),
        ("go.kind", "follow_up"),
        ("go.follow_up_on", "2026-12-01"),
        ("go.advice", "Uống nhiều nước"),
    ];
    let path = format!("/app/encounters/{an}/finished");
    let mut other_tab = doctor.clone();
    let (first, second) = tokio::join!(doctor.post(&path, &fields), other_tab.post(&path, &fields));
    assert_eq!((first.status, second.status), (303, 303), "{} {}", first.text, second.text);
    let third = doctor.post(&path, &fields).await;
    assert_eq!(third.status, 303, "a lost answer asked again is answered alike");
    assert_eq!((count(&world, VERSIONS, an).await, count(&world, EVENTS, an).await), (1, 1));

    let chart = doctor.get(&format!("/app/encounters/{an}")).await;
    assert!(chart.contains("Đã kết thúc") && chart.contains("Họng đỏ") && chart.input("section.exam").is_none());
    let sheet = doctor.get(&format!("/app/encounters/{an}/exam-sheet.pdf")).await;
    assert!(sheet.contains("exam-sheet") && sheet.contains("J02.9") && sheet.contains("Uống nhiều nước"));
    let slip = doctor.get(&format!("/app/encounters/{an}/follow-up.pdf")).await;
    assert!(slip.contains("follow-up") && slip.contains("2026-12-01"));
    let closed =
        doctor.put(&format!("/app/encounters/{an}/note"), &[("section.exam", "sửa lén"), ("version", "9")]).await;
    assert_eq!(closed.status, 422, "a finished note takes nothing");
}

#[tokio::test]
async fn an_autosave_under_way_is_no_second_person() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    diagnose(&mut doctor, an, "J02.9").await;
    let version = doctor.get(&format!("/app/encounters/{an}")).await.input("version").unwrap();
    doctor.put(&format!("/app/encounters/{an}/note"), &[("section.exam", "Họng"), ("version", &version)]).await;
    let fields = [
        ("version", &*version),
        ("note_id", &*Uuid::now_v7().to_string()),
        ("section.exam", "Họng đỏ"),
        ("go.kind", "home"),
    ]
    .map(|(k, v)| (k, v.to_string()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let page = doctor.post(&format!("/app/encounters/{an}/finished"), &fields).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert!(doctor.get(&format!("/app/encounters/{an}")).await.contains("Họng đỏ"));
}

#[tokio::test]
async fn a_colleagues_words_stop_the_finish_and_both_texts_are_told() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let (mut phuc, mut lan) = (world.sign_in_as("bacsi.84101").await, world.sign_in_as("bacsi.lan.84101").await);
    diagnose(&mut phuc, an, "J02.9").await;
    let version = phuc.get(&format!("/app/encounters/{an}")).await.input("version").unwrap();
    lan.put(&format!("/app/encounters/{an}/note"), &[("section.exam", "Phổi trong"), ("version", &version)]).await;
    let page = phuc
        .post(
            &format!("/app/encounters/{an}/finished"),
            &[("version", &version), ("section.exam", "Họng đỏ"), ("go.kind", "home")],
        )
        .await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Phổi trong") && page.contains("Chữ của bạn: “Họng đỏ”"));
    assert_eq!(count(&world, VERSIONS, an).await, 0);
}

#[tokio::test]
async fn a_visit_that_crosses_midnight_keeps_its_day() {
    let world = clinic::world().await;
    world.clock.advance(TimeDelta::hours(15) + TimeDelta::minutes(50));
    let an = clinic::mr_an_waits(&world).await;
    world.clock.advance(TimeDelta::minutes(20));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    diagnose(&mut doctor, an, "J02.9").await;
    let page =
        clinic::finish(&mut doctor, an, Uuid::now_v7(), &[("go.kind", "follow_up"), ("go.follow_up_on", "25/11/2026")])
            .await;
    assert_eq!(page.status, 303, "the day after the visit's day, though it is that day already: {}", page.text);
    let day = "SELECT count(*) FROM encounter_encounter WHERE encounter_id = $1 AND day = '2026-11-24'";
    assert_eq!(count(&world, day, an).await, 1);
}

#[tokio::test]
async fn a_code_that_stopped_fitting_is_found_at_the_end() {
    let world = clinic::world().await;
    let patient =
        clinic::register(&world, &clinic::Person { name: "Đỗ Thị Mai", sex: "female", birth: (1999, 5, 1) }).await;
    let mai = clinic::arrive(&world, patient, "Khám thai").await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    diagnose(&mut doctor, mai, "O26.9").await;
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE patient_patient SET sex = 'male' WHERE patient_id = $1")
        .bind(patient.0)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = clinic::finish(&mut doctor, mai, Uuid::now_v7(), &[("go.kind", "home")]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("chỉ dùng cho nữ"), "the record was corrected meanwhile");
}

#[tokio::test]
async fn each_way_to_leave_asks_for_its_own() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    diagnose(&mut doctor, an, "J02.9").await;
    for (fields, missing) in [
        (vec![("go.kind", "follow_up"), ("go.follow_up_on", "31/02/2027")], "31/02/2027 không có trong lịch"),
        (vec![("go.kind", "follow_up"), ("go.follow_up_on", "24/11/2026")], "Ngày hẹn phải sau ngày khám"),
        (vec![("go.kind", "transferred")], "Ghi tên cơ sở nhận người bệnh"),
        (vec![("go.kind", "died"), ("go.reason", "Ngừng tuần hoàn")], "Ghi giờ và ngày tử vong"),
    ] {
        let page = clinic::finish(&mut doctor, an, Uuid::now_v7(), &fields).await;
        assert_eq!(page.status, 422);
        assert!(page.contains(missing), "{missing}");
    }
    assert_eq!(count(&world, VERSIONS, an).await, 0);
}

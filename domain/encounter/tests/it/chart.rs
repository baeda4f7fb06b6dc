//! The whole booklet on one screen.

use crate::clinic;
use std::collections::BTreeSet;

/// Seven hundred visits over two years, written behind the application's back.
async fn with_700_visits(world: &testkit::World) -> base::EncounterId {
    let patient = clinic::register(world, &clinic::MR_AN).await;
    let mut tx = world.tx("84101").await;
    sqlx::query(
        "WITH visits AS (
             INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, status, reason, day, opened_at, finished_at, opened_by)
             SELECT p.facility_id, gen_random_uuid(), p.patient_id, p.person_id, $2, 'finished', 'Lần ' || n, ($3 - n * interval '1 day')::date,
                    $3 - n * interval '1 day', $3 - n * interval '1 day', p.created_by
             FROM patient_patient p, generate_series(1, 700) n WHERE p.patient_id = $1
             RETURNING facility_id, encounter_id, patient_id, opened_at, opened_by)
         INSERT INTO encounter_diagnosis (facility_id, diagnosis_id, encounter_id, patient_id, code, name, place, recorded_at, recorded_by)
         SELECT facility_id, gen_random_uuid(), encounter_id, patient_id, d.code, d.name, d.place, opened_at, opened_by
         FROM visits, (VALUES ('I10', 'Tăng huyết áp', 0), ('E78.2', 'Tăng lipid máu hỗn hợp', 1)) AS d(code, name, place)",
    )
    .bind(patient.0)
    .bind(testkit::demo_id("84101", "room", "NOI1"))
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .expect("seven hundred visits");
    tx.commit().await.expect("committed");
    clinic::arrive(world, patient, "Tái khám").await
}

/// The button's address of the next dozen visits.
fn more(html: &str) -> Option<String> {
    let (_, after) = html.split_once("hx-get=\"/app/encounters/")?;
    let address = after.split('"').next()?.replace("&amp;", "&");
    address.contains("/earlier").then(|| format!("/app/encounters/{address}"))
}

#[tokio::test]
async fn seven_hundred_visits_open_in_one_answer_and_page_without_a_gap() {
    let world = clinic::world().await;
    let today = with_700_visits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let chart = doctor.get(&format!("/app/encounters/{today}")).await;
    assert_eq!(chart.status, 200);
    let mut seen = BTreeSet::new();
    let mut shown = 0;
    let mut piece = chart.text[chart.text.find("id=\"earlier\"").unwrap()..].to_string();
    loop {
        for part in piece.split("class=\"what\"").skip(1) {
            seen.insert(part.split("/app/encounters/").nth(1).unwrap()[..36].to_string());
            shown += 1;
        }
        let Some(next) = more(&piece) else { break };
        piece = doctor.get(&next).await.text;
    }
    assert_eq!((shown, seen.len()), (700, 700), "every visit once");
}

#[tokio::test]
async fn every_autosave_is_acknowledged_with_its_own_version() {
    let world = clinic::world().await;
    let today = with_700_visits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{today}/note");
    for n in 0..50 {
        let (text, version) = (format!("Khám lần {n}"), n.to_string());
        let page = doctor.put(&path, &[("section.exam", &text), ("version", &version)]).await;
        assert_eq!(page.json()["version"], n + 1, "{}", page.text);
    }
    let chart = doctor.get(&format!("/app/encounters/{today}")).await;
    assert!(chart.contains("Khám lần 49"), "the last words are there after a reload");
}

#[tokio::test]
async fn the_queue_calls_the_next_and_opens_the_chart() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.post("/app/encounters/called", &[]).await.status, 422, "no room was chosen");
    let room = testkit::demo_id("84101", "room", "NOI1").to_string();
    doctor.post("/app/room", &[("room", &room)]).await;
    let list = doctor.get("/app/encounters").await;
    assert!(list.contains("Nguyễn Văn An") && list.contains("Chờ khám"));
    let called = doctor.post("/app/encounters/called", &[]).await;
    assert_eq!(called.location(), format!("/app/encounters/{an}"));
    let nobody = doctor.post("/app/encounters/called", &[]).await;
    assert_eq!(nobody.location(), "/app/encounters?nobody=1");
    assert!(doctor.get("/app/encounters").await.contains("Đã gọi"));
}

#[tokio::test]
async fn silence_about_allergies_is_shown() {
    let world = clinic::world().await;
    let an = clinic::mr_an_waits(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{an}");
    assert!(doctor.get(&path).await.contains("Chưa khai thác dị ứng"));
    let mut tx = world.tx("84101").await;
    sqlx::query(
        "INSERT INTO patient_allergy (facility_id, allergy_id, patient_id, substance, substance_folded, severity, recorded_at, recorded_by)
         SELECT facility_id, gen_random_uuid(), patient_id, 'Sulfamid', 'sulfamid', 'severe', opened_at, opened_by
         FROM encounter_encounter WHERE encounter_id = $1",
    )
    .bind(an.0)
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query("UPDATE patient_patient SET allergy_state = 'recorded'").execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    let chart = doctor.get(&path).await;
    assert!(chart.contains("DỊ ỨNG") && chart.contains("Sulfamid"));
}

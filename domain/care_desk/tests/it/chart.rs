//! What the doctor sees of the call, and the return that a doctor asked for.

use crate::house::{FINE, booking, conclude, due, khue, next, world};
use base::{EncounterId, Event, PatientId};
use care_desk::task::Kind;
use patient::demographics::{Demographics, Typed};

#[tokio::test]
async fn the_doctor_reads_what_was_asked_before_the_visit() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let mut fields = FINE.to_vec();
    fields.extend_from_slice(&[("note", "Nhà có chị gái vừa bị cúm."), ("q.temperature", "38,9")]);
    assert_eq!(conclude(&mut han, &address, "confirmed", &fields).await.status, 303);
    world.clock.advance(chrono::TimeDelta::days(1));
    let confirmed = booking(&world, asked.id).await;
    let mut tx = world.tx("84101").await;
    let typed = Typed { name: asked.name.clone(), birth: "10/01/2026".into(), sex: "female".into(), contact_name: "Nguyễn Văn An".into(), contact_relation: "father".into(), contact_phone: "0900000001".into(), ..Typed::default() };
    let who = Demographics::check(&typed, base::local_date(tx.now)).unwrap();
    tx.purpose("person-index").await.unwrap();
    let made = patient::api::register_new(&mut tx, PatientId::new(), &who, patient::store::register::Source::Typed).await.unwrap();
    let visit = EncounterId::new();
    scheduling::arrival::check_in(&mut tx, asked.id, confirmed.version, made.patient, visit).await.unwrap();
    tx.commit().await.unwrap();
    let mut doctor = world.sign_in_as("bacsi.lan.84101").await;
    let chart = doctor.get(&format!("/app/encounters/{visit}")).await;
    for shown in ["Sàng lọc trước khám", "sốt 3 ngày", "Nhà có chị gái vừa bị cúm.", "38,9 °C", "Khó thở, rút lõm ngực"] {
        assert!(chart.contains(shown), "{shown}: {}", chart.text);
    }
}

#[tokio::test]
async fn a_return_that_nobody_booked_is_called_two_days_ahead() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    assert_eq!(conclude(&mut han, &address, "confirmed", FINE).await.status, 303);
    world.clock.advance(chrono::TimeDelta::days(1));
    let confirmed = booking(&world, asked.id).await;
    let mut tx = world.tx("84101").await;
    let today = base::local_date(tx.now);
    let typed = Typed { name: asked.name.clone(), birth: "10/01/2026".into(), sex: "female".into(), phone: "0900000001".into(), contact_name: "Nguyễn Văn An".into(), contact_relation: "father".into(), contact_phone: "0900000001".into(), ..Typed::default() };
    let who = Demographics::check(&typed, today).unwrap();
    tx.purpose("person-index").await.unwrap();
    let made = patient::api::register_new(&mut tx, PatientId::new(), &who, patient::store::register::Source::Typed).await.unwrap();
    let visit = EncounterId::new();
    scheduling::arrival::check_in(&mut tx, asked.id, confirmed.version, made.patient, visit).await.unwrap();
    let disposition = encounter::disposition::Disposition { kind: Some(encounter::disposition::Kind::FollowUp), follow_up_on: Some(today + chrono::Days::new(5)), ..Default::default() };
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(
        "INSERT INTO encounter_note (facility_id, note_id, encounter_id, version, template, sections, diagnoses, disposition, amend_reason, author, author_name, signed_at)
         VALUES ($1, $2, $3, 1, 'general', '{}', '[]', $4, '', $2, 'BS. Nguyễn Thị Lan', $5)",
    )
    .bind(facility)
    .bind(uuid::Uuid::from_u128(5))
    .bind(visit.0)
    .bind(sqlx::types::Json(&disposition))
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    for _ in 0..2 {
        tx.emit(Event::EncounterFinished { encounter: visit, patient: made.patient, at: now });
    }
    tx.commit().await.unwrap();
    world.drain().await;
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
    assert_eq!(due(&world).await, [], "not yet");
    world.clock.advance(chrono::TimeDelta::days(3) + chrono::TimeDelta::hours(1));
    let list = due(&world).await;
    assert_eq!(list.iter().map(|t| (t.kind(), t.name.as_str(), t.phone.as_str())).collect::<Vec<_>>(), [(Kind::FollowUp, "Nguyễn Minh Khuê", "0900000001")]);
}

//! What the doctor sees of the call, and the return that a doctor asked for.

use crate::house::{FINE, booking, conclude, khue, next, world};
use base::{EncounterId, PatientId};
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

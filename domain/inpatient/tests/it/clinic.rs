//! The hospital of these tests: the provincial general hospital (84001) with a few beds, and somebody at the door.

use base::{BedId, EncounterId, PatientId};
use chrono::NaiveDate;
use testkit::{Client, Page, World, demo_id};
use uuid::Uuid;

/// The hospital with orders, money and the ward; the record stays out, its answers are "nothing missing".
pub async fn world() -> World {
    let modules = vec![patient::module(), encounter::module(), diagnostics::module(), billing::module(), inpatient::module()];
    World::wired(modules, |wiring| {
        wiring.findings = std::sync::Arc::new(diagnostics::FindingDesk);
        wiring.dues = std::sync::Arc::new(billing::DueDesk);
    })
    .await
}

pub fn ward(code: &str) -> Uuid {
    demo_id("84001", "room", code)
}

/// A bed of a ward with the usual day charge.
pub async fn bed(world: &World, ward_code: &str, code: &str) -> BedId {
    let id = BedId::new();
    let mut tx = world.tx("84001").await;
    let facts = inpatient::bed::Facts {
        chamber: "Buồng A1 · Nam".into(),
        code: code.into(),
        kind: inpatient::bed::Kind::Ordinary,
        is_shared: false,
        service: Some(demo_id("84001", "service", "NG01")),
    };
    inpatient::store::bed::insert(&mut tx, id, base::RoomId(ward(ward_code)), &facts, world.clock.today()).await.expect("a bed");
    tx.commit().await.expect("kept");
    id
}

/// Somebody with a record at a facility.
pub async fn person(world: &World, facility: &str, name: &str) -> PatientId {
    let id = PatientId::new();
    let mut tx = world.tx(facility).await;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         VALUES ($1, $2, $3, patient_next_record($1), 'BN-' || right($2::text, 12), $4, $5, $6, 'male', $7, $8)",
    )
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(Uuid::now_v7())
    .bind(name)
    .bind(base::fold(name))
    .bind(NaiveDate::from_ymd_opt(1985, 3, 15))
    .bind(world.clock.now())
    .bind(Uuid::nil())
    .execute(tx.conn())
    .await
    .expect("a person");
    tx.commit().await.expect("kept");
    id
}

/// The form of admission, filled in.
pub fn admission(stay: EncounterId, patient: PatientId, ward_code: &str, bed: Option<BedId>) -> Vec<(&'static str, String)> {
    vec![
        ("id", stay.to_string()),
        ("patient", patient.to_string()),
        ("ward", ward(ward_code).to_string()),
        ("bed", bed.map(|b| b.to_string()).unwrap_or_default()),
        ("source", "emergency".into()),
        ("reason", "Sốt, ho, khó thở".into()),
        ("diagnosis_code", "J18.9".into()),
        ("payer", "self".into()),
    ]
}

pub async fn send(client: &mut Client, path: &str, fields: &[(&'static str, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    client.post(path, &fields).await
}

/// Admits somebody into a bed and expects it to work.
pub async fn admit(world: &World, client: &mut Client, name: &str, ward_code: &str, bed: Option<BedId>) -> (EncounterId, PatientId) {
    let (stay, patient) = (EncounterId::new(), person(world, "84001", name).await);
    let page = send(client, "/app/admissions", &admission(stay, patient, ward_code, bed)).await;
    assert_eq!(page.status, 303, "{}", page.text);
    (stay, patient)
}

/// An entry of the treatment sheet with one line of orders.
pub fn entry(id: Uuid, lines: &[(&'static str, &'static str, &'static str, &'static str)]) -> Vec<(String, String)> {
    let mut form = vec![
        ("id".to_owned(), id.to_string()),
        ("progress".to_owned(), "Còn sốt 38,5 °C, ran ẩm đáy phổi phải.".to_owned()),
        ("diagnosis".to_owned(), "Viêm phổi".to_owned()),
        ("care_level".to_owned(), "2".to_owned()),
        ("diet".to_owned(), "Cháo".to_owned()),
    ];
    for (n, (kind, name, dose, hours)) in lines.iter().enumerate() {
        for (part, value) in [("kind", *kind), ("name", *name), ("dose", *dose), ("hours", *hours), ("days", "1")] {
            form.push((format!("line.{n}.{part}"), value.to_owned()));
        }
    }
    form
}

pub async fn write(client: &mut Client, stay: EncounterId, form: &[(String, String)]) -> Page {
    let fields: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    client.post(&format!("/app/stays/{stay}/sheets"), &fields).await
}

/// The times of a stay: id, hour in Vietnam, status.
pub async fn times(world: &World, stay: EncounterId) -> Vec<(Uuid, String, String)> {
    let mut tx = world.tx("84001").await;
    sqlx::query_as("SELECT task_id, to_char(due_at AT TIME ZONE INTERVAL '07:00', 'DD HH24:MI'), status FROM inpatient_task WHERE encounter_id = $1 ORDER BY due_at, task_id")
        .bind(stay.0)
        .fetch_all(tx.conn())
        .await
        .expect("the times")
}

/// One number that the system sees at the hospital.
pub async fn count(world: &World, sql: &'static str, stay: EncounterId) -> i64 {
    let mut tx = world.tx("84001").await;
    sqlx::query_scalar(sql).bind(stay.0).fetch_one(tx.conn()).await.expect("a number")
}

/// The decision to go home, filled in.
pub fn decision(leave_at: &str) -> Vec<(&'static str, String)> {
    vec![
        ("outcome", "improved".into()),
        ("way", "discharged".into()),
        ("leave_at", leave_at.into()),
        ("diagnoses", "J18.9 Viêm phổi\nI10".into()),
        ("course", "Sốt, ho; sau điều trị hết sốt.".into()),
        ("treatment", "Kháng sinh, hạ sốt.".into()),
        ("condition", "Tỉnh, hết sốt.".into()),
        ("advice", "Uống thuốc theo đơn.".into()),
        ("follow_up_on", "05/12/2026".into()),
    ]
}

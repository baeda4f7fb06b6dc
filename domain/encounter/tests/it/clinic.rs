//! The clinic of these tests: An Tâm (84101) with a person in the waiting area, as reception leaves them.

use base::{EncounterId, PatientId, PersonId, RoomId};
use chrono::NaiveDate;
use encounter::priority::Class;
use encounter::store::reception::{Opening, open};
use testkit::{Client, Page, World, demo_id};
use uuid::Uuid;

/// The world with all catalogues, because diagnoses come from the list.
pub async fn world() -> World {
    World::with_catalogues(vec![patient::module(), encounter::module()]).await
}

/// Somebody at An Tâm.
pub struct Person {
    pub name: &'static str,
    pub sex: &'static str,
    pub birth: (i32, u32, u32),
}

pub const MR_AN: Person = Person { name: "Nguyễn Văn An", sex: "male", birth: (1985, 3, 15) };
pub const BABY_KHUE: Person = Person { name: "Nguyễn Minh Khuê", sex: "female", birth: (2026, 1, 20) };

pub async fn register(world: &World, person: &Person) -> PatientId {
    let (y, m, d) = person.birth;
    let (id, person_id) = (PatientId::new(), Uuid::now_v7());
    let mut tx = world.tx("84101").await;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         VALUES ($1, $2, $3, patient_next_record($1), 'AT-' || substr($2::text, 25), $4, $5, $6, $7, $8, $9)",
    )
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(person_id)
    .bind(person.name)
    .bind(base::fold(person.name))
    .bind(NaiveDate::from_ymd_opt(y, m, d))
    .bind(person.sex)
    .bind(world.clock.now())
    .bind(Uuid::nil())
    .execute(tx.conn())
    .await
    .expect("the person is registered");
    tx.commit().await.expect("committed");
    id
}

/// Reception sends the person to the first examination room.
pub async fn arrive(world: &World, patient: PatientId, reason: &str) -> EncounterId {
    let mut tx = world.tx("84101").await;
    let (person, name): (Uuid, String) =
        sqlx::query_as("SELECT person_id, name FROM patient_patient WHERE patient_id = $1")
            .bind(patient.0)
            .fetch_one(tx.conn())
            .await
            .expect("a registered person");
    let opening = Opening {
        encounter: EncounterId::new(),
        patient,
        person: PersonId(person),
        name,
        room: RoomId(demo_id("84101", "room", "NOI1")),
        service: None,
        visit_type: "01".into(),
        reason: reason.into(),
        payer: "self",
        coverage: None,
        class: Class::None,
        day: world.clock.today(),
        source: "walk_in",
        number: None,
    };
    let ticket = open(&mut tx, &opening).await.expect("a ticket");
    tx.commit().await.expect("committed");
    ticket.encounter
}

/// Mr An waits with a sore throat.
pub async fn mr_an_waits(world: &World) -> EncounterId {
    let patient = register(world, &MR_AN).await;
    arrive(world, patient, "Sốt, đau họng").await
}

/// The doctor adds a code and expects it to be taken.
pub async fn diagnose(doctor: &mut Client, id: EncounterId, code: &str) {
    let page = doctor.post(&format!("/app/encounters/{id}/diagnoses"), &[("code", code)]).await;
    assert_eq!(page.status, 303, "{code}: {}", page.text);
}

/// Finishes with a date to come back, whatever else the form carries.
pub async fn finish(doctor: &mut Client, id: EncounterId, note_id: Uuid, more: &[(&str, &str)]) -> Page {
    let chart = doctor.get(&format!("/app/encounters/{id}")).await;
    let version = chart.input("version").unwrap_or_default();
    let note_id = note_id.to_string();
    let mut fields = vec![("version", version.as_str()), ("note_id", note_id.as_str())];
    fields.extend_from_slice(more);
    doctor.post(&format!("/app/encounters/{id}/finished"), &fields).await
}

/// Counts rows that one facility sees.
pub async fn count(world: &World, sql: &'static str, id: EncounterId) -> i64 {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar(sql).bind(id.0).fetch_one(tx.conn()).await.expect("a count")
}

//! People and visits for the tests of prescribing. The tables of people and visits come from their own slices; only
//! their migrations are needed here.

use base::{EncounterId, PatientId};
use serde_json::Value;
use testkit::{Client, Page, World};
use uuid::Uuid;
use web::{Ctx, Migration, Module, PanelFor, Path, get};

macro_rules! migrations {
    ($($slice:literal / $name:literal),+ $(,)?) => {
        vec![$(Migration {
            name: $name,
            sql: include_str!(concat!("../../../", $slice, "/migrations/", $name, ".sql")),
        }),+]
    };
}

/// A page with the places that prescribing hangs on, as the visit's own page has them.
pub fn chart() -> Module {
    async fn page(ctx: Ctx, Path(id): Path<EncounterId>) -> web::Answer {
        use web::IntoResponse;
        let mut tx = ctx.begin().await?;
        let about = PanelFor { encounter: Some(id), patient: None };
        let mut all = String::new();
        for place in ["encounter.prescription", "encounter.checks", "encounter.totals"] {
            all.push_str(&ctx.panels(place, &mut tx, &about).await?.join("\n"));
        }
        Ok(([("content-type", "text/html; charset=utf-8")], all).into_response())
    }
    Module {
        name: "chart",
        routes: vec![get("/app/encounters/{id}", page).signed_in()],
        migrations: migrations!(
            "patient" / "2026-11-24-2040-person",
            "patient" / "2026-11-24-2041-patient",
            "patient" / "2026-11-24-2042-safety",
            "encounter" / "2026-11-24-2045-encounter",
            "encounter" / "2026-11-24-2046-ticket",
            "encounter" / "2026-11-24-2050-care",
        ),
        ..Module::default()
    }
}

/// The clinic with prescriptions and all catalogues.
pub async fn clinic() -> World {
    World::with_catalogues(vec![chart(), medication::module()]).await
}

/// A person of a facility, by birth date.
pub async fn person(world: &World, facility: &str, name: &str, birth: &str) -> PatientId {
    let id = PatientId::new();
    let mut tx = world.tx(facility).await;
    let code = tx.facility().0;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex,
             allergy_state, created_at, created_by)
         VALUES ($1, $2, $2, 1, $3, $4, lower($4), $6::date, 'male', 'none_known', $5, $2)",
    )
    .bind(code)
    .bind(id.0)
    .bind(id.0.simple().to_string())
    .bind(name)
    .bind(world.clock.now())
    .bind(birth)
    .execute(tx.conn())
    .await
    .expect("a person");
    tx.commit().await.expect("kept");
    id
}

/// Nguyễn Văn An, 41.
pub async fn an(world: &World) -> PatientId {
    person(world, "84101", "Nguyễn Văn An", "1985-03-15").await
}

/// An open visit of today with these diagnoses, the main one first.
pub async fn visit(world: &World, facility: &str, patient: PatientId, diagnoses: &[&str]) -> EncounterId {
    let id = EncounterId::new();
    let mut tx = world.tx(facility).await;
    let code = tx.facility().0;
    sqlx::query(
        "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, status, day, opened_at, opened_by)
         VALUES ($1, $2, $3, $3, (SELECT room_id FROM organization_room WHERE facility_id = $1 ORDER BY code LIMIT 1),
                 'in_progress', $4, $5, $3)",
    )
    .bind(code)
    .bind(id.0)
    .bind(patient.0)
    .bind(world.clock.today())
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .expect("a visit");
    for (place, icd) in diagnoses.iter().enumerate() {
        sqlx::query(
            "INSERT INTO encounter_diagnosis (facility_id, diagnosis_id, encounter_id, patient_id, code, name, place, recorded_at, recorded_by)
             VALUES ($1, $2, $3, $4, $5, coalesce((SELECT name FROM codes_icd10 WHERE code = $5), $5), $6, $7, $4)",
        )
        .bind(code)
        .bind(Uuid::now_v7())
        .bind(id.0)
        .bind(patient.0)
        .bind(icd)
        .bind(place as i32)
        .bind(world.clock.now())
        .execute(tx.conn())
        .await
        .expect("a diagnosis");
    }
    tx.commit().await.expect("kept");
    id
}

/// An allergy on record.
pub async fn allergy(world: &World, patient: PatientId, substance: &str, kind: &str) {
    let mut tx = world.tx("84101").await;
    let code = tx.facility().0;
    sqlx::query(
        "INSERT INTO patient_allergy (facility_id, allergy_id, patient_id, substance, substance_folded, kind, severity, recorded_at, recorded_by)
         VALUES ($1, $2, $3, $4, lower($4), $5, 'severe', $6, $3)",
    )
    .bind(code)
    .bind(Uuid::now_v7())
    .bind(patient.0)
    .bind(substance)
    .bind(kind)
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .expect("an allergy");
    tx.commit().await.expect("kept");
}

/// The doctor types a sentence and presses Enter.
pub async fn say(doctor: &mut Client, visit: EncounterId, sentence: &str) -> Page {
    say_as(doctor, visit, Uuid::now_v7(), sentence).await
}

pub async fn say_as(doctor: &mut Client, visit: EncounterId, line: Uuid, sentence: &str) -> Page {
    let path = format!("/app/encounters/{visit}/prescription/lines");
    doctor.post(&path, &[("id", &line.to_string()), ("sentence", sentence)]).await
}

/// What programs see of a visit's prescriptions.
pub async fn read(client: &mut Client, visit: EncounterId) -> Vec<Value> {
    let page = client.get(&format!("/api/v1/encounters/{visit}/prescriptions")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.json()["items"].as_array().expect("a list").clone()
}

/// The doctor presses F8 with this advice.
pub async fn issue(doctor: &mut Client, visit: EncounterId, more: &[(&str, &str)]) -> Page {
    let draft = read(doctor, visit).await[0]["id"].as_str().expect("an id").to_owned();
    let mut fields = vec![("prescription", draft.as_str())];
    fields.extend_from_slice(more);
    doctor.post(&format!("/app/encounters/{visit}/prescription/issued"), &fields).await
}

/// The events of one kind, oldest first.
pub async fn events(world: &World, facility: &str, kind: &str) -> Vec<Value> {
    let mut tx = world.tx(facility).await;
    sqlx::query_scalar("SELECT payload FROM db_event WHERE kind = $1 ORDER BY event_id")
        .bind(kind)
        .fetch_all(tx.conn())
        .await
        .expect("events")
}

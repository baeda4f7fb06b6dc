//! People and visits for the tests of orders. The tables of people and visits come from their own slices; only their
//! migrations are needed here.

use base::{EncounterId, PatientId};
use testkit::{Client, Page, World, demo_id};
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

/// A page with the places that orders hang on, as the visit's own page has them.
fn chart() -> Module {
    async fn page(ctx: Ctx, Path(id): Path<EncounterId>) -> web::Answer {
        use web::IntoResponse;
        let mut tx = ctx.begin().await?;
        let about = PanelFor { encounter: Some(id), patient: None };
        let mut all = String::new();
        for place in ["chart.summary", "encounter.orders", "encounter.checks"] {
            all.push_str(&ctx.panels(place, &mut tx, &about).await?.join("\n"));
        }
        Ok(([("content-type", "text/html; charset=utf-8")], all).into_response())
    }
    #[derive(Default, serde::Deserialize)]
    struct Scanned {
        code: String,
    }
    // The reader's page lies in another slice: this one asks as it does.
    async fn scan(ctx: Ctx, web::Query(scanned): web::Query<Scanned>) -> web::Answer {
        let mut tx = ctx.begin().await?;
        for scan in ctx.app.scans.iter().filter(|scan| ctx.may(scan.right)) {
            if let Some(go) = (scan.find)(&ctx, &mut tx, &scanned.code).await? {
                return web::redirect(go);
            }
        }
        Err(web::Failure::NotFound)
    }
    Module {
        name: "chart",
        routes: vec![get("/app/encounters/{id}", page).signed_in(), get("/app/test-scan", scan).signed_in()],
        migrations: migrations!(
            "patient" / "2026-11-24-2040-person",
            "patient" / "2026-11-24-2041-patient",
            "patient" / "2026-11-24-2042-safety",
            "encounter" / "2026-11-24-2045-encounter",
            "encounter" / "2026-11-24-2050-care",
        ),
        ..Module::default()
    }
}

/// The clinic with orders.
pub async fn clinic() -> World {
    World::with(vec![chart(), diagnostics::module()]).await
}

/// A person of a facility.
pub async fn person(world: &World, facility: &str, name: &str) -> PatientId {
    let id = PatientId::new();
    let mut tx = world.tx(facility).await;
    let code = tx.facility().0;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex,
             created_at, created_by)
         VALUES ($1, $2, $2, 1, $3, $4, $4, '1985-03-15', 'female', $5, $2)",
    )
    .bind(code)
    .bind(id.0)
    .bind(id.0.simple().to_string())
    .bind(name)
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .expect("a person");
    tx.commit().await.expect("kept");
    id
}

/// An open visit of today.
pub async fn visit(world: &World, facility: &str, patient: PatientId) -> EncounterId {
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
    tx.commit().await.expect("kept");
    id
}

/// Changes the world by hand, as another slice would.
pub async fn by_hand(world: &World, facility: &str, statement: &'static str, id: Uuid) {
    let mut tx = world.tx(facility).await;
    sqlx::query(statement).bind(id).execute(tx.conn()).await.expect("a change");
    tx.commit().await.expect("kept");
}

/// A service of the demo list.
pub fn service(code: &str) -> Uuid {
    demo_id("84101", "service", code)
}

/// The doctor adds a service to the basket, as a click in the search box does.
pub async fn add(doctor: &mut Client, visit: EncounterId, code: &str) -> Uuid {
    let order = Uuid::now_v7();
    let page = add_as(doctor, visit, order, &service(code).to_string()).await;
    assert_eq!(page.status, 303, "{}", page.text);
    order
}

pub async fn add_as(doctor: &mut Client, visit: EncounterId, order: Uuid, service: &str) -> Page {
    let path = format!("/app/encounters/{visit}/orders/drafts");
    doctor.post(&path, &[("id", &order.to_string()), ("service", service)]).await
}

/// The doctor sends those drafts.
pub async fn place(doctor: &mut Client, visit: EncounterId, orders: &[Uuid]) -> Page {
    let ids: Vec<String> = orders.iter().map(Uuid::to_string).collect();
    let mut fields: Vec<(&str, &str)> = ids.iter().map(|id| ("order", id.as_str())).collect();
    fields.push(("note", "Đau thượng vị sau ăn"));
    doctor.post(&format!("/app/encounters/{visit}/orders/placed"), &fields).await
}

/// Statuses of a visit's orders, as programs see them.
pub async fn statuses(client: &mut Client, visit: EncounterId) -> Vec<(String, String)> {
    let page = client.get(&format!("/api/v1/encounters/{visit}/orders")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
    let all = page.json();
    all.as_array().expect("a list").iter().map(|order| (text(&order["code"]), text(&order["status"]))).collect()
}

/// The events of one kind, oldest first.
pub async fn events(world: &World, facility: &str, kind: &str) -> Vec<serde_json::Value> {
    let mut tx = world.tx(facility).await;
    sqlx::query_scalar("SELECT payload FROM db_event WHERE kind = $1 ORDER BY event_id")
        .bind(kind)
        .fetch_all(tx.conn())
        .await
        .expect("events")
}

//! A clinic day for the desk: people who walk in, what is ordered for them, and what the books say in the evening.

use base::event::{DrugIssued, OrderPlaced};
use base::{EncounterId, Event, OrderId, PatientId, PrescriptionId, RoomId};
use db::Tx;
use testkit::{Client, World, demo_id};
use uuid::Uuid;

/// The desk knows visits by their rows only; these are the tables of the spine without its pages.
fn spine() -> web::Module {
    web::Module {
        name: "spine",
        migrations: vec![
            web::Migration { name: "2026-11-24-2040-person", sql: include_str!("../../../patient/migrations/2026-11-24-2040-person.sql") },
            web::Migration { name: "2026-11-24-2041-patient", sql: include_str!("../../../patient/migrations/2026-11-24-2041-patient.sql") },
            web::Migration { name: "2026-11-24-2045-encounter", sql: include_str!("../../../encounter/migrations/2026-11-24-2045-encounter.sql") },
            web::Migration { name: "2026-11-24-2046-ticket", sql: include_str!("../../../encounter/migrations/2026-11-24-2046-ticket.sql") },
        ],
        ..web::Module::default()
    }
}

pub async fn clinic() -> World {
    World::with(vec![spine(), billing::module()]).await
}

/// A visit whose charges arise from events, as in life.
pub struct Visit {
    pub facility: &'static str,
    pub encounter: EncounterId,
    pub patient: PatientId,
}

/// Somebody walks in and is sent to a room for an examination.
pub async fn walk_in(world: &World, facility: &'static str, name: &str, room: &str, service: &str) -> Visit {
    let mut tx = world.tx(facility).await;
    let (encounter, patient) = (EncounterId::new(), PatientId::new());
    let day = world.clock.today();
    let record: i64 = sqlx::query_scalar("SELECT count(*) + 1 FROM patient_patient").fetch_one(tx.conn()).await.unwrap();
    let (facility_id, now) = (tx.facility().0, tx.now);
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         VALUES ($1, $2, $2, $3, 'AT-' || lpad($3::text, 7, '0'), $4, $5, '1985-03-15', 'male', $6, $2)",
    )
    .bind(facility_id)
    .bind(patient.0)
    .bind(record)
    .bind(name)
    .bind(base::fold(name))
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    let room = RoomId(demo_id(facility, "room", room));
    let service = demo_id(facility, "service", service);
    sqlx::query(
        "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, service_id, day, opened_at, opened_by)
         VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $3)",
    )
    .bind(facility_id)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(room.0)
    .bind(service)
    .bind(day)
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.emit(Event::EncounterOpened { encounter, patient, room, service: Some(service), day });
    tx.commit().await.unwrap();
    world.drain().await;
    Visit { facility, encounter, patient }
}

/// Somebody who was here comes again.
pub async fn again(world: &World, before: &Visit, room: &str, service: &str) -> Visit {
    let mut tx = world.tx(before.facility).await;
    let (encounter, day) = (EncounterId::new(), world.clock.today());
    let (room, service) = (RoomId(demo_id(before.facility, "room", room)), demo_id(before.facility, "service", service));
    let (facility_id, now) = (tx.facility().0, tx.now);
    sqlx::query(
        "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, service_id, day, opened_at, opened_by)
         VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $3)",
    )
    .bind(facility_id)
    .bind(encounter.0)
    .bind(before.patient.0)
    .bind(room.0)
    .bind(service)
    .bind(day)
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.emit(Event::EncounterOpened { encounter, patient: before.patient, room, service: Some(service), day });
    tx.commit().await.unwrap();
    world.drain().await;
    Visit { facility: before.facility, encounter, patient: before.patient }
}

impl Visit {
    pub async fn tell(&self, world: &World, event: Event) {
        let mut tx = world.tx(self.facility).await;
        tx.emit(event);
        tx.commit().await.unwrap();
        world.drain().await;
    }

    /// Orders services by their codes; gives the orders.
    pub async fn order(&self, world: &World, codes: &[&str]) -> Vec<OrderId> {
        let orders: Vec<OrderPlaced> = codes
            .iter()
            .map(|code| OrderPlaced { order: OrderId::new(), service: demo_id(self.facility, "service", code), quantity: 1 })
            .collect();
        let ids = orders.iter().map(|o| o.order).collect();
        let day = world.clock.today();
        self.tell(world, Event::OrdersPlaced { encounter: self.encounter, patient: self.patient, orders, day }).await;
        ids
    }

    /// Prescribes drugs by code and quantity in thousandths.
    pub async fn prescribe(&self, world: &World, drugs: &[(&str, i64)], replaces: Option<PrescriptionId>) -> PrescriptionId {
        let prescription = PrescriptionId::new();
        let lines = drugs
            .iter()
            .map(|(code, quantity_milli)| DrugIssued {
                line: Uuid::now_v7(),
                drug: Some(demo_id(self.facility, "drug", code)),
                quantity_milli: *quantity_milli,
            })
            .collect();
        let day = world.clock.today();
        self.tell(
            world,
            Event::PrescriptionIssued { encounter: self.encounter, patient: self.patient, prescription, replaces, lines, day },
        )
        .await;
        prescription
    }

    pub fn bill(&self) -> base::BillId {
        billing::bill::of_visit(self.encounter)
    }

    pub fn path(&self) -> String {
        format!("/app/cashier/{}", self.encounter)
    }

    /// Charged, paid.
    pub async fn account(&self, world: &World) -> (i64, i64) {
        let mut tx = world.tx(self.facility).await;
        let p = billing::store::bills::position(&mut tx, self.bill()).await.unwrap();
        (p.charged.0, p.paid.0)
    }
}

/// Opens the desk for the day.
pub async fn open_shift(person: &mut Client, float: &str) {
    let page = person.get("/app/cashier/shift").await;
    let id = page.input("id").expect("an id for the shift");
    let page = person.post("/app/cashier/shift", &[("id", &id), ("float", float)]).await;
    assert_eq!(page.status, 303, "{}", page.text);
}

/// Collects everything in cash; gives the receipt's id.
pub async fn pay_cash(person: &mut Client, visit: &Visit, given: &str) -> String {
    let page = person.get(&visit.path()).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let (id, due) = (page.input("id").expect("id"), page.input("due").expect("due"));
    let form = [("id", id.as_str()), ("way", "cash"), ("due", &due), ("cash", &due), ("cash_given", given)];
    let answer = person.post(&format!("{}/receipts", visit.path()), &form).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    id
}

/// Asks a number of the books of a facility.
pub async fn ask(world: &World, facility: &str, sql: &'static str) -> i64 {
    let mut tx: Tx = world.tx(facility).await;
    sqlx::query_scalar::<_, Option<i64>>(sql).fetch_one(tx.conn()).await.unwrap().unwrap_or(0)
}

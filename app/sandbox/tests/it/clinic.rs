//! A clinic on a socket: the known world with billing and the bank's door, and people who owe for an examination.

use base::ask::{BankQr, Papers, TransferRequest};
use base::{Actor, EncounterId};
use std::sync::Arc;
use testkit::{World, demo_id};
use uuid::Uuid;

/// The tables of the spine without its pages.
pub fn spine() -> web::Module {
    web::Module {
        name: "spine",
        migrations: vec![
            web::Migration { name: "2026-11-24-2040-person", sql: include_str!("../../../../domain/patient/migrations/2026-11-24-2040-person.sql") },
            web::Migration { name: "2026-11-24-2041-patient", sql: include_str!("../../../../domain/patient/migrations/2026-11-24-2041-patient.sql") },
            web::Migration { name: "2026-11-24-2045-encounter", sql: include_str!("../../../../domain/encounter/migrations/2026-11-24-2045-encounter.sql") },
            web::Migration { name: "2026-11-24-2046-ticket", sql: include_str!("../../../../domain/encounter/migrations/2026-11-24-2046-ticket.sql") },
        ],
        ..web::Module::default()
    }
}

fn modules() -> Vec<web::Module> {
    vec![spine(), organization::module(), practitioner::module(), billing::module(), payment::module()]
}

struct NoPaper;

#[async_trait::async_trait]
impl Papers for NoPaper {
    async fn render(&self, template: &str, _: serde_json::Value) -> Result<Vec<u8>, String> {
        Ok(format!("%PDF {template}").into_bytes())
    }
}

pub struct Clinic {
    pub world: World,
    pub address: String,
}

impl Clinic {
    /// Serves the world on a free port, with its bank connected. The machine's clock, because the bank has no other.
    pub async fn open() -> Clinic {
        let world = World::with(vec![spine(), billing::module(), payment::module()]).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let config = web::Config {
            demo: true,
            sandbox: true,
            secure_cookies: false,
            public_url: address.clone(),
            data_dir: std::env::temp_dir(),
            secret: [42; 32],
        };
        let wiring = web::Wiring {
            authenticator: Arc::new(practitioner::Accounts::new(world.db.clone())),
            papers: Arc::new(NoPaper),
            bank_qr: Arc::new(payment::VietQr),
            stock: Arc::new(web::ask::NoStock),
            signing: world.app.wiring.signing.clone(),
            records: Arc::new(web::ask::Nothing),
            findings: Arc::new(web::ask::Nothing),
            dues: Arc::new(web::ask::Nothing),
            messages: Arc::new(web::ask::Nothing),
            telephone: Arc::new(web::ask::Nothing),
            places: Arc::new(web::ask::Nothing),
            files: world.app.files().clone(),
        };
        let (app, router) = web::router::assemble(world.db.clone(), base::Clock::system(), config, wiring, modules());
        let (live, db) = (app.live.clone(), world.db.clone());
        tokio::spawn(async move { live.forward(&db).await });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut tx = world.tx("84101").await;
        billing::seed::connect_sandbox_bank(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        Clinic { world, address }
    }

    /// Somebody walks in, owes for an examination, and gives the visit.
    pub async fn walk_in(&self, name: &str) -> EncounterId {
        let now = base::Clock::system().now();
        let facility = testkit::facility("84101");
        let mut tx = self.world.db.begin_system(facility, now).await.unwrap();
        let (encounter, person) = (Uuid::now_v7(), Uuid::now_v7());
        sqlx::query(
            "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, phone, cccd, address_text, created_at, created_by)
             SELECT $1, $2, $2, count(*) + 12874, 'AT-' || lpad((count(*) + 12874)::text, 7, '0'), $3, $3, '1985-03-15', 'male', '0900 000 001', '084085012345', 'Xã Long Hồ', $4, $2 FROM patient_patient",
        )
        .bind(facility.0)
        .bind(person)
        .bind(name)
        .bind(now)
        .execute(tx.conn())
        .await
        .unwrap();
        let day = base::local_date(now);
        sqlx::query(
            "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, day, opened_at, opened_by)
             VALUES ($1, $2, $3, $3, $4, $5, $6, $3)",
        )
        .bind(facility.0)
        .bind(encounter)
        .bind(person)
        .bind(demo_id("84101", "room", "NOI1"))
        .bind(day)
        .bind(now)
        .execute(tx.conn())
        .await
        .unwrap();
        let service = demo_id("84101", "service", "KNOI");
        let opened = base::Event::EncounterOpened {
            encounter: encounter.into(),
            patient: person.into(),
            room: demo_id("84101", "room", "NOI1").into(),
            service: Some(service),
            day,
        };
        billing::listen::encounter_opened(&mut tx, serde_json::to_value(&opened).unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        encounter.into()
    }

    /// The text of the code that the cashier shows to somebody who just walked in.
    pub async fn show_code(&self, name: &str) -> String {
        let bill = billing::bill::of_visit(self.walk_in(name).await);
        let now = base::Clock::system().now();
        let actor = Actor::system(testkit::facility("84101"));
        let mut tx = self.world.db.begin(web::Scope::Facility(actor.facility), actor, now).await.unwrap();
        let due = billing::store::bills::position(&mut tx, bill).await.unwrap().due();
        let own = billing::store::bank::own_account(&mut tx).await.unwrap();
        billing::store::bank::insert_code(&mut tx, Uuid::now_v7(), bill, due, &own, None).await.unwrap();
        let code = billing::store::bank::find_last_code(&mut tx, bill).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let request = TransferRequest {
            bank_bin: code.bank_bin,
            account_no: code.account_no,
            amount_vnd: code.amount_vnd,
            reference: code.reference,
        };
        payment::VietQr.payload(&request).unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.tx("84101").await;
        sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap()
    }
}

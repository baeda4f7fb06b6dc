//! One known world for the tests of all slices: a fresh database for each test (a copy of a template), the five
//! facilities of the demo world with their staff, a clock that can be moved, and people who click through real pages.
//!
//! ```ignore
//! let world = World::with(vec![patient::module(), encounter::module()]).await;
//! let mut reception = world.sign_in_as("tiepnhan.84101").await;
//! let page = reception.get("/app/reception").await;
//! assert_eq!(page.status, 200);
//! ```

mod client;
mod cluster;
pub mod fakes;

pub use client::{Client, Page};
pub use cluster::TestDatabase;

use base::{Clock, FacilityId};
use chrono::{DateTime, Utc};
use db::{Db, Tx, Worker};
use std::sync::Arc;
use web::{App, Config, Module, Wiring};

/// Where every test begins: Tuesday 24 November 2026, 08:00 in Vietnam.
pub const MORNING: &str = "2026-11-24T01:00:00Z";

/// The running world of one test.
pub struct World {
    pub app: App,
    pub clock: Clock,
    pub db: Db,
    /// What was sent to people, where no real `messaging` is wired.
    pub letters: fakes::Letters,
    router: axum::Router,
    worker: Worker,
    // Dropped last: it throws the database away.
    pub database: TestDatabase,
}

impl World {
    /// A world with the spine (organization, practitioner) and these modules, and empty catalogues.
    pub async fn with(modules: Vec<Module>) -> World {
        World::build(modules, false, |_| {}).await
    }

    /// The same with all catalogues loaded; the first test of a machine waits for the load.
    pub async fn with_catalogues(modules: Vec<Module>) -> World {
        World::build(modules, true, |_| {}).await
    }

    /// The same with a pharmacy that answers the questions about stock.
    pub async fn with_stock(modules: Vec<Module>, stock: Arc<dyn web::ask::Stock>) -> World {
        World::build(modules, true, |wiring| wiring.stock = stock).await
    }

    /// The same with whatever answers the modules' questions; catalogues are loaded.
    pub async fn wired(modules: Vec<Module>, wire: impl FnOnce(&mut Wiring)) -> World {
        World::build(modules, true, wire).await
    }

    async fn build(mut modules: Vec<Module>, catalogues: bool, wire: impl FnOnce(&mut Wiring)) -> World {
        for spine in [organization::module(), practitioner::module()] {
            if !modules.iter().any(|m| m.name == spine.name) {
                modules.insert(0, spine);
            }
        }
        let mut migrations = web::router::migrations(&modules);
        migrations.extend_from_slice(codes::MIGRATIONS);
        migrations.sort_by_key(|m| m.name);
        migrations.dedup_by_key(|m| m.name);
        let database = TestDatabase::create(&migrations, catalogues).await.expect("a test database");
        let listeners = web::router::listeners(&modules);
        let db = Db::connect(database.options(), &listeners).await.expect("the application signs in");
        let clock = Clock::fixed(MORNING.parse::<DateTime<Utc>>().expect("a time"));
        let letters = fakes::Letters::default();
        let mut wiring = Wiring {
            authenticator: Arc::new(practitioner::Accounts::new(db.clone())),
            papers: Arc::new(fakes::PlainPapers),
            bank_qr: Arc::new(fakes::PlainQr),
            stock: Arc::new(web::ask::NoStock),
            signing: Arc::new(fakes::PlainSigning),
            records: Arc::new(web::ask::Nothing),
            findings: Arc::new(web::ask::Nothing),
            dues: Arc::new(web::ask::Nothing),
            messages: Arc::new(letters.clone()),
            telephone: Arc::new(web::ask::Nothing),
            places: Arc::new(web::ask::Nothing),
            files: db::Files::in_folder(&database.files_folder()).expect("a folder for files"),
        };
        wire(&mut wiring);
        let config = Config {
            demo: true,
            sandbox: true,
            secure_cookies: false,
            public_url: "http://127.0.0.1:8080".into(),
            data_dir: std::env::temp_dir(),
            secret: [42; 32],
        };
        let (app, router) = web::router::assemble(db.clone(), clock.clone(), config, wiring, modules);
        let worker = Worker::new(db.clone(), clock.clone(), &listeners);
        // Live pages must work in tests too.
        let (live, forwarded) = (app.live.clone(), db.clone());
        tokio::spawn(async move { live.forward(&forwarded).await });
        World { app, clock, db, letters, router, worker, database }
    }

    /// Somebody signed in: `"bacsi.84101"` and all others of `catalogues/demo/staff.tsv`.
    pub async fn sign_in_as(&self, login: &str) -> Client {
        let mut client = self.stranger();
        let page = client.post("/sign-in", &[("login", login), ("password", "demo"), ("code", "000000")]).await;
        assert_eq!(page.status, 303, "{login} cannot sign in: {}", page.text);
        client
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// A machine with the bearer token of `demo-his`.
    pub async fn machine(&self) -> Client {
        let mut client = self.stranger();
        let form = [("grant_type", "client_credentials"), ("client_id", "demo-his"), ("client_secret", "demo-secret")];
        let page = client.post("/oauth/token", &form).await;
        assert_eq!(page.status, 200, "the machine cannot sign in: {}", page.text);
        let token = page.json()["access_token"].as_str().expect("a token").to_owned();
        client.bearer(&token);
        client
    }

    /// A transaction of the system for a facility, by its code.
    pub async fn tx(&self, facility_code: &str) -> Tx {
        self.db.begin_system(facility(facility_code), self.clock.now()).await.expect("a transaction")
    }

    /// Runs the worker until nothing is left to do.
    pub async fn drain(&self) {
        self.worker.drain().await.expect("the worker runs");
    }

    /// Jobs that gave up or wait for another attempt; tests expect none.
    pub async fn failed_jobs(&self, facility_code: &str) -> Vec<String> {
        let mut tx = self.tx(facility_code).await;
        sqlx::query_scalar("SELECT name || ': ' || coalesce(last_error, '') FROM db_job WHERE last_error IS NOT NULL")
            .fetch_all(tx.conn())
            .await
            .expect("the jobs")
    }
}

/// The surrogate id of a demo facility.
pub fn facility(code: &str) -> FacilityId {
    let all = organization::seed::facilities();
    all.iter().find(|(_, c)| *c == code).map(|(id, _)| *id).expect("a facility of the demo world")
}

/// The id of a demo row: `demo_id("84101", "room", "NOI1")`, things: room, service, drug, staff, account.
pub use organization::seed::demo_id;

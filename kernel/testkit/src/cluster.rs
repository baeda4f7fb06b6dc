//! The test cluster: one throwaway PostgreSQL for all tests of a machine, a template database for each state of the
//! schema, and a copy of it for every test.

use anyhow::{Context, Result};
use base::{Actor, FacilityId};
use chrono::{DateTime, Utc};
use db::cluster::{Cluster, Durability};
use db::{Db, DbOptions, Migration, Scope};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::fs::File;
use std::path::PathBuf;
use uuid::Uuid;

/// The database of one test; thrown away when dropped.
pub struct TestDatabase {
    options: DbOptions,
    cluster: Cluster,
    name: String,
}

fn folder() -> PathBuf {
    std::env::var_os("YBA_TEST_CLUSTER").map_or_else(|| std::env::temp_dir().join("yba-test-cluster"), PathBuf::from)
}

impl TestDatabase {
    /// A fresh copy of the template for these migrations; makes cluster and template when they are missing.
    pub async fn create(migrations: &[Migration], catalogues: bool) -> Result<TestDatabase> {
        let folder = folder();
        std::fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let cluster = Cluster::start(&folder, Durability::Throwaway)?;
        let template = template_name(migrations, catalogues);
        let mut admin = cluster.address("yba_owner", "postgres").disable_statement_logging().connect().await?;
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)")
            .bind(&template)
            .fetch_one(&mut admin)
            .await?;
        if !known {
            make_template(&cluster, &mut admin, &template, migrations, catalogues).await?;
        }
        let name = format!("t_{}", Uuid::now_v7().simple());
        run(&mut admin, &format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")).await?;
        admin.close().await?;
        lock.unlock()?;
        let options = cluster.options(&name, 12);
        Ok(TestDatabase { options, cluster, name })
    }

    pub fn options(&self) -> &DbOptions {
        &self.options
    }

    /// Where this test keeps its files; thrown away with the database.
    pub fn files_folder(&self) -> PathBuf {
        folder().join("files").join(&self.name)
    }

    /// A connection as the owner: sees everything, for hand-made damage and for looking behind row security.
    pub async fn owner(&self) -> PgConnection {
        self.options.connect_owner().await.expect("the owner signs in")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.files_folder());
        let address = self.cluster.address("yba_owner", "postgres");
        let name = self.name.clone();
        // The test's own runtime may be ending: a small one of our own finishes the work.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut admin = address.connect().await?;
                run(&mut admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
            })
        })
        .join();
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!("the test database {} could not be dropped", self.name);
        }
    }
}

async fn run(conn: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn).await?;
    Ok(())
}

fn template_name(migrations: &[Migration], catalogues: bool) -> String {
    let mut hasher = Sha256::new();
    for migration in migrations {
        hasher.update(migration.name);
        hasher.update(migration.sql);
    }
    hasher.update(organization::seed::fingerprint());
    if catalogues {
        hasher.update(codes::files::fingerprint());
    }
    hasher.update([u8::from(catalogues), 1]);
    format!("yba_template_{}", &hex::encode(hasher.finalize())[..20])
}

async fn make_template(
    cluster: &Cluster,
    admin: &mut PgConnection,
    template: &str,
    migrations: &[Migration],
    catalogues: bool,
) -> Result<()> {
    run(admin, &format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)")).await?;
    run(admin, &format!("CREATE DATABASE {template} STRATEGY FILE_COPY")).await?;
    let options = cluster.options(template, 4);
    let mut owner = options.connect_owner().await?;
    db::migrate::migrate(&mut owner, migrations).await.context("the template's migrations")?;
    if catalogues {
        codes::load(&mut owner, &codes::CatalogueFiles::Embedded, &mut |_, _, _| {}).await.context("the catalogues")?;
    }
    run(&mut owner, "ANALYZE").await?;
    owner.close().await?;
    let db = Db::connect(&options, &[]).await?;
    let now: DateTime<Utc> = crate::MORNING.parse()?;
    let from = "2026-01-01".parse()?;
    let hash = practitioner::seed::demo_hash().await?;
    let secret = practitioner::password::hash("demo-secret").await?;
    for (facility, code) in organization::seed::facilities() {
        let actor = Actor { facility, ..Actor::system(FacilityId(facility.0)) };
        let mut tx = db.begin(Scope::FacilityFor(facility, "sign-in"), actor, now).await?;
        organization::seed::write(&mut tx, code, from).await?;
        practitioner::seed::write(&mut tx, code, &hash, from).await?;
        if code == "84101" {
            practitioner::seed::write_machine(&mut tx, code, &secret).await?;
        }
        tx.commit().await?;
    }
    db.close().await;
    run(admin, &format!("ALTER DATABASE {template} IS_TEMPLATE true")).await
}

//! The pool of connections as the role that cannot bypass row security, and what hangs on it.

use crate::job::Listener;
use crate::tx::{Scope, Tx};
use anyhow::{Context, Result, bail};
use base::{Actor, FacilityId};
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, Row};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Where the database is and how many connections to hold.
#[derive(Clone)]
pub struct DbOptions {
    /// The owner's way in: migrations and catalogues.
    pub owner: PgConnectOptions,
    /// The application's way in: a role without superuser and BYPASSRLS.
    pub app: PgConnectOptions,
    pub max_connections: u32,
}

impl DbOptions {
    /// From a URL that a person gave. When its role could bypass row security, the application gets a login of its
    /// own (`yba_app`) whose password lies in `secrets_dir`; otherwise the given role serves for both.
    pub async fn from_url(url: &str, secrets_dir: &Path, max_connections: u32) -> Result<DbOptions> {
        let owner: PgConnectOptions = url.parse().context("DATABASE_URL is not a PostgreSQL address")?;
        let mut conn = PgConnection::connect_with(&owner).await.context("cannot reach the database at DATABASE_URL")?;
        let row = sqlx::query(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole
                    OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = 'db_migration' AND c.relowner = r.oid)
                    OR NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'db_migration')
             FROM pg_roles r WHERE rolname = current_user",
        )
        .fetch_one(&mut conn)
        .await?;
        let is_owner: bool = row.get(0);
        if !is_owner {
            return Ok(DbOptions { app: owner.clone(), owner, max_connections });
        }
        let password = app_password(secrets_dir)?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "DO $$ BEGIN
                 IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'yba_app') THEN
                     CREATE ROLE yba_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
                 END IF;
                 ALTER ROLE yba_app PASSWORD '{password}';
             END $$"
        )))
        .execute(&mut conn)
        .await
        .context("the role of DATABASE_URL must be allowed to create the role yba_app")?;
        Ok(DbOptions { app: owner.clone().username("yba_app").password(&password), owner, max_connections })
    }

    /// A connection as the owner, for migrations and the catalogue loader.
    pub async fn connect_owner(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.owner).await?)
    }
}

/// Makes the application's role in a cluster that does not have it yet, as a restored database needs it.
pub async fn ensure_app_role(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "DO $$ BEGIN
             IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'yba_app') THEN
                 CREATE ROLE yba_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
             END IF;
         END $$",
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn app_password(secrets_dir: &Path) -> Result<String> {
    std::fs::create_dir_all(secrets_dir)?;
    let file = secrets_dir.join("app-database-password");
    if let Ok(known) = std::fs::read_to_string(&file) {
        return Ok(known.trim().to_owned());
    }
    let fresh = hex::encode(rand::random::<[u8; 24]>());
    std::fs::write(&file, &fresh)?;
    #[cfg(unix)]
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(fresh)
}

struct Shared {
    pool: PgPool,
    app: PgConnectOptions,
    listeners: HashMap<&'static str, Vec<&'static str>>,
    worker: Notify,
}

/// The database as the application sees it. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Shared>);

impl Db {
    /// Connects. `listeners` tell which jobs an event gives rise to. Refuses a role that could bypass row security.
    pub async fn connect(options: &DbOptions, listeners: &[Listener]) -> Result<Db> {
        let app = options.app.clone().statement_cache_capacity(400).application_name("yba")
            .log_statements("trace".parse().expect("a level"));
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .min_connections(2)
            .acquire_timeout(Duration::from_secs(10))
            .idle_timeout(Duration::from_secs(300))
            .test_before_acquire(false)
            .connect_with(app.clone())
            .await
            .context("the application cannot sign in to the database")?;
        let row = sqlx::query("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            .fetch_one(&pool)
            .await?;
        if row.get::<bool, _>(0) {
            bail!("the database role of the application could bypass row security; give it a plain role");
        }
        let mut by_kind: HashMap<&'static str, Vec<&'static str>> = HashMap::new();
        for listener in listeners {
            by_kind.entry(listener.event).or_default().push(listener.name);
        }
        Ok(Db(Arc::new(Shared { pool, app, listeners: by_kind, worker: Notify::new() })))
    }

    /// A transaction of this actor that sees exactly `scope`.
    pub async fn begin(&self, scope: Scope, actor: Actor, now: DateTime<Utc>) -> Result<Tx, sqlx::Error> {
        Tx::begin(self, scope, actor, now).await
    }

    /// A transaction of the system for one facility.
    pub async fn begin_system(&self, facility: FacilityId, now: DateTime<Utc>) -> Result<Tx, sqlx::Error> {
        Tx::begin(self, Scope::Facility(facility), Actor::system(facility), now).await
    }

    /// The bare pool: only for statements that need no tenant (sign-in look-up, readiness, catalogues).
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// How the application signs in, for a listener that holds a connection of its own.
    pub fn app_options(&self) -> &PgConnectOptions {
        &self.0.app
    }

    pub(crate) fn listeners_of(&self, kind: &str) -> impl Iterator<Item = &'static str> + '_ {
        self.0.listeners.get(kind).into_iter().flatten().copied()
    }

    pub(crate) fn wake_worker(&self) {
        self.0.worker.notify_one();
    }

    pub(crate) async fn work_arrived(&self) {
        self.0.worker.notified().await;
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }
}

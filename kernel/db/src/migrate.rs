//! Migrations: each module brings its own, all run in the order of their names (which begin with date and time),
//! forward only, one history for the whole database.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, Row};
use std::collections::BTreeMap;

/// One migration. `name` is `YYYY-MM-DD-HHMM-words`.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub name: &'static str,
    pub sql: &'static str,
}

/// Brings the schema up to date and gives the number of migrations that were applied.
///
/// Refuses when an applied migration has since been edited, or when two share a name. Several processes may call it
/// at once: an advisory lock lets one of them work.
pub async fn migrate(conn: &mut PgConnection, migrations: &[Migration]) -> Result<usize> {
    let mut ordered: BTreeMap<&str, &Migration> = BTreeMap::new();
    for migration in migrations {
        if ordered.insert(migration.name, migration).is_some() {
            bail!("two migrations are named {}", migration.name);
        }
    }
    sqlx::query("SELECT pg_advisory_lock(7928001)").execute(&mut *conn).await?;
    let outcome = apply(conn, &ordered).await;
    sqlx::query("SELECT pg_advisory_unlock(7928001)").execute(&mut *conn).await?;
    outcome
}

async fn apply(conn: &mut PgConnection, ordered: &BTreeMap<&str, &Migration>) -> Result<usize> {
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS db_migration (name text PRIMARY KEY, hash bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
    )
    .execute(&mut *conn)
    .await?;
    let done: BTreeMap<String, Vec<u8>> = sqlx::query("SELECT name, hash FROM db_migration")
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let mut applied = 0;
    for (name, migration) in ordered {
        let hash = Sha256::digest(migration.sql.as_bytes()).to_vec();
        match done.get(*name) {
            Some(known) if *known == hash => continue,
            Some(_) => bail!("migration {name} was edited after it had been applied; write a new one instead"),
            None => {}
        }
        let mut tx = conn.begin().await?;
        sqlx::raw_sql(migration.sql).execute(&mut *tx).await.with_context(|| format!("migration {name}"))?;
        sqlx::query("INSERT INTO db_migration (name, hash) VALUES ($1, $2)")
            .bind(*name)
            .bind(&hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        applied += 1;
    }
    sqlx::raw_sql("GRANT SELECT ON db_migration TO yba_app").execute(&mut *conn).await?;
    Ok(applied)
}

/// Whether every one of `migrations` has been applied; what `/readyz` asks.
pub async fn is_current(conn: &mut PgConnection, migrations: &[Migration]) -> Result<bool, sqlx::Error> {
    let names: Vec<&str> = migrations.iter().map(|m| m.name).collect();
    let count: i64 = sqlx::query_scalar(crate::sql!("SELECT count(*) FROM db_migration WHERE name = ANY($1)"))
        .bind(&names)
        .fetch_one(conn)
        .await?;
    Ok(count as usize == names.len())
}

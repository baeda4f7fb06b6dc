//! A backup is only worth something when it was restored once: restore it elsewhere and compare every table.

use crate::world::with_history;
use db::{Migration, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::collections::BTreeMap;

/// Rows and a checksum of the content of every table.
async fn fingerprint(conn: &mut PgConnection) -> BTreeMap<String, (i64, String)> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1")
            .fetch_all(&mut *conn)
            .await
            .expect("the tables");
    let mut prints = BTreeMap::new();
    for table in tables {
        let sql = format!("SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {table} t");
        let row: (i64, String) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *conn).await.expect("a checksum");
        prints.insert(table, row);
    }
    prints
}

#[tokio::test]
async fn a_restored_backup_is_the_same_to_the_last_row() {
    let world = with_history(20, 30).await;
    world.drain().await;
    let mut owner = world.database.owner().await;
    let before = fingerprint(&mut owner).await;
    assert!(before["patient_patient"].0 >= 20 && before["codes_icd10"].0 > 15_000);
    let file = std::env::temp_dir().join(format!("yba-backup-{}.dump", std::process::id()));
    let from = world.database.options().owner.clone();
    let dump = file.clone();
    tokio::task::spawn_blocking(move || db::backup::backup(&from, &dump)).await.expect("joined").expect("backed up");

    let name = format!("t_restored_{}", std::process::id());
    let mut admin = world.database.options().owner.clone().database("postgres").connect().await.expect("an admin");
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.expect("a database");
    let to = world.database.options().owner.clone().database(&name);
    let (address, dump) = (to.clone(), file.clone());
    tokio::task::spawn_blocking(move || db::backup::restore(&address, &dump)).await.expect("joined").expect("restored");
    let mut restored = to.connect().await.expect("the restored database");
    let after = fingerprint(&mut restored).await;
    let ids: Vec<i32> = sqlx::query_scalar("SELECT facility_id FROM organization_directory()").fetch_all(&mut restored).await.unwrap();
    let report = db::audit::verify(&mut restored, &ids).await.expect("verified");
    let current = db::migrate::is_current(&mut restored, &server::modules::migrations(&server::modules::modules()) as &[Migration]).await;
    drop(restored);
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut admin).await.expect("dropped");
    let _ = std::fs::remove_file(file);
    assert_eq!(before, after);
    assert!(report.faults.is_empty() && current.expect("migrations"));
}

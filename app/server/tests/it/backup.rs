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

#[test]
fn the_commands_move_a_clinic_to_a_new_machine() {
    let folder = std::env::temp_dir().join(format!("yba-move-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let place = |name: &str| folder.join(name).display().to_string();
    let (old, new, file) = (place("old"), place("new"), place("clinic.yba"));
    let picture = |of: &str| folder.join(of).join("files/1/ab/abcd");
    std::fs::create_dir_all(picture("old").parent().expect("a folder")).expect("made");
    std::fs::write(picture("old"), b"a picture").expect("written");
    let yba = |args: &[&str]| {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_yba")).args(args).env_remove("DATABASE_URL").output().expect("yba");
        (out.status.success(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
    };
    let steps: [&[&str]; 5] = [
        &["demo", "--no-serve", "--people", "10", "--visits", "10", "--data", &old],
        &["backup", &file, "--data", &old],
        &["restore", &file, "--data", &new],
        &["audit", "verify", "--data", &new],
        &["migrate", "--data", &new],
    ];
    let told: Vec<(bool, String)> = steps.iter().map(|step| yba(step)).collect();
    let refused = yba(&["restore", &file, "--data", &new]);
    let missing = yba(&["restore", "/nowhere/at-all.dump", "--replace", "--data", &new]);
    let still = yba(&["audit", "verify", "--data", &new]);
    let moved = std::fs::read(picture("new")).unwrap_or_default();
    let _ = std::fs::remove_dir_all(&folder);
    for (step, (fine, text)) in steps.iter().zip(&told) {
        assert!(fine, "{step:?}: {text}");
    }
    assert_eq!(moved, b"a picture", "pictures move with their rows");
    assert!(told[4].1.contains("0 migrations applied"), "{}", told[4].1);
    assert!(!refused.0 && refused.1.contains("--replace"), "a filled database is not overwritten: {}", refused.1);
    assert!(!missing.0 && still.0, "a restore that fails leaves what was there: {} {}", missing.1, still.1);
}

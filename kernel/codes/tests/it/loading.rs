use crate::world::World;
use codes::CatalogueFiles;
use sqlx::Row;
use std::path::Path;

fn shelf() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogues")
}

/// A catalogues folder of our own to edit.
fn copy_of_shelf(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("yba-shelf-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir(shelf()).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            continue;
        }
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    folder
}

#[tokio::test]
async fn the_counts_are_those_of_the_sources() {
    let world = World::get().await;
    let mut conn = world.app().await;
    for (table, count) in [
        ("codes_icd10", 15_844),
        ("codes_icd10_old", 12_218),
        ("codes_province", 34),
        ("codes_commune", 3_321),
        ("codes_old_ward", 10_602),
        ("codes_service", 9_879),
        ("codes_drug", 15_319),
        ("codes_lab_test", 141),
        ("codes_feature", 26),
    ] {
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(found, count, "{table}");
    }
    let ethnic = codes::list::list(&mut conn, codes::list::List::EthnicGroup).await.unwrap();
    assert_eq!(ethnic.len(), 54);
    assert_eq!(ethnic[0].name, "Kinh");
}

#[tokio::test]
async fn every_row_of_source_files_has_the_columns_of_its_head() {
    for entry in std::fs::read_dir(shelf()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "tsv") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let columns = text.lines().next().unwrap().split('\t').count();
        for (i, line) in text.lines().enumerate() {
            assert_eq!(line.split('\t').count(), columns, "{} line {}", path.display(), i + 1);
        }
    }
}

#[tokio::test]
async fn loading_again_does_nothing() {
    let world = World::get().await;
    let mut owner = world.owner().await;
    assert!(codes::is_loaded(&mut owner, &CatalogueFiles::Embedded).await.unwrap());
    let mut steps = 0;
    let loaded = codes::load(&mut owner, &CatalogueFiles::Embedded, &mut |_, _, _| steps += 1).await.unwrap();
    assert_eq!((loaded.tables, loaded.rows, loaded.gone), (0, 0, 0));
    assert!(steps > loaded.unchanged);
    let same_from_folder = codes::load(&mut owner, &CatalogueFiles::Folder(shelf()), &mut |_, _, _| {}).await.unwrap();
    assert_eq!(same_from_folder.tables, 0);
}

#[tokio::test]
async fn a_code_that_leaves_the_list_is_end_dated_and_comes_back_open() {
    let world = World::get().await;
    let mut owner = world.owner().await;
    let folder = copy_of_shelf("leave");
    let file = folder.join("service_templates.tsv");
    let whole = std::fs::read_to_string(&file).unwrap();
    let gone = whole.lines().nth(1).unwrap();
    let code = gone.split('\t').next().unwrap().to_owned();
    std::fs::write(&file, whole.replacen(&format!("{gone}\n"), "", 1)).unwrap();
    let edited = CatalogueFiles::Folder(folder.clone());

    let loaded = codes::load(&mut owner, &edited, &mut |_, _, _| {}).await.unwrap();
    assert_eq!((loaded.tables, loaded.gone), (1, 1));
    let row = sqlx::query("SELECT valid_to IS NOT NULL AS closed FROM codes_service WHERE code = $1")
        .bind(&code)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert!(row.get::<bool, _>("closed"));
    assert_eq!(codes::service::list(&mut owner, &[&code]).await.unwrap().len(), 1, "old orders still resolve it");
    assert!(codes::service::search(&mut owner, &code, None, 5).await.unwrap().iter().all(|s| s.code != code));

    codes::load(&mut owner, &CatalogueFiles::Embedded, &mut |_, _, _| {}).await.unwrap();
    assert!(codes::service::search(&mut owner, &code, None, 5).await.unwrap().iter().any(|s| s.code == code));
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_says_where() {
    let world = World::get().await;
    let mut owner = world.owner().await;
    let folder = copy_of_shelf("broken");
    std::fs::write(folder.join("features.tsv"), "feature\tname_vi\nreception\n").unwrap();
    let refused = codes::load(&mut owner, &CatalogueFiles::Folder(folder.clone()), &mut |_, _, _| {}).await.unwrap_err();
    assert!(format!("{refused:#}").contains("features.tsv"), "{refused:#}");
    assert_eq!(codes::feature::list(&mut owner).await.unwrap().len(), 26);
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test]
async fn the_application_reads_but_never_writes() {
    let world = World::get().await;
    let mut app = world.app().await;
    assert!(sqlx::raw_sql("UPDATE codes_icd10 SET name = ''").execute(&mut app).await.is_err());
    assert!(sqlx::raw_sql("DELETE FROM codes_drug").execute(&mut app).await.is_err());
}

#[tokio::test]
async fn figures_of_the_law_have_their_day() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let day = |y, m, d| chrono::NaiveDate::from_ymd_opt(y, m, d).unwrap();
    let days = codes::parameter::find(&mut conn, "rx_days_max_ordinary", day(2026, 11, 24)).await.unwrap().unwrap();
    assert_eq!(days.whole(), Some(30));
    assert!(days.source.contains("TT 26/2025"));
    assert!(codes::parameter::find(&mut conn, "rx_days_max_ordinary", day(2020, 1, 1)).await.unwrap().is_none());
    assert!(codes::parameter::find(&mut conn, "no such figure", day(2026, 1, 1)).await.unwrap().is_none());
}

#[tokio::test]
async fn packages_grow_and_what_the_law_requires_is_in_all() {
    let world = World::get().await;
    let mut conn = world.app().await;
    for feature in codes::feature::list(&mut conn).await.unwrap() {
        assert!(!feature.basic || feature.standard, "{}", feature.feature);
        assert!(!feature.standard || feature.premium1, "{}", feature.feature);
        assert!(!feature.premium1 || feature.premium2, "{}", feature.feature);
        if feature.required_by_law {
            assert!(feature.is_in("BASIC") && feature.is_in("no package"));
        }
    }
}

#[tokio::test]
async fn every_sql_text_of_this_crate_prepares() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let mut ours = 0;
    for sql in db::SQL_TEXTS.iter().filter(|sql| sql.file.contains("codes/")) {
        use sqlx::{Executor, SqlSafeStr};
        conn.prepare(sqlx::AssertSqlSafe(sql.text).into_sql_str())
            .await
            .unwrap_or_else(|fault| panic!("{}:{}: {fault}", sql.file, sql.line));
        ours += 1;
    }
    assert!(ours > 20);
}

#[test]
fn sources_name_every_loaded_file_with_its_true_count() {
    let sources = std::fs::read_to_string(shelf().join("SOURCES.md")).unwrap();
    let mut named = 0;
    for line in sources.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let files: Vec<&str> = cells[1].split('`').filter(|f| f.ends_with(".tsv")).collect();
        let counts: Vec<usize> = cells[2].split('+').map(|n| n.trim().replace(',', "").parse().unwrap()).collect();
        assert_eq!(files.len(), counts.len(), "{line}");
        for (file, count) in files.iter().zip(counts) {
            let text = CatalogueFiles::Embedded.text(file).unwrap();
            assert_eq!(text.lines().count() - 1, count, "{file}");
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}

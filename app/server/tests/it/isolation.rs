//! Another facility's ids do not exist: every route that takes an id answers 404 to them, for reading and writing,
//! whoever asks. The list of routes and the list of ids both come from the running house.

use crate::world::with_history;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::module::Access;

/// Gives an account every role there is.
pub async fn give_every_role(owner: &mut PgConnection, login: &str) {
    let roles: Vec<&str> = practitioner::role::ROLES.iter().map(|r| r.key).filter(|r| *r != "machine").collect();
    let done = sqlx::query("UPDATE practitioner_account SET roles = $2 WHERE login = $1").bind(login).bind(&roles).execute(owner).await;
    assert_eq!(done.expect("roles").rows_affected(), 1);
}

/// One id of facility 84101 from every column of ids in every tenant table.
async fn foreign_ids(owner: &mut PgConnection) -> BTreeMap<String, Uuid> {
    let columns = sqlx::query(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c
         JOIN information_schema.columns f ON f.table_name = c.table_name AND f.column_name = 'facility_id'
         JOIN information_schema.tables t ON t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
         WHERE c.table_schema = 'public' AND c.data_type = 'uuid'",
    )
    .fetch_all(&mut *owner)
    .await
    .expect("the columns");
    let mut ids = BTreeMap::new();
    for row in columns {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let sql = format!("SELECT {column} FROM {table} WHERE facility_id = 1 AND {column} IS NOT NULL LIMIT 1");
        let found: Option<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(&mut *owner).await.expect("an id");
        if let Some(id) = found {
            ids.insert(format!("{table}.{column}"), id);
        }
    }
    ids
}

#[tokio::test]
async fn the_ids_of_another_facility_are_not_found_on_any_route() {
    let world = with_history(6, 8).await;
    let mut owner = world.database.owner().await;
    give_every_role(&mut owner, "bacsi.84102").await;
    sqlx::query("UPDATE organization_facility SET package = 'PREMIUM2' WHERE code = '84102'").execute(&mut owner).await.unwrap();
    let ids = foreign_ids(&mut owner).await;
    for kind in ["patient_patient.patient_id", "encounter_encounter.encounter_id", "practitioner_practitioner.practitioner_id"] {
        assert!(ids.contains_key(kind), "the history of 84101 has no {kind}");
    }
    let mut distinct: Vec<Uuid> = ids.values().copied().collect();
    distinct.sort();
    distinct.dedup();
    let mut foreigner = world.sign_in_as("bacsi.84102").await;
    let mut found = Vec::new();
    let mut asked = 0;
    for meta in world.app.routes.iter().filter(|m| m.path.contains('{') && m.access != Access::Public) {
        if meta.path.starts_with("/app/drafts/") {
            // The name of one's own draft, not the id of a thing.
            continue;
        }
        for id in &distinct {
            let id = id.to_string();
            let path: String = meta.path.split('/').map(|s| if s.starts_with('{') { id.as_str() } else { s }).collect::<Vec<_>>().join("/");
            let kind = match meta.method.as_str() {
                "GET" | "DELETE" => None,
                _ if meta.path.starts_with("/api/") => Some("application/json"),
                _ => Some("application/x-www-form-urlencoded"),
            };
            let body = if kind == Some("application/json") { b"{}".to_vec() } else { Vec::new() };
            let page = foreigner.send(meta.method.clone(), &path, kind, body).await;
            asked += 1;
            if page.status != 404 {
                found.push(format!("{} {} → {}", meta.method, meta.path, page.status));
            }
        }
    }
    assert!(asked > 500, "only {asked} requests were tried");
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{} kinds of {asked} answers are not 404:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn row_security_is_forced_on_every_table_with_a_facility() {
    let world = with_history(1, 1).await;
    let mut owner = world.database.owner().await;
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'facility_id'
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    )
    .fetch_all(&mut owner)
    .await
    .expect("the tables");
    assert_eq!(open, Vec::<String>::new());
    // Without a facility nothing is seen at all, and the role cannot switch row security off.
    let app = world.db.pool();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM patient_patient").fetch_one(app).await.expect("a count");
    assert_eq!(seen, 0);
    let bypass = sqlx::query("SET row_security = off; ").execute(app).await.is_ok()
        && sqlx::query("SELECT count(*) FROM patient_patient").execute(app).await.is_ok();
    assert!(!bypass || seen == 0);
}

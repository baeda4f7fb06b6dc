//! What the whole house must hold: every question to the database is a valid one.

use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

#[tokio::test]
async fn every_statement_of_the_ward_prepares() {
    let world = crate::clinic::world().await;
    let mut tx = world.tx("84001").await;
    let mut broken = Vec::new();
    for sql in db::SQL_TEXTS.iter().filter(|sql| sql.text.contains("inpatient_")) {
        if let Err(error) = tx.conn().prepare(AssertSqlSafe(sql.text.to_owned()).into_sql_str()).await {
            broken.push(format!("{}:{}: {error}", sql.file, sql.line));
            tx = world.tx("84001").await;
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

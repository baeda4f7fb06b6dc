//! Every SQL text of the binary is understood by the database as it is after all migrations.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};
use testkit::World;

#[tokio::test]
async fn every_sql_text_prepares_as_the_application() {
    let world = World::with(server::modules::modules()).await;
    let mut conn = PgConnection::connect_with(&world.database.options().app).await.expect("the application signs in");
    assert!(db::SQL_TEXTS.len() > 150, "only {} texts are registered", db::SQL_TEXTS.len());
    let mut broken = Vec::new();
    for sql in db::SQL_TEXTS {
        if let Err(error) = conn.prepare(AssertSqlSafe(sql.text.to_owned()).into_sql_str()).await {
            broken.push(format!("{}:{}: {error}", sql.file, sql.line));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

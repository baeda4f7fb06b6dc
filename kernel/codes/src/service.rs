//! Technical services as templates from which a facility fills its own list (QĐ 7603/QĐ-BYT). Prices are those of one
//! province's resolution and serve as examples.

use crate::search::Typed;
use db::{PgConnection, sql};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct ServiceTemplate {
    pub code: String,
    pub name: String,
    /// `exam`, `lab`, `imaging`, `procedure`, derived from chapter and name.
    pub kind: String,
    pub specialty: String,
    pub surgery_class: Option<String>,
    /// An example, never charged from here.
    pub example_price_vnd: Option<i64>,
    pub source: String,
}

/// Templates by the beginnings of words of name or code, of one kind when given; priced ones first.
pub async fn search(
    conn: &mut PgConnection,
    typed: &str,
    kind: Option<&str>,
    limit: i64,
) -> Result<Vec<ServiceTemplate>, sqlx::Error> {
    let typed = Typed::new(typed);
    sqlx::query_as(sql!(
        "SELECT code, name, kind, specialty, surgery_class, example_price_vnd, source
         FROM codes_service
         WHERE search @@ $1::text::tsquery AND valid_to IS NULL AND ($3::text IS NULL OR kind = $3)
         ORDER BY folded LIKE $2::text || '%' DESC, example_price_vnd IS NULL, length(name), code LIMIT $4"
    ))
    .bind(&typed.words)
    .bind(&typed.phrase)
    .bind(kind)
    .bind(limit.clamp(1, 200))
    .fetch_all(conn)
    .await
}

/// These templates by code; unknown codes are missing.
pub async fn list(conn: &mut PgConnection, codes: &[&str]) -> Result<Vec<ServiceTemplate>, sqlx::Error> {
    let codes: Vec<String> = codes.iter().map(|c| c.replace('\0', "")).collect();
    sqlx::query_as(sql!(
        "SELECT code, name, kind, specialty, surgery_class, example_price_vnd, source
         FROM codes_service WHERE code = ANY($1) ORDER BY code"
    ))
    .bind(&codes)
    .fetch_all(conn)
    .await
}

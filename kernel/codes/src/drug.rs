//! Registered drugs, as templates from which a facility fills its own list. Prices are examples of one tender.

use crate::search::Typed;
use db::{PgConnection, sql};
use serde::Serialize;

/// One registered product.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Drug {
    /// The registration number.
    pub code: String,
    pub brand: String,
    /// As registered: "Amoxicilin + acid clavulanic".
    pub ingredients: String,
    /// Keys of its substances (see [`crate::substance::keys`]).
    pub substances: Vec<String>,
    /// The insurance code of the ingredient, e.g. `40.155`.
    pub bhyt_code: Option<String>,
    pub strength: Option<String>,
    pub form: Option<String>,
    /// The dispensing unit; guessed from the packaging where the source has none.
    pub unit: Option<String>,
    pub route_code: Option<String>,
    pub route: Option<String>,
    pub packaging: Option<String>,
    pub manufacturer: Option<String>,
    pub country: Option<String>,
    /// An example, never charged from here.
    pub example_price_vnd: Option<i64>,
    /// `formulary` (form, unit and price known) or `registered`.
    pub source: String,
}

/// Products by the beginnings of words of ingredient, brand, strength or code; complete rows first.
pub async fn search(conn: &mut PgConnection, typed: &str, limit: i64) -> Result<Vec<Drug>, sqlx::Error> {
    let typed = Typed::new(typed);
    sqlx::query_as(sql!(
        "SELECT code, brand, ingredients, substances, bhyt_code, strength, form, unit, route_code, route, packaging,
                manufacturer, country, example_price_vnd, source
         FROM codes_drug WHERE search @@ $1::text::tsquery AND valid_to IS NULL
         ORDER BY folded LIKE split_part($2, ' ', 1) || '%' OR brand_folded LIKE split_part($2, ' ', 1) || '%' DESC, source,
                  cardinality(substances), brand_folded LIKE $2 || '%' DESC, length(brand), code LIMIT $3"
    ))
    .bind(&typed.words)
    .bind(&typed.phrase)
    .bind(limit.clamp(1, 200))
    .fetch_all(conn)
    .await
}

/// One product by its registration number.
pub async fn find(conn: &mut PgConnection, code: &str) -> Result<Option<Drug>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT code, brand, ingredients, substances, bhyt_code, strength, form, unit, route_code, route, packaging,
                manufacturer, country, example_price_vnd, source
         FROM codes_drug WHERE code = $1"
    ))
    .bind(code.replace('\0', ""))
    .fetch_optional(conn)
    .await
}

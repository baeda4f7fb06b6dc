//! Short lists that forms choose from.

use crate::search::Typed;
use db::{PgConnection, sql};
use serde::Serialize;

/// Which list. Its key is what the table and the API call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Routes of administration with their insurance codes.
    Route,
    DosageForm,
    /// Dispensing units.
    Unit,
    EthnicGroup,
    /// ISO 3166 two-letter codes.
    Country,
    /// Kinds of care (QĐ 1804/QĐ-BYT, 2026).
    VisitType,
    /// QĐ 34/2020/QĐ-TTg.
    Occupation,
}

impl List {
    pub fn key(self) -> &'static str {
        match self {
            List::Route => "route",
            List::DosageForm => "dosage_form",
            List::Unit => "unit",
            List::EthnicGroup => "ethnic_group",
            List::Country => "country",
            List::VisitType => "visit_type",
            List::Occupation => "occupation",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Entry {
    pub code: String,
    pub name: String,
}

/// The whole list in its own order.
pub async fn list(conn: &mut PgConnection, list: List) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT code, name FROM codes_list WHERE list = $1 AND valid_to IS NULL ORDER BY place"))
        .bind(list.key())
        .fetch_all(conn)
        .await
}

/// Entries whose name holds every typed word by its beginning.
pub async fn search(conn: &mut PgConnection, list: List, typed: &str, limit: i64) -> Result<Vec<Entry>, sqlx::Error> {
    let typed = Typed::new(typed);
    sqlx::query_as(sql!(
        "SELECT code, name FROM codes_list
         WHERE list = $1 AND valid_to IS NULL AND codes_words(folded) @@ $2::text::tsquery
         ORDER BY folded LIKE $3::text || '%' DESC, length(name), place LIMIT $4"
    ))
    .bind(list.key())
    .bind(&typed.words)
    .bind(&typed.phrase)
    .bind(limit.clamp(1, 200))
    .fetch_all(conn)
    .await
}

/// The name of one entry, also when it has since left the list.
pub async fn find_name(conn: &mut PgConnection, list: List, code: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT name FROM codes_list WHERE list = $1 AND code = $2"))
        .bind(list.key())
        .bind(code.replace('\0', ""))
        .fetch_optional(conn)
        .await
}

//! Laboratory tests with LOINC codes and UCUM units, and reference ranges for adults as a start for a laboratory's own.

use crate::search::Typed;
use db::{PgConnection, sql};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct LabTest {
    pub code: String,
    pub name: String,
    pub loinc: String,
    pub ucum_unit: Option<String>,
    pub specimen: Option<String>,
    /// `HUYETHOC`, `SINHHOA`, …
    pub test_group: String,
}

/// A reference range; `sex` is "" when it holds for both.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Range {
    pub test_code: String,
    pub sex: String,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub unit: String,
    /// As printed: "4,0–10,0", "< 5".
    pub shown: String,
}

/// Tests by the beginnings of words of name or code.
pub async fn search(conn: &mut PgConnection, typed: &str, limit: i64) -> Result<Vec<LabTest>, sqlx::Error> {
    let typed = Typed::new(typed);
    sqlx::query_as(sql!(
        "SELECT code, name, loinc, ucum_unit, specimen, test_group FROM codes_lab_test
         WHERE search @@ $1::text::tsquery AND valid_to IS NULL
         ORDER BY folded LIKE $2::text || '%' DESC, length(name), code LIMIT $3"
    ))
    .bind(&typed.words)
    .bind(&typed.phrase)
    .bind(limit.clamp(1, 200))
    .fetch_all(conn)
    .await
}

/// The adult ranges of these tests for one sex (`male`, `female`; any other word gives only ranges for both).
pub async fn list_ranges(conn: &mut PgConnection, tests: &[&str], sex: &str) -> Result<Vec<Range>, sqlx::Error> {
    let tests: Vec<String> = tests.iter().map(|c| c.replace('\0', "")).collect();
    sqlx::query_as(sql!(
        "SELECT test_code, sex, low::float8, high::float8, unit, shown FROM codes_lab_range
         WHERE test_code = ANY($1) AND sex IN ('', $2) ORDER BY test_code"
    ))
    .bind(&tests)
    .bind(sex)
    .fetch_all(conn)
    .await
}

//! Which feature belongs to which package. What the law requires is in every package.

use db::{PgConnection, sql};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Feature {
    /// `cls.order`, `rx.list`, …
    pub feature: String,
    pub name: String,
    pub basic: bool,
    pub standard: bool,
    pub premium1: bool,
    pub premium2: bool,
    pub required_by_law: bool,
}

impl Feature {
    /// Whether a package (`BASIC`, `STANDARD`, `PREMIUM1`, `PREMIUM2`) contains the feature; an unknown package
    /// contains only what the law requires.
    pub fn is_in(&self, package: &str) -> bool {
        self.required_by_law
            || match package {
                "BASIC" => self.basic,
                "STANDARD" => self.standard,
                "PREMIUM1" => self.premium1,
                "PREMIUM2" => self.premium2,
                _ => false,
            }
    }
}

/// The whole entitlement table.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Feature>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT feature, name, basic, standard, premium1, premium2, required_by_law FROM codes_feature ORDER BY place"
    ))
    .fetch_all(conn)
    .await
}

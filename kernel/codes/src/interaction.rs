//! Interactions between the drugs of one prescription. QĐ 5948/QĐ-BYT (30/12/2021) is the legal list of
//! contraindicated pairs, by pair and by group; the general list is unverified and may only inform.

use crate::substance::flatten;
use db::{PgConnection, sql};
use serde::Serialize;

/// Two of the given drugs that should not meet, and why.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Interaction {
    /// Positions of the two drugs in what was asked, smaller first.
    pub first: i32,
    pub second: i32,
    /// `contraindicated` (legal list) or `danger`, `warning`, `caution` (general list).
    pub severity: String,
    /// The names as the list writes them.
    pub name_a: String,
    pub name_b: String,
    pub mechanism: String,
    pub consequence: String,
    pub management: String,
    pub source: String,
    /// `false`: may inform, must not refuse.
    pub verified: bool,
}

/// All known interactions between these drugs, each given by its ingredient text (a combination counts as one drug;
/// its own substances are not held against each other). For each pair of substances the legal list wins. Worst first.
pub async fn between(conn: &mut PgConnection, drugs: &[&str]) -> Result<Vec<Interaction>, sqlx::Error> {
    let (numbers, keys) = flatten(drugs);
    sqlx::query_as(sql!(
        "WITH given AS (
             SELECT g.number, coalesce(a.substance, g.key) AS substance
             FROM unnest($1::int[], $2::text[]) AS g(number, key) LEFT JOIN codes_substance_alias a ON a.alias = g.key),
         met AS (
             SELECT DISTINCT ON (first, second, p.substance_a, p.substance_b)
                    least(x.number, y.number) AS first, greatest(x.number, y.number) AS second, i.severity, i.name_a,
                    i.name_b, i.mechanism, i.consequence, i.management, i.source, i.verified, i.interaction
             FROM given x
             JOIN codes_interaction_pair p ON p.substance_a = x.substance
             JOIN given y ON y.substance = p.substance_b AND y.number <> x.number
             JOIN codes_interaction i USING (interaction)
             ORDER BY first, second, p.substance_a, p.substance_b, i.verified DESC, i.interaction DESC)
         SELECT first, second, severity, name_a, name_b, mechanism, consequence, management, source, verified
         FROM met
         ORDER BY array_position(ARRAY['contraindicated', 'danger', 'warning', 'caution'], severity), first, second,
                  interaction"
    ))
    .bind(&numbers)
    .bind(&keys)
    .fetch_all(conn)
    .await
}

//! What a new clinic finds on its first morning: rooms, services with example prices, and a list of common medicines
//! to prescribe from. All of it is data the owner changes; nobody's price is charged before the owner has looked, which
//! the first steps ask for.

use base::{RoomId, Vnd};
use chrono::NaiveDate;
use db::Tx;
use organization::drug::{self, DrugForm};
use organization::price::{DatedPrice, Revision};
use organization::room::{self, RoomForm};
use organization::seed::rows;
use organization::service::{self, ServiceForm};
use std::collections::HashMap;
use std::sync::LazyLock;
use uuid::Uuid;
use web::Failure;

/// Example prices by national code, from the templates of the Ministry's list.
static EXAMPLES: LazyLock<HashMap<&'static str, i64>> = LazyLock::new(|| {
    rows(include_str!("../../../catalogues/service_templates.tsv"))
        .filter_map(|row| Some((row["code"], row.get("example_price_vnd")?.parse().ok()?)))
        .collect()
});

fn given(text: &'static str, package: &str) -> impl Iterator<Item = std::collections::BTreeMap<&'static str, &'static str>> {
    rows(text).filter(move |row| row.get("packages").is_none_or(|all| all.split(' ').any(|p| p == package)))
}

fn broken(what: &str, problems: base::Problems) -> Failure {
    Failure::Fault(anyhow::anyhow!("the starter {what} do not pass their own check: {:?}", problems.0))
}

/// Fills the facility of the transaction.
pub async fn fill(tx: &mut Tx, package: &str, today: NaiveDate) -> Result<(), Failure> {
    for row in given(include_str!("../starter/rooms.tsv"), package) {
        let form = RoomForm { code: row["code"].into(), name: row["name"].into(), short_name: row["short_name"].into(), kind: row["kind"].into(), ..RoomForm::default() };
        let facts = room::check(&form).map_err(|p| broken("rooms", p))?;
        room::insert(tx, RoomId(Uuid::now_v7()), &facts, today).await?;
    }
    let facility = tx.facility();
    let rooms = room::list_all(tx.conn(), facility).await?;
    for row in given(include_str!("../starter/services.tsv"), package) {
        // A small clinic sends its samples out: a room it does not have is left open.
        let known = rooms.iter().any(|r| r.code == row["room"]);
        let form = ServiceForm {
            code: row["code"].into(),
            name: row["name"].into(),
            kind: row["kind"].into(),
            room: if known { row["room"].into() } else { String::new() },
            national_code: row["national_code"].into(),
            aliases: row["aliases"].into(),
            specimen: row["specimen"].into(),
            ..ServiceForm::default()
        };
        let facts = service::check(&form, &rooms).map_err(|p| broken("services", p))?;
        let id = Uuid::now_v7();
        service::insert(tx, id, &facts, today).await?;
        if let Some(price) = EXAMPLES.get(row["national_code"]) {
            let new = DatedPrice { valid_from: today, valid_to: None, price: Vnd(*price) };
            service::write_price(tx, id, Revision::Begin { shorten: None, new }).await?;
        }
    }
    for row in given(include_str!("../starter/drugs.tsv"), package) {
        let form = DrugForm {
            code: row["code"].into(),
            ingredient: row["ingredient"].into(),
            name: row["name"].into(),
            strength: row["strength"].into(),
            form: row["form"].into(),
            unit: row["unit"].into(),
            route: row["route"].into(),
            national_ingredient_code: row["national_ingredient_code"].into(),
            ..DrugForm::default()
        };
        let facts = drug::check(&form).map_err(|p| broken("drugs", p))?;
        drug::insert(tx, Uuid::now_v7(), &facts, today).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_starter_service_stands_on_a_template_with_a_price() {
        let mut count = 0;
        for row in given(include_str!("../starter/services.tsv"), "STANDARD") {
            assert!(EXAMPLES.contains_key(row["national_code"]), "{} {}", row["code"], row["national_code"]);
            count += 1;
        }
        assert!(count > 20);
        assert!(given(include_str!("../starter/rooms.tsv"), "BASIC").count() < given(include_str!("../starter/rooms.tsv"), "STANDARD").count());
    }
}

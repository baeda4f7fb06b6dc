//! Drugs and their prices in the database.

use super::{Controlled, Drug, DrugFacts};
use crate::import::Current;
use crate::price::{DatedPrice, Revision};
use crate::search::patterns;
use base::{FacilityId, Vnd, fold};
use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Which drugs a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words as typed.
    pub typed: String,
    /// Also those that have ended.
    pub with_ended: bool,
    /// Continue after this name (folded) and id.
    pub after: Option<(String, Uuid)>,
}

fn drug(row: &PgRow) -> Result<Drug, sqlx::Error> {
    Ok(Drug {
        id: row.try_get("drug_id")?,
        facts: facts(row)?,
        active_from: row.try_get("active_from")?,
        active_to: row.try_get("active_to")?,
        price: row.try_get::<Option<i64>, _>("price_vnd")?.map(Vnd),
    })
}

fn facts(row: &PgRow) -> Result<DrugFacts, sqlx::Error> {
    let pack_size: Option<i64> = row.try_get("pack_size_milli")?;
    let pack_unit: String = row.try_get("pack_unit")?;
    Ok(DrugFacts {
        code: row.try_get("code")?,
        ingredient: row.try_get("ingredient")?,
        name: row.try_get("name")?,
        strength: row.try_get("strength")?,
        form: row.try_get("form")?,
        unit: row.try_get("unit")?,
        pack: pack_size.map(|size| (size, pack_unit)),
        route: row.try_get("route")?,
        registration_no: row.try_get("registration_no")?,
        national_ingredient_code: row.try_get("national_ingredient_code")?,
        controlled: Controlled::from_key(row.try_get("controlled_class")?).unwrap_or(Controlled::None),
        usage_note: row.try_get("usage_note")?,
    })
}

/// One drug with its price of `day`; `None` when the facility has no such drug.
pub async fn find(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
    day: NaiveDate,
) -> Result<Option<Drug>, sqlx::Error> {
    Ok(by_ids(conn, facility, &[id], day).await?.pop())
}

/// Those drugs with their prices of `day`, ended ones too; ids the facility does not have are left out.
pub async fn by_ids(
    conn: &mut PgConnection,
    facility: FacilityId,
    ids: &[Uuid],
    day: NaiveDate,
) -> Result<Vec<Drug>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT d.drug_id, d.code, d.ingredient, d.name, d.strength, d.form, d.unit, d.pack_size_milli, d.pack_unit, d.route,
                d.registration_no, d.national_ingredient_code, d.controlled_class, d.usage_note, d.active_from, d.active_to, p.price_vnd
         FROM organization_drug d
         LEFT JOIN organization_drug_price p ON p.facility_id = d.facility_id AND p.drug_id = d.drug_id
              AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to >= $3)
         WHERE d.facility_id = $1 AND d.drug_id = ANY($2)
         ORDER BY array_position($2, d.drug_id)"
    ))
    .bind(facility.0)
    .bind(ids)
    .bind(day)
    .fetch_all(conn)
    .await?
    .iter()
    .map(drug)
    .collect()
}

/// The drugs that may be prescribed on `day` and match what was typed (brand, ingredient, code, strength; any order,
/// without accents), best first: the exact code, then brands and ingredients that begin with what was typed.
pub async fn search(
    conn: &mut PgConnection,
    facility: FacilityId,
    typed: &str,
    day: NaiveDate,
    most: i64,
) -> Result<Vec<Drug>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT d.drug_id, d.code, d.ingredient, d.name, d.strength, d.form, d.unit, d.pack_size_milli, d.pack_unit, d.route,
                d.registration_no, d.national_ingredient_code, d.controlled_class, d.usage_note, d.active_from, d.active_to, p.price_vnd
         FROM organization_drug d
         LEFT JOIN organization_drug_price p ON p.facility_id = d.facility_id AND p.drug_id = d.drug_id
              AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to >= $3)
         WHERE d.facility_id = $1 AND d.search_folded LIKE ALL ($2)
           AND d.active_from <= $3 AND (d.active_to IS NULL OR d.active_to >= $3)
         ORDER BY lower(d.code) = lower($4) DESC, d.name_folded LIKE $5 OR d.ingredient_folded LIKE $5 DESC,
                  d.name_folded, d.drug_id
         LIMIT $6"
    ))
    .bind(facility.0)
    .bind(patterns(typed))
    .bind(day)
    .bind(typed.trim())
    .bind(format!("{}%", fold(typed)))
    .bind(most)
    .fetch_all(conn)
    .await?
    .iter()
    .map(drug)
    .collect()
}

/// One page of the owner's list, by name.
pub async fn list(
    conn: &mut PgConnection,
    facility: FacilityId,
    filter: &Filter,
    day: NaiveDate,
    most: i64,
) -> Result<Vec<Drug>, sqlx::Error> {
    let (after_name, after_id) = filter.after.clone().unwrap_or((String::new(), Uuid::nil()));
    sqlx::query(sql!(
        "SELECT d.drug_id, d.code, d.ingredient, d.name, d.strength, d.form, d.unit, d.pack_size_milli, d.pack_unit, d.route,
                d.registration_no, d.national_ingredient_code, d.controlled_class, d.usage_note, d.active_from, d.active_to, p.price_vnd
         FROM organization_drug d
         LEFT JOIN organization_drug_price p ON p.facility_id = d.facility_id AND p.drug_id = d.drug_id
              AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to >= $3)
         WHERE d.facility_id = $1 AND d.search_folded LIKE ALL ($2)
           AND ($4 OR d.active_to IS NULL OR d.active_to >= $3)
           AND (d.name_folded, d.drug_id) > ($5, $6)
         ORDER BY d.name_folded, d.drug_id
         LIMIT $7"
    ))
    .bind(facility.0)
    .bind(patterns(&filter.typed))
    .bind(day)
    .bind(filter.with_ended)
    .bind(after_name)
    .bind(after_id)
    .bind(most)
    .fetch_all(conn)
    .await?
    .iter()
    .map(drug)
    .collect()
}

/// How many drugs are in use on `day`.
pub async fn count(conn: &mut PgConnection, facility: FacilityId, day: NaiveDate) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT count(*) FROM organization_drug WHERE facility_id = $1 AND (active_to IS NULL OR active_to >= $2)"
    ))
    .bind(facility.0)
    .bind(day)
    .fetch_one(conn)
    .await
}

/// The price of one dispensing unit on a day; `None` when no price holds then or the facility has no such drug.
pub async fn price_on(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
    day: NaiveDate,
) -> Result<Option<Vnd>, sqlx::Error> {
    let price: Option<i64> = sqlx::query_scalar(sql!(
        "SELECT price_vnd FROM organization_drug_price
         WHERE facility_id = $1 AND drug_id = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)"
    ))
    .bind(facility.0)
    .bind(id)
    .bind(day)
    .fetch_optional(conn)
    .await?;
    Ok(price.map(Vnd))
}

/// All prices of a drug, newest first. Locks the drug, so that two owners never plan against the same state.
pub async fn prices_to_change(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
) -> Result<Vec<DatedPrice>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT 1 FROM organization_drug WHERE facility_id = $1 AND drug_id = $2 FOR NO KEY UPDATE"
    ))
    .bind(facility.0)
    .bind(id)
    .fetch_one(&mut *conn)
    .await?;
    prices(conn, facility, id).await
}

/// All prices of a drug, newest first.
pub async fn prices(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
) -> Result<Vec<DatedPrice>, sqlx::Error> {
    let rows: Vec<(NaiveDate, Option<NaiveDate>, i64)> = sqlx::query_as(sql!(
        "SELECT valid_from, valid_to, price_vnd FROM organization_drug_price
         WHERE facility_id = $1 AND drug_id = $2 ORDER BY valid_from DESC"
    ))
    .bind(facility.0)
    .bind(id)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(valid_from, valid_to, price)| DatedPrice { valid_from, valid_to, price: Vnd(price) })
        .collect())
}

/// Writes what the price rule planned.
pub async fn write_price(tx: &mut Tx, id: Uuid, revision: Revision) -> Result<(), sqlx::Error> {
    match revision {
        Revision::Nothing => {}
        Revision::Correct { valid_from, price } => {
            sqlx::query(sql!(
                "UPDATE organization_drug_price SET price_vnd = $4, set_by = $5, set_at = $6
                 WHERE facility_id = $1 AND drug_id = $2 AND valid_from = $3"
            ))
            .bind(tx.facility().0)
            .bind(id)
            .bind(valid_from)
            .bind(price.0)
            .bind(tx.actor.account.0)
            .bind(tx.now)
            .execute(tx.conn())
            .await?;
        }
        Revision::Begin { shorten, new } => {
            if let Some(first_day) = shorten {
                sqlx::query(sql!(
                    "UPDATE organization_drug_price SET valid_to = $4
                     WHERE facility_id = $1 AND drug_id = $2 AND valid_from = $3"
                ))
                .bind(tx.facility().0)
                .bind(id)
                .bind(first_day)
                .bind(new.valid_from.pred_opt())
                .execute(tx.conn())
                .await?;
            }
            sqlx::query(sql!(
                "INSERT INTO organization_drug_price (facility_id, drug_id, valid_from, valid_to, price_vnd, set_by, set_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)"
            ))
            .bind(tx.facility().0)
            .bind(id)
            .bind(new.valid_from)
            .bind(new.valid_to)
            .bind(new.price.0)
            .bind(tx.actor.account.0)
            .bind(tx.now)
            .execute(tx.conn())
            .await?;
        }
    }
    Ok(())
}

/// Adds a drug under an id that the page made; a second time changes nothing. Gives whether that id now holds the
/// code (false: another drug has it).
pub async fn insert(tx: &mut Tx, id: Uuid, facts: &DrugFacts, from: NaiveDate) -> Result<bool, sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO organization_drug
             (facility_id, drug_id, code, ingredient, ingredient_folded, name, name_folded, search_folded, strength, form,
              unit, pack_size_milli, pack_unit, route, registration_no, national_ingredient_code, controlled_class,
              usage_note, active_from, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(&facts.code)
    .bind(&facts.ingredient)
    .bind(fold(&facts.ingredient))
    .bind(&facts.name)
    .bind(fold(&facts.name))
    .bind(facts.search_text())
    .bind(&facts.strength)
    .bind(&facts.form)
    .bind(&facts.unit)
    .bind(facts.pack.as_ref().map(|(size, _)| *size))
    .bind(facts.pack.as_ref().map_or("", |(_, unit)| unit.as_str()))
    .bind(&facts.route)
    .bind(&facts.registration_no)
    .bind(&facts.national_ingredient_code)
    .bind(facts.controlled.key())
    .bind(&facts.usage_note)
    .bind(from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    let facility = tx.facility();
    Ok(code_owner(tx.conn(), facility, &facts.code).await? == Some(id))
}

/// Which drug has that code.
pub async fn code_owner(conn: &mut PgConnection, facility: FacilityId, code: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT drug_id FROM organization_drug WHERE facility_id = $1 AND code = $2"))
        .bind(facility.0)
        .bind(code)
        .fetch_optional(conn)
        .await
}

/// Changes a drug's facts; prescriptions and charges keep the words they were made with.
pub async fn update(tx: &mut Tx, id: Uuid, facts: &DrugFacts) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_drug SET code = $3, ingredient = $4, ingredient_folded = $5, name = $6, name_folded = $7,
                search_folded = $8, strength = $9, form = $10, unit = $11, pack_size_milli = $12, pack_unit = $13,
                route = $14, registration_no = $15, national_ingredient_code = $16, controlled_class = $17,
                usage_note = $18, changed_by = $19, changed_at = $20
         WHERE facility_id = $1 AND drug_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(&facts.code)
    .bind(&facts.ingredient)
    .bind(fold(&facts.ingredient))
    .bind(&facts.name)
    .bind(fold(&facts.name))
    .bind(facts.search_text())
    .bind(&facts.strength)
    .bind(&facts.form)
    .bind(&facts.unit)
    .bind(facts.pack.as_ref().map(|(size, _)| *size))
    .bind(facts.pack.as_ref().map_or("", |(_, unit)| unit.as_str()))
    .bind(&facts.route)
    .bind(&facts.registration_no)
    .bind(&facts.national_ingredient_code)
    .bind(facts.controlled.key())
    .bind(&facts.usage_note)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets or lifts the last day on which a drug can be prescribed.
pub async fn set_last_day(tx: &mut Tx, id: Uuid, last_day: Option<NaiveDate>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_drug
         SET active_to = CASE WHEN $3::date IS NULL THEN NULL ELSE greatest($3, active_from) END,
             changed_by = $4, changed_at = $5
         WHERE facility_id = $1 AND drug_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(last_day)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everything the list holds, by code, to check a sheet against. Locks the list against a second import while the
/// transaction lasts.
pub async fn all_to_import(
    conn: &mut PgConnection,
    facility: FacilityId,
    today: NaiveDate,
) -> Result<HashMap<String, Current<DrugFacts>>, sqlx::Error> {
    sqlx::query(sql!("SELECT pg_advisory_xact_lock(7928102, $1)")).bind(facility.0).execute(&mut *conn).await?;
    let rows = sqlx::query(sql!(
        "SELECT drug_id, code, ingredient, name, strength, form, unit, pack_size_milli, pack_unit, route, registration_no,
                national_ingredient_code, controlled_class, usage_note, active_to
         FROM organization_drug WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_all(&mut *conn)
    .await?;
    let prices: Vec<(Uuid, NaiveDate, Option<NaiveDate>, i64)> = sqlx::query_as(sql!(
        "SELECT drug_id, valid_from, valid_to, price_vnd FROM organization_drug_price WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await?;
    let mut by_drug: HashMap<Uuid, Vec<DatedPrice>> = HashMap::new();
    for (id, valid_from, valid_to, price) in prices {
        by_drug.entry(id).or_default().push(DatedPrice { valid_from, valid_to, price: Vnd(price) });
    }
    let mut all = HashMap::with_capacity(rows.len());
    for row in &rows {
        let facts = facts(row)?;
        let id: Uuid = row.try_get("drug_id")?;
        let is_ended = row.try_get::<Option<NaiveDate>, _>("active_to")?.is_some_and(|last| last < today);
        let prices = by_drug.remove(&id).unwrap_or_default();
        all.insert(facts.code.clone(), Current { id, facts, prices, is_ended });
    }
    Ok(all)
}

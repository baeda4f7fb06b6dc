//! Services and their prices in the database.

use super::{Kind, Service, ServiceFacts};
use crate::import::Current;
use crate::price::{DatedPrice, Revision};
use crate::search::patterns;
use base::{FacilityId, RoomId, Vnd, fold};
use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Which services a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words as typed.
    pub typed: String,
    pub kind: Option<Kind>,
    /// Also those that have ended.
    pub with_ended: bool,
    /// Continue after this name (folded) and id.
    pub after: Option<(String, Uuid)>,
}

fn service(row: &PgRow) -> Result<Service, sqlx::Error> {
    Ok(Service {
        id: row.try_get("service_id")?,
        facts: facts(row)?,
        active_from: row.try_get("active_from")?,
        active_to: row.try_get("active_to")?,
        price: row.try_get::<Option<i64>, _>("price_vnd")?.map(Vnd),
        room_name: row.try_get("room_name")?,
    })
}

fn facts(row: &PgRow) -> Result<ServiceFacts, sqlx::Error> {
    Ok(ServiceFacts {
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        kind: Kind::from_key(row.try_get("kind")?).unwrap_or(Kind::Other),
        room: row.try_get::<Option<Uuid>, _>("room_id")?.map(RoomId),
        unit: row.try_get("unit")?,
        national_code: row.try_get("national_code")?,
        specimen: row.try_get("specimen")?,
        preparation: row.try_get("preparation")?,
        aliases: row.try_get("aliases")?,
    })
}

/// One service with its price of `day`; `None` when the facility has no such service.
pub async fn find(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
    day: NaiveDate,
) -> Result<Option<Service>, sqlx::Error> {
    Ok(by_ids(conn, facility, &[id], day).await?.pop())
}

/// Those services with their prices of `day`, ended ones too; ids the facility does not have are left out.
pub async fn by_ids(
    conn: &mut PgConnection,
    facility: FacilityId,
    ids: &[Uuid],
    day: NaiveDate,
) -> Result<Vec<Service>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT s.service_id, s.code, s.name, s.aliases, s.kind, s.room_id, s.unit, s.national_code, s.specimen,
                s.preparation, s.active_from, s.active_to, r.short_name AS room_name, p.price_vnd
         FROM organization_service s
         LEFT JOIN organization_room r ON r.facility_id = s.facility_id AND r.room_id = s.room_id
         LEFT JOIN organization_service_price p ON p.facility_id = s.facility_id AND p.service_id = s.service_id
              AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to >= $3)
         WHERE s.facility_id = $1 AND s.service_id = ANY($2)
         ORDER BY array_position($2, s.service_id)"
    ))
    .bind(facility.0)
    .bind(ids)
    .bind(day)
    .fetch_all(conn)
    .await?
    .iter()
    .map(service)
    .collect()
}

/// The services that may be ordered on `day` and match what was typed, of `kinds` (all when empty), best first:
/// the exact code, then names that begin with what was typed, then by name. At most `most`.
pub async fn search(
    conn: &mut PgConnection,
    facility: FacilityId,
    typed: &str,
    kinds: &[Kind],
    day: NaiveDate,
    most: i64,
) -> Result<Vec<Service>, sqlx::Error> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.key()).collect();
    sqlx::query(sql!(
        "SELECT s.service_id, s.code, s.name, s.aliases, s.kind, s.room_id, s.unit, s.national_code, s.specimen,
                s.preparation, s.active_from, s.active_to, r.short_name AS room_name, p.price_vnd
         FROM organization_service s
         LEFT JOIN organization_room r ON r.facility_id = s.facility_id AND r.room_id = s.room_id
         LEFT JOIN organization_service_price p ON p.facility_id = s.facility_id AND p.service_id = s.service_id
              AND p.valid_from <= $4 AND (p.valid_to IS NULL OR p.valid_to >= $4)
         WHERE s.facility_id = $1 AND s.search_folded LIKE ALL ($2)
           AND (cardinality($3::text[]) = 0 OR s.kind = ANY($3))
           AND s.active_from <= $4 AND (s.active_to IS NULL OR s.active_to >= $4)
         ORDER BY lower(s.code) = lower($5) DESC, s.name_folded LIKE $6 DESC, s.name_folded, s.service_id
         LIMIT $7"
    ))
    .bind(facility.0)
    .bind(patterns(typed))
    .bind(kinds)
    .bind(day)
    .bind(typed.trim())
    .bind(format!("{}%", fold(typed)))
    .bind(most)
    .fetch_all(conn)
    .await?
    .iter()
    .map(service)
    .collect()
}

/// One page of the owner's list, by name.
pub async fn list(
    conn: &mut PgConnection,
    facility: FacilityId,
    filter: &Filter,
    day: NaiveDate,
    most: i64,
) -> Result<Vec<Service>, sqlx::Error> {
    let (after_name, after_id) = filter.after.clone().unwrap_or((String::new(), Uuid::nil()));
    sqlx::query(sql!(
        "SELECT s.service_id, s.code, s.name, s.aliases, s.kind, s.room_id, s.unit, s.national_code, s.specimen,
                s.preparation, s.active_from, s.active_to, r.short_name AS room_name, p.price_vnd
         FROM organization_service s
         LEFT JOIN organization_room r ON r.facility_id = s.facility_id AND r.room_id = s.room_id
         LEFT JOIN organization_service_price p ON p.facility_id = s.facility_id AND p.service_id = s.service_id
              AND p.valid_from <= $4 AND (p.valid_to IS NULL OR p.valid_to >= $4)
         WHERE s.facility_id = $1 AND s.search_folded LIKE ALL ($2) AND ($3::text IS NULL OR s.kind = $3)
           AND ($5 OR s.active_to IS NULL OR s.active_to >= $4)
           AND (s.name_folded, s.service_id) > ($6, $7)
         ORDER BY s.name_folded, s.service_id
         LIMIT $8"
    ))
    .bind(facility.0)
    .bind(patterns(&filter.typed))
    .bind(filter.kind.map(Kind::key))
    .bind(day)
    .bind(filter.with_ended)
    .bind(after_name)
    .bind(after_id)
    .bind(most)
    .fetch_all(conn)
    .await?
    .iter()
    .map(service)
    .collect()
}

/// How many services are in use on `day`, by kind.
pub async fn count_by_kind(
    conn: &mut PgConnection,
    facility: FacilityId,
    day: NaiveDate,
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let counts: Vec<(String, i64)> = sqlx::query_as(sql!(
        "SELECT kind, count(*) FROM organization_service
         WHERE facility_id = $1 AND (active_to IS NULL OR active_to >= $2) GROUP BY kind"
    ))
    .bind(facility.0)
    .bind(day)
    .fetch_all(conn)
    .await?;
    Ok(counts.into_iter().collect())
}

/// The price of a service on a day; `None` when no price holds then or the facility has no such service.
pub async fn price_on(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
    day: NaiveDate,
) -> Result<Option<Vnd>, sqlx::Error> {
    let price: Option<i64> = sqlx::query_scalar(sql!(
        "SELECT price_vnd FROM organization_service_price
         WHERE facility_id = $1 AND service_id = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)"
    ))
    .bind(facility.0)
    .bind(id)
    .bind(day)
    .fetch_optional(conn)
    .await?;
    Ok(price.map(Vnd))
}

/// All prices of a service, newest first. Locks the service, so that two owners never plan against the same state.
pub async fn prices_to_change(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
) -> Result<Vec<DatedPrice>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT 1 FROM organization_service WHERE facility_id = $1 AND service_id = $2 FOR NO KEY UPDATE"
    ))
    .bind(facility.0)
    .bind(id)
    .fetch_one(&mut *conn)
    .await?;
    prices(conn, facility, id).await
}

/// All prices of a service, newest first.
pub async fn prices(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
) -> Result<Vec<DatedPrice>, sqlx::Error> {
    let rows: Vec<(NaiveDate, Option<NaiveDate>, i64)> = sqlx::query_as(sql!(
        "SELECT valid_from, valid_to, price_vnd FROM organization_service_price
         WHERE facility_id = $1 AND service_id = $2 ORDER BY valid_from DESC"
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
                "UPDATE organization_service_price SET price_vnd = $4, set_by = $5, set_at = $6
                 WHERE facility_id = $1 AND service_id = $2 AND valid_from = $3"
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
                    "UPDATE organization_service_price SET valid_to = $4
                     WHERE facility_id = $1 AND service_id = $2 AND valid_from = $3"
                ))
                .bind(tx.facility().0)
                .bind(id)
                .bind(first_day)
                .bind(new.valid_from.pred_opt())
                .execute(tx.conn())
                .await?;
            }
            sqlx::query(sql!(
                "INSERT INTO organization_service_price (facility_id, service_id, valid_from, valid_to, price_vnd, set_by, set_at)
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

/// Adds a service under an id that the page made; a second time changes nothing. Gives whether that id now holds the
/// code (false: another service has it).
pub async fn insert(tx: &mut Tx, id: Uuid, facts: &ServiceFacts, from: NaiveDate) -> Result<bool, sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO organization_service
             (facility_id, service_id, code, name, name_folded, aliases, search_folded, kind, room_id, unit,
              national_code, specimen, preparation, active_from, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(&facts.code)
    .bind(&facts.name)
    .bind(fold(&facts.name))
    .bind(&facts.aliases)
    .bind(facts.search_text())
    .bind(facts.kind.key())
    .bind(facts.room.map(|room| room.0))
    .bind(&facts.unit)
    .bind(&facts.national_code)
    .bind(&facts.specimen)
    .bind(&facts.preparation)
    .bind(from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    let facility = tx.facility();
    Ok(code_owner(tx.conn(), facility, &facts.code).await? == Some(id))
}

/// Which service has that code.
pub async fn code_owner(conn: &mut PgConnection, facility: FacilityId, code: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT service_id FROM organization_service WHERE facility_id = $1 AND code = $2"))
        .bind(facility.0)
        .bind(code)
        .fetch_optional(conn)
        .await
}

/// Changes a service's facts; orders and charges keep the words they were made with.
pub async fn update(tx: &mut Tx, id: Uuid, facts: &ServiceFacts) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_service SET code = $3, name = $4, name_folded = $5, aliases = $6, search_folded = $7,
                kind = $8, room_id = $9, unit = $10, national_code = $11, specimen = $12, preparation = $13,
                changed_by = $14, changed_at = $15
         WHERE facility_id = $1 AND service_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(&facts.code)
    .bind(&facts.name)
    .bind(fold(&facts.name))
    .bind(&facts.aliases)
    .bind(facts.search_text())
    .bind(facts.kind.key())
    .bind(facts.room.map(|room| room.0))
    .bind(&facts.unit)
    .bind(&facts.national_code)
    .bind(&facts.specimen)
    .bind(&facts.preparation)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets or lifts the last day on which a service can be ordered.
pub async fn set_last_day(tx: &mut Tx, id: Uuid, last_day: Option<NaiveDate>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_service
         SET active_to = CASE WHEN $3::date IS NULL THEN NULL ELSE greatest($3, active_from) END,
             changed_by = $4, changed_at = $5
         WHERE facility_id = $1 AND service_id = $2"
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
) -> Result<HashMap<String, Current<ServiceFacts>>, sqlx::Error> {
    sqlx::query(sql!("SELECT pg_advisory_xact_lock(7928101, $1)")).bind(facility.0).execute(&mut *conn).await?;
    let rows = sqlx::query(sql!(
        "SELECT service_id, code, name, aliases, kind, room_id, unit, national_code, specimen, preparation, active_to
         FROM organization_service WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_all(&mut *conn)
    .await?;
    let prices: Vec<(Uuid, NaiveDate, Option<NaiveDate>, i64)> = sqlx::query_as(sql!(
        "SELECT service_id, valid_from, valid_to, price_vnd FROM organization_service_price WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await?;
    let mut by_service: HashMap<Uuid, Vec<DatedPrice>> = HashMap::new();
    for (id, valid_from, valid_to, price) in prices {
        by_service.entry(id).or_default().push(DatedPrice { valid_from, valid_to, price: Vnd(price) });
    }
    let mut all = HashMap::with_capacity(rows.len());
    for row in &rows {
        let facts = facts(row)?;
        let id: Uuid = row.try_get("service_id")?;
        let is_ended = row.try_get::<Option<NaiveDate>, _>("active_to")?.is_some_and(|last| last < today);
        let prices = by_service.remove(&id).unwrap_or_default();
        all.insert(facts.code.clone(), Current { id, facts, prices, is_ended });
    }
    Ok(all)
}

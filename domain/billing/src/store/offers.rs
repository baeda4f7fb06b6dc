//! What packages are offered: versions with their dates and content; and the row of a sale.

use crate::package::Offer;
use base::{BillId, PatientId, Vnd};
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A version as it holds, or will hold, from a day.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Version {
    pub package_id: Uuid,
    pub code: String,
    pub version: i32,
    pub name: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub price_vnd: i64,
    pub validity_days: i32,
    pub note: String,
    pub by_name: String,
    /// "Tập vận động × 10, Khám × 1", for lists.
    pub content: String,
    /// The same at today's list prices; nothing when a service has no price.
    pub list_vnd: Option<i64>,
}

macro_rules! versions_where {
    ($rest:expr) => {
        concat!(
            "SELECT v.package_id, p.code, v.version, v.name, v.valid_from, v.valid_to, v.price_vnd, v.validity_days, v.note, v.by_name,
                coalesce(c.content, '') AS content, c.list_vnd
             FROM billing_package_version v
             JOIN billing_package p ON p.facility_id = $1 AND p.package_id = v.package_id
             LEFT JOIN LATERAL (
                 SELECT string_agg(s.name || ' × ' || i.quantity, ', ' ORDER BY i.quantity DESC, s.name) AS content,
                        CASE WHEN count(*) = count(l.price_vnd) THEN sum(l.price_vnd * i.quantity)::bigint END AS list_vnd
                 FROM billing_package_item i
                 JOIN organization_service s ON s.facility_id = $1 AND s.service_id = i.service_id
                 LEFT JOIN organization_service_price l ON l.facility_id = $1 AND l.service_id = i.service_id
                      AND l.valid_from <= $2 AND (l.valid_to IS NULL OR l.valid_to >= $2)
                 WHERE i.facility_id = $1 AND i.package_id = v.package_id AND i.version = v.version) c ON true
             WHERE v.facility_id = $1 AND ",
            $rest
        )
    };
}

/// What may be sold on a day, by name.
pub async fn list_on(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Version>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(versions_where!("v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to >= $2) ORDER BY v.name")))
        .bind(facility)
        .bind(day)
        .fetch_all(tx.conn())
        .await
}

/// Every version, the packages by code, newest version first.
pub async fn list_all(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Version>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(versions_where!("true ORDER BY p.code, v.version DESC LIMIT 300"))).bind(facility).bind(today).fetch_all(tx.conn()).await
}

/// The version of a package that holds on a day.
pub async fn find_on(tx: &mut Tx, package: Uuid, day: NaiveDate) -> Result<Option<Version>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(versions_where!("v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to >= $2) AND v.package_id = $3")))
        .bind(facility)
        .bind(day)
        .bind(package)
        .fetch_optional(tx.conn())
        .await
}

pub async fn exists(tx: &mut Tx, package: Uuid) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT FROM billing_package WHERE facility_id = $1 AND package_id = $2)"))
        .bind(facility)
        .bind(package)
        .fetch_one(tx.conn())
        .await
}

/// The content of a version.
pub async fn items(tx: &mut Tx, package: Uuid, version: i32) -> Result<Vec<(Uuid, i32)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT service_id, quantity FROM billing_package_item WHERE facility_id = $1 AND package_id = $2 AND version = $3 ORDER BY service_id"
    ))
    .bind(facility)
    .bind(package)
    .bind(version)
    .fetch_all(tx.conn())
    .await
}

/// The facility's services that a package may hold: id, code, name.
pub async fn list_services(tx: &mut Tx) -> Result<Vec<(Uuid, String, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT service_id, code, name FROM organization_service WHERE facility_id = $1 AND kind <> 'drug' ORDER BY name LIMIT 2000"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// Writes a package, or a new version of it that holds from a day on. `false`: the code belongs to another package, or a version
/// begins on that day or later already.
pub async fn write(tx: &mut Tx, package: Uuid, offer: &Offer, from: NaiveDate) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_package (facility_id, package_id, code, name, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(package)
    .bind(&offer.code)
    .bind(&offer.name)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    let known: Option<(i32, Option<NaiveDate>)> = sqlx::query_as(sql!(
        "SELECT coalesce(max(v.version), 0), max(v.valid_from) FROM billing_package p
         LEFT JOIN billing_package_version v ON v.facility_id = $1 AND v.package_id = p.package_id
         WHERE p.facility_id = $1 AND p.package_id = $2 AND p.code = $3 GROUP BY p.package_id"
    ))
    .bind(facility)
    .bind(package)
    .bind(&offer.code)
    .fetch_optional(tx.conn())
    .await?;
    let Some((last, last_from)) = known else { return Ok(false) };
    if last_from.is_some_and(|d| d >= from) {
        return Ok(false);
    }
    sqlx::query(sql!(
        "UPDATE billing_package_version SET valid_to = $3::date - 1
         WHERE facility_id = $1 AND package_id = $2 AND (valid_to IS NULL OR valid_to >= $3)"
    ))
    .bind(facility)
    .bind(package)
    .bind(from)
    .execute(tx.conn())
    .await?;
    let (services, pieces): (Vec<Uuid>, Vec<i32>) = offer.items.iter().map(|(id, n)| (*id, i32::try_from(*n).unwrap_or(i32::MAX))).unzip();
    sqlx::query(sql!(
        "INSERT INTO billing_package_version (facility_id, package_id, version, name, valid_from, price_vnd, validity_days, made_at, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    ))
    .bind(facility)
    .bind(package)
    .bind(last + 1)
    .bind(&offer.name)
    .bind(from)
    .bind(offer.price.0)
    .bind(i32::try_from(offer.validity_days).unwrap_or(i32::MAX))
    .bind(now)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO billing_package_item (facility_id, package_id, version, service_id, quantity)
         SELECT $1, $2, $3, s, n FROM unnest($4::uuid[], $5::int[]) AS x(s, n)"
    ))
    .bind(facility)
    .bind(package)
    .bind(last + 1)
    .bind(&services)
    .bind(&pieces)
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Sells no more of a package after a day.
pub async fn end(tx: &mut Tx, package: Uuid, last_day: NaiveDate) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!(
        "UPDATE billing_package_version SET valid_to = $3
         WHERE facility_id = $1 AND package_id = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)"
    ))
    .bind(facility)
    .bind(package)
    .bind(last_day)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes the sale with its content at the list prices of its day.
pub async fn insert_sale(tx: &mut Tx, bill: BillId, patient: PatientId, offer: &Version, day: NaiveDate, valid_to: NaiveDate) -> Result<(), sqlx::Error> {
    let year = crate::receipt::year_of(day);
    let number = super::next_number(tx, "GDV", year).await?;
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_package_sale (facility_id, bill_id, package_id, version, patient_id, number, year, name, price_vnd, sold_on, valid_to,
             sold_at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(offer.package_id)
    .bind(offer.version)
    .bind(patient.0)
    .bind(number)
    .bind(year)
    .bind(&offer.name)
    .bind(Vnd(offer.price_vnd).0)
    .bind(day)
    .bind(valid_to)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO billing_package_sale_item (facility_id, bill_id, service_id, name, quantity, list_vnd)
         SELECT $1, $2, i.service_id, s.name, i.quantity, coalesce(p.price_vnd, 0)
         FROM billing_package_item i
         JOIN organization_service s ON s.facility_id = $1 AND s.service_id = i.service_id
         LEFT JOIN organization_service_price p ON p.facility_id = $1 AND p.service_id = i.service_id
              AND p.valid_from <= $5 AND (p.valid_to IS NULL OR p.valid_to >= $5)
         WHERE i.facility_id = $1 AND i.package_id = $3 AND i.version = $4"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(offer.package_id)
    .bind(offer.version)
    .bind(day)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The name of a person of this facility; `None` when there is none.
pub async fn find_patient(tx: &mut Tx, patient: PatientId) -> Result<Option<(String, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT name, record_no FROM patient_patient WHERE facility_id = $1 AND patient_id = $2 AND merged_into IS NULL"))
        .bind(facility)
        .bind(patient.0)
        .fetch_optional(tx.conn())
        .await
}

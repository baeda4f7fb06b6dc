//! The facility in the database.

use super::{Facility, FacilityFacts, PrintHeader, Settings};
use base::{FacilityId};
use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use std::collections::BTreeSet;

/// The facility with all it prints; `None` when it does not exist or row security hides it.
pub async fn find(conn: &mut PgConnection, facility: FacilityId) -> Result<Option<Facility>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT code, name, short_name, legal_name, governing_body, address, phone, email, licence_no, head_name, tax_code,
                bank_bin, bank_account, bank_holder, package, package_from, package_to, print_header, settings
         FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Facility {
        id: facility,
        code: row.try_get("code")?,
        package: row.try_get("package")?,
        package_from: row.try_get("package_from")?,
        package_to: row.try_get("package_to")?,
        facts: FacilityFacts {
            name: row.try_get("name")?,
            short_name: row.try_get("short_name")?,
            legal_name: row.try_get("legal_name")?,
            governing_body: row.try_get("governing_body")?,
            address: row.try_get("address")?,
            phone: row.try_get("phone")?,
            email: row.try_get("email")?,
            licence_no: row.try_get("licence_no")?,
            head_name: row.try_get("head_name")?,
            tax_code: row.try_get("tax_code")?,
            bank_bin: row.try_get("bank_bin")?,
            bank_account: row.try_get("bank_account")?,
            bank_holder: row.try_get("bank_holder")?,
            print: row.try_get::<Json<PrintHeader>, _>("print_header")?.0,
        },
        settings: row.try_get::<Json<Settings>, _>("settings")?.0,
    }))
}

/// The same, for pages that cannot be without it.
pub async fn get(conn: &mut PgConnection, facility: FacilityId) -> Result<Facility, sqlx::Error> {
    find(conn, facility).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Changes what the facility is called and prints.
pub async fn update(tx: &mut Tx, facts: &FacilityFacts) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_facility
         SET name = $2, short_name = $3, legal_name = $4, governing_body = $5, address = $6, phone = $7, email = $8,
             licence_no = $9, head_name = $10, tax_code = $11, bank_bin = $12, bank_account = $13, bank_holder = $14,
             print_header = print_header || $15, changed_by = $16, changed_at = $17
         WHERE facility_id = $1"
    ))
    .bind(tx.facility().0)
    .bind(&facts.name)
    .bind(&facts.short_name)
    .bind(&facts.legal_name)
    .bind(&facts.governing_body)
    .bind(&facts.address)
    .bind(&facts.phone)
    .bind(&facts.email)
    .bind(&facts.licence_no)
    .bind(&facts.head_name)
    .bind(&facts.tax_code)
    .bind(&facts.bank_bin)
    .bind(&facts.bank_account)
    .bind(&facts.bank_holder)
    .bind(Json(&facts.print))
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets the facility's switches; switches this program does not know are kept.
pub async fn update_settings(tx: &mut Tx, settings: &Settings) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_facility SET settings = settings || $2, changed_by = $3, changed_at = $4
         WHERE facility_id = $1"
    ))
    .bind(tx.facility().0)
    .bind(Json(settings))
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The official code of one system ('kcb', 'rx', …) on a day.
pub async fn code_on(
    conn: &mut PgConnection,
    facility: FacilityId,
    system: &str,
    day: NaiveDate,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT code FROM organization_facility_code
         WHERE facility_id = $1 AND system = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)"
    ))
    .bind(facility.0)
    .bind(system)
    .bind(day)
    .fetch_optional(conn)
    .await
}

/// One feature of the packages, as the facility stands to it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Feature {
    pub feature: String,
    pub name: String,
    pub basic: bool,
    pub standard: bool,
    pub premium1: bool,
    pub premium2: bool,
    /// In every package, because the law asks for it.
    pub required_by_law: bool,
}

impl Feature {
    /// Whether a package contains it.
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

/// All features in the order in which they are sold.
pub async fn features(conn: &mut PgConnection) -> Result<Vec<Feature>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT feature, name, basic, standard, premium1, premium2, required_by_law FROM codes_feature ORDER BY place"
    ))
    .fetch_all(conn)
    .await
}

/// The features a facility has today: those of its package, and those the law asks of every package. A package that
/// has run out leaves only the latter.
pub async fn features_of(
    conn: &mut PgConnection,
    facility: FacilityId,
    today: NaiveDate,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar(sql!(
        "SELECT c.feature
         FROM organization_facility f CROSS JOIN codes_feature c
         WHERE f.facility_id = $1
           AND (c.required_by_law
                OR f.package_from <= $2 AND (f.package_to IS NULL OR f.package_to >= $2)
                   AND CASE f.package WHEN 'BASIC' THEN c.basic WHEN 'STANDARD' THEN c.standard
                                      WHEN 'PREMIUM1' THEN c.premium1 WHEN 'PREMIUM2' THEN c.premium2 END)"
    ))
    .bind(facility.0)
    .bind(today)
    .fetch_all(conn)
    .await?;
    Ok(names.into_iter().collect())
}

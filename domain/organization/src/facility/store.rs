//! The facility in the database.

use crate::package;
use super::{Facility, FacilityFacts, PrintHeader, Settings};
use base::{FacilityId};
use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The facility with all it prints; `None` when it does not exist or row security hides it.
pub async fn find(conn: &mut PgConnection, facility: FacilityId) -> Result<Option<Facility>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT code, name, short_name, legal_name, governing_body, address, phone, email, licence_no, head_name, tax_code,
                bank_bin, bank_account, bank_holder, print_header, settings
         FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(facility.0)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Facility {
        id: facility,
        code: row.try_get("code")?,
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

/// A facility about to be made.
#[derive(Clone, Debug, Default)]
pub struct NewFacility<'a> {
    /// What people type behind the dot when they sign in: 1 to 20 letters and digits.
    pub code: &'a str,
    pub name: &'a str,
    /// A package by hand and without an end; `None` where a trial or money begins one.
    pub package: Option<&'a str>,
}

/// Makes a facility and leaves the transaction in its rows. `None` when the code is taken. One at a time in the whole
/// house, so that two who want the same code meet here and not in the middle of their work.
pub async fn open(conn: &mut PgConnection, new: &NewFacility<'_>, today: NaiveDate) -> Result<Option<FacilityId>, sqlx::Error> {
    sqlx::query(sql!("SELECT pg_advisory_xact_lock(7928003)")).execute(&mut *conn).await?;
    let (taken, last): (bool, i32) =
        sqlx::query_as(sql!("SELECT coalesce(bool_or(code = $1), false), coalesce(max(facility_id), 0) FROM organization_directory()"))
            .bind(new.code)
            .fetch_one(&mut *conn)
            .await?;
    if taken {
        return Ok(None);
    }
    let id = last + 1;
    sqlx::raw_sql(AssertSqlSafe(format!("SET LOCAL yba.facility = '{id}'"))).execute(&mut *conn).await?;
    sqlx::query(sql!(
        "INSERT INTO organization_facility (facility_id, code, name, short_name, package, package_from) VALUES ($1, $2, $3, left($3, 40), $4, $5)"
    ))
    .bind(id)
    .bind(new.code)
    .bind(new.name)
    .bind(new.package)
    .bind(today)
    .execute(conn)
    .await?;
    Ok(Some(FacilityId(id)))
}

/// Gives the facility of the transaction an official code from a day on.
pub async fn insert_code(tx: &mut Tx, system: &str, code: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO organization_facility_code (facility_id, system, code, valid_from) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(system)
    .bind(code)
    .bind(from)
    .execute(tx.conn())
    .await?;
    Ok(())
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

/// The features a facility has on a day: those of its package, and those the law asks of everybody. Read-only keeps them
/// all, because what was written can be read for ever; a closed customer has the duties only.
pub async fn features_of(
    conn: &mut PgConnection,
    facility: FacilityId,
    today: NaiveDate,
) -> Result<Arc<BTreeSet<String>>, sqlx::Error> {
    let periods = package::periods(conn, facility).await?;
    Ok(package::features_on(&package::standing_on(&periods, today)))
}

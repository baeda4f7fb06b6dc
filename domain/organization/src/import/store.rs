//! Uploaded sheets in the database: kept as they came, so that what is applied is what was checked.

use super::{Item, Plan};
use crate::drug::{self, DrugFacts};
use crate::service::{self, ServiceFacts};
use base::FacilityId;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::PgConnection;
use uuid::Uuid;

/// An uploaded sheet.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Upload {
    /// 'services' or 'drugs'.
    pub kind: String,
    pub file_name: String,
    pub file_sha256: String,
    pub file: Vec<u8>,
    pub effective_from: NaiveDate,
    pub applied_at: Option<DateTime<Utc>>,
    pub summary: sqlx::types::Json<Applied>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Applied {
    pub new: usize,
    pub changed: usize,
    pub prices: usize,
}

/// Keeps a sheet under an id that the page made; a second time changes nothing.
pub async fn insert(
    tx: &mut Tx,
    id: Uuid,
    kind: &str,
    file_name: &str,
    sha256: &str,
    file: &[u8],
    effective_from: NaiveDate,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO organization_import
             (facility_id, import_id, kind, file_name, file_sha256, file, effective_from, uploaded_by, uploaded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(kind)
    .bind(file_name)
    .bind(sha256)
    .bind(file)
    .bind(effective_from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One uploaded sheet, locked: nobody else applies it meanwhile.
pub async fn find_to_apply(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: Uuid,
) -> Result<Option<Upload>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT kind, file_name, file_sha256, file, effective_from, applied_at, summary
         FROM organization_import WHERE facility_id = $1 AND import_id = $2 FOR UPDATE"
    ))
    .bind(facility.0)
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Marks a sheet as applied.
pub async fn mark_applied(tx: &mut Tx, id: Uuid, applied: Applied) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE organization_import SET applied_by = $3, applied_at = $4, summary = $5
         WHERE facility_id = $1 AND import_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .bind(sqlx::types::Json(applied))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a checked plan of services.
pub async fn write_services(tx: &mut Tx, plan: &Plan<ServiceFacts>, today: NaiveDate) -> Result<(), sqlx::Error> {
    for item in &plan.items {
        let id = item.existing.unwrap_or_else(Uuid::now_v7);
        if item.is_new() {
            service::insert(tx, id, &item.facts, today).await?;
        } else if !item.differences.is_empty() {
            service::update(tx, id, &item.facts).await?;
        }
        if let Some(change) = item.price {
            service::write_price(tx, id, change.revision).await?;
        }
    }
    Ok(())
}

/// Writes a checked plan of drugs.
pub async fn write_drugs(tx: &mut Tx, plan: &Plan<DrugFacts>, today: NaiveDate) -> Result<(), sqlx::Error> {
    for item in &plan.items {
        let id = item.existing.unwrap_or_else(Uuid::now_v7);
        if item.is_new() {
            drug::insert(tx, id, &item.facts, today).await?;
        } else if !item.differences.is_empty() {
            drug::update(tx, id, &item.facts).await?;
        }
        if let Some(change) = item.price {
            drug::write_price(tx, id, change.revision).await?;
        }
    }
    Ok(())
}

/// What a plan amounts to.
pub fn summary<F>(plan: &Plan<F>) -> Applied {
    let count = |wanted: fn(&Item<F>) -> bool| plan.items.iter().filter(|item| wanted(item)).count();
    Applied {
        new: count(Item::is_new),
        changed: count(|item| !item.is_new() && !item.differences.is_empty()),
        prices: count(|item| !item.is_new() && item.price.is_some()),
    }
}

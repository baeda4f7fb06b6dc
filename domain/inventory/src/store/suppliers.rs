//! Suppliers: from whom goods come and to whom they go back.

use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A supplier as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Supplier {
    pub supplier_id: Uuid,
    pub code: String,
    pub name: String,
    pub tax_code: String,
    pub phone: String,
    pub address: String,
    pub licence_no: String,
    pub ended_on: Option<NaiveDate>,
}

/// All suppliers, those still dealt with first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Supplier>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT supplier_id, code, name, tax_code, phone, address, licence_no, ended_on FROM inventory_supplier
         WHERE facility_id = $1 ORDER BY ended_on IS NOT NULL, search_folded LIMIT 500"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Supplier>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT supplier_id, code, name, tax_code, phone, address, licence_no, ended_on FROM inventory_supplier
         WHERE facility_id = $1 AND supplier_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// Writes a supplier, new or known. Gives whether another one has its code.
pub async fn save(tx: &mut Tx, s: &Supplier) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let written = sqlx::query(sql!(
        "INSERT INTO inventory_supplier (facility_id, supplier_id, code, name, search_folded, tax_code, phone, address, licence_no, ended_on,
             changed_by, changed_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
         WHERE NOT EXISTS (SELECT FROM inventory_supplier o WHERE o.facility_id = $1 AND o.code = $3 AND o.supplier_id <> $2)
         ON CONFLICT (facility_id, supplier_id) DO UPDATE SET code = excluded.code, name = excluded.name,
             search_folded = excluded.search_folded, tax_code = excluded.tax_code, phone = excluded.phone, address = excluded.address,
             licence_no = excluded.licence_no, ended_on = excluded.ended_on, changed_by = excluded.changed_by, changed_at = excluded.changed_at"
    ))
    .bind(facility)
    .bind(s.supplier_id)
    .bind(&s.code)
    .bind(&s.name)
    .bind(base::fold(&format!("{} {} {}", s.name, s.code, s.tax_code)))
    .bind(&s.tax_code)
    .bind(&s.phone)
    .bind(&s.address)
    .bind(&s.licence_no)
    .bind(s.ended_on)
    .bind(me)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(written.rows_affected() == 0)
}

//! Owners and their clinics, as the owner and the operator see them: names, packages and amounts of use, never a word
//! about a patient. Every question needs the purpose `subscription`.

use base::FacilityId;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// Puts a facility under its owner: under the customer that this contact has already, or a new one.
pub async fn join(tx: &mut Tx, facility: FacilityId, owner: Uuid, name: &str, contact: &str) -> Result<(), sqlx::Error> {
    let now = tx.now;
    let customer = match super::sign_ups::customer_of_contact(tx, contact).await? {
        Some(known) => known,
        None => {
            let fresh = Uuid::now_v7();
            sqlx::query(sql!("INSERT INTO subscription_customer (customer_id, name, contact, created_at) VALUES ($1, $2, $3, $4)"))
                .bind(fresh)
                .bind(name)
                .bind(contact)
                .bind(now)
                .execute(tx.conn())
                .await?;
            fresh
        }
    };
    sqlx::query(sql!(
        "INSERT INTO subscription_branch (facility_id, customer_id, owner_account, joined_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    ))
    .bind(facility.0)
    .bind(customer)
    .bind(owner)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A clinic of the same owner.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Branch {
    pub facility_id: i32,
    pub code: String,
    pub name: String,
    pub owner_account: Uuid,
}

/// The clinics of the owner `account` of this facility, this one among them; empty for everybody else.
pub async fn branches(tx: &mut Tx, account: Uuid) -> Result<Vec<Branch>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT b.facility_id, d.code, d.name, b.owner_account
         FROM subscription_branch own JOIN subscription_branch b ON b.customer_id = own.customer_id
         JOIN organization_directory() d ON d.facility_id = b.facility_id
         WHERE own.facility_id = $1 AND own.owner_account = $2 ORDER BY b.joined_at, b.facility_id"
    ))
    .bind(facility)
    .bind(account)
    .fetch_all(tx.conn())
    .await
}

/// A clinic on the operator's list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Customer {
    pub facility_id: i32,
    pub code: String,
    pub name: String,
    pub customer: Option<String>,
    pub contact: Option<String>,
    pub paid_vnd: i64,
    pub day: Option<NaiveDate>,
    pub active_users: Option<i32>,
    pub storage_bytes: Option<i64>,
    pub sms_parts: Option<i32>,
}

/// All clinics with what they paid and used, by code; those whose code or name begins with the folded words.
pub async fn list(tx: &mut Tx, typed: &str) -> Result<Vec<Customer>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT d.facility_id, d.code, d.name, c.name AS customer, c.contact,
                coalesce((SELECT sum(i.amount_vnd)::bigint FROM subscription_invoice i JOIN subscription_payment p ON p.invoice_id = i.invoice_id
                          AND p.outcome = 'paid' LEFT JOIN subscription_sign_up s ON s.sign_up_id = i.sign_up_id
                          WHERE coalesce(i.facility_id, s.facility_id) = d.facility_id), 0) AS paid_vnd,
                u.day, u.active_users, u.storage_bytes, u.sms_parts
         FROM organization_directory() d
         LEFT JOIN subscription_branch b ON b.facility_id = d.facility_id
         LEFT JOIN subscription_customer c ON c.customer_id = b.customer_id
         LEFT JOIN LATERAL (SELECT day, active_users, storage_bytes, sms_parts FROM subscription_usage u
                            WHERE u.facility_id = d.facility_id ORDER BY day DESC LIMIT 1) u ON true
         WHERE $1 = '' OR d.code ILIKE $1 || '%' OR d.name ILIKE '%' || $1 || '%'
         ORDER BY d.code LIMIT 200"
    ))
    .bind(typed.replace(['%', '_', '\\'], ""))
    .fetch_all(tx.conn())
    .await
}

/// A clinic by its code.
pub async fn find(tx: &mut Tx, code: &str) -> Result<Option<(i32, String)>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT facility_id, name FROM organization_directory() WHERE code = $1")).bind(code).fetch_optional(tx.conn()).await
}

/// Writes which package the next renewal is for.
pub async fn wish(tx: &mut Tx, package: &str) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    sqlx::query(sql!("INSERT INTO subscription_wish (facility_id, at, package, by_name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"))
        .bind(facility)
        .bind(now)
        .bind(package)
        .bind(by)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The package of the next renewal, if somebody decided one.
pub async fn wished(tx: &mut Tx) -> Result<Option<(String, DateTime<Utc>)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT package, at FROM subscription_wish WHERE facility_id = $1 ORDER BY at DESC LIMIT 1")).bind(facility).fetch_optional(tx.conn()).await
}

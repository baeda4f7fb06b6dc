//! Clinics on their way in, and the codes sent to them. Every question needs the purpose `subscription`.

use crate::clinic::ClinicForm;
use crate::contact::{Contact, Sent};
use chrono::{DateTime, TimeDelta, Utc};
use db::{Tx, sql};
use sqlx::types::Json;
use uuid::Uuid;

/// A clinic on its way in.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SignUp {
    pub sign_up_id: Uuid,
    pub contact_kind: String,
    pub contact: String,
    pub verified_at: Option<DateTime<Utc>>,
    pub package: String,
    pub clinic: Json<ClinicForm>,
    pub licence_file: String,
    pub licence_name: String,
    pub owner_name: String,
    pub login: String,
    pub password_hash: String,
    pub stuck: String,
    pub facility_id: Option<i32>,
    pub account_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
}

macro_rules! sign_ups_where {
    ($rest:expr) => {
        concat!(
            "SELECT sign_up_id, contact_kind, contact, verified_at, package, clinic, licence_file, licence_name, owner_name, login,
                password_hash, stuck, facility_id, account_id, created_at
             FROM subscription_sign_up WHERE ",
            $rest
        )
    };
}

/// The sign-up of a browser; one that was begun more than thirty days ago is forgotten.
pub async fn find_by_token(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<SignUp>, sqlx::Error> {
    let since = tx.now - TimeDelta::days(30);
    sqlx::query_as(sql!(sign_ups_where!("token_hash = $1 AND created_at > $2"))).bind(token_hash).bind(since).fetch_optional(tx.conn()).await
}

/// A sign-up, held until the transaction ends.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<SignUp, sqlx::Error> {
    sqlx::query_as(sql!(sign_ups_where!("sign_up_id = $1 FOR UPDATE"))).bind(id).fetch_one(tx.conn()).await
}

/// Begins one.
pub async fn insert(tx: &mut Tx, id: Uuid, token_hash: &[u8], contact: &Contact, package: &str, remote: &str) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!(
        "INSERT INTO subscription_sign_up (sign_up_id, token_hash, contact_kind, contact, package, remote, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    ))
    .bind(id)
    .bind(token_hash)
    .bind(contact.kind())
    .bind(contact.text())
    .bind(package)
    .bind(remote)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Codes of the last hour to a contact and from an address, and when the last one to this contact left.
pub async fn recent_codes(tx: &mut Tx, contact: &str, remote: &str) -> Result<(i64, i64, Option<DateTime<Utc>>), sqlx::Error> {
    let since = tx.now - TimeDelta::hours(1);
    sqlx::query_as(sql!(
        "SELECT count(*) FILTER (WHERE contact = $1), count(*) FILTER (WHERE remote = $2), max(sent_at) FILTER (WHERE contact = $1)
         FROM subscription_code WHERE (contact = $1 OR remote = $2) AND sent_at > $3"
    ))
    .bind(contact)
    .bind(remote)
    .bind(since)
    .fetch_one(tx.conn())
    .await
}

/// Keeps what is kept of a sent code. Codes before it no longer count.
pub async fn insert_code(tx: &mut Tx, sign_up: Uuid, contact: &str, remote: &str, hash: &[u8]) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!(
        "INSERT INTO subscription_code (code_id, sign_up_id, contact, remote, code_hash, sent_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    ))
    .bind(Uuid::now_v7())
    .bind(sign_up)
    .bind(contact)
    .bind(remote)
    .bind(hash)
    .bind(now)
    .bind(now + crate::contact::GOOD_FOR)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest code, held until the transaction ends, so that guesses are counted one by one.
pub async fn lock_code(tx: &mut Tx, sign_up: Uuid) -> Result<Option<Sent>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT code_id, code_hash, sent_at, expires_at, attempts, used_at FROM subscription_code
         WHERE sign_up_id = $1 ORDER BY sent_at DESC, code_id DESC LIMIT 1 FOR UPDATE"
    ))
    .bind(sign_up)
    .fetch_optional(tx.conn())
    .await
}

/// Counts a wrong guess.
pub async fn count_guess(tx: &mut Tx, code: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("UPDATE subscription_code SET attempts = attempts + 1 WHERE code_id = $1")).bind(code).execute(tx.conn()).await?;
    Ok(())
}

/// The contact is theirs.
pub async fn verify(tx: &mut Tx, sign_up: Uuid, code: Uuid) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!(
        "WITH used AS (UPDATE subscription_code SET used_at = $3 WHERE code_id = $2)
         UPDATE subscription_sign_up SET verified_at = coalesce(verified_at, $3) WHERE sign_up_id = $1"
    ))
    .bind(sign_up)
    .bind(code)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what was typed about the clinic, right or not yet.
pub async fn keep_clinic(tx: &mut Tx, id: Uuid, clinic: &ClinicForm, licence: Option<(&str, &str)>) -> Result<(), sqlx::Error> {
    // The facility's code ends the login, so a new code moves it along.
    sqlx::query(sql!(
        "UPDATE subscription_sign_up SET login = CASE WHEN login = '' OR $5 = '' THEN login
                 ELSE regexp_replace(login, '[.][^.]*$', '') || '.' || lower($5) END, clinic = $2, licence_file = coalesce($3, licence_file), licence_name = coalesce($4, licence_name), stuck = ''
         WHERE sign_up_id = $1 AND facility_id IS NULL"
    ))
    .bind(id)
    .bind(Json(clinic))
    .bind(licence.map(|(file, _)| file))
    .bind(licence.map(|(_, name)| name))
    .bind(&clinic.facility_code)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps the owner's account as it will be.
pub async fn keep_owner(tx: &mut Tx, id: Uuid, name: &str, login: &str, hash: &str, package: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE subscription_sign_up SET owner_name = $2, login = $3, password_hash = $4, package = $5 WHERE sign_up_id = $1 AND facility_id IS NULL"
    ))
    .bind(id)
    .bind(name)
    .bind(login)
    .bind(hash)
    .bind(package)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The clinic is live.
pub async fn activated(tx: &mut Tx, id: Uuid, facility: i32, account: Uuid) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!("UPDATE subscription_sign_up SET facility_id = $2, account_id = $3, activated_at = $4, password_hash = '', stuck = '' WHERE sign_up_id = $1"))
        .bind(id)
        .bind(facility)
        .bind(account)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets the browser that opened the clinic in without a password, once, within a day.
pub async fn use_door(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let now = tx.now;
    let done = sqlx::query(sql!(
        "UPDATE subscription_sign_up SET let_in_at = $2 WHERE sign_up_id = $1 AND let_in_at IS NULL AND activated_at > $2::timestamptz - interval '1 day'"
    ))
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Why it could not go live although the money is here.
pub async fn set_stuck(tx: &mut Tx, id: Uuid, why: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("UPDATE subscription_sign_up SET stuck = $2 WHERE sign_up_id = $1")).bind(id).bind(why).execute(tx.conn()).await?;
    Ok(())
}

/// Clinics that paid and could not go live, for the operator.
pub async fn list_stuck(tx: &mut Tx) -> Result<Vec<SignUp>, sqlx::Error> {
    sqlx::query_as(sql!(sign_ups_where!("stuck <> '' AND facility_id IS NULL ORDER BY created_at LIMIT 50"))).fetch_all(tx.conn()).await
}

/// Whether a facility with this code is in the house already.
pub async fn code_is_taken(tx: &mut Tx, code: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT FROM organization_directory() WHERE code = $1)")).bind(code).fetch_one(tx.conn()).await
}

/// Whether this contact's newest clinic is this owner's earlier one: a further branch joins the same customer.
pub async fn customer_of_contact(tx: &mut Tx, contact: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT b.customer_id FROM subscription_sign_up s JOIN subscription_branch b ON b.facility_id = s.facility_id
         WHERE s.contact = $1 AND s.verified_at IS NOT NULL ORDER BY s.created_at DESC LIMIT 1"
    ))
    .bind(contact)
    .fetch_optional(tx.conn())
    .await
}

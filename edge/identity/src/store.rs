//! All SQL of this slice.

use base::FacilityId;
use chrono::{DateTime, TimeDelta, Utc};
use db::{PgConnection, Tx};
use sqlx::FromRow;
use uuid::Uuid;
use web::sql;

/// How long an attempt may take: reading a message on a phone, typing a code.
pub const ATTEMPT_LASTS: TimeDelta = TimeDelta::minutes(10);

/// A facility's provider.
#[derive(Clone, Debug, FromRow)]
pub struct Provider {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Vec<u8>,
    pub claim: String,
    pub label: String,
    pub is_active: bool,
}

/// The facility with this code; `None` when there is none.
pub async fn find_facility(conn: &mut PgConnection, code: &str) -> Result<Option<FacilityId>, sqlx::Error> {
    let found: Option<i32> =
        sqlx::query_scalar(sql!("SELECT facility_id FROM organization_directory() WHERE code = $1")).bind(code).fetch_optional(conn).await?;
    Ok(found.map(FacilityId))
}

/// The code of a facility, as logins end with it.
pub async fn code_of(conn: &mut PgConnection, facility: FacilityId) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT code FROM organization_directory() WHERE facility_id = $1")).bind(facility.0).fetch_one(conn).await
}

/// The provider of this transaction's facility, active or not.
pub async fn find_provider(tx: &mut Tx) -> Result<Option<Provider>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT issuer, client_id, client_secret, claim, label, is_active FROM identity_provider WHERE facility_id = $1"))
        .bind(facility)
        .fetch_optional(tx.conn())
        .await
}

pub async fn save_provider(tx: &mut Tx, provider: &Provider) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO identity_provider (facility_id, issuer, client_id, client_secret, claim, label, is_active)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (facility_id) DO UPDATE SET issuer = $2, client_id = $3, client_secret = $4, claim = $5, label = $6,
             is_active = $7, changed_at = now()"
    ))
    .bind(facility)
    .bind(&provider.issuer)
    .bind(&provider.client_id)
    .bind(&provider.client_secret)
    .bind(&provider.claim)
    .bind(&provider.label)
    .bind(provider.is_active)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An attempt that begins.
pub struct NewAttempt<'a> {
    pub state_hash: &'a [u8],
    pub browser_hash: &'a [u8],
    pub nonce: &'a str,
    pub verifier: &'a str,
    pub next: &'a str,
}

/// Notes an attempt, and forgets those of yesterday.
pub async fn begin_attempt(tx: &mut Tx, new: &NewAttempt<'_>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "WITH old AS (DELETE FROM identity_attempt WHERE facility_id = $1 AND began_at < $7::timestamptz - interval '1 day')
         INSERT INTO identity_attempt (facility_id, state_hash, browser_hash, nonce, verifier, next, began_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    ))
    .bind(facility)
    .bind(new.state_hash)
    .bind(new.browser_hash)
    .bind(new.nonce)
    .bind(new.verifier)
    .bind(new.next)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An attempt that was begun.
#[derive(Clone, Debug, FromRow)]
pub struct Attempt {
    pub facility_id: i32,
    pub nonce: String,
    pub verifier: String,
    pub next: String,
}

/// Uses up an attempt: `None` when it was used, is too old, or was begun on another browser. Needs the purpose `sign-in`.
pub async fn use_attempt(conn: &mut PgConnection, state_hash: &[u8], browser_hash: &[u8], now: DateTime<Utc>) -> Result<Option<Attempt>, sqlx::Error> {
    sqlx::query_as(sql!(
        "UPDATE identity_attempt SET used_at = $3
         WHERE state_hash = $1 AND browser_hash = $2 AND used_at IS NULL AND began_at > $4
         RETURNING facility_id, nonce, verifier, next"
    ))
    .bind(state_hash)
    .bind(browser_hash)
    .bind(now)
    .bind(now - ATTEMPT_LASTS)
    .fetch_optional(conn)
    .await
}

/// The account that a subject was bound to.
pub async fn find_bound(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT account_id FROM identity_subject WHERE facility_id = $1 AND issuer = $2 AND subject = $3"))
        .bind(facility)
        .bind(issuer)
        .bind(subject)
        .fetch_optional(tx.conn())
        .await
}

/// Binds a subject to an account; says whether it is bound to it now. An account that another subject has is not given away.
pub async fn bind(tx: &mut Tx, issuer: &str, subject: &str, account: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO identity_subject (facility_id, issuer, subject, account_id, bound_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(issuer)
    .bind(subject)
    .bind(account)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(find_bound(tx, issuer, subject).await? == Some(account))
}

/// A session that the provider opened.
pub struct NewSession<'a> {
    pub session: Uuid,
    pub issuer: &'a str,
    pub subject: &'a str,
    pub sid: &'a str,
    pub id_token: &'a str,
    pub bye_hash: &'a [u8],
}

pub async fn note_session(tx: &mut Tx, new: &NewSession<'_>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO identity_session (facility_id, session_id, issuer, subject, sid, id_token, bye_hash, began_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    ))
    .bind(facility)
    .bind(new.session)
    .bind(new.issuer)
    .bind(new.subject)
    .bind(new.sid)
    .bind(new.id_token)
    .bind(new.bye_hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whose farewell it is.
#[derive(Clone, Debug, FromRow)]
pub struct Leaving {
    pub facility_id: i32,
    pub id_token: String,
}

/// Uses up a farewell; the second time there is nothing left to say. Needs the purpose `sign-in`.
pub async fn take_leave(conn: &mut PgConnection, bye_hash: &[u8], now: DateTime<Utc>) -> Result<Option<Leaving>, sqlx::Error> {
    sqlx::query_as(sql!(
        "UPDATE identity_session SET ended_at = $2 WHERE bye_hash = $1 AND ended_at IS NULL RETURNING facility_id, id_token"
    ))
    .bind(bye_hash)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Ends what a provider says has ended: one of its sessions, or all of a subject. Gives our sessions.
pub async fn end_of(tx: &mut Tx, issuer: &str, subject: &str, sid: &str) -> Result<Vec<Uuid>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_scalar(sql!(
        "UPDATE identity_session SET ended_at = $5
         WHERE facility_id = $1 AND issuer = $2 AND ended_at IS NULL
           AND CASE WHEN $4::text <> '' THEN sid = $4 ELSE subject = $3 END
         RETURNING session_id"
    ))
    .bind(facility)
    .bind(issuer)
    .bind(subject)
    .bind(sid)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

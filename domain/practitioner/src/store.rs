//! All SQL about accounts, sessions and staff.

use base::{AccountId, FacilityId, PractitionerId, RoomId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{PgConnection, Tx};
use sqlx::FromRow;
use uuid::Uuid;
use web::sql;

/// An account as the sign-in needs it.
#[derive(Clone, Debug, FromRow)]
pub struct Account {
    pub facility_id: i32,
    pub account_id: Uuid,
    pub login: String,
    pub kind: String,
    pub practitioner_id: Option<Uuid>,
    pub display_name: String,
    pub password_hash: String,
    pub totp_secret: Option<String>,
    pub totp_last_step: Option<i64>,
    pub demo: bool,
    pub roles: Vec<String>,
}

/// The account with this login, disabled ones left out. Needs the purpose `sign-in`.
pub async fn find_account(conn: &mut PgConnection, login: &str) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT facility_id, account_id, login, kind, practitioner_id, display_name, password_hash, totp_secret,
                totp_last_step, demo, roles
         FROM practitioner_account WHERE login = $1 AND disabled_at IS NULL"
    ))
    .bind(login)
    .fetch_optional(conn)
    .await
}

/// The account of the actor of this transaction.
pub async fn get_account(conn: &mut PgConnection, facility: FacilityId, account: AccountId) -> Result<Account, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT facility_id, account_id, login, kind, practitioner_id, display_name, password_hash, totp_secret,
                totp_last_step, demo, roles
         FROM practitioner_account WHERE facility_id = $1 AND account_id = $2 AND disabled_at IS NULL"
    ))
    .bind(facility.0)
    .bind(account.0)
    .fetch_one(conn)
    .await
}

/// How a bucket of failed attempts stands.
pub async fn blocked_until(conn: &mut PgConnection, bucket: &str) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let found: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar(sql!("SELECT blocked_until FROM practitioner_failed_sign_in WHERE bucket = $1"))
            .bind(bucket)
            .fetch_optional(conn)
            .await?;
    Ok(found.flatten())
}

/// Counts a failure; gives how many there are now. A day without failures starts again from one.
pub async fn count_failure(conn: &mut PgConnection, bucket: &str, now: DateTime<Utc>) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "INSERT INTO practitioner_failed_sign_in (bucket, failures, updated_at) VALUES ($1, 1, $2)
         ON CONFLICT (bucket) DO UPDATE SET updated_at = $2,
             failures = CASE WHEN practitioner_failed_sign_in.updated_at < $2 - interval '1 day' THEN 1
                             ELSE practitioner_failed_sign_in.failures + 1 END
         RETURNING failures"
    ))
    .bind(bucket)
    .bind(now)
    .fetch_one(conn)
    .await
}

pub async fn block_bucket(conn: &mut PgConnection, bucket: &str, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("UPDATE practitioner_failed_sign_in SET blocked_until = $2 WHERE bucket = $1"))
        .bind(bucket)
        .bind(until)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn clear_bucket(conn: &mut PgConnection, bucket: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("DELETE FROM practitioner_failed_sign_in WHERE bucket = $1")).bind(bucket).execute(conn).await?;
    Ok(())
}

/// A session about to begin.
pub struct NewSession<'a> {
    pub facility: i32,
    pub session: Uuid,
    pub account: Uuid,
    pub token_hash: &'a [u8],
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub idle_seconds: i32,
    pub user_agent: &'a str,
    pub remote: &'a str,
    pub totp_step: Option<i64>,
}

/// Begins a session and remembers the used code; the room of the last session on any device is kept.
pub async fn insert_session(conn: &mut PgConnection, new: &NewSession<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH last AS (
             SELECT room_id, room_name FROM practitioner_session WHERE facility_id = $1 AND account_id = $3
             ORDER BY created_at DESC LIMIT 1),
         used AS (
             UPDATE practitioner_account SET totp_last_step = coalesce($10, totp_last_step)
             WHERE facility_id = $1 AND account_id = $3)
         INSERT INTO practitioner_session (facility_id, session_id, account_id, token_hash, created_at, last_seen_at,
             proved_at, expires_at, idle_seconds, user_agent, remote, room_id, room_name)
         VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8, $9, (SELECT room_id FROM last), coalesce((SELECT room_name FROM last), ''))"
    ))
    .bind(new.facility)
    .bind(new.session)
    .bind(new.account)
    .bind(new.token_hash)
    .bind(new.now)
    .bind(new.expires_at)
    .bind(new.idle_seconds)
    .bind(new.user_agent)
    .bind(new.remote)
    .bind(new.totp_step)
    .execute(conn)
    .await?;
    Ok(())
}

/// Limits a session that just began to these scopes.
pub async fn limit_session(conn: &mut PgConnection, facility: i32, session: Uuid, scopes: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("UPDATE practitioner_session SET scopes = $3 WHERE facility_id = $1 AND session_id = $2"))
        .bind(facility)
        .bind(session)
        .bind(scopes)
        .execute(conn)
        .await?;
    Ok(())
}

/// A session on some device.
#[derive(Clone, Debug, FromRow)]
pub struct SessionRow {
    pub session_id: Uuid,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub user_agent: String,
    pub remote: String,
}

/// The live sessions of an account, newest first.
pub async fn list_sessions(tx: &mut Tx, account: AccountId) -> Result<Vec<SessionRow>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_as(sql!(
        "SELECT session_id, created_at, last_seen_at, user_agent, remote FROM practitioner_session
         WHERE facility_id = $1 AND account_id = $2 AND revoked_at IS NULL AND expires_at > $3
           AND last_seen_at + make_interval(secs => idle_seconds) > $3
         ORDER BY last_seen_at DESC LIMIT 50"
    ))
    .bind(facility)
    .bind(account.0)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// Ends one session of this account; says whether there was one.
pub async fn revoke_session(tx: &mut Tx, account: AccountId, session: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "UPDATE practitioner_session SET revoked_at = $4
         WHERE facility_id = $1 AND account_id = $2 AND session_id = $3 AND revoked_at IS NULL"
    ))
    .bind(facility)
    .bind(account.0)
    .bind(session)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session whoever it belongs to. Needs the purpose `sign-in`.
pub async fn end_session(conn: &mut PgConnection, session: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("UPDATE practitioner_session SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL"))
        .bind(session)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Where signing out of this session leads; empty for our own sign-in page.
pub async fn farewell_of(tx: &mut Tx, session: Uuid) -> Result<String, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT farewell FROM practitioner_session WHERE facility_id = $1 AND session_id = $2"))
        .bind(facility)
        .bind(session)
        .fetch_one(tx.conn())
        .await
}

pub async fn set_farewell(tx: &mut Tx, session: Uuid, farewell: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE practitioner_session SET farewell = $3 WHERE facility_id = $1 AND session_id = $2"))
        .bind(facility)
        .bind(session)
        .bind(farewell)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Another way in, for the sign-in page.
#[derive(Clone, Debug, FromRow)]
pub struct Door {
    pub label: String,
    pub href: String,
}

/// The first few other ways in. Needs the purpose `sign-in`.
pub async fn list_doors(conn: &mut PgConnection) -> Result<Vec<Door>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT label, href FROM practitioner_door ORDER BY label LIMIT 5")).fetch_all(conn).await
}

/// Opens this facility's other door, or shuts it.
pub async fn set_door(tx: &mut Tx, door: Option<&Door>) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    match door {
        Some(door) => {
            sqlx::query(sql!(
                "INSERT INTO practitioner_door (facility_id, label, href) VALUES ($1, $2, $3)
                 ON CONFLICT (facility_id) DO UPDATE SET label = $2, href = $3, changed_at = now()"
            ))
            .bind(facility)
            .bind(&door.label)
            .bind(&door.href)
            .execute(tx.conn())
            .await?;
        }
        None => {
            sqlx::query(sql!("DELETE FROM practitioner_door WHERE facility_id = $1")).bind(facility).execute(tx.conn()).await?;
        }
    }
    Ok(())
}

/// Ends all sessions of an account but one.
pub async fn revoke_other_sessions(tx: &mut Tx, account: AccountId, keep: Option<Uuid>) -> Result<u64, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let done = sqlx::query(sql!(
        "UPDATE practitioner_session SET revoked_at = $4
         WHERE facility_id = $1 AND account_id = $2 AND session_id IS DISTINCT FROM $3 AND revoked_at IS NULL"
    ))
    .bind(facility)
    .bind(account.0)
    .bind(keep)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// The password was typed again in this session.
pub async fn note_proof(tx: &mut Tx, session: Uuid, totp_step: Option<i64>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "WITH used AS (
             UPDATE practitioner_account a SET totp_last_step = coalesce($4, totp_last_step)
             FROM practitioner_session s
             WHERE s.facility_id = $1 AND s.session_id = $2 AND a.facility_id = $1 AND a.account_id = s.account_id)
         UPDATE practitioner_session SET proved_at = $3 WHERE facility_id = $1 AND session_id = $2"
    ))
    .bind(facility)
    .bind(session)
    .bind(now)
    .bind(totp_step)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The room or counter this session works in.
pub async fn choose_room(tx: &mut Tx, session: Uuid, room: RoomId) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!(
        "UPDATE practitioner_session s SET room_id = r.room_id, room_name = r.short_name
         FROM organization_room r
         WHERE s.facility_id = $1 AND s.session_id = $2 AND r.facility_id = $1 AND r.room_id = $3"
    ))
    .bind(facility)
    .bind(session)
    .bind(room.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A person with an account, about to be written.
pub struct NewAccount<'a> {
    /// Whole, with the facility's code at its end.
    pub login: &'a str,
    pub name: &'a str,
    pub title: &'a str,
    pub phone: &'a str,
    pub password_hash: &'a str,
    pub roles: &'a [&'a str],
}

/// Writes a member of staff with an account at the facility of the transaction, which needs the purpose `sign-in`.
/// `None` when the login is taken anywhere.
pub async fn insert_account(tx: &mut Tx, new: &NewAccount<'_>) -> Result<Option<AccountId>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let made: Option<Uuid> = sqlx::query_scalar(sql!(
        "WITH person AS (
             INSERT INTO practitioner_practitioner (facility_id, practitioner_id, name, name_folded, title, phone, active_from)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING practitioner_id)
         INSERT INTO practitioner_account (facility_id, account_id, login, practitioner_id, display_name, password_hash,
             password_changed_at, roles)
         VALUES ($1, $8, $9, $2, $10, $11, $12, $13) ON CONFLICT (login) DO NOTHING RETURNING account_id"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(new.name)
    .bind(base::fold(new.name))
    .bind(new.title)
    .bind(new.phone)
    .bind(base::local_date(now))
    .bind(Uuid::now_v7())
    .bind(new.login)
    .bind(format!("{} {}", new.title, new.name).trim())
    .bind(new.password_hash)
    .bind(now)
    .bind(new.roles)
    .fetch_optional(tx.conn())
    .await?;
    Ok(made.map(AccountId))
}

/// A room to work in.
#[derive(Clone, Debug, FromRow)]
pub struct RoomChoice {
    pub room_id: Uuid,
    pub name: String,
    pub kind: String,
}

/// The rooms in use today.
pub async fn list_rooms(tx: &mut Tx, today: NaiveDate) -> Result<Vec<RoomChoice>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT room_id, name, kind FROM organization_room
         WHERE facility_id = $1 AND active_from <= $2 AND (active_to IS NULL OR active_to >= $2)
         ORDER BY kind, name LIMIT 200"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// Keeps a new password and forgets nothing else.
pub async fn update_password(tx: &mut Tx, account: AccountId, hash: &str) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE practitioner_account SET password_hash = $3, password_changed_at = $4, changed_by = $5, changed_at = $4
         WHERE facility_id = $1 AND account_id = $2"
    ))
    .bind(facility)
    .bind(account.0)
    .bind(hash)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Turns the second factor on with a secret, or off with `None`.
pub async fn update_totp(tx: &mut Tx, account: AccountId, secret: Option<&str>, step: Option<i64>) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE practitioner_account SET totp_secret = $3, totp_last_step = $4, changed_by = $5, changed_at = $6
         WHERE facility_id = $1 AND account_id = $2"
    ))
    .bind(facility)
    .bind(account.0)
    .bind(secret)
    .bind(step)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A member of staff with the account, as the owner's list shows it.
#[derive(Clone, Debug, FromRow)]
pub struct StaffRow {
    pub practitioner_id: Uuid,
    pub name: String,
    pub title: String,
    pub position: String,
    pub phone: String,
    pub licence_no: String,
    pub licence_scope: String,
    pub licence_from: Option<NaiveDate>,
    pub licence_to: Option<NaiveDate>,
    pub national_code: String,
    pub active_to: Option<NaiveDate>,
    pub account_id: Option<Uuid>,
    pub login: Option<String>,
    pub roles: Option<Vec<String>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub has_totp: Option<bool>,
}

/// All staff of the facility by name; a clinic or hospital has a few hundred at most.
pub async fn list_staff(tx: &mut Tx) -> Result<Vec<StaffRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT p.practitioner_id, p.name, p.title, p.position, p.phone, p.licence_no, p.licence_scope, p.licence_from,
                p.licence_to, p.national_code, p.active_to, a.account_id, a.login, a.roles, a.disabled_at,
                a.totp_secret IS NOT NULL AS has_totp
         FROM practitioner_practitioner p
         LEFT JOIN practitioner_account a ON a.facility_id = p.facility_id AND a.practitioner_id = p.practitioner_id
         WHERE p.facility_id = $1 ORDER BY p.name_folded LIMIT 2000"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// One member of staff; `RowNotFound` when there is none in this facility.
pub async fn get_staff(tx: &mut Tx, id: PractitionerId) -> Result<StaffRow, sqlx::Error> {
    find_staff(tx, id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// One member of staff, if there is.
pub async fn find_staff(tx: &mut Tx, id: PractitionerId) -> Result<Option<StaffRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT p.practitioner_id, p.name, p.title, p.position, p.phone, p.licence_no, p.licence_scope, p.licence_from,
                p.licence_to, p.national_code, p.active_to, a.account_id, a.login, a.roles, a.disabled_at,
                a.totp_secret IS NOT NULL AS has_totp
         FROM practitioner_practitioner p
         LEFT JOIN practitioner_account a ON a.facility_id = p.facility_id AND a.practitioner_id = p.practitioner_id
         WHERE p.facility_id = $1 AND p.practitioner_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await
}

//! The telephone line of the house: its key, apparatus by person, calls as they were told, wishes to dial.

use chrono::{DateTime, TimeDelta, Utc};
use base::FacilityId;
use db::{Tx, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// The line as the settings show it.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Line {
    pub facility_code: String,
    pub secret: String,
    pub pbx_url: String,
    pub changed_at: DateTime<Utc>,
}

/// The own line, where there is one.
pub async fn find(tx: &mut Tx) -> Result<Option<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT facility_code, secret, pbx_url, changed_at FROM care_desk_line WHERE facility_id = $1")).bind(facility).fetch_optional(tx.conn()).await
}

/// The facility behind a code in a webhook address, and the key its telephone system signs with. The transaction must
/// serve the purpose `telephone-hook`. Two facilities with one code are told apart by nobody, so neither is believed.
pub async fn find_by_code(tx: &mut Tx, code: &str) -> Result<Option<(FacilityId, String)>, sqlx::Error> {
    let rows: Vec<(i32, String)> =
        sqlx::query_as(sql!("SELECT facility_id, secret FROM care_desk_line WHERE facility_code = $1 LIMIT 2")).bind(code).fetch_all(tx.conn()).await?;
    match <[_; 1]>::try_from(rows) {
        Ok([(facility, secret)]) => Ok(Some((FacilityId(facility), secret))),
        Err(_) => Ok(None),
    }
}

/// Connects the line, or changes where it takes wishes to dial; a new key takes the place of the old one.
pub async fn keep(tx: &mut Tx, pbx_url: &str, new_secret: Option<&str>) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO care_desk_line (facility_id, facility_code, secret, pbx_url, changed_at, changed_by)
         SELECT facility_id, code, $3::text, $2, $4, $5 FROM organization_facility WHERE facility_id = $1 AND $3::text IS NOT NULL
         ON CONFLICT (facility_id) DO UPDATE SET pbx_url = excluded.pbx_url, secret = excluded.secret, changed_at = excluded.changed_at, changed_by = excluded.changed_by"
    ))
    .bind(facility)
    .bind(pbx_url)
    .bind(new_secret)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    tx.audit("change", "care_desk_line", facility, None, serde_json::json!({ "new_key": new_secret.is_some() }));
    Ok(())
}

/// Changes where wishes to dial go; the key stays.
pub async fn set_address(tx: &mut Tx, pbx_url: &str) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!("UPDATE care_desk_line SET pbx_url = $2, changed_at = $3, changed_by = $4 WHERE facility_id = $1"))
        .bind(facility)
        .bind(pbx_url)
        .bind(now)
        .bind(by)
        .execute(tx.conn())
        .await?;
    tx.audit("change", "care_desk_line", facility, None, serde_json::json!({ "new_key": false }));
    Ok(())
}

/// All apparatus with whose they are.
pub async fn list_extensions(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT account_id, extension FROM care_desk_extension WHERE facility_id = $1 ORDER BY extension LIMIT 1000")).bind(facility).fetch_all(tx.conn()).await
}

/// The apparatus of the asker.
pub async fn own_extension(tx: &mut Tx) -> Result<Option<String>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_scalar(sql!("SELECT extension FROM care_desk_extension WHERE facility_id = $1 AND account_id = $2")).bind(facility).bind(me).fetch_optional(tx.conn()).await
}

/// Whose apparatus this is.
pub async fn owner_of(tx: &mut Tx, extension: &str) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT account_id FROM care_desk_extension WHERE facility_id = $1 AND extension = $2")).bind(facility).bind(extension).fetch_optional(tx.conn()).await
}

/// Writes who has which apparatus, in place of what stood before.
pub async fn set_extensions(tx: &mut Tx, all: &[(Uuid, String)]) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    let (accounts, extensions): (Vec<Uuid>, Vec<String>) = all.iter().cloned().unzip();
    sqlx::query(sql!("DELETE FROM care_desk_extension WHERE facility_id = $1")).bind(facility).execute(tx.conn()).await?;
    sqlx::query(sql!(
        "INSERT INTO care_desk_extension (facility_id, account_id, extension, changed_at, changed_by)
         SELECT $1, x.account_id, x.extension, $4, $5 FROM unnest($2::uuid[], $3::text[]) AS x(account_id, extension)"
    ))
    .bind(facility)
    .bind(&accounts)
    .bind(&extensions)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    tx.audit("change", "care_desk_extension", facility, None, serde_json::json!({ "count": all.len() }));
    Ok(())
}

/// A call as it stands.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Call {
    pub call_id: String,
    pub direction: String,
    pub phone: String,
    pub extension: String,
    pub account_id: Option<Uuid>,
    pub state: String,
    pub began_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub seconds: Option<i32>,
    pub recording_url: String,
}

/// Notes a word of the telephone system; `false` when it was said before.
pub async fn hear(tx: &mut Tx, call_id: &str, event: &str, at: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let heard = sqlx::query(sql!("INSERT INTO care_desk_call_word (facility_id, call_id, event, at, heard_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"))
        .bind(facility)
        .bind(call_id)
        .bind(event)
        .bind(at)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(heard.rows_affected() > 0)
}

/// The call of this number, held until the transaction ends; a new one stands as `fresh` says.
pub async fn lock_call(tx: &mut Tx, fresh: &Call) -> Result<Call, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO care_desk_call (facility_id, call_id, direction, phone, state, began_at) VALUES ($1, $2, $3, $4, 'ringing', $5) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(&fresh.call_id)
    .bind(&fresh.direction)
    .bind(&fresh.phone)
    .bind(fresh.began_at)
    .execute(tx.conn())
    .await?;
    sqlx::query_as(sql!(
        "SELECT call_id, direction, phone, extension, account_id, state, began_at, answered_at, ended_at, seconds, recording_url
         FROM care_desk_call WHERE facility_id = $1 AND call_id = $2 FOR UPDATE"
    ))
    .bind(facility)
    .bind(&fresh.call_id)
    .fetch_one(tx.conn())
    .await
}

/// Writes a call that is locked.
pub async fn write_call(tx: &mut Tx, call: &Call) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE care_desk_call SET extension = $3, account_id = $4, state = $5, began_at = $6, answered_at = $7, ended_at = $8, seconds = $9, recording_url = $10
         WHERE facility_id = $1 AND call_id = $2"
    ))
    .bind(facility)
    .bind(&call.call_id)
    .bind(&call.extension)
    .bind(call.account_id)
    .bind(&call.state)
    .bind(call.began_at)
    .bind(call.answered_at)
    .bind(call.ended_at)
    .bind(call.seconds)
    .bind(&call.recording_url)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The call that rings or runs on the asker's apparatus now.
pub async fn own_call(tx: &mut Tx) -> Result<Option<Call>, sqlx::Error> {
    let (facility, me, since) = (tx.facility().0, tx.actor.account.0, tx.now - TimeDelta::hours(2));
    sqlx::query_as(sql!(
        "SELECT call_id, direction, phone, extension, account_id, state, began_at, answered_at, ended_at, seconds, recording_url
         FROM care_desk_call WHERE facility_id = $1 AND account_id = $2 AND began_at > $3 AND state IN ('ringing', 'answered') ORDER BY began_at DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(me)
    .bind(since)
    .fetch_optional(tx.conn())
    .await
}

/// A wish to be connected.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Wish {
    pub dial_key: String,
    pub account_id: Uuid,
    pub extension: String,
    pub phone: String,
    pub state: String,
    pub tries: i32,
    pub problem: String,
    pub made_at: DateTime<Utc>,
}

/// Writes a wish down; `false` when it was made before.
pub async fn wish(tx: &mut Tx, key: &str, extension: &str, phone: &str, appointment: Option<Uuid>, patient: Option<Uuid>) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let made = sqlx::query(sql!(
        "INSERT INTO care_desk_dial (facility_id, dial_key, account_id, extension, phone, appointment_id, patient_id, made_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(key)
    .bind(me)
    .bind(extension)
    .bind(phone)
    .bind(appointment)
    .bind(patient)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() > 0)
}

/// A wish that is still to be carried out, held until the transaction ends.
pub async fn lock_wish(tx: &mut Tx, key: &str) -> Result<Option<Wish>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT dial_key, account_id, extension, phone, state, tries, problem, made_at FROM care_desk_dial
         WHERE facility_id = $1 AND dial_key = $2 AND state = 'waiting' FOR UPDATE"
    ))
    .bind(facility)
    .bind(key)
    .fetch_optional(tx.conn())
    .await
}

/// Notes what became of a wish.
pub async fn note_wish(tx: &mut Tx, key: &str, state: &str, tries: i32, problem: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE care_desk_dial SET state = $3, tries = $4, problem = $5, changed_at = $6 WHERE facility_id = $1 AND dial_key = $2"))
        .bind(facility)
        .bind(key)
        .bind(state)
        .bind(tries)
        .bind(problem)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The key of a click: the page's own, so that a double click dials once; another one when the page is used to dial the
/// same number again later.
pub async fn key_for(tx: &mut Tx, key: &str) -> Result<String, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let made: Option<DateTime<Utc>> = sqlx::query_scalar(sql!(
        "SELECT made_at FROM care_desk_dial WHERE facility_id = $1 AND (dial_key = $2 OR starts_with(dial_key, $2::text || '~')) ORDER BY made_at DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(key)
    .fetch_optional(tx.conn())
    .await?;
    let is_again = made.is_some_and(|made| now - made > TimeDelta::seconds(5));
    Ok(if is_again { format!("{key}~{}", now.timestamp()) } else { key.to_owned() })
}

/// The asker's last wish of the past two minutes.
pub async fn own_wish(tx: &mut Tx) -> Result<Option<Wish>, sqlx::Error> {
    let (facility, me, since) = (tx.facility().0, tx.actor.account.0, tx.now - TimeDelta::minutes(2));
    sqlx::query_as(sql!(
        "SELECT dial_key, account_id, extension, phone, state, tries, problem, made_at FROM care_desk_dial
         WHERE facility_id = $1 AND account_id = $2 AND made_at > $3 ORDER BY made_at DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(me)
    .bind(since)
    .fetch_optional(tx.conn())
    .await
}

//! With whom records are exchanged: the other facilities of this server, the partners on other servers, and the group of
//! satellites.

use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A house on another server.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Partner {
    pub partner_id: Uuid,
    pub code: String,
    pub name: String,
    pub address: String,
    pub certificate: String,
    pub fingerprint: String,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
}

macro_rules! partners_where {
    ($rest:expr) => {
        concat!(
            "SELECT partner_id, code, name, address, certificate, fingerprint, active_from, active_to FROM sharing_partner WHERE facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Partner>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(partners_where!("partner_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// Partners in force on a day.
pub async fn list_on(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Partner>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(partners_where!("active_from <= $2 AND (active_to IS NULL OR active_to >= $2) ORDER BY name")))
        .bind(facility)
        .bind(day)
        .fetch_all(tx.conn())
        .await
}

/// Writes a partner; the one before under this code ends the day before.
pub async fn keep(tx: &mut Tx, p: &Partner) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE sharing_partner SET active_to = greatest(active_from, $3::date - 1), changed_by = $4, changed_at = $5
         WHERE facility_id = $1 AND code = $2 AND active_to IS NULL AND partner_id <> $6"
    ))
    .bind(facility)
    .bind(&p.code)
    .bind(p.active_from)
    .bind(by)
    .bind(now)
    .bind(p.partner_id)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO sharing_partner (facility_id, partner_id, code, name, address, certificate, fingerprint, active_from, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (facility_id, partner_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(p.partner_id)
    .bind(&p.code)
    .bind(&p.name)
    .bind(&p.address)
    .bind(&p.certificate)
    .bind(&p.fingerprint)
    .bind(p.active_from)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.audit("keep", "sharing_partner", p.partner_id, None, serde_json::json!({ "code": p.code, "fingerprint": p.fingerprint }));
    Ok(())
}

/// Ends a partnership today. Gives false when it is not ours or had ended.
pub async fn end(tx: &mut Tx, id: Uuid, day: NaiveDate) -> Result<bool, sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    let done = sqlx::query(sql!(
        "UPDATE sharing_partner SET active_to = greatest(active_from, $3::date), changed_by = $4, changed_at = $5
         WHERE facility_id = $1 AND partner_id = $2 AND active_to IS NULL"
    ))
    .bind(facility)
    .bind(id)
    .bind(day)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.audit("end", "sharing_partner", id, None, serde_json::Value::Null);
    Ok(done.rows_affected() == 1)
}

/// Who answers for a certificate: the facility of ours that knows it, and the partner. Asked before the facility is
/// known, so the transaction names the purpose `record-link`.
pub async fn known_by(tx: &mut Tx, fingerprint: &str, holder_code: &str, day: NaiveDate) -> Result<Option<(i32, Partner)>, sqlx::Error> {
    use sqlx::{FromRow, Row};
    let row = sqlx::query(sql!(
        "SELECT s.facility_id, s.partner_id, s.code, s.name, s.address, s.certificate, s.fingerprint, s.active_from, s.active_to
         FROM sharing_partner s JOIN organization_directory() d ON d.facility_id = s.facility_id
         WHERE s.fingerprint = $1 AND d.code = $2 AND s.active_from <= $3 AND (s.active_to IS NULL OR s.active_to >= $3)
         LIMIT 1"
    ))
    .bind(fingerprint)
    .bind(holder_code)
    .bind(day)
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| Ok((row.try_get(0)?, Partner::from_row(&row)?))).transpose()
}

/// A facility of this server.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Neighbour {
    pub facility_id: i32,
    pub code: String,
    pub name: String,
}

/// The other facilities of this server that treat patients.
pub async fn list_neighbours(tx: &mut Tx) -> Result<Vec<Neighbour>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT facility_id, code, name FROM organization_directory() WHERE facility_id <> $1 AND code ~ '^[0-9]{5}$' ORDER BY name"))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

/// Code and name of the facility of this transaction.
pub async fn ourselves(tx: &mut Tx) -> Result<(String, String), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT code, name FROM organization_facility WHERE facility_id = $1")).bind(facility).fetch_one(tx.conn()).await
}

/// A house of the group.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Member {
    pub code: String,
    pub name: String,
    pub active_from: NaiveDate,
}

/// The group on a day.
pub async fn list_group(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Member>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT code, name, active_from FROM sharing_group_member
         WHERE facility_id = $1 AND active_from <= $2 AND (active_to IS NULL OR active_to > $2) ORDER BY name"
    ))
    .bind(facility)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

/// Takes a house into the group from a day on; in it already changes nothing.
pub async fn join_group(tx: &mut Tx, code: &str, name: &str, day: NaiveDate) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO sharing_group_member (facility_id, code, name, active_from, changed_by, changed_at)
         SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT FROM sharing_group_member WHERE facility_id = $1 AND code = $2 AND active_to IS NULL)
         ON CONFLICT (facility_id, code, active_from) DO UPDATE SET active_to = NULL, changed_by = $5, changed_at = $6"
    ))
    .bind(facility)
    .bind(code)
    .bind(name)
    .bind(day)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.audit("join", "sharing_group", code, None, serde_json::json!({ "name": name }));
    Ok(())
}

/// Lets a house leave the group; from this day on it is no member.
pub async fn leave_group(tx: &mut Tx, code: &str, day: NaiveDate) -> Result<bool, sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    let done = sqlx::query(sql!(
        "UPDATE sharing_group_member SET active_to = greatest(active_from, $3::date), changed_by = $4, changed_at = $5
         WHERE facility_id = $1 AND code = $2 AND active_to IS NULL"
    ))
    .bind(facility)
    .bind(code)
    .bind(day)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.audit("leave", "sharing_group", code, None, serde_json::Value::Null);
    Ok(done.rows_affected() == 1)
}

//! Keys, their holders, and who leads a ward.

use crate::sign::rule::Signer;
use base::sign::Certificate;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A key as lists show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct KeyRow {
    pub key_id: Uuid,
    pub purpose: String,
    pub kind: String,
    pub account_id: Uuid,
    pub practitioner_id: Option<Uuid>,
    pub sealed: Vec<u8>,
    pub holder: String,
    pub holder_id: String,
    pub issuer: String,
    pub serial: String,
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
    pub blocked_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl KeyRow {
    /// The word for where the key lives.
    pub fn kind_word(&self) -> &'static str {
        match self.kind.as_str() {
            "pkcs12" => "Tệp khóa .p12",
            "token" => "USB token hoặc HSM",
            "remote" => "Ký từ xa",
            _ => "Thiết bị tại bàn làm việc",
        }
    }
    pub fn is_in_date(&self, now: DateTime<Utc>) -> bool {
        self.not_before <= now && now <= self.not_after
    }
    pub fn asks_otp(&self) -> bool {
        self.kind == "remote"
    }
    pub fn is_on_desk(&self) -> bool {
        self.kind == "desk"
    }
}

macro_rules! keys_where {
    ($rest:expr) => {
        concat!(
            "SELECT key_id, purpose, kind, account_id, practitioner_id, sealed, holder, holder_id, issuer, serial, not_before, not_after,
                 blocked_until, created_at FROM record_key WHERE facility_id = $1 AND ended_at IS NULL AND ",
            $rest
        )
    };
}

/// The actor's own keys, newest first.
pub async fn list_mine(tx: &mut Tx) -> Result<Vec<KeyRow>, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(keys_where!("purpose = 'person' AND account_id = $2 ORDER BY created_at DESC, key_id")))
        .bind(facility)
        .bind(me)
        .fetch_all(tx.conn())
        .await
}

/// The seal of the house.
pub async fn find_seal(tx: &mut Tx) -> Result<Option<KeyRow>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(keys_where!("purpose = 'seal'"))).bind(facility).fetch_optional(tx.conn()).await
}

/// One of the actor's keys, or the seal. `RowNotFound` for everybody else's.
pub async fn get_usable(tx: &mut Tx, id: Uuid) -> Result<KeyRow, sqlx::Error> {
    let (facility, me) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!(keys_where!("key_id = $2 AND (purpose = 'seal' OR account_id = $3)")))
        .bind(facility)
        .bind(id)
        .bind(me)
        .fetch_one(tx.conn())
        .await
}

/// A key that is being registered.
pub struct NewKey<'a> {
    pub id: Uuid,
    pub purpose: &'a str,
    pub kind: &'a str,
    pub practitioner: Option<Uuid>,
    pub sealed: &'a [u8],
    pub certificate: &'a Certificate,
}

/// Keeps a key; a new seal ends the one before. The same id twice keeps it once. Gives false when it was there before.
pub async fn insert(tx: &mut Tx, new: &NewKey<'_>) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    if new.purpose == "seal" {
        sqlx::query(sql!("UPDATE record_key SET ended_at = $3 WHERE facility_id = $1 AND purpose = 'seal' AND ended_at IS NULL AND key_id <> $2"))
            .bind(facility)
            .bind(new.id)
            .bind(now)
            .execute(tx.conn())
            .await?;
    }
    let done = sqlx::query(sql!(
        "INSERT INTO record_key (facility_id, key_id, purpose, kind, account_id, practitioner_id, sealed, holder, holder_id, issuer, serial,
             not_before, not_after, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (facility_id, key_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.purpose)
    .bind(new.kind)
    .bind(me)
    .bind(new.practitioner)
    .bind(new.sealed)
    .bind(&new.certificate.holder)
    .bind(new.certificate.holder_id.as_deref().unwrap_or(""))
    .bind(&new.certificate.issuer)
    .bind(&new.certificate.serial)
    .bind(new.certificate.not_before)
    .bind(new.certificate.not_after)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends one of the actor's keys, or the seal when `also_seal`. Gives false when there is none.
pub async fn end(tx: &mut Tx, id: Uuid, also_seal: bool) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let done = sqlx::query(sql!(
        "UPDATE record_key SET ended_at = coalesce(ended_at, $3)
         WHERE facility_id = $1 AND key_id = $2 AND ((purpose = 'person' AND account_id = $4) OR (purpose = 'seal' AND $5))"
    ))
    .bind(facility)
    .bind(id)
    .bind(now)
    .bind(me)
    .bind(also_seal)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Counts a wrong PIN; the fifth in a row lets the key rest for a quarter of an hour. A right one forgets them.
pub async fn note_pin(tx: &mut Tx, id: Uuid, is_right: bool) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE record_key SET failures = CASE WHEN $3 OR failures + 1 >= $4 THEN 0 ELSE failures + 1 END,
             blocked_until = CASE WHEN $3 THEN NULL WHEN failures + 1 >= $4 THEN $5 ELSE blocked_until END
         WHERE facility_id = $1 AND key_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(is_right)
    .bind(crate::sign::key::MOST_FAILURES)
    .bind(now + TimeDelta::minutes(15))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who the actor is, as the rule of signing asks.
pub async fn signer(tx: &mut Tx) -> Result<Signer, sqlx::Error> {
    #[derive(sqlx::FromRow)]
    struct Row {
        name: String,
        title: String,
        position: String,
        licence_no: String,
        licence_scope: String,
        licence_from: Option<NaiveDate>,
        licence_to: Option<NaiveDate>,
    }
    let (facility, actor) = (tx.facility().0, tx.actor.clone());
    let row: Option<Row> = sqlx::query_as(sql!(
        "SELECT name, title, position, licence_no, licence_scope, licence_from, licence_to FROM practitioner_practitioner
         WHERE facility_id = $1 AND practitioner_id = $2"
    ))
    .bind(facility)
    .bind(actor.practitioner.map(|p| p.0))
    .fetch_optional(tx.conn())
    .await?;
    let base = Signer {
        account: actor.account.0,
        practitioner: actor.practitioner.map(|p| p.0),
        name: actor.name.to_string(),
        roles: actor.roles.to_vec(),
        ..Signer::default()
    };
    Ok(match row {
        None => base,
        Some(row) => Signer {
            name: row.name,
            title: row.title,
            position: row.position,
            licence_no: row.licence_no,
            licence_scope: row.licence_scope,
            licence_from: row.licence_from,
            licence_to: row.licence_to,
            ..base
        },
    })
}

/// The personal number by which this member of staff is known.
pub async fn personal_id(tx: &mut Tx, practitioner: Uuid) -> Result<Option<String>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT personal_id FROM record_signer WHERE facility_id = $1 AND practitioner_id = $2"))
        .bind(facility)
        .bind(practitioner)
        .fetch_optional(tx.conn())
        .await
}

/// Learns the personal number of a member of staff. Gives false when it is known as somebody else's.
pub async fn learn_personal_id(tx: &mut Tx, practitioner: Uuid, personal_id: &str) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let whose: Option<Uuid> = sqlx::query_scalar(sql!(
        "WITH learnt AS (
             INSERT INTO record_signer (facility_id, practitioner_id, personal_id, known_by, known_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING RETURNING practitioner_id)
         SELECT practitioner_id FROM learnt
         UNION ALL SELECT practitioner_id FROM record_signer WHERE facility_id = $1 AND personal_id = $3 LIMIT 1"
    ))
    .bind(facility)
    .bind(practitioner)
    .bind(personal_id)
    .bind(me)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    Ok(whose == Some(practitioner))
}

/// Wards with the people who lead them: room, its name, practitioner, name.
pub async fn list_heads(tx: &mut Tx) -> Result<Vec<(Uuid, String, Option<Uuid>, Option<String>)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT r.room_id, r.name, h.practitioner_id, trim(p.title || ' ' || p.name) FROM organization_room r
         LEFT JOIN record_head h ON h.facility_id = $1 AND h.room_id = r.room_id
         LEFT JOIN practitioner_practitioner p ON p.facility_id = $1 AND p.practitioner_id = h.practitioner_id
         WHERE r.facility_id = $1 AND r.kind IN ('ward', 'exam', 'procedure', 'lab', 'imaging') AND r.active_to IS NULL ORDER BY r.kind = 'ward' DESC, r.name, 4"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// People with the role of a head of department.
pub async fn list_head_candidates(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT DISTINCT p.practitioner_id, trim(p.title || ' ' || p.name) FROM practitioner_account a
         JOIN practitioner_practitioner p ON p.facility_id = $1 AND p.practitioner_id = a.practitioner_id
         WHERE a.facility_id = $1 AND 'department_head' = ANY(a.roles) AND a.disabled_at IS NULL ORDER BY 2"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// Names the head of a ward, or nobody. `RowNotFound` for a room of another facility.
pub async fn set_head(tx: &mut Tx, room: Uuid, practitioner: Option<Uuid>) -> Result<(), sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let _: Uuid = sqlx::query_scalar(sql!("SELECT room_id FROM organization_room WHERE facility_id = $1 AND room_id = $2"))
        .bind(facility)
        .bind(room)
        .fetch_one(tx.conn())
        .await?;
    sqlx::query(sql!("DELETE FROM record_head WHERE facility_id = $1 AND room_id = $2")).bind(facility).bind(room).execute(tx.conn()).await?;
    if let Some(practitioner) = practitioner {
        sqlx::query(sql!(
            "INSERT INTO record_head (facility_id, room_id, practitioner_id, named_by, named_at)
             SELECT $1, $2, practitioner_id, $4, $5 FROM practitioner_practitioner WHERE facility_id = $1 AND practitioner_id = $3"
        ))
        .bind(facility)
        .bind(room)
        .bind(practitioner)
        .bind(me)
        .bind(now)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

//! Who may send us messages, and what their codes mean here. Kept in memory with a stamp: every message reads the stamp
//! of its facility in the look that it does anyway, so a change counts from the next message on.

use crate::command::Door;
use base::{Actor, FacilityId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Db, Scope, Tx};
use serde::Deserialize;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use uuid::Uuid;
use web::{App, sql};

/// A system that sends messages to one facility.
#[derive(Clone, Debug)]
pub struct Partner {
    pub facility: FacilityId,
    pub id: Uuid,
    pub name: String,
    pub door: Door,
    pub application: String,
    pub sending_facility: String,
    pub receiving: String,
    /// The official code of the facility, by which a sender may name it too.
    pub facility_code: String,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
    pub takes_contact: bool,
    pub wait_minutes: i32,
    pub stamp: i64,
    codes: HashMap<(String, String), Vec<Meaning>>,
}

/// What a code means, from when to when.
#[derive(Clone, Debug, Deserialize)]
struct Meaning {
    kind: String,
    code: String,
    target: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

impl Partner {
    pub fn is_active_on(&self, day: NaiveDate) -> bool {
        self.active_from <= day && self.active_to.is_none_or(|to| day <= to)
    }

    /// What this code of the partner means on a day; `None` without a translation.
    pub fn meaning(&self, kind: &str, code: &str, day: NaiveDate) -> Option<&str> {
        let rows = self.codes.get(&(kind.to_owned(), code.to_owned()))?;
        rows.iter().find(|m| m.valid_from <= day && m.valid_to.is_none_or(|to| day <= to)).map(|m| m.target.as_str())
    }

    /// Who acts when a message of this partner is applied.
    pub fn actor(&self) -> Actor {
        Actor { name: self.name.as_str().into(), ..Actor::system(self.facility) }
    }

    /// A transaction of this partner. It may name people to the country's index.
    pub async fn begin(&self, db: &Db, now: DateTime<Utc>) -> Result<Tx, sqlx::Error> {
        db.begin(Scope::FacilityFor(self.facility, "person-index"), self.actor(), now).await
    }

    fn read(row: &PgRow) -> Result<Partner, sqlx::Error> {
        let mut codes: HashMap<(String, String), Vec<Meaning>> = HashMap::new();
        for meaning in row.try_get::<sqlx::types::Json<Vec<Meaning>>, _>("codes")?.0 {
            codes.entry((meaning.kind.clone(), meaning.code.clone())).or_default().push(meaning);
        }
        Ok(Partner {
            facility: FacilityId(row.try_get("facility_id")?),
            id: row.try_get("partner_id")?,
            name: row.try_get("name")?,
            door: Door::from_key(row.try_get("door")?).unwrap_or(Door::Hl7),
            application: row.try_get("application")?,
            sending_facility: row.try_get("sending_facility")?,
            receiving: row.try_get("receiving")?,
            facility_code: row.try_get("facility_code")?,
            active_from: row.try_get("active_from")?,
            active_to: row.try_get("active_to")?,
            takes_contact: row.try_get("takes_contact")?,
            wait_minutes: row.try_get("wait_minutes")?,
            stamp: row.try_get("stamp")?,
            codes,
        })
    }
}

/// All partners of all facilities of one database.
type Known = Vec<Arc<Partner>>;
static KNOWN: LazyLock<RwLock<HashMap<String, Arc<Known>>>> = LazyLock::new(RwLock::default);

fn database_of(db: &Db) -> String {
    let options = db.app_options();
    format!("{}/{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or_default())
}

fn kept(database: &str) -> Option<Arc<Known>> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(database).cloned()
}

/// The partner that names itself so, at the facility it names; `None` when nobody is known by that name, or when several
/// facilities know one and the message does not say which it means. A partner that is not active any more is found too;
/// its messages are refused with that reason.
pub async fn find(app: &App, door: Door, application: &str, sending_facility: &str, receiving: &str) -> Result<Option<Arc<Partner>>, sqlx::Error> {
    let database = database_of(&app.db);
    if let Some(known) = kept(&database)
        && let Some(found) = pick(&known, door, application, sending_facility, receiving)
    {
        return Ok(Some(found));
    }
    let known = load(&app.db, app.clock.now()).await?;
    let found = pick(&known, door, application, sending_facility, receiving);
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(database, Arc::new(known));
    Ok(found)
}

fn pick(known: &Known, door: Door, application: &str, sending_facility: &str, receiving: &str) -> Option<Arc<Partner>> {
    let mut named: Vec<&Arc<Partner>> = known
        .iter()
        .filter(|p| p.door == door && p.application == application && p.sending_facility == sending_facility)
        .filter(|p| receiving.is_empty() || p.receiving == receiving || (p.receiving.is_empty() && p.facility_code == receiving))
        .collect();
    // A partner without a name for us may call us anything, as long as nobody else can be meant.
    if named.is_empty() {
        named = known
            .iter()
            .filter(|p| p.door == door && p.application == application && p.sending_facility == sending_facility && p.receiving.is_empty())
            .collect();
    }
    match named[..] {
        [only] => Some(only.clone()),
        _ => None,
    }
}

async fn load(db: &Db, now: DateTime<Utc>) -> Result<Known, sqlx::Error> {
    let mut tx = db.begin(Scope::Purpose("exchange-door"), Actor::system(FacilityId(0)), now).await?;
    let rows = sqlx::query(sql!(
        "SELECT p.*, coalesce(s.stamp, 0) AS stamp, coalesce(d.code, '') AS facility_code,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'code', c.code, 'target', c.target,
                     'valid_from', c.valid_from, 'valid_to', c.valid_to)), '[]')
                 FROM exchange_code c WHERE c.facility_id = p.facility_id AND c.partner_id = p.partner_id) AS codes
         FROM exchange_partner p
         LEFT JOIN exchange_stamp s ON s.facility_id = p.facility_id
         LEFT JOIN organization_directory() d ON d.facility_id = p.facility_id"
    ))
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    rows.iter().map(|row| Partner::read(row).map(Arc::new)).collect()
}

/// The partner as it is now, read inside the transaction of a message or a page and kept for the next. `RowNotFound` for
/// another facility's id.
pub async fn get(tx: &mut Tx, db: &Db, id: Uuid) -> Result<Arc<Partner>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT p.*, coalesce(s.stamp, 0) AS stamp, f.code AS facility_code,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'code', c.code, 'target', c.target,
                     'valid_from', c.valid_from, 'valid_to', c.valid_to)), '[]')
                 FROM exchange_code c WHERE c.facility_id = p.facility_id AND c.partner_id = p.partner_id) AS codes
         FROM exchange_partner p
         JOIN organization_facility f ON f.facility_id = p.facility_id
         LEFT JOIN exchange_stamp s ON s.facility_id = p.facility_id
         WHERE p.facility_id = $1 AND p.partner_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .fetch_one(tx.conn())
    .await?;
    let partner = Arc::new(Partner::read(&row)?);
    let database = database_of(db);
    if let Some(known) = kept(&database) {
        let mut known: Known = known.iter().filter(|p| p.id != id).cloned().collect();
        known.push(partner.clone());
        KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(database, Arc::new(known));
    }
    Ok(partner)
}

/// The facility that an official code names today, for messages from a sender that nobody declared.
pub async fn facility_called(app: &App, code: &str) -> Result<Option<FacilityId>, sqlx::Error> {
    let id: Option<i32> = sqlx::query_scalar(sql!("SELECT facility_id FROM organization_directory() WHERE code = $1"))
        .bind(code)
        .fetch_optional(app.db.pool())
        .await?;
    Ok(id.map(FacilityId))
}

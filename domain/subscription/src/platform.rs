//! The platform itself: whose house this is, where customers' money goes, and the transaction in which its own tables
//! are open.

use base::{Actor, FacilityId};
use chrono::{DateTime, Utc};
use db::{Db, Scope, Tx, sql};

/// The door to the platform's tables.
pub const PURPOSE: &str = "subscription";

/// The rows that belong to nobody's clinic (codes on their way, licences not yet accepted) lie under this number.
pub const NOBODY: FacilityId = FacilityId(0);

/// A transaction of the platform, outside all clinics.
pub async fn begin(db: &Db, now: DateTime<Utc>) -> Result<Tx, sqlx::Error> {
    db.begin(Scope::FacilityFor(NOBODY, PURPOSE), Actor::system(NOBODY), now).await
}

/// A transaction that acts on one clinic with the platform's tables open.
pub async fn begin_at(db: &Db, facility: FacilityId, actor: &Actor, now: DateTime<Utc>) -> Result<Tx, sqlx::Error> {
    let actor = Actor { facility, ..actor.clone() };
    db.begin(Scope::FacilityFor(facility, PURPOSE), actor, now).await
}

/// Who runs the platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Platform {
    pub facility_id: i32,
    pub name: String,
    pub address: String,
    pub tax_code: String,
    pub phone: String,
    pub bank_bin: String,
    pub bank_account: String,
    pub bank_holder: String,
    pub bank_secret: String,
}

impl Platform {
    /// Whether money can be received at all.
    pub fn takes_money(&self) -> bool {
        !self.bank_bin.is_empty() && !self.bank_account.is_empty()
    }
}

/// The platform, if it was set up. Needs the purpose.
pub async fn find(tx: &mut Tx) -> Result<Option<Platform>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT facility_id, name, address, tax_code, phone, bank_bin, bank_account, bank_holder, bank_secret FROM subscription_platform"
    ))
    .fetch_optional(tx.conn())
    .await
}

/// Sets who runs the platform and where its money goes. Needs the purpose.
pub async fn set(tx: &mut Tx, platform: &Platform) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!(
        "INSERT INTO subscription_platform (facility_id, name, address, tax_code, phone, bank_bin, bank_account, bank_holder, bank_secret, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (one) DO UPDATE SET facility_id = $1, name = $2, address = $3, tax_code = $4, phone = $5, bank_bin = $6,
             bank_account = $7, bank_holder = $8, bank_secret = $9, changed_at = $10"
    ))
    .bind(platform.facility_id)
    .bind(&platform.name)
    .bind(&platform.address)
    .bind(&platform.tax_code)
    .bind(&platform.phone)
    .bind(&platform.bank_bin)
    .bind(&platform.bank_account)
    .bind(&platform.bank_holder)
    .bind(&platform.bank_secret)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

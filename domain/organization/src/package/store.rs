//! What was bought, in the database.

use super::{Kind, Period};
use base::{Event, FacilityId};
use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::{PgConnection, Row};

/// All rows of a facility, oldest first.
pub async fn periods(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<Period>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT seq, package, kind, valid_from, valid_to, reason FROM organization_package_period WHERE facility_id = $1 ORDER BY seq"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Period {
                seq: row.try_get("seq")?,
                package: row.try_get("package")?,
                kind: Kind::from_key(row.try_get("kind")?),
                from: row.try_get("valid_from")?,
                to: row.try_get("valid_to")?,
                reason: row.try_get("reason")?,
            })
        })
        .collect()
}

/// Lets nobody else change what this facility bought until the transaction ends.
pub async fn lock(tx: &mut Tx) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("SELECT 1 FROM organization_facility WHERE facility_id = $1 FOR UPDATE")).bind(facility).fetch_one(tx.conn()).await?;
    Ok(())
}

/// Writes that `package` holds from a day on and tells everybody. Hold [`lock`] first.
pub async fn append(
    tx: &mut Tx,
    package: &str,
    kind: Kind,
    from: NaiveDate,
    to: Option<NaiveDate>,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO organization_package_period (facility_id, seq, package, kind, valid_from, valid_to, reason, by_account, at)
         SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM organization_package_period WHERE facility_id = $1"
    ))
    .bind(facility)
    .bind(package)
    .bind(kind.key())
    .bind(from)
    .bind(to)
    .bind(reason)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.emit(Event::SubscriptionChanged { package: package.to_owned(), at: now });
    tx.audit("set", "package", facility, None, serde_json::json!({ "package": package, "kind": kind.key(), "from": from, "to": to }));
    Ok(())
}

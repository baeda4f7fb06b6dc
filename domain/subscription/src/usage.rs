//! How much a clinic uses: accounts that worked this month, storage, messages; counted live for the owner, kept once a
//! day for the history and the operator.

use base::{FacilityId, dates::start_of_day};
use chrono::{Datelike, NaiveDate};
use db::{Tx, sql};
use std::path::Path;

/// Use in the month of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub active_users: i64,
    pub storage_bytes: i64,
    pub sms_parts: i64,
}

impl Usage {
    /// Whole megabytes, begun ones counted.
    pub fn storage_mb(&self) -> i64 {
        (self.storage_bytes + 999_999) / 1_000_000
    }
}

/// Counts the use of the facility of the transaction. `files` is the folder of its files, when this machine has it.
pub async fn count(tx: &mut Tx, day: NaiveDate, files: Option<&Path>) -> Result<Usage, sqlx::Error> {
    let facility = tx.facility().0;
    let first = start_of_day(day.with_day(1).unwrap_or(day));
    let (active_users, in_rows): (i64, i64) = sqlx::query_as(sql!(
        "SELECT (SELECT count(DISTINCT account_id) FROM practitioner_session WHERE facility_id = $1 AND last_seen_at >= $2),
                (SELECT coalesce(sum(length(file)), 0)::bigint FROM organization_import WHERE facility_id = $1)"
    ))
    .bind(facility)
    .bind(first)
    .fetch_one(tx.conn())
    .await?;
    let sms_parts = crate::message::sms_used(tx, day).await?;
    let in_files = match files {
        Some(folder) => {
            let folder = folder.join(facility.to_string());
            tokio::task::spawn_blocking(move || size_of(&folder)).await.unwrap_or(0)
        }
        None => 0,
    };
    Ok(Usage { active_users, storage_bytes: in_rows + in_files, sms_parts })
}

/// The bytes below a folder; what cannot be read counts nothing.
fn size_of(folder: &Path) -> i64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size_of(&entry.path()),
            Ok(found) => i64::try_from(found.len()).unwrap_or(0),
            Err(_) => 0,
        })
        .sum()
}

/// Keeps the use of a day, once; true when it was new.
pub async fn keep(tx: &mut Tx, day: NaiveDate, usage: Usage, state: &str) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let made = sqlx::query(sql!(
        "INSERT INTO subscription_usage (facility_id, day, active_users, storage_bytes, sms_parts, state) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(day)
    .bind(i32::try_from(usage.active_users).unwrap_or(i32::MAX))
    .bind(usage.storage_bytes)
    .bind(i32::try_from(usage.sms_parts).unwrap_or(i32::MAX))
    .bind(state)
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// The daily round over all facilities: keeps yesterday's use and tells the modules when a clinic's state changed with
/// the day. Safe to run as often as one likes.
pub async fn daily_round(db: &db::Db, now: chrono::DateTime<chrono::Utc>, files: &Path) -> anyhow::Result<usize> {
    use organization::package;
    let today = base::local_date(now);
    let Some(yesterday) = today.pred_opt() else { return Ok(0) };
    let facilities: Vec<i32> = sqlx::query_scalar(sql!("SELECT facility_id FROM organization_directory()")).fetch_all(db.pool()).await?;
    let mut kept = 0;
    for facility in facilities.into_iter().map(FacilityId) {
        let mut tx = db.begin_system(facility, now).await?;
        let periods = package::periods(tx.conn(), facility).await?;
        let (before, after) = (package::standing_on(&periods, yesterday), package::standing_on(&periods, today));
        let usage = count(&mut tx, yesterday, Some(files)).await?;
        let state = serde_json::to_value(before.state)?;
        if keep(&mut tx, yesterday, usage, state.as_str().unwrap_or("")).await? {
            kept += 1;
            if before.state != after.state {
                tx.emit(base::Event::SubscriptionChanged { package: after.package.clone(), at: now });
                tx.audit("turn", "subscription", facility, None, serde_json::json!({ "state": after.state }));
            }
            tx.commit().await?;
        }
    }
    Ok(kept)
}

//! What happens to bookings by the clock alone: holds run out, people do not come, tomorrow's tomorrow is laid out. A round
//! over all facilities, safe to run as often as one likes and on several machines at once.

use crate::change;
use crate::plan;
use crate::status::Act;
use crate::{Appointment, Status};
use base::{AppointmentId, FacilityId};
use chrono::{DateTime, TimeDelta, Utc};
use db::{Db, Tx, sql};
use uuid::Uuid;

/// How long after the end of their time somebody still counts as late and not as missing.
pub const GRACE: TimeDelta = TimeDelta::minutes(30);

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub expired: usize,
    pub missed: usize,
}

/// Every minute: ends what ran out and notes who did not come, at every facility.
pub async fn sweep(db: &Db, now: DateTime<Utc>) -> anyhow::Result<Done> {
    let mut all = Done::default();
    for facility in facilities(db).await? {
        let mut tx = db.begin_system(facility, now).await?;
        let done = Done { expired: expire(&mut tx).await?, missed: miss(&mut tx).await? };
        if done != Done::default() {
            tx.commit().await?;
        }
        all = Done { expired: all.expired + done.expired, missed: all.missed + done.missed };
    }
    Ok(all)
}

/// Every hour: lays out the days ahead at every facility. Gives how many sessions are new.
pub async fn plan_ahead(db: &Db, now: DateTime<Utc>) -> anyhow::Result<usize> {
    let today = base::local_date(now);
    let mut made = 0;
    for facility in facilities(db).await? {
        let mut tx = db.begin_system(facility, now).await?;
        let here = plan::lay_out(&mut tx, today, today + TimeDelta::days(plan::DAYS_AHEAD)).await?;
        if here > 0 {
            tx.commit().await?;
        }
        made += here;
    }
    Ok(made)
}

async fn facilities(db: &Db) -> Result<Vec<FacilityId>, sqlx::Error> {
    let all: Vec<i32> = sqlx::query_scalar(sql!("SELECT facility_id FROM organization_directory()")).fetch_all(db.pool()).await?;
    Ok(all.into_iter().map(FacilityId).collect())
}

/// Ends every hold that ran out, a few hundred at a time.
async fn expire(tx: &mut Tx) -> Result<usize, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let slots: Vec<Uuid> = sqlx::query_scalar(sql!(
        "SELECT DISTINCT slot_id FROM scheduling_appointment WHERE facility_id = $1 AND status IN ('held', 'pending') AND held_until <= $2 LIMIT 300"
    ))
    .bind(facility)
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    for slot in &slots {
        crate::book::expire(tx, base::SlotId(*slot)).await?;
    }
    Ok(slots.len())
}

/// Notes who did not come: confirmed, and the time over for longer than the grace.
async fn miss(tx: &mut Tx) -> anyhow::Result<usize> {
    let (facility, now) = (tx.facility().0, tx.now);
    let missing: Vec<(Uuid, i32)> = sqlx::query_as(sql!(
        "SELECT appointment_id, version FROM scheduling_appointment
         WHERE facility_id = $1 AND status = 'confirmed' AND ends_at <= $2 ORDER BY ends_at LIMIT 300 FOR UPDATE SKIP LOCKED"
    ))
    .bind(facility)
    .bind(now - GRACE)
    .fetch_all(tx.conn())
    .await?;
    for (id, version) in &missing {
        change::miss(tx, AppointmentId(*id), *version).await.map_err(|f| anyhow::anyhow!("{f:?}"))?;
    }
    Ok(missing.len())
}

/// Whether the desk may note now that somebody did not come: the time has begun.
pub fn may_miss(appointment: &Appointment, now: DateTime<Utc>) -> bool {
    appointment.status.after(Act::Miss) == Ok(Status::NoShow) && now >= appointment.starts_at
}


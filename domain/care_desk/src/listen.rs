//! What happens elsewhere and becomes, or ends, a call to be made. Every listener looks at the booking as it stands now,
//! so words that come twice or late change nothing.

use crate::store::tasks::{self, NewTask};
use crate::task::Kind;
use base::Event;
use chrono::{Days, TimeDelta};
use db::Tx;
use scheduling::Status;
use serde_json::Value;

/// `AppointmentMoved`: what waits for screening is called; what no longer does is not. Who did not come is called the
/// next morning.
pub async fn moved(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::AppointmentMoved { appointment, .. } = serde_json::from_value(payload)? else { anyhow::bail!("another event") };
    let a = match scheduling::get(tx, appointment).await {
        Ok(found) => found,
        Err(sqlx::Error::RowNotFound) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let (now, today) = (tx.now, base::local_date(tx.now));
    match a.status {
        Status::Pending => tasks::add(tx, &NewTask::about(&a, Kind::Screening, now, a.held_until.unwrap_or(a.starts_at))).await?,
        _ => tasks::vanish(tx, a.id, &[Kind::Screening]).await?,
    }
    match a.status {
        Status::NoShow if !a.reach().is_empty() => {
            let morning = base::dates::start_of_day(today + Days::new(1)) + TimeDelta::minutes(450);
            tasks::add(tx, &NewTask::about(&a, Kind::NoShow, morning, morning + TimeDelta::hours(4))).await?;
        }
        Status::NoShow => {}
        _ => tasks::vanish(tx, a.id, &[Kind::NoShow]).await?,
    }
    // Whoever books the visit that a doctor asked for need not be reminded of it.
    if a.follows.is_some() && matches!(a.status, Status::Pending | Status::Confirmed) {
        tasks::vanish_phone(tx, &a.phone, Kind::FollowUp).await?;
    }
    Ok(())
}

/// `EncounterFinished`: a return that the doctor asked for and nobody booked is called two days ahead.
pub async fn finished(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::EncounterFinished { encounter, patient, .. } = serde_json::from_value(payload)? else { anyhow::bail!("another event") };
    let versions = encounter::store::note::list_versions(tx, encounter).await?;
    let Some(day) = versions.iter().max_by_key(|v| v.version).and_then(|v| v.disposition.follow_up()) else { return Ok(()) };
    if scheduling::store::appointments::following(tx, encounter).await?.is_some() {
        return Ok(());
    }
    let person = patient::get_summary(tx, patient).await.map_err(|f| anyhow::anyhow!("{f:?}"))?;
    let Some(phone) = scheduling::read_phone(&person.phone) else { return Ok(()) };
    let due = base::dates::start_of_day(day) - TimeDelta::hours(7);
    let ready = (base::dates::start_of_day(day - Days::new(2)) + TimeDelta::hours(8)).max(tx.now);
    let new = NewTask { offer: format!("Hẹn khám lại {}", base::show_date(day)), ..NewTask::to(&phone, &person.name, Kind::FollowUp, ready, due.max(ready)) };
    // The same visit finished twice is one call.
    tasks::vanish_phone(tx, &phone, Kind::FollowUp).await?;
    Ok(tasks::add(tx, &new).await?)
}

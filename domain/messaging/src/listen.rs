//! What bookings have to tell people: what was asked for, confirmed, moved, ended, and the reminders before.

use crate::carrier;
use crate::post::post;
use crate::store;
use base::{AppointmentId, Event};
use chrono::{DateTime, TimeDelta, Utc};
use db::Tx;
use scheduling::pass::{self, Purpose};
use scheduling::{Appointment, Channel, Status};
use serde_json::Value;
use web::ask::Letter;

/// `08:20 26/11`: short enough for a message.
pub fn when(a: &Appointment) -> String {
    format!("{} {}", base::dates::show_time(a.starts_at), &base::show_date(a.day)[..5])
}

/// The facility as messages name it.
async fn house(tx: &mut Tx) -> Result<(String, String), sqlx::Error> {
    let here = tx.facility();
    let facility = organization::facility::get(tx.conn(), here).await?;
    let name = if facility.facts.short_name.is_empty() { facility.facts.name } else { facility.facts.short_name };
    Ok((name, facility.facts.phone))
}

/// The address of a booking for whoever holds it: good until a week after the visit.
fn link(a: &Appointment) -> String {
    match carrier::link() {
        Some(link) => format!("{}/b/{}", link.public_url, pass::mint(&link.secret, Purpose::Manage, a.facility, a.id, a.ends_at + TimeDelta::days(7))),
        None => String::new(),
    }
}

async fn tell(tx: &mut Tx, a: &Appointment, template: &'static str, key: String, at: Option<DateTime<Utc>>) -> anyhow::Result<()> {
    // Whoever walked in stands at the desk; a booking without a phone reaches nobody.
    if a.channel == Channel::WalkIn || a.reach().is_empty() {
        return Ok(());
    }
    let (facility, phone) = house(tx).await?;
    let wording = crate::wording::find(template).ok_or_else(|| anyhow::anyhow!("no wording {template}"))?;
    let value = |place: &str| match place {
        "facility" => facility.clone(),
        "phone" => phone.clone(),
        "when" => when(a),
        "time" => base::dates::show_time(a.starts_at),
        "room" => a.room_name.clone(),
        "number" => a.queue_no.map(|n| n.to_string()).unwrap_or_default(),
        "code" => scheduling::code::shown(&a.code),
        "reason" => a.end_reason.chars().take(60).collect(),
        "link" => link(a),
        _ => String::new(),
    };
    let values = wording.places.iter().map(|place| (*place, value(place))).collect();
    let letter = Letter { key, template, to: a.reach(), values, appointment: Some(a.id), at, is_urgent: false };
    post(tx, &letter, Some(a.starts_at)).await.map_err(|f| anyhow::anyhow!("{f:?}"))
}

/// A booking moved from one status to another.
pub async fn moved(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::AppointmentMoved { appointment, version, from, to, .. } = serde_json::from_value(payload)? else { return Ok(()) };
    if !matches!(to.as_str(), "pending" | "cancelled" | "refused" | "expired" | "noshow") {
        return Ok(());
    }
    let a = scheduling::get(tx, appointment).await?;
    let template = match to.as_str() {
        "pending" => "appointment.pending",
        "cancelled" if a.ended_by == "patient" => "appointment.given_up",
        // A place held while a form was filled, given up with the form, was never asked for.
        "cancelled" if from == "held" => return Ok(()),
        "cancelled" => "appointment.cancelled",
        "refused" => "appointment.refused",
        "expired" if from == "pending" => "appointment.expired",
        "noshow" => "appointment.noshow",
        _ => return Ok(()),
    };
    tell(tx, &a, template, format!("appointment/{appointment}/{version}/{to}"), None).await
}

/// A booking was confirmed: its number and code, and the reminders before it.
pub async fn ready(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::AppointmentReady { appointment, .. } = serde_json::from_value(payload)? else { return Ok(()) };
    let a = scheduling::get(tx, appointment).await?;
    if a.status != Status::Confirmed {
        return Ok(());
    }
    let template = if a.moved_from.is_some() { "appointment.moved" } else { "appointment.confirmed" };
    tell(tx, &a, template, format!("appointment/{appointment}/confirmed"), None).await?;
    remind(tx, &a).await
}

/// The reminders of a booking, at nine in the morning of the day before and two hours before, where they still lie ahead.
async fn remind(tx: &mut Tx, a: &Appointment) -> anyhow::Result<()> {
    let setting = store::setting(tx).await?;
    let day_before = base::dates::start_of_day(a.day) - TimeDelta::hours(15);
    if setting.day_before && day_before > tx.now {
        tell(tx, a, "appointment.reminder", reminder_key(a.id, "day"), Some(day_before)).await?;
    }
    let soon = a.starts_at - TimeDelta::hours(2);
    if setting.hours_before && soon > tx.now {
        tell(tx, a, "appointment.soon", reminder_key(a.id, "hours"), Some(soon)).await?;
    }
    Ok(())
}

fn reminder_key(id: AppointmentId, kind: &str) -> String {
    format!("appointment/{id}/reminder/{kind}")
}

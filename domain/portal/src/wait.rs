//! The waiting list of a full day. A place that is given back is kept for the first who waits, for a quarter of an hour and
//! for nobody else; not taken, it goes to the next.

use base::{AppointmentId, SlotId};
use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use db::{Tx, sql};
use scheduling::pass::{self, Purpose};
use scheduling::store::{appointments, openings};
use scheduling::{Appointment, Booker, Channel, Goal, NewBooking, Who};
use std::sync::RwLock;
use uuid::Uuid;
use web::{App, Failure};

/// How long an offered place is kept.
pub const KEPT: TimeDelta = TimeDelta::minutes(15);

static APP: RwLock<Option<App>> = RwLock::new(None);

/// Gives this slice the way to send messages; the server does it once at start, because listeners know nothing but their
/// transaction.
pub fn connect(app: App) {
    if let Ok(mut place) = APP.write() {
        *place = Some(app);
    }
}

/// Puts a phone on the list of a day; once, however often it asks.
pub async fn join(tx: &mut Tx, wait: Uuid, offer: Uuid, day: NaiveDate, phone: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("INSERT INTO portal_wait (facility_id, wait_id, offer_id, day, phone, made_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"))
        .bind(facility)
        .bind(wait)
        .bind(offer)
        .bind(day)
        .bind(phone)
        .bind(now)
        .execute(tx.conn())
        .await?;
    tx.audit("wait", "offer", offer, None, serde_json::json!({ "day": day }));
    Ok(())
}

/// Whether a phone is on the list of a day.
pub async fn is_waiting(tx: &mut Tx, offer: Uuid, day: NaiveDate, phone: &str) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<i32> = sqlx::query_scalar(sql!("SELECT 1 FROM portal_wait WHERE facility_id = $1 AND offer_id = $2 AND day = $3 AND phone = $4 AND state <> 'ended'"))
        .bind(facility)
        .bind(offer)
        .bind(day)
        .bind(phone)
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.is_some())
}

/// A booking moved: an offered place that was taken or let go is settled, and a place that came free is offered to the next.
pub async fn after(tx: &mut Tx, a: &Appointment, to: &str) -> Result<(), Failure> {
    if to == "held" {
        return Ok(());
    }
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE portal_wait SET state = 'ended' WHERE facility_id = $1 AND appointment_id = $2 AND state = 'offered'")).bind(facility).bind(a.id.0).execute(tx.conn()).await?;
    if matches!(to, "cancelled" | "refused" | "expired" | "moved") { offer_next(tx, a.offer, a.day, a.slot).await } else { Ok(()) }
}

/// From when the letter may be read: it goes out between seven and nine in the evening, and the quarter of an hour begins
/// then.
fn awake(at: DateTime<Utc>) -> DateTime<Utc> {
    let (day, hour) = (base::local_date(at), base::dates::local_time(at).hour());
    let seven = |day| base::dates::start_of_day(day) + TimeDelta::hours(7);
    match hour {
        ..7 => seven(day),
        21.. => day.succ_opt().map_or(at, seven),
        _ => at,
    }
}

/// Keeps a free place for the first who waits for this day, and tells them.
async fn offer_next(tx: &mut Tx, offer: Uuid, day: NaiveDate, slot: SlotId) -> Result<(), Failure> {
    let facility = tx.facility().0;
    let next: Option<(Uuid, String)> = sqlx::query_as(sql!(
        "SELECT wait_id, phone FROM portal_wait WHERE facility_id = $1 AND offer_id = $2 AND day = $3 AND state = 'waiting'
         ORDER BY made_at, wait_id LIMIT 1 FOR UPDATE SKIP LOCKED"
    ))
    .bind(facility)
    .bind(offer)
    .bind(day)
    .fetch_optional(tx.conn())
    .await?;
    let Some((wait, phone)) = next else { return Ok(()) };
    let Some(app) = APP.read().ok().and_then(|place| place.clone()) else { return Ok(()) };
    // Somebody may have been quicker, and a time that is too close helps nobody.
    let is_free = openings::list_day(tx, offer, day, Channel::Web.key()).await?.iter().any(|t| t.slot == slot && t.free > 0);
    let place = scheduling::book::place(tx, slot).await?;
    if !is_free || scheduling::book::may_book(&place, Channel::Web, false, tx.now).is_err() {
        return Ok(());
    }
    let id = AppointmentId::new();
    let booker = Booker { phone: phone.clone(), relation: "self".into(), ..Booker::default() };
    let held = scheduling::book(tx, &NewBooking::new(id, slot, Channel::Web, Goal::Hold, Who::nobody(&phone), booker)).await?;
    let until = awake(tx.now) + KEPT;
    appointments::keep_until(tx, id, until).await?;
    sqlx::query(sql!("UPDATE portal_wait SET state = 'offered', appointment_id = $3 WHERE facility_id = $1 AND wait_id = $2")).bind(facility).bind(wait).bind(id.0).execute(tx.conn()).await?;
    let house = crate::pages::house(tx).await?;
    let pass = pass::mint(&app.config.secret, Purpose::Manage, held.facility, id, held.ends_at + TimeDelta::days(7));
    let letter = web::ask::Letter {
        key: format!("waitlist/{wait}/{id}"),
        template: "waitlist.offer",
        to: &phone,
        values: vec![("facility", house.name), ("when", held.when()), ("link", format!("{}/b/{pass}", app.config.public_url)), ("until", base::show_time(until))],
        appointment: Some(id),
        at: None,
        is_urgent: false,
    };
    app.messages().send(tx, &letter).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_loses_an_offer_while_asleep() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // 08:00, 22:30 and 03:00 in Vietnam.
        assert_eq!(awake(at("2026-11-24T01:00:00Z")), at("2026-11-24T01:00:00Z"));
        assert_eq!(awake(at("2026-11-24T15:30:00Z")), at("2026-11-25T00:00:00Z"));
        assert_eq!(awake(at("2026-11-24T20:00:00Z")), at("2026-11-25T00:00:00Z"));
    }
}

//! A day off: times are closed at once, and everybody who booked is offered another time, never left to find out.

use crate::store::openings::{self, Opening};
use crate::store::sessions::Closure;
use crate::store::{appointments, sessions};
use crate::{Appointment, Channel};
use base::Problems;
use chrono::{DateTime, TimeDelta, Utc};
use db::{Tx, sql};
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;
use web::Failure;

/// A closure as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TypedClosure {
    pub id: String,
    pub from_day: String,
    pub from_time: String,
    pub to_day: String,
    pub to_time: String,
    pub doctor: String,
    pub room: String,
    pub reason: String,
}

/// A closure that holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosureFacts {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub doctor: Option<Uuid>,
    pub room: Option<Uuid>,
    pub reason: String,
}

impl ClosureFacts {
    /// Reads a typed closure at `now`; empty times mean the whole day, an empty last day means the first.
    pub fn check(typed: &TypedClosure, now: DateTime<Utc>) -> Result<ClosureFacts, Problems> {
        let mut problems = Problems::none();
        let day = |typed: &str| base::parse_date_vi(typed.trim());
        let from = day(&typed.from_day);
        problems.add_if(from.is_none(), "from_day", "Ghi ngày nghỉ, ví dụ 30/11/2026.");
        let to = if typed.to_day.trim().is_empty() { from } else { day(&typed.to_day) };
        problems.add_if(to.is_none() && from.is_some(), "to_day", "Ghi ngày cuối, ví dụ 30/11/2026.");
        let time = |typed: &str| if typed.trim().is_empty() { None } else { Some(crate::rules::read_time(typed)) };
        problems.add_if(time(&typed.from_time) == Some(None), "from_time", "Ghi giờ, ví dụ 07:00; để trống là cả ngày.");
        problems.add_if(time(&typed.to_time) == Some(None), "to_time", "Ghi giờ, ví dụ 17:00; để trống là cả ngày.");
        let reason = typed.reason.trim().to_owned();
        problems.add_if(reason.is_empty(), "reason", "Ghi lý do: người đã hẹn sẽ được báo.");
        problems.add_if(reason.chars().count() > 200, "reason", "Lý do tối đa 200 ký tự, hãy rút gọn.");
        let id = |typed: &str| if typed.trim().is_empty() { Ok(None) } else { typed.parse().map(Some) };
        let (doctor, room) = (id(&typed.doctor), id(&typed.room));
        problems.add_if(doctor.is_err(), "doctor", "Người này không có trong danh sách. Chọn lại.");
        problems.add_if(room.is_err(), "room", "Phòng này không có trong danh mục. Chọn lại.");
        let (Some(from), Some(to), true) = (from, to, problems.is_empty()) else { return Err(problems) };
        let starts_at = base::dates::start_of_day(from) + time(&typed.from_time).flatten().map_or(TimeDelta::zero(), |t| t - chrono::NaiveTime::MIN);
        let ends_at = base::dates::start_of_day(to) + time(&typed.to_time).flatten().map_or(TimeDelta::days(1), |t| t - chrono::NaiveTime::MIN);
        problems.add_if(ends_at <= starts_at, "to_day", "Lúc kết thúc phải sau lúc bắt đầu.");
        problems.add_if(ends_at <= now, "to_day", "Khoảng nghỉ này đã qua.");
        problems.add_if(ends_at - starts_at > TimeDelta::days(366), "to_day", "Mỗi lần nghỉ tối đa một năm.");
        problems.or(ClosureFacts { starts_at, ends_at, doctor: doctor.unwrap_or_default(), room: room.unwrap_or_default(), reason })
    }
}

/// Keeps a closure and closes every time inside it. `id` is minted by the page: a second click closes nothing twice. Who
/// booked keeps the booking until somebody decides about it ([`affected`]).
pub async fn close(tx: &mut Tx, id: Uuid, facts: &ClosureFacts) -> Result<(), Failure> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO scheduling_closure (facility_id, closure_id, starts_at, ends_at, practitioner_id, room_id, reason, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(facts.starts_at)
    .bind(facts.ends_at)
    .bind(facts.doctor)
    .bind(facts.room)
    .bind(&facts.reason)
    .bind(account)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "WITH hit AS (
             SELECT s.session_id FROM scheduling_session s
             WHERE s.facility_id = $1 AND s.status = 'open' AND s.starts_at < $3 AND s.ends_at > $2
               AND ($4::uuid IS NULL OR s.practitioner_id = $4) AND ($5::uuid IS NULL OR s.room_id = $5))
         UPDATE scheduling_slot l SET is_open = false FROM hit
         WHERE l.facility_id = $1 AND l.session_id = hit.session_id AND l.starts_at < $3 AND l.ends_at > $2"
    ))
    .bind(facility)
    .bind(facts.starts_at)
    .bind(facts.ends_at)
    .bind(facts.doctor)
    .bind(facts.room)
    .execute(tx.conn())
    .await?;
    // A session without an open time is over; its doctor and room are free for something else.
    sqlx::query(sql!(
        "UPDATE scheduling_session s SET status = 'closed', reason = $4, version = version + 1
         WHERE s.facility_id = $1 AND s.status = 'open' AND s.starts_at < $3 AND s.ends_at > $2
           AND NOT EXISTS (SELECT 1 FROM scheduling_slot l WHERE l.facility_id = s.facility_id AND l.session_id = s.session_id AND l.is_open)"
    ))
    .bind(facility)
    .bind(facts.starts_at)
    .bind(facts.ends_at)
    .bind(&facts.reason)
    .execute(tx.conn())
    .await?;
    tx.audit("close", "schedule", id, None, serde_json::json!({ "reason": facts.reason }));
    tx.notify("appointments");
    Ok(())
}

/// Somebody whose time was closed, and the time to offer instead; `None` when the coming weeks are full.
pub struct Affected {
    pub appointment: Appointment,
    pub offered: Option<Opening>,
}

/// Everybody whose booking lies in a closure, with the next free time of the same offer, each place offered once.
pub async fn affected(tx: &mut Tx, closure: &Closure) -> Result<Vec<Affected>, Failure> {
    let kept = appointments::list_kept(tx, closure.starts_at, closure.ends_at, closure.practitioner_id, closure.room_id).await?;
    let mut free: HashMap<Uuid, Vec<Opening>> = HashMap::new();
    let mut out = Vec::with_capacity(kept.len());
    for appointment in kept {
        if !free.contains_key(&appointment.offer) {
            let times = openings::list_free(tx, appointment.offer, tx.now, Channel::Desk.key(), 300).await?;
            free.insert(appointment.offer, times);
        }
        let times = free.get_mut(&appointment.offer).expect("just put there");
        // The first free time from the booked one on; where none is left, the earliest at all.
        let at = times.iter().position(|t| t.free > 0 && t.starts_at >= appointment.starts_at).or_else(|| times.iter().position(|t| t.free > 0));
        let offered = at.map(|at| {
            times[at].free -= 1;
            times[at].clone()
        });
        out.push(Affected { appointment, offered });
    }
    Ok(out)
}


/// Ends a closure that was a mistake or is over early: times that nobody else closed may be booked again.
pub async fn reopen(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let closure = sessions::get_closure(tx, id).await?;
    let (facility, now) = (tx.facility().0, tx.now);
    let ended = sqlx::query(sql!("UPDATE scheduling_closure SET ended_at = $3 WHERE facility_id = $1 AND closure_id = $2 AND ended_at IS NULL"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    if ended.rows_affected() == 0 {
        return Ok(());
    }
    // A session whose doctor or room took up something else meanwhile stays closed.
    sqlx::query(sql!(
        "WITH back AS (
             SELECT s.session_id FROM scheduling_session s
             WHERE s.facility_id = $1 AND s.status <> 'cancelled' AND s.starts_at < $3 AND s.ends_at > $2
               AND ($4::uuid IS NULL OR s.practitioner_id = $4) AND ($5::uuid IS NULL OR s.room_id = $5)
               AND NOT EXISTS (SELECT 1 FROM scheduling_session o WHERE o.facility_id = $1 AND o.session_id <> s.session_id AND o.status = 'open'
                   AND (o.practitioner_id = s.practitioner_id OR o.room_id = s.room_id) AND tstzrange(o.starts_at, o.ends_at) && tstzrange(s.starts_at, s.ends_at))
               AND NOT EXISTS (SELECT 1 FROM scheduling_closure c WHERE c.facility_id = $1 AND c.ended_at IS NULL
                   AND tstzrange(c.starts_at, c.ends_at) && tstzrange(s.starts_at, s.ends_at)
                   AND (c.practitioner_id IS NULL OR c.practitioner_id = s.practitioner_id) AND (c.room_id IS NULL OR c.room_id = s.room_id))),
             times AS (UPDATE scheduling_slot l SET is_open = true FROM back WHERE l.facility_id = $1 AND l.session_id = back.session_id
                       AND l.starts_at < $3 AND l.ends_at > $2)
         UPDATE scheduling_session s SET status = 'open', reason = '', version = version + 1 FROM back
         WHERE s.facility_id = $1 AND s.session_id = back.session_id AND s.status = 'closed'"
    ))
    .bind(facility)
    .bind(closure.starts_at)
    .bind(closure.ends_at)
    .bind(closure.practitioner_id)
    .bind(closure.room_id)
    .execute(tx.conn())
    .await?;
    // What the rules want and a closure kept from being laid out comes now.
    let today = base::local_date(now);
    crate::plan::lay_out(tx, today, today + TimeDelta::days(crate::plan::DAYS_AHEAD)).await?;
    tx.audit("reopen", "schedule", id, None, serde_json::Value::Null);
    tx.notify("appointments");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_off_lasts_from_midnight_to_midnight_in_vietnam() {
        let now: DateTime<Utc> = "2026-11-25T02:00:00Z".parse().unwrap();
        let typed = TypedClosure { from_day: "30/11/2026".into(), reason: "Nghỉ".into(), ..TypedClosure::default() };
        let facts = ClosureFacts::check(&typed, now).unwrap();
        assert_eq!((facts.starts_at.to_rfc3339(), facts.ends_at.to_rfc3339()), ("2026-11-29T17:00:00+00:00".into(), "2026-11-30T17:00:00+00:00".into()));
        let half = ClosureFacts::check(&TypedClosure { from_time: "13h".into(), to_time: "17:00".into(), ..typed.clone() }, now).unwrap();
        assert_eq!((half.ends_at - half.starts_at).num_hours(), 4);
        let problems = ClosureFacts::check(&TypedClosure { from_day: "24/11/2026".into(), reason: String::new(), ..typed.clone() }, now).unwrap_err();
        assert_ne!(problems.at("reason"), "");
        assert_ne!(ClosureFacts::check(&TypedClosure { from_day: "24/11/2026".into(), ..typed.clone() }, now).unwrap_err().at("to_day"), "");
        assert_ne!(ClosureFacts::check(&TypedClosure { from_day: "31/02/2027".into(), ..typed }, now).unwrap_err().at("from_day"), "");
    }
}

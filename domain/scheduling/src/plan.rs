//! From weekly rules to the sessions of real days: laid out for as far ahead as anything can be booked, once per rule and
//! day, around closures. Running it again changes nothing.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// How many days ahead sessions exist.
pub const DAYS_AHEAD: i64 = 60;

/// The times of a session: as many as fit, one behind the other with the buffer between; the whole stretch where the rule
/// keeps no times.
pub fn times(starts: DateTime<Utc>, ends: DateTime<Utc>, slot_minutes: Option<i32>, buffer_minutes: i32) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let Some(length) = slot_minutes else { return vec![(starts, ends)] };
    let (length, buffer) = (TimeDelta::minutes(length.into()), TimeDelta::minutes(buffer_minutes.into()));
    let mut out = Vec::new();
    let mut at = starts;
    while at + length <= ends {
        out.push((at, at + length));
        at += length + buffer;
    }
    out
}

/// A local time of a day in Vietnam as a moment.
pub fn moment(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    base::dates::start_of_day(day) + (time - NaiveTime::MIN)
}

#[derive(sqlx::FromRow)]
struct Due {
    rule_id: Uuid,
    offer_id: Uuid,
    practitioner_id: Option<Uuid>,
    doctor: String,
    room_id: Uuid,
    day: NaiveDate,
    starts: NaiveTime,
    ends: NaiveTime,
    slot_minutes: Option<i32>,
    buffer_minutes: i32,
    capacity: i32,
    extra: i32,
    quotas: serde_json::Value,
}

/// Lays out every session that the rules of the facility want from `from` to `to`, both included, and is not there yet.
/// What falls into a closure, or where doctor or room are taken already, is left out. Gives how many were made.
pub async fn lay_out(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<usize, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let due: Vec<Due> = sqlx::query_as(sql!(
        "SELECT u.rule_id, u.offer_id, u.practitioner_id, coalesce(nullif(concat_ws(' ', nullif(p.title, ''), p.name), ''), '') AS doctor,
                u.room_id, d.day::date AS day, u.starts, u.ends, u.slot_minutes, u.buffer_minutes, u.capacity, u.extra, u.quotas
         FROM scheduling_rule u
         JOIN scheduling_offer o ON o.facility_id = u.facility_id AND o.offer_id = u.offer_id
         JOIN generate_series($2::date, $3::date, interval '1 day') AS d(day) ON extract(isodow FROM d.day) = u.weekday
         LEFT JOIN practitioner_practitioner p ON p.facility_id = u.facility_id AND p.practitioner_id = u.practitioner_id
         WHERE u.facility_id = $1 AND u.valid_from <= d.day AND (u.valid_to IS NULL OR u.valid_to >= d.day) AND (o.active_to IS NULL OR o.active_to >= d.day)
           AND NOT EXISTS (SELECT 1 FROM scheduling_session s WHERE s.facility_id = $1 AND s.rule_id = u.rule_id AND s.day = d.day::date)
           AND NOT EXISTS (SELECT 1 FROM scheduling_closure c WHERE c.facility_id = $1 AND c.ended_at IS NULL
               AND tstzrange(c.starts_at, c.ends_at) && tstzrange((d.day::date + u.starts) AT TIME ZONE 'Asia/Ho_Chi_Minh', (d.day::date + u.ends) AT TIME ZONE 'Asia/Ho_Chi_Minh')
               AND (c.practitioner_id IS NULL OR c.practitioner_id = u.practitioner_id) AND (c.room_id IS NULL OR c.room_id = u.room_id))
         ORDER BY day, u.starts, u.rule_id LIMIT 5000"
    ))
    .bind(facility)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await?;
    let mut made = 0;
    for d in due {
        let (starts_at, ends_at) = (moment(d.day, d.starts), moment(d.day, d.ends));
        let session = Uuid::now_v7();
        let new = sqlx::query(sql!(
            "INSERT INTO scheduling_session (facility_id, session_id, rule_id, offer_id, practitioner_id, doctor, room_id, day, starts_at, ends_at, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(session)
        .bind(d.rule_id)
        .bind(d.offer_id)
        .bind(d.practitioner_id)
        .bind(&d.doctor)
        .bind(d.room_id)
        .bind(d.day)
        .bind(starts_at)
        .bind(ends_at)
        .bind(now)
        .execute(tx.conn())
        .await?;
        if new.rows_affected() == 0 {
            continue;
        }
        made += 1;
        let times = times(starts_at, ends_at, d.slot_minutes, d.buffer_minutes);
        let quotas: Vec<(String, i32)> = d.quotas.as_object().into_iter().flatten().filter_map(|(c, n)| Some((c.clone(), i32::try_from(n.as_i64()?).ok()?))).collect();
        sqlx::query(sql!(
            "WITH quotas AS (
                 INSERT INTO scheduling_quota (facility_id, session_id, channel, allowed)
                 SELECT $1, $2, q.channel, q.allowed FROM unnest($9::text[], $10::int[]) AS q(channel, allowed))
             INSERT INTO scheduling_slot (facility_id, slot_id, session_id, offer_id, practitioner_id, starts_at, ends_at, capacity, extra)
             SELECT $1, t.id, $2, $3, $4, t.starts_at, t.ends_at, $11, $8 FROM unnest($5::uuid[], $6::timestamptz[], $7::timestamptz[]) AS t(id, starts_at, ends_at)"
        ))
        .bind(facility)
        .bind(session)
        .bind(d.offer_id)
        .bind(d.practitioner_id)
        .bind(times.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
        .bind(times.iter().map(|t| t.0).collect::<Vec<_>>())
        .bind(times.iter().map(|t| t.1).collect::<Vec<_>>())
        .bind(d.extra)
        .bind(quotas.iter().map(|q| q.0.as_str()).collect::<Vec<_>>())
        .bind(quotas.iter().map(|q| q.1).collect::<Vec<_>>())
        .bind(d.capacity)
        .execute(tx.conn())
        .await?;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fit_into_the_session() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let at = |h, m| moment(day, NaiveTime::from_hms_opt(h, m, 0).unwrap());
        assert_eq!(base::dates::show_time(at(8, 20)), "08:20");
        let morning = times(at(8, 0), at(9, 0), Some(20), 0);
        assert_eq!(morning, [(at(8, 0), at(8, 20)), (at(8, 20), at(8, 40)), (at(8, 40), at(9, 0))]);
        assert_eq!(times(at(8, 0), at(9, 0), Some(20), 5), [(at(8, 0), at(8, 20)), (at(8, 25), at(8, 45))]);
        assert_eq!(times(at(8, 0), at(11, 30), None, 0), [(at(8, 0), at(11, 30))]);
        assert!(times(at(8, 0), at(8, 10), Some(15), 0).is_empty());
    }
}

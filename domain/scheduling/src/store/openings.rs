//! Free times: of one facility for who books there, of the whole province for who still looks.

use base::{FacilityId, PractitionerId, RoomId, SessionId, SlotId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// What can be booked at a facility.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Offer {
    pub offer_id: Uuid,
    pub name: String,
    pub specialty: String,
    pub mode: String,
    pub service_id: Option<Uuid>,
    pub takes_bhyt: bool,
    pub is_screened: bool,
    pub notice_minutes: i32,
    pub cutoff_minutes: i32,
    pub horizon_days: i32,
    pub hold_minutes: i32,
    pub screening_hours: i32,
    pub preparation: String,
}

/// Offers of the facility that are in force on a day, by name.
pub async fn list_offers(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Offer>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT offer_id, name, specialty, mode, service_id, takes_bhyt, is_screened, notice_minutes, cutoff_minutes, horizon_days,
                hold_minutes, screening_hours, preparation
         FROM scheduling_offer WHERE facility_id = $1 AND active_from <= $2 AND (active_to IS NULL OR active_to >= $2) ORDER BY name LIMIT 200"
    ))
    .bind(facility)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

/// One offer; `RowNotFound` when the facility has none with this id.
pub async fn get_offer(tx: &mut Tx, id: Uuid) -> Result<Offer, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT offer_id, name, specialty, mode, service_id, takes_bhyt, is_screened, notice_minutes, cutoff_minutes, horizon_days,
                hold_minutes, screening_hours, preparation
         FROM scheduling_offer WHERE facility_id = $1 AND offer_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .fetch_one(tx.conn())
    .await
}

/// A time with its places.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    pub slot: SlotId,
    pub session: SessionId,
    pub offer: Uuid,
    pub practitioner: Option<PractitionerId>,
    pub doctor: String,
    pub room: RoomId,
    pub room_name: String,
    pub day: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Places nobody has: 0 is shown as full.
    pub free: i32,
}

/// A row of the queries for times.
type OpeningRow = (Uuid, Uuid, Uuid, Option<Uuid>, String, Uuid, String, NaiveDate, DateTime<Utc>, DateTime<Utc>, i32);

fn opening((slot, session, offer, practitioner, doctor, room, room_name, day, starts_at, ends_at, free): OpeningRow) -> Opening {
    Opening {
        slot: SlotId(slot),
        session: SessionId(session),
        offer,
        practitioner: practitioner.map(PractitionerId),
        doctor,
        room: RoomId(room),
        room_name,
        day,
        starts_at,
        ends_at,
        free,
    }
}

/// Times with their places. Holds that ran out count as free; the quota of the channel narrows the count.
macro_rules! select_openings {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT l.slot_id, l.session_id, l.offer_id, l.practitioner_id, s.doctor, s.room_id, r.short_name, s.day, l.starts_at, l.ends_at,
                    greatest(0, least(l.capacity - l.taken + stale.n, coalesce(q.allowed - q.taken, 1000000)))::int
             FROM scheduling_session s
             JOIN scheduling_slot l ON l.facility_id = s.facility_id AND l.session_id = s.session_id
             JOIN organization_room r ON r.facility_id = s.facility_id AND r.room_id = s.room_id
             LEFT JOIN scheduling_quota q ON q.facility_id = s.facility_id AND q.session_id = s.session_id AND q.channel = $4
             CROSS JOIN LATERAL (SELECT count(*)::int AS n FROM scheduling_appointment a WHERE a.facility_id = $1 AND a.slot_id = l.slot_id
                 AND a.status IN ('held', 'pending') AND a.held_until <= $5 AND NOT a.is_extra) stale
             WHERE s.facility_id = $1 AND s.offer_id = $2 AND s.status = 'open' AND l.is_open AND ",
            $rest
        ))
    };
}

/// All times of one day of an offer, full ones too, in the order doctor, time. `channel` narrows the count to what its
/// quota still allows.
pub async fn list_day(tx: &mut Tx, offer: Uuid, day: NaiveDate, channel: &str) -> Result<Vec<Opening>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let rows: Vec<OpeningRow> = sqlx::query_as(select_openings!("s.day = $3 ORDER BY s.doctor, l.starts_at LIMIT 500"))
        .bind(facility)
        .bind(offer)
        .bind(day)
        .bind(channel)
        .bind(now)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(opening).collect())
}

/// Free times of an offer after a moment, soonest first.
pub async fn list_free(tx: &mut Tx, offer: Uuid, after: DateTime<Utc>, channel: &str, limit: i64) -> Result<Vec<Opening>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let rows: Vec<OpeningRow> = sqlx::query_as(select_openings!(
        "l.starts_at > $3 AND l.taken - stale.n < l.capacity AND coalesce(q.allowed > q.taken, true) ORDER BY l.starts_at, l.slot_id LIMIT $6"
    ))
    .bind(facility)
    .bind(offer)
    .bind(after)
    .bind(channel)
    .bind(now)
    .bind(limit.clamp(1, 500))
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(opening).collect())
}

/// The next free time of an offer and doctor anywhere.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct NextFree {
    pub facility_id: i32,
    pub offer_id: Uuid,
    pub offer: String,
    pub specialty: String,
    pub mode: String,
    pub takes_bhyt: bool,
    pub practitioner_id: Option<Uuid>,
    pub doctor: String,
    pub slot_id: Uuid,
    pub starts_at: DateTime<Utc>,
}

impl NextFree {
    pub fn facility(&self) -> FacilityId {
        FacilityId(self.facility_id)
    }
}

/// The next free time of each offer of a specialty (all of them when `""`) in the whole province, soonest first. Needs a
/// transaction that names the purpose `availability`. Notice times are respected; quotas are not looked at.
pub async fn next_free(tx: &mut Tx, specialty: &str, mode: &str, limit: i64) -> Result<Vec<NextFree>, sqlx::Error> {
    let now = tx.now;
    sqlx::query_as(sql!(
        "SELECT o.facility_id, o.offer_id, o.name AS offer, o.specialty, o.mode, o.takes_bhyt, n.practitioner_id, s.doctor, n.slot_id, n.starts_at
         FROM scheduling_offer o
         CROSS JOIN LATERAL (
             SELECT l.slot_id, l.session_id, l.practitioner_id, l.starts_at FROM scheduling_slot l
             WHERE l.facility_id = o.facility_id AND l.offer_id = o.offer_id AND l.is_open AND l.taken < l.capacity
               AND l.starts_at > $1::timestamptz + make_interval(mins => o.notice_minutes)
               AND l.starts_at < $1::timestamptz + make_interval(days => o.horizon_days)
             ORDER BY l.starts_at LIMIT 1) n
         JOIN scheduling_session s ON s.facility_id = o.facility_id AND s.session_id = n.session_id
         WHERE ($2 = '' OR o.specialty = $2) AND ($3 = '' OR o.mode = $3) AND (o.active_to IS NULL OR o.active_to >= $5)
         ORDER BY n.starts_at, o.facility_id, o.offer_id LIMIT $4"
    ))
    .bind(now)
    .bind(specialty)
    .bind(mode)
    .bind(limit.clamp(1, 200))
    .bind(base::local_date(now))
    .fetch_all(tx.conn())
    .await
}

//! The plan of the house as staff keep it: sessions of a week, weekly rules, offers, closures.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use db::{Tx, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// A session with how much of it is taken.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Session {
    pub session_id: Uuid,
    pub offer_name: String,
    pub mode: String,
    pub doctor: String,
    pub room_name: String,
    pub day: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub status: String,
    pub reason: String,
    pub capacity: i64,
    pub taken: i64,
}

impl Session {
    /// How much is taken in hundredths of the width of a bar.
    pub fn share(&self) -> i64 {
        if self.capacity == 0 { 0 } else { (self.taken * 100 / self.capacity).min(100) }
    }
}

/// Sessions from `from` to before `to`, by day and time, at most 1,000.
pub async fn list(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Vec<Session>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT s.session_id, o.name AS offer_name, o.mode, s.doctor, r.short_name AS room_name, s.day, s.starts_at, s.ends_at, s.status, s.reason,
                coalesce(sum(l.capacity), 0)::bigint AS capacity, coalesce(sum(l.taken), 0)::bigint AS taken
         FROM scheduling_session s
         JOIN scheduling_offer o ON o.facility_id = s.facility_id AND o.offer_id = s.offer_id
         JOIN organization_room r ON r.facility_id = s.facility_id AND r.room_id = s.room_id
         LEFT JOIN scheduling_slot l ON l.facility_id = s.facility_id AND l.session_id = s.session_id
         WHERE s.facility_id = $1 AND s.day >= $2 AND s.day < $3
         GROUP BY s.facility_id, s.session_id, o.name, o.mode, r.short_name ORDER BY s.day, s.starts_at, o.name LIMIT 1000"
    ))
    .bind(facility)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await
}

/// A weekly rule in words and numbers.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Rule {
    pub rule_id: Uuid,
    pub weekday: i16,
    pub starts: NaiveTime,
    pub ends: NaiveTime,
    pub slot_minutes: Option<i32>,
    pub capacity: i32,
    pub extra: i32,
    pub doctor: String,
    pub room_name: String,
    pub valid_from: NaiveDate,
    pub quotas: serde_json::Value,
}

impl Rule {
    /// `Thứ hai`.
    pub fn weekday_name(&self) -> &'static str {
        ["Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật"].get(usize::try_from(self.weekday - 1).unwrap_or(0)).copied().unwrap_or("")
    }

    /// `07:30–11:30`.
    pub fn hours(&self) -> String {
        format!("{}–{}", self.starts.format("%H:%M"), self.ends.format("%H:%M"))
    }

    /// `app 10 · web 8`, in the words of the channels.
    pub fn shares(&self) -> String {
        let shares = self.quotas.as_object().into_iter().flatten();
        shares.filter_map(|(channel, n)| Some(format!("{} {n}", crate::Channel::from_key(channel)?.shown()))).collect::<Vec<_>>().join(" · ")
    }
}

/// The rules of an offer that are in force or to come, by weekday and time.
pub async fn list_rules(tx: &mut Tx, offer: Uuid, today: NaiveDate) -> Result<Vec<Rule>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT u.rule_id, u.weekday, u.starts, u.ends, u.slot_minutes, u.capacity, u.extra,
                coalesce(nullif(concat_ws(' ', nullif(p.title, ''), p.name), ''), '') AS doctor, r.short_name AS room_name, u.valid_from, u.quotas
         FROM scheduling_rule u
         JOIN organization_room r ON r.facility_id = u.facility_id AND r.room_id = u.room_id
         LEFT JOIN practitioner_practitioner p ON p.facility_id = u.facility_id AND p.practitioner_id = u.practitioner_id
         WHERE u.facility_id = $1 AND u.offer_id = $2 AND (u.valid_to IS NULL OR u.valid_to >= $3) ORDER BY u.weekday, u.starts LIMIT 200"
    ))
    .bind(facility)
    .bind(offer)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// People who may hold a session, by name, at most 500.
pub async fn list_doctors(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT practitioner_id, concat_ws(' ', nullif(title, ''), name) FROM practitioner_practitioner WHERE facility_id = $1 ORDER BY name LIMIT 500"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// A stretch in which nobody is served.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Closure {
    pub closure_id: Uuid,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub practitioner_id: Option<Uuid>,
    pub room_id: Option<Uuid>,
    pub doctor: String,
    pub room_name: String,
    pub reason: String,
}

impl Closure {
    /// Whom it concerns.
    pub fn whom(&self) -> String {
        match (self.doctor.as_str(), self.room_name.as_str()) {
            ("", "") => "Cả cơ sở".into(),
            (doctor, "") => doctor.into(),
            ("", room) => format!("Phòng {room}"),
            (doctor, room) => format!("{doctor}, phòng {room}"),
        }
    }

    /// `07:00 27/11/2026 – 17:00 27/11/2026`.
    pub fn when(&self) -> String {
        let shown = |at: DateTime<Utc>| format!("{} {}", base::dates::show_time(at), base::show_date(base::local_date(at)));
        format!("{} – {}", shown(self.starts_at), shown(self.ends_at))
    }
}

macro_rules! select_closures {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT c.closure_id, c.starts_at, c.ends_at, c.practitioner_id, c.room_id, c.reason,
                    coalesce(nullif(concat_ws(' ', nullif(p.title, ''), p.name), ''), '') AS doctor, coalesce(r.short_name, '') AS room_name
             FROM scheduling_closure c
             LEFT JOIN practitioner_practitioner p ON p.facility_id = c.facility_id AND p.practitioner_id = c.practitioner_id
             LEFT JOIN organization_room r ON r.facility_id = c.facility_id AND r.room_id = c.room_id
             WHERE c.facility_id = $1 ",
            $rest
        ))
    };
}

/// Closures that are not over, soonest first, at most 100.
pub async fn list_closures(tx: &mut Tx) -> Result<Vec<Closure>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_as(select_closures!("AND c.ended_at IS NULL AND c.ends_at > $2 ORDER BY c.starts_at LIMIT 100")).bind(facility).bind(now).fetch_all(tx.conn()).await
}

/// One closure; `RowNotFound` when the facility has none with this id.
pub async fn get_closure(tx: &mut Tx, id: Uuid) -> Result<Closure, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(select_closures!("AND c.closure_id = $2")).bind(facility).bind(id).fetch_one(tx.conn()).await
}

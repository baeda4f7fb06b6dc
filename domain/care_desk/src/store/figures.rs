//! Figures of the desk, counted from its own rows.

use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::FromRow;

/// One day of the desk.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Day {
    pub day: NaiveDate,
    /// Bookings that asked for a call.
    pub asked: i64,
    pub screened: i64,
    pub confirmed: i64,
    pub refused: i64,
    /// Ended in another way before anybody called: given up by the patient, or run out.
    pub lost: i64,
    pub waiting: i64,
    /// Minutes from the booking to the first call, in the middle.
    pub median_minutes: Option<f64>,
    pub no_shows: i64,
    pub missed_calls: i64,
}

impl Day {
    /// All days together; the middle of middles would mean nothing and is left out.
    pub fn sum(days: &[Day], day: NaiveDate) -> Day {
        let of = |count: fn(&Day) -> i64| days.iter().map(count).sum();
        Day {
            day,
            asked: of(|d| d.asked),
            screened: of(|d| d.screened),
            confirmed: of(|d| d.confirmed),
            refused: of(|d| d.refused),
            lost: of(|d| d.lost),
            waiting: of(|d| d.waiting),
            median_minutes: None,
            no_shows: of(|d| d.no_shows),
            missed_calls: of(|d| d.missed_calls),
        }
    }
}

/// Days from `from` to before `to`, newest first. A call belongs to the day it was asked for.
pub async fn list_days(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Vec<Day>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT (made_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
                count(*) FILTER (WHERE kind = 'screening') AS asked,
                count(*) FILTER (WHERE kind = 'screening' AND state = 'done') AS screened,
                count(*) FILTER (WHERE kind = 'screening' AND state = 'done' AND outcome IN ('confirmed', 'moved')) AS confirmed,
                count(*) FILTER (WHERE kind = 'screening' AND state = 'done' AND outcome NOT IN ('confirmed', 'moved')) AS refused,
                count(*) FILTER (WHERE kind = 'screening' AND state = 'gone') AS lost,
                count(*) FILTER (WHERE kind = 'screening' AND state IN ('open', 'claimed')) AS waiting,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_contact_at - made_at)::float8 / 60)
                    FILTER (WHERE kind = 'screening' AND first_contact_at IS NOT NULL) AS median_minutes,
                count(*) FILTER (WHERE kind = 'no_show') AS no_shows,
                count(*) FILTER (WHERE kind = 'missed_call') AS missed_calls
         FROM care_desk_task WHERE facility_id = $1
           AND made_at >= ($2::date)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AND made_at < ($3::date)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
         GROUP BY 1 ORDER BY 1 DESC LIMIT 100"
    ))
    .bind(facility)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await
}

/// How bookings of one channel ended at screening.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct OfChannel {
    channel: String,
    pub asked: i64,
    pub ended: i64,
    pub confirmed: i64,
}

impl OfChannel {
    pub fn shown(&self) -> &str {
        scheduling::Channel::from_key(&self.channel).map_or(self.channel.as_str(), |c| c.shown())
    }

    /// Confirmed in a hundred of those that ended.
    pub fn share(&self) -> i64 {
        if self.ended == 0 { 0 } else { self.confirmed * 100 / self.ended }
    }
}

/// The same stretch by channel, most asked first.
pub async fn list_channels(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Vec<OfChannel>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT channel, count(*) AS asked, count(*) FILTER (WHERE state IN ('done', 'gone')) AS ended,
                count(*) FILTER (WHERE state = 'done' AND outcome IN ('confirmed', 'moved')) AS confirmed
         FROM care_desk_task WHERE facility_id = $1 AND kind = 'screening'
           AND made_at >= ($2::date)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AND made_at < ($3::date)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
         GROUP BY channel ORDER BY asked DESC, channel LIMIT 20"
    ))
    .bind(facility)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await
}

//! Rows of codes, tries, the citizen's list and ratings.

use base::{AppointmentId, FacilityId};
use chrono::{DateTime, TimeDelta, Utc};
use db::{Tx, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// What is kept of the code sent to a phone.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Code {
    pub seal: Vec<u8>,
    pub sent_at: DateTime<Utc>,
    pub attempts: i32,
    pub sent_today: i32,
}

/// The last code of a phone, held until the transaction ends so that guesses come one after the other.
pub async fn lock_code(tx: &mut Tx, phone: &str) -> Result<Option<Code>, sqlx::Error> {
    tx.purpose("portal").await?;
    sqlx::query_as(sql!("SELECT seal, sent_at, attempts, sent_today FROM portal_code WHERE phone = $1 FOR UPDATE")).bind(phone).fetch_optional(tx.conn()).await
}

/// Keeps a new code in the place of the one before.
pub async fn put_code(tx: &mut Tx, phone: &str, seal: &[u8], sent_today: i32) -> Result<(), sqlx::Error> {
    tx.purpose("portal").await?;
    let now = tx.now;
    sqlx::query(sql!(
        "INSERT INTO portal_code (phone, seal, sent_at, sent_today) VALUES ($1, $2, $3, $4)
         ON CONFLICT (phone) DO UPDATE SET seal = excluded.seal, sent_at = excluded.sent_at, attempts = 0, sent_today = excluded.sent_today"
    ))
    .bind(phone)
    .bind(seal)
    .bind(now)
    .bind(sent_today)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a wrong guess.
pub async fn count_guess(tx: &mut Tx, phone: &str) -> Result<(), sqlx::Error> {
    tx.purpose("portal").await?;
    sqlx::query(sql!("UPDATE portal_code SET attempts = attempts + 1 WHERE phone = $1")).bind(phone).execute(tx.conn()).await?;
    Ok(())
}

/// A code that was used opens nothing more.
pub async fn spend_code(tx: &mut Tx, phone: &str) -> Result<(), sqlx::Error> {
    tx.purpose("portal").await?;
    sqlx::query(sql!("UPDATE portal_code SET attempts = 99 WHERE phone = $1")).bind(phone).execute(tx.conn()).await?;
    Ok(())
}

/// Counts a try of a bucket within a window; gives how many there were, this one counted.
pub async fn count_try(tx: &mut Tx, bucket: &str, window: TimeDelta) -> Result<i32, sqlx::Error> {
    tx.purpose("portal").await?;
    let now = tx.now;
    let bucket: String = bucket.chars().take(120).collect();
    sqlx::query_scalar(sql!(
        "INSERT INTO portal_try AS t (bucket, since, count) VALUES ($1, $2, 1)
         ON CONFLICT (bucket) DO UPDATE SET since = CASE WHEN t.since <= $3 THEN $2 ELSE t.since END,
             count = CASE WHEN t.since <= $3 THEN 1 ELSE t.count + 1 END
         RETURNING count"
    ))
    .bind(bucket)
    .bind(now)
    .bind(now - window)
    .fetch_one(tx.conn())
    .await
}

/// Takes back a try that was right after all.
pub async fn forgive_try(tx: &mut Tx, bucket: &str) -> Result<(), sqlx::Error> {
    tx.purpose("portal").await?;
    sqlx::query(sql!("UPDATE portal_try SET count = greatest(count - 1, 0) WHERE bucket = $1")).bind(bucket).execute(tx.conn()).await?;
    Ok(())
}

/// Remembers a browser that proved a phone.
pub async fn begin_visit(tx: &mut Tx, visit: Uuid, phone: &str, user_agent: &str) -> Result<(), sqlx::Error> {
    tx.purpose("portal").await?;
    let now = tx.now;
    sqlx::query(sql!("INSERT INTO portal_visit (visit_id, phone, made_at, user_agent) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"))
        .bind(visit)
        .bind(phone)
        .bind(now)
        .bind(user_agent)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The phone of a remembered browser; needs the purpose `portal`.
pub async fn phone_of_visit(tx: &mut Tx, visit: Uuid, since: DateTime<Utc>) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT phone FROM portal_visit WHERE visit_id = $1 AND made_at > $2 AND ended_at IS NULL")).bind(visit).bind(since).fetch_optional(tx.conn()).await
}

/// Forgets a browser, whoever still has its cookie; needs the purpose `portal`.
pub async fn end_visit(tx: &mut Tx, visit: Uuid) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!("UPDATE portal_visit SET ended_at = $2 WHERE visit_id = $1 AND ended_at IS NULL")).bind(visit).bind(now).execute(tx.conn()).await?;
    Ok(())
}

/// Puts a booking on the list of a phone.
pub async fn index(tx: &mut Tx, phone: &str, id: AppointmentId, starts_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    tx.purpose("portal").await?;
    let facility = tx.facility().0;
    sqlx::query(sql!("INSERT INTO portal_booking (phone, facility_id, appointment_id, starts_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"))
        .bind(phone)
        .bind(facility)
        .bind(id.0)
        .bind(starts_at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a phone booked, by house, latest time first, at most 30; needs the purpose `portal`.
pub async fn of_phone(tx: &mut Tx, phone: &str) -> Result<Vec<(FacilityId, AppointmentId)>, sqlx::Error> {
    let rows: Vec<(i32, Uuid)> =
        sqlx::query_as(sql!("SELECT facility_id, appointment_id FROM portal_booking WHERE phone = $1 ORDER BY starts_at DESC LIMIT 30")).bind(phone).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|(facility, id)| (FacilityId(facility), AppointmentId(id))).collect())
}

/// Writes the word about a visit; false when there is one already.
pub async fn insert_rating(tx: &mut Tx, a: &scheduling::Appointment, stars: i16, words: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let made = sqlx::query(sql!(
        "INSERT INTO portal_rating (facility_id, appointment_id, offer_id, practitioner_id, stars, words, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(a.id.0)
    .bind(a.offer)
    .bind(a.practitioner.map(|p| p.0))
    .bind(stars)
    .bind(words)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Whether a visit has its word.
pub async fn is_rated(tx: &mut Tx, id: AppointmentId) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<i32> = sqlx::query_scalar(sql!("SELECT 1 FROM portal_rating WHERE facility_id = $1 AND appointment_id = $2")).bind(facility).bind(id.0).fetch_optional(tx.conn()).await?;
    Ok(found.is_some())
}

/// How an offer was rated: the mean in tenths and how many; nothing before five people spoke.
pub async fn rating_of(tx: &mut Tx, offer: Uuid) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let facility = tx.facility().0;
    let (tenths, n): (Option<i64>, i64) =
        sqlx::query_as(sql!("SELECT round(avg(stars) * 10)::bigint, count(*) FROM portal_rating WHERE facility_id = $1 AND offer_id = $2")).bind(facility).bind(offer).fetch_one(tx.conn()).await?;
    Ok(tenths.filter(|_| n >= 5).map(|mean| (mean, n)))
}

/// A house as the public knows it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct House {
    pub facility_id: i32,
    pub code: String,
    pub name: String,
    pub address: String,
}

/// All houses, for names and communes on the search page.
pub async fn houses(db: &db::Db) -> Result<Vec<House>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT facility_id, code, name, address FROM portal_houses()")).fetch_all(db.pool()).await
}

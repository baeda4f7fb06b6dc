//! All SQL of the archive.

pub mod destructions;
pub mod loans;
pub mod reopenings;

use crate::complete::store::{Cover, covers_where};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// What the archive is asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Number, name or record number of the patient, folded.
    pub text: String,
    pub year: Option<i32>,
    pub class: String,
    /// `archived`, `lent`, `due` (past its time), `reopened`, `destroyed`; empty for all.
    pub state: String,
}

/// Archived records, newest first, behind `after`.
pub async fn list(tx: &mut Tx, filter: &Filter, after: Option<(DateTime<Utc>, Uuid)>, limit: i64) -> Result<Vec<Cover>, sqlx::Error> {
    let facility = tx.facility().0;
    let today = base::local_date(tx.now);
    sqlx::query_as(sql!(covers_where!(
        "r.status IN ('archived', 'reopened', 'destroyed') AND r.archived_at IS NOT NULL
             AND ($2 = '' OR r.archive_no ILIKE '%' || $2 || '%' OR p.name_folded LIKE '%' || $2 || '%' OR lower(p.record_no) LIKE '%' || $2 || '%')
             AND ($3::int IS NULL OR date_part('year', r.archived_at AT TIME ZONE 'Asia/Ho_Chi_Minh') = $3)
             AND ($4 = '' OR r.retention_class = $4)
             AND CASE $5 WHEN 'archived' THEN r.status = 'archived' WHEN 'reopened' THEN r.status = 'reopened' WHEN 'destroyed' THEN r.status = 'destroyed'
                 WHEN 'due' THEN r.status = 'archived' AND r.retention_until < $6
                 WHEN 'lent' THEN EXISTS (SELECT 1 FROM record_loan l WHERE l.facility_id = $1 AND l.record_id = r.record_id AND l.returned_at IS NULL)
                 ELSE true END
             AND ($7::timestamptz IS NULL OR (r.archived_at, r.record_id) < ($7, $8))
         ORDER BY r.archived_at DESC, r.record_id DESC LIMIT $9"
    )))
    .bind(facility)
    .bind(&filter.text)
    .bind(filter.year)
    .bind(&filter.class)
    .bind(&filter.state)
    .bind(today)
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// How many are kept, lent, opened again, and past their time.
pub async fn tally(tx: &mut Tx) -> Result<(i64, i64, i64, i64), sqlx::Error> {
    let facility = tx.facility().0;
    let today = base::local_date(tx.now);
    sqlx::query_as(sql!(
        "SELECT count(*) FILTER (WHERE status = 'archived'),
                (SELECT count(*) FROM record_loan WHERE facility_id = $1 AND returned_at IS NULL),
                count(*) FILTER (WHERE status = 'reopened'), count(*) FILTER (WHERE status = 'archived' AND retention_until < $2)
         FROM record_record WHERE facility_id = $1 AND status IN ('archived', 'reopened')"
    ))
    .bind(facility)
    .bind(today)
    .fetch_one(tx.conn())
    .await
}

/// Keeps a record from being destroyed, with the reason; an empty reason lets it go.
pub async fn set_hold(tx: &mut Tx, record: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE record_record SET hold_reason = $3 WHERE facility_id = $1 AND record_id = $2"))
        .bind(facility)
        .bind(record)
        .bind(reason)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Records whose time is over and that nothing holds back: not lent, not held, not in another open batch.
pub async fn list_due(tx: &mut Tx, today: NaiveDate, limit: i64) -> Result<Vec<Cover>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(covers_where!(
        "r.status = 'archived' AND r.retention_until < $2 AND r.hold_reason = ''
             AND NOT EXISTS (SELECT 1 FROM record_loan l WHERE l.facility_id = $1 AND l.record_id = r.record_id AND l.returned_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM record_destruction_item i JOIN record_destruction b ON b.facility_id = $1 AND b.destruction_id = i.destruction_id
                             WHERE i.facility_id = $1 AND i.record_id = r.record_id AND b.done_at IS NULL AND b.refused_at IS NULL)
         ORDER BY r.retention_until, r.record_id LIMIT $3"
    )))
    .bind(facility)
    .bind(today)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// These records, locked in the order of their ids.
pub async fn lock_all(tx: &mut Tx, records: &[Uuid]) -> Result<Vec<Cover>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("SELECT 1 FROM record_record WHERE facility_id = $1 AND record_id = ANY($2) ORDER BY record_id FOR UPDATE"))
        .bind(facility)
        .bind(records)
        .execute(tx.conn())
        .await?;
    sqlx::query_as(sql!(covers_where!("r.record_id = ANY($2) ORDER BY r.record_id"))).bind(facility).bind(records).fetch_all(tx.conn()).await
}

/// A copy that was given.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Copy {
    pub copy_id: Uuid,
    pub kind: String,
    pub asked_by: String,
    pub capacity: String,
    pub purpose: String,
    pub documents: Vec<Uuid>,
    pub given_at: DateTime<Utc>,
    pub given_by: String,
}

pub async fn copies(tx: &mut Tx, record: Uuid) -> Result<Vec<Copy>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT copy_id, kind, asked_by, capacity, purpose, documents, given_at, given_by FROM record_copy
         WHERE facility_id = $1 AND record_id = $2 ORDER BY given_at DESC LIMIT 50"
    ))
    .bind(facility)
    .bind(record)
    .fetch_all(tx.conn())
    .await
}

/// Writes a copy into the book; the same id twice writes it once.
pub async fn insert_copy(tx: &mut Tx, record: Uuid, copy: &Copy) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO record_copy (facility_id, copy_id, record_id, kind, asked_by, capacity, purpose, documents, given_at, given_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(copy.copy_id)
    .bind(record)
    .bind(&copy.kind)
    .bind(&copy.asked_by)
    .bind(&copy.capacity)
    .bind(&copy.purpose)
    .bind(&copy.documents)
    .bind(copy.given_at)
    .bind(&copy.given_by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

//! The index, asked.

use super::question::{Asked, Question};
use crate::document::viewer::Viewer;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A document that was found.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Found {
    pub document_id: Uuid,
    pub record_id: Uuid,
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub form: String,
    pub title: String,
    pub kind: String,
    pub origin: String,
    pub status: String,
    pub record_status: String,
    pub archive_no: String,
    pub made_at: DateTime<Utc>,
    pub room: String,
    pub room_id: Option<Uuid>,
    pub author_name: String,
    pub name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub excerpt: String,
}

/// How much is looked at for the counts beside the filters; more is said as "more than".
pub const MOST: i64 = 200;

/// Who asks, and whether documents of other doctors' patients are included.
pub struct Seeker<'a> {
    pub viewer: &'a Viewer,
    pub all: bool,
}

/// The newest (or oldest) documents that fit, at most `limit`, after the place where the page before ended. One
/// statement: the index finds, the rows decide who may see.
pub async fn find(tx: &mut Tx, seeker: &Seeker<'_>, asked: &Asked, q: &Question, after: Option<(DateTime<Utc>, Uuid)>, limit: i64) -> Result<Vec<Found>, sqlx::Error> {
    ask(tx, seeker, asked, q, after, limit, None).await
}

/// One document by its id, where this seeker may find it.
pub async fn find_one(tx: &mut Tx, seeker: &Seeker<'_>, document: Uuid) -> Result<Option<Found>, sqlx::Error> {
    let (asked, facility) = (Asked::default(), tx.facility().0);
    let found = ask(tx, seeker, &asked, &super::question::read(&asked, facility), None, 1, Some(document)).await?;
    Ok(found.into_iter().next())
}

async fn ask(tx: &mut Tx, seeker: &Seeker<'_>, asked: &Asked, q: &Question, after: Option<(DateTime<Utc>, Uuid)>, limit: i64, only: Option<Uuid>) -> Result<Vec<Found>, sqlx::Error> {
    let facility = tx.facility().0;
    macro_rules! found {
        ($compare:literal, $order:literal) => {
            sqlx::query_as(sql!(concat!(
                "SELECT f.document_id, f.record_id, f.patient_id, d.person_id, f.form, d.title, d.kind, d.origin, d.status, r.status AS record_status,
                    r.archive_no, f.made_at, coalesce(o.name, '') AS room, f.room_id, d.author_name, p.name, p.record_no, p.sex, p.birth_date, f.excerpt
                 FROM record_find f
                 JOIN record_document d ON d.facility_id = $1 AND d.document_id = f.document_id
                 JOIN record_record r ON r.facility_id = $1 AND r.record_id = f.record_id
                 JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = f.patient_id
                 LEFT JOIN organization_room o ON o.facility_id = $1 AND o.room_id = f.room_id
                 WHERE f.facility_id = $1 AND d.status <> 'entered_in_error'
                   AND ($2::text IS NULL OR f.words @@ to_tsquery('simple', $2))
                   AND ($3::text IS NULL OR r.archive_no = $3)
                   AND (cardinality($4::text[]) = 0 OR f.icd && $4)
                   AND f.made_at >= coalesce($5::timestamptz, '-infinity') AND f.made_at < coalesce($6::timestamptz, 'infinity')
                   AND (cardinality($7::uuid[]) = 0 OR f.room_id = ANY ($7))
                   AND (cardinality($8::text[]) = 0 OR ('archived' = ANY ($8) AND r.status = 'archived') OR ('open' = ANY ($8) AND r.status = 'open')
                        OR ('completing' = ANY ($8) AND r.status IN ('completing', 'submitted', 'returned', 'reopened'))
                        OR ('unsigned' = ANY ($8) AND d.status IN ('done', 'signing')))
                   AND (cardinality($9::text[]) = 0 OR ('benh_an' = ANY ($9) AND f.form LIKE '%/BV1')
                        OR ('ra_vien' = ANY ($9) AND f.form IN ('giay_ra_vien', 'tom_tat_hsba', 'giay_chuyen_co_so', 'giay_bao_tu'))
                        OR ('ket_qua' = ANY ($9) AND (d.origin = 'report' OR d.kind = 'incoming'))
                        OR ('don_thuoc' = ANY ($9) AND d.origin = 'prescription')
                        OR ('scan' = ANY ($9) AND d.kind = 'scan')
                        OR ('phieu' = ANY ($9) AND d.kind = 'form' AND f.form NOT LIKE '%/BV1'
                            AND f.form NOT IN ('giay_ra_vien', 'tom_tat_hsba', 'giay_chuyen_co_so', 'giay_bao_tu')))
                   AND ($10 = '' OR record_fold(d.author_name) LIKE '%' || $10 || '%')
                   AND record_may_see(CASE WHEN d.sensitivity = 'ordinary' THEN r.sensitivity ELSE d.sensitivity END, d.author_account, d.practitioner_id, r.practitioner_id, r.room_id, $11, $12, $13)
                   AND ($14 OR d.practitioner_id = $12 OR r.practitioner_id = $12 OR d.author_account = $11 OR r.room_id = ANY ($13)
                        OR EXISTS (SELECT FROM encounter_encounter e WHERE e.facility_id = $1 AND e.patient_id = f.patient_id AND e.practitioner_id = $12))
                   AND ($15::timestamptz IS NULL OR (f.made_at, f.document_id) ", $compare, " ($15, $16))
                   AND ($18::uuid IS NULL OR f.document_id = $18)
                 ORDER BY f.made_at ", $order, ", f.document_id ", $order, " LIMIT $17"
            )))
        };
    }
    let query = if asked.order == "old" { found!(">", "ASC") } else { found!("<", "DESC") };
    query
        .bind(facility)
        .bind(&q.words)
        .bind(&q.archive_no)
        .bind(&q.icd)
        .bind(q.from)
        .bind(q.to)
        .bind(&asked.room)
        .bind(&asked.state)
        .bind(&asked.kind)
        .bind(base::fold(&asked.doctor))
        .bind(seeker.viewer.account)
        .bind(seeker.viewer.practitioner)
        .bind(&seeker.viewer.wards)
        .bind(seeker.all)
        .bind(after.map(|a| a.0))
        .bind(after.map(|a| a.1))
        .bind(limit)
        .bind(only)
        .fetch_all(tx.conn())
        .await
}

/// A kept question.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Filter {
    pub filter_id: Uuid,
    pub name: String,
    pub query: String,
}

/// The questions this account keeps, by name.
pub async fn filters(tx: &mut Tx) -> Result<Vec<Filter>, sqlx::Error> {
    let (facility, account) = (tx.facility().0, tx.actor.account.0);
    sqlx::query_as(sql!("SELECT filter_id, name, query FROM record_find_filter WHERE facility_id = $1 AND account_id = $2 ORDER BY name LIMIT 30"))
        .bind(facility)
        .bind(account)
        .fetch_all(tx.conn())
        .await
}

pub async fn keep_filter(tx: &mut Tx, id: Uuid, name: &str, query: &str) -> Result<(), sqlx::Error> {
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO record_find_filter (facility_id, account_id, filter_id, name, query, made_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(account)
    .bind(id)
    .bind(name)
    .bind(query)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives false when this account keeps no such question.
pub async fn end_filter(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, account) = (tx.facility().0, tx.actor.account.0);
    let done = sqlx::query(sql!("DELETE FROM record_find_filter WHERE facility_id = $1 AND account_id = $2 AND filter_id = $3"))
        .bind(facility)
        .bind(account)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

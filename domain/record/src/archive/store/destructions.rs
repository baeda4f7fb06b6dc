//! Batches of records past their time.

use crate::archive::approval::{Agreed, Side};
use crate::complete::store::Cover;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Batch {
    pub destruction_id: Uuid,
    pub year: i32,
    pub number: i32,
    pub council: String,
    pub decision: String,
    pub proposed_by: Uuid,
    pub proposed_name: String,
    pub proposed_at: DateTime<Utc>,
    pub planner_by: Option<Uuid>,
    pub planner_name: String,
    pub planner_at: Option<DateTime<Utc>>,
    pub director_by: Option<Uuid>,
    pub director_name: String,
    pub director_at: Option<DateTime<Utc>>,
    pub refused_name: String,
    pub refused_at: Option<DateTime<Utc>>,
    pub refused_why: String,
    pub done_at: Option<DateTime<Utc>>,
    pub minutes_sha256: String,
    pub records: i64,
}

impl Batch {
    pub fn is_open(&self) -> bool {
        self.done_at.is_none() && self.refused_at.is_none()
    }
    pub fn agreed(&self) -> Agreed {
        Agreed { planner: self.planner_by, director: self.director_by, asked_by: self.proposed_by, is_closed: !self.is_open() }
    }
    /// `BB-HUY 2026/03`.
    pub fn show_number(&self) -> String {
        format!("BB-HUY {}/{:02}", self.year, self.number)
    }
}

/// One record of a batch; stays when its content is gone.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Item {
    pub record_id: Uuid,
    pub archive_no: String,
    pub patient_name: String,
    pub patient_record_no: String,
    pub ended_on: Option<NaiveDate>,
    pub retention_until: NaiveDate,
    pub documents: i32,
}

macro_rules! batches_where {
    ($rest:expr) => {
        concat!(
            "SELECT b.destruction_id, b.year, b.number, b.council, b.decision, b.proposed_by, b.proposed_name, b.proposed_at, b.planner_by, b.planner_name,
                b.planner_at, b.director_by, b.director_name, b.director_at, b.refused_name, b.refused_at, b.refused_why, b.done_at, b.minutes_sha256,
                (SELECT count(*) FROM record_destruction_item i WHERE i.facility_id = $1 AND i.destruction_id = b.destruction_id) AS records
             FROM record_destruction b WHERE b.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn list(tx: &mut Tx) -> Result<Vec<Batch>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(batches_where!("true ORDER BY b.proposed_at DESC LIMIT 50"))).bind(facility).fetch_all(tx.conn()).await
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Batch>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(batches_where!("b.destruction_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Batch>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(batches_where!("b.destruction_id = $2 FOR UPDATE OF b"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

pub async fn items(tx: &mut Tx, id: Uuid) -> Result<Vec<Item>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT record_id, archive_no, patient_name, patient_record_no, ended_on, retention_until, documents FROM record_destruction_item
         WHERE facility_id = $1 AND destruction_id = $2 ORDER BY archive_no, record_id"
    ))
    .bind(facility)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// Proposes a batch with its records, numbered within the year; the same id twice proposes it once.
pub async fn insert(tx: &mut Tx, id: Uuid, council: &str, decision: &str, covers: &[Cover]) -> Result<(), sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    let done = sqlx::query(sql!(
        "INSERT INTO record_destruction (facility_id, destruction_id, year, number, council, decision, proposed_by, proposed_name, proposed_at)
         SELECT $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7, $8 FROM record_destruction WHERE facility_id = $1 AND year = $3
         ON CONFLICT (facility_id, destruction_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(base::local_date(now).year())
    .bind(council)
    .bind(decision)
    .bind(actor.account.0)
    .bind(&*actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let ids: Vec<Uuid> = covers.iter().map(|c| c.record_id).collect();
    sqlx::query(sql!(
        "INSERT INTO record_destruction_item (facility_id, destruction_id, record_id, archive_no, patient_name, patient_record_no, ended_on, retention_until, documents)
         SELECT $1, $2, r.record_id, r.archive_no, p.name, p.record_no, (r.ended_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, r.retention_until,
                (SELECT count(*) FROM record_document d WHERE d.facility_id = $1 AND d.record_id = r.record_id)
         FROM record_record r JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = r.patient_id
         WHERE r.facility_id = $1 AND r.record_id = ANY($3)"
    ))
    .bind(facility)
    .bind(id)
    .bind(&ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn agree(tx: &mut Tx, id: Uuid, side: Side) -> Result<(), sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    let query = match side {
        Side::Planner => sqlx::query(sql!(
            "UPDATE record_destruction SET planner_by = $3, planner_name = $4, planner_at = $5 WHERE facility_id = $1 AND destruction_id = $2 AND planner_by IS NULL"
        )),
        Side::Director => sqlx::query(sql!(
            "UPDATE record_destruction SET director_by = $3, director_name = $4, director_at = $5 WHERE facility_id = $1 AND destruction_id = $2 AND director_by IS NULL"
        )),
    };
    query.bind(facility).bind(id).bind(actor.account.0).bind(&*actor.name).bind(now).execute(tx.conn()).await?;
    Ok(())
}

pub async fn refuse(tx: &mut Tx, id: Uuid, why: &str) -> Result<(), sqlx::Error> {
    let (facility, now, actor) = (tx.facility().0, tx.now, tx.actor.clone());
    sqlx::query(sql!("UPDATE record_destruction SET refused_name = $3, refused_at = $4, refused_why = $5 WHERE facility_id = $1 AND destruction_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(&*actor.name)
        .bind(now)
        .bind(why)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn set_done(tx: &mut Tx, id: Uuid, minutes_sha256: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE record_destruction SET done_at = $3, minutes_sha256 = $4 WHERE facility_id = $1 AND destruction_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .bind(minutes_sha256)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Marks records destroyed, empties what was typed into them, and names the files that no other record needs.
pub async fn destroy(tx: &mut Tx, records: &[Uuid]) -> Result<Vec<String>, sqlx::Error> {
    let facility = tx.facility().0;
    let files: Vec<String> = sqlx::query_scalar(sql!(
        "WITH gone AS (SELECT document_id FROM record_document WHERE facility_id = $1 AND record_id = ANY($2)),
              all_of_them AS (
                  SELECT v.document_id, v.sha256 FROM record_version v WHERE v.facility_id = $1
                      AND v.sha256 IN (SELECT sha256 FROM record_version WHERE facility_id = $1 AND document_id IN (SELECT document_id FROM gone)
                                       UNION SELECT sha256 FROM record_signature WHERE facility_id = $1 AND document_id IN (SELECT document_id FROM gone))
                  UNION ALL
                  SELECT s.document_id, s.sha256 FROM record_signature s WHERE s.facility_id = $1
                      AND s.sha256 IN (SELECT sha256 FROM record_version WHERE facility_id = $1 AND document_id IN (SELECT document_id FROM gone)
                                       UNION SELECT sha256 FROM record_signature WHERE facility_id = $1 AND document_id IN (SELECT document_id FROM gone)))
         SELECT sha256 FROM all_of_them GROUP BY sha256 HAVING bool_and(document_id IN (SELECT document_id FROM gone)) ORDER BY sha256"
    ))
    .bind(facility)
    .bind(records)
    .fetch_all(tx.conn())
    .await?;
    sqlx::query(sql!("UPDATE record_record SET status = 'destroyed', version = version + 1 WHERE facility_id = $1 AND record_id = ANY($2) AND status = 'archived'"))
        .bind(facility)
        .bind(records)
        .execute(tx.conn())
        .await?;
    sqlx::query(sql!("SELECT record_empty_versions($1, record_id) FROM unnest($2::uuid[]) AS record_id")).bind(facility).bind(records).execute(tx.conn()).await?;
    Ok(files)
}

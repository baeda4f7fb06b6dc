//! All SQL of digitising.

use base::{DocumentId, RecordId};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::{Tx, sql};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

/// A reader that gave no sign of life for so long is taken over.
const SILENT: TimeDelta = TimeDelta::minutes(5);

/// A file from the scanner.
#[derive(Clone, Debug, FromRow)]
pub struct Batch {
    pub batch_id: Uuid,
    pub source: String,
    pub name: String,
    pub sha256: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub replaces: Option<Uuid>,
    pub status: String,
    pub pages: i32,
    pub done: i32,
    pub note: String,
    pub scanned_by: Uuid,
    pub scanned_by_name: String,
    pub scanned_at: DateTime<Utc>,
}

/// A file in the list, with how far its papers are.
#[derive(Clone, Debug, FromRow)]
pub struct BatchLine {
    #[sqlx(flatten)]
    pub batch: Batch,
    pub papers: i64,
    pub to_check: i64,
    pub returned: i64,
    pub filed: i64,
}

/// A paper of a file, with where it goes.
#[derive(Clone, Debug, FromRow)]
pub struct Paper {
    pub paper_id: Uuid,
    pub batch_id: Uuid,
    pub place: i32,
    pub record_id: Option<Uuid>,
    pub kind: String,
    pub title: String,
    pub paper_date: Option<NaiveDate>,
    pub known_by: String,
    pub status: String,
    pub reason: String,
    pub checked_by_name: String,
    pub checked_at: Option<DateTime<Utc>>,
    pub document_id: Option<Uuid>,
    pub scanned_by: Uuid,
    pub scanned_by_name: String,
    pub scanned_at: DateTime<Utc>,
    pub patient_id: Option<Uuid>,
    pub patient_name: Option<String>,
    pub patient_record_no: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub record_opened_at: Option<DateTime<Utc>>,
}

/// A page without its words.
#[derive(Clone, Debug, FromRow)]
pub struct Page {
    pub page_id: Uuid,
    pub batch_id: Uuid,
    pub place: i32,
    pub paper_id: Option<Uuid>,
    pub sha256: String,
    pub width: i32,
    pub height: i32,
    pub turned_tenth: i32,
    pub cover_code: String,
    pub is_left_out: bool,
    pub text: String,
    pub words: Value,
}

/// A hand in the chain of custody.
#[derive(Clone, Debug, FromRow)]
pub struct Step {
    pub paper_id: Option<Uuid>,
    pub what: String,
    pub detail: String,
    pub by_name: String,
    pub at: DateTime<Utc>,
}

/// A printed sheet.
#[derive(Clone, Debug, FromRow)]
pub struct Cover {
    pub cover_id: Uuid,
    pub code: String,
    pub record_id: Uuid,
    pub kind: String,
    pub title: String,
    pub paper_date: Option<NaiveDate>,
    pub made_by_name: String,
    pub made_at: DateTime<Utc>,
    pub patient_name: String,
    pub patient_record_no: String,
    pub birth_date: NaiveDate,
    pub sex: String,
    pub record_opened_at: DateTime<Utc>,
    pub record_kind: String,
}

macro_rules! batches {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT b.batch_id, b.source, b.name, b.sha256, b.media_type, b.size_bytes, b.replaces, b.status, b.pages, b.done, b.note,
                    b.scanned_by, b.scanned_by_name, b.scanned_at,
                    count(p.paper_id) AS papers, count(*) FILTER (WHERE p.status = 'check') AS to_check,
                    count(*) FILTER (WHERE p.status = 'returned') AS returned, count(*) FILTER (WHERE p.status = 'filed') AS filed
             FROM record_scan_batch b LEFT JOIN record_scan_paper p USING (facility_id, batch_id) ",
            $rest
        ))
    };
}

/// The newest files; those that still need somebody first.
pub async fn list_batches(tx: &mut Tx, limit: i64) -> Result<Vec<BatchLine>, sqlx::Error> {
    sqlx::query_as(batches!(
        "WHERE b.facility_id = $1 GROUP BY b.facility_id, b.batch_id
         ORDER BY (count(*) FILTER (WHERE p.status IN ('check', 'returned')) > 0 OR b.status IN ('waiting', 'reading')) DESC, b.scanned_at DESC LIMIT $2"
    ))
    .bind(tx.facility().0)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

pub async fn find_batch(tx: &mut Tx, id: Uuid) -> Result<Option<BatchLine>, sqlx::Error> {
    sqlx::query_as(batches!("WHERE b.facility_id = $1 AND b.batch_id = $2 GROUP BY b.facility_id, b.batch_id"))
        .bind(tx.facility().0)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// What is taken in.
pub struct NewBatch<'a> {
    pub id: Uuid,
    pub source: &'a str,
    pub name: &'a str,
    pub sha256: &'a str,
    pub media_type: &'a str,
    pub size_bytes: i64,
    pub replaces: Option<Uuid>,
}

/// Takes a file in. Gives the batch that already holds this very file (or this id), so that a second click finds it.
pub async fn insert_batch(tx: &mut Tx, new: &NewBatch<'_>) -> Result<(Uuid, bool), sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now);
    let inserted: Option<Uuid> = sqlx::query_scalar(sql!(
        "INSERT INTO record_scan_batch (facility_id, batch_id, source, name, sha256, media_type, size_bytes, replaces, scanned_by,
             scanned_by_name, scanned_at, beat_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING RETURNING batch_id"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.source)
    .bind(new.name)
    .bind(new.sha256)
    .bind(new.media_type)
    .bind(new.size_bytes)
    .bind(new.replaces)
    .bind(account)
    .bind(name)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(id) = inserted {
        return Ok((id, true));
    }
    let known: Uuid = sqlx::query_scalar(sql!(
        "SELECT batch_id FROM record_scan_batch WHERE facility_id = $1 AND (batch_id = $2 OR (sha256 = $3 AND status <> 'failed'))
         ORDER BY batch_id = $2 DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.sha256)
    .fetch_one(tx.conn())
    .await?;
    Ok((known, false))
}

/// The next file to be read, taken so that no other reader takes it: one that waits, or one whose reader fell silent.
pub async fn claim_batch(tx: &mut Tx) -> Result<Option<Batch>, sqlx::Error> {
    let now = tx.now;
    sqlx::query_as(sql!(
        "UPDATE record_scan_batch SET status = 'reading', beat_at = $2
         WHERE facility_id = $1 AND batch_id = (
             SELECT batch_id FROM record_scan_batch
             WHERE facility_id = $1 AND (status = 'waiting' OR (status = 'reading' AND beat_at < $3))
             ORDER BY scanned_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING batch_id, source, name, sha256, media_type, size_bytes, replaces, status, pages, done, note, scanned_by, scanned_by_name,
             scanned_at"
    ))
    .bind(tx.facility().0)
    .bind(now)
    .bind(now - SILENT)
    .fetch_optional(tx.conn())
    .await
}

/// Whether a file waits for a reader.
pub async fn has_waiting(tx: &mut Tx) -> Result<bool, sqlx::Error> {
    let now = tx.now;
    sqlx::query_scalar(sql!(
        "SELECT EXISTS (SELECT FROM record_scan_batch WHERE facility_id = $1 AND (status = 'waiting' OR (status = 'reading' AND beat_at < $2)))"
    ))
    .bind(tx.facility().0)
    .bind(now - SILENT)
    .fetch_one(tx.conn())
    .await
}

/// How far the reading is.
pub async fn set_progress(tx: &mut Tx, batch: Uuid, status: &str, pages: i32, done: i32, note: &str) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!(
        "UPDATE record_scan_batch SET status = $3, pages = $4, done = $5, note = $6, beat_at = $7 WHERE facility_id = $1 AND batch_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(batch)
    .bind(status)
    .bind(pages)
    .bind(done)
    .bind(note)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a page; one that a reader before kept already is left as it is.
pub async fn insert_page(tx: &mut Tx, page: &Page) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO record_scan_page (facility_id, page_id, batch_id, place, sha256, width, height, turned_tenth, cover_code, is_left_out, text, words)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(page.page_id)
    .bind(page.batch_id)
    .bind(page.place)
    .bind(&page.sha256)
    .bind(page.width)
    .bind(page.height)
    .bind(page.turned_tenth)
    .bind(&page.cover_code)
    .bind(page.is_left_out)
    .bind(&page.text)
    .bind(&page.words)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The pages of a file in their order.
pub async fn list_pages(tx: &mut Tx, batch: Uuid) -> Result<Vec<Page>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT page_id, batch_id, place, paper_id, sha256, width, height, turned_tenth, cover_code, is_left_out, text, words
         FROM record_scan_page WHERE facility_id = $1 AND batch_id = $2 ORDER BY place"
    ))
    .bind(tx.facility().0)
    .bind(batch)
    .fetch_all(tx.conn())
    .await
}

/// The pages of a paper in their order, those left out not among them.
pub async fn list_paper_pages(tx: &mut Tx, paper: Uuid) -> Result<Vec<Page>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT page_id, batch_id, place, paper_id, sha256, width, height, turned_tenth, cover_code, is_left_out, text, words
         FROM record_scan_page WHERE facility_id = $1 AND paper_id = $2 AND NOT is_left_out ORDER BY batch_id, place"
    ))
    .bind(tx.facility().0)
    .bind(paper)
    .fetch_all(tx.conn())
    .await
}

/// The kept picture of a page, with the patient it belongs to where that is known.
pub async fn find_picture(tx: &mut Tx, page: Uuid) -> Result<Option<(String, Option<Uuid>)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT g.sha256, r.patient_id FROM record_scan_page g
         LEFT JOIN record_scan_paper p ON p.facility_id = g.facility_id AND p.paper_id = g.paper_id
         LEFT JOIN record_record r ON r.facility_id = g.facility_id AND r.record_id = p.record_id
         WHERE g.facility_id = $1 AND g.page_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(page)
    .fetch_optional(tx.conn())
    .await
}

/// A paper as the pages were parted.
pub struct NewPaper<'a> {
    pub id: Uuid,
    pub batch: Uuid,
    pub place: i32,
    pub record: Option<Uuid>,
    pub kind: &'a str,
    pub title: &'a str,
    pub paper_date: Option<NaiveDate>,
    pub known_by: &'a str,
    pub pages: &'a [Uuid],
}

/// Makes a paper of some pages.
pub async fn insert_paper(tx: &mut Tx, new: &NewPaper<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH paper AS (
             INSERT INTO record_scan_paper (facility_id, paper_id, batch_id, place, record_id, kind, title, paper_date, known_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))
         UPDATE record_scan_page SET paper_id = $2 WHERE facility_id = $1 AND page_id = ANY ($10)"
    ))
    .bind(tx.facility().0)
    .bind(new.id)
    .bind(new.batch)
    .bind(new.place)
    .bind(new.record)
    .bind(new.kind)
    .bind(new.title)
    .bind(new.paper_date)
    .bind(new.known_by)
    .bind(new.pages)
    .execute(tx.conn())
    .await?;
    Ok(())
}

macro_rules! papers {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT p.paper_id, p.batch_id, p.place, p.record_id, p.kind, p.title, p.paper_date, p.known_by, p.status, p.reason,
                    p.checked_by_name, p.checked_at, p.document_id, b.scanned_by, b.scanned_by_name, b.scanned_at, r.patient_id,
                    w.name AS patient_name, w.record_no AS patient_record_no, w.birth_date, r.opened_at AS record_opened_at
             FROM record_scan_paper p
             JOIN record_scan_batch b USING (facility_id, batch_id)
             LEFT JOIN record_record r ON r.facility_id = p.facility_id AND r.record_id = p.record_id
             LEFT JOIN patient_patient w ON w.facility_id = r.facility_id AND w.patient_id = r.patient_id
             WHERE p.facility_id = $1 AND ",
            $rest
        ))
    };
}

/// The papers of a file.
pub async fn list_papers(tx: &mut Tx, batch: Uuid) -> Result<Vec<Paper>, sqlx::Error> {
    sqlx::query_as(papers!("p.batch_id = $2 ORDER BY p.place")).bind(tx.facility().0).bind(batch).fetch_all(tx.conn()).await
}

pub async fn find_paper(tx: &mut Tx, id: Uuid) -> Result<Option<Paper>, sqlx::Error> {
    sqlx::query_as(papers!("p.paper_id = $2")).bind(tx.facility().0).bind(id).fetch_optional(tx.conn()).await
}

/// The paper, held until the end of the transaction.
pub async fn lock_paper(tx: &mut Tx, id: Uuid) -> Result<Option<Paper>, sqlx::Error> {
    sqlx::query_as(papers!("p.paper_id = $2 FOR UPDATE OF p")).bind(tx.facility().0).bind(id).fetch_optional(tx.conn()).await
}

/// Says where a paper goes.
pub async fn assign_paper(tx: &mut Tx, id: Uuid, cover: &Cover) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE record_scan_paper SET record_id = $3, kind = $4, title = $5, paper_date = $6, known_by = 'person'
         WHERE facility_id = $1 AND paper_id = $2 AND status <> 'filed'"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(cover.record_id)
    .bind(&cover.kind)
    .bind(&cover.title)
    .bind(cover.paper_date)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sends a paper back to the scanner, or takes it for filed.
pub async fn set_checked(tx: &mut Tx, id: Uuid, status: &str, reason: &str, document: Option<DocumentId>) -> Result<(), sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now);
    sqlx::query(sql!(
        "UPDATE record_scan_paper SET status = $3, reason = $4, document_id = $5, checked_by = $6, checked_by_name = $7, checked_at = $8
         WHERE facility_id = $1 AND paper_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .bind(status)
    .bind(reason)
    .bind(document.map(|document| document.0))
    .bind(account)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts new pages in the place of a paper's old ones and lays it before the checker again.
pub async fn replace_pages(tx: &mut Tx, paper: Uuid, pages: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH old AS (
             UPDATE record_scan_page SET is_left_out = true WHERE facility_id = $1 AND paper_id = $2 AND NOT page_id = ANY ($3)),
         fresh AS (
             UPDATE record_scan_page SET paper_id = $2 WHERE facility_id = $1 AND page_id = ANY ($3))
         UPDATE record_scan_paper SET status = 'check', reason = '' WHERE facility_id = $1 AND paper_id = $2 AND status <> 'filed'"
    ))
    .bind(tx.facility().0)
    .bind(paper)
    .bind(pages)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a hand to the chain of custody.
pub async fn insert_step(tx: &mut Tx, batch: Uuid, paper: Option<Uuid>, what: &str, detail: &str, by: (Uuid, &str)) -> Result<(), sqlx::Error> {
    let now = tx.now;
    sqlx::query(sql!(
        "INSERT INTO record_scan_step (facility_id, step_id, batch_id, paper_id, what, detail, by_account, by_name, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    ))
    .bind(tx.facility().0)
    .bind(Uuid::now_v7())
    .bind(batch)
    .bind(paper)
    .bind(what)
    .bind(detail)
    .bind(by.0)
    .bind(by.1)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The chain of custody of a file and its papers, from the first hand on; with what was done to them through other files.
pub async fn list_steps(tx: &mut Tx, batch: Uuid) -> Result<Vec<Step>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT s.paper_id, s.what, s.detail, s.by_name, s.at FROM record_scan_step s
         WHERE s.facility_id = $1 AND (s.batch_id = $2 OR s.paper_id IN (
             SELECT paper_id FROM record_scan_paper WHERE facility_id = $1 AND batch_id = $2))
         ORDER BY s.at, s.step_id"
    ))
    .bind(tx.facility().0)
    .bind(batch)
    .fetch_all(tx.conn())
    .await
}

macro_rules! covers {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT c.cover_id, c.code, c.record_id, c.kind, c.title, c.paper_date, c.made_by_name, c.made_at, w.name AS patient_name,
                    w.record_no AS patient_record_no, w.birth_date, w.sex, r.opened_at AS record_opened_at, r.kind AS record_kind
             FROM record_scan_cover c
             JOIN record_record r USING (facility_id, record_id)
             JOIN patient_patient w ON w.facility_id = r.facility_id AND w.patient_id = r.patient_id
             WHERE c.facility_id = $1 AND ",
            $rest
        ))
    };
}

pub async fn find_cover(tx: &mut Tx, id: Uuid) -> Result<Option<Cover>, sqlx::Error> {
    sqlx::query_as(covers!("c.cover_id = $2")).bind(tx.facility().0).bind(id).fetch_optional(tx.conn()).await
}

/// The sheets with these codes that belong to this facility.
pub async fn list_covers(tx: &mut Tx, codes: &[String]) -> Result<Vec<Cover>, sqlx::Error> {
    sqlx::query_as(covers!("c.code = ANY ($2)")).bind(tx.facility().0).bind(codes).fetch_all(tx.conn()).await
}

/// The sheets that were printed last.
pub async fn list_newest_covers(tx: &mut Tx, limit: i64) -> Result<Vec<Cover>, sqlx::Error> {
    sqlx::query_as(covers!("true ORDER BY c.made_at DESC LIMIT $2")).bind(tx.facility().0).bind(limit).fetch_all(tx.conn()).await
}

/// Makes a sheet; the same id again is the same sheet.
pub async fn insert_cover(tx: &mut Tx, id: Uuid, code: &str, record: RecordId, kind: (&str, &str), paper_date: Option<NaiveDate>) -> Result<(), sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now);
    sqlx::query(sql!(
        "INSERT INTO record_scan_cover (facility_id, cover_id, code, record_id, kind, title, paper_date, made_by, made_by_name, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (facility_id, cover_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(code)
    .bind(record.0)
    .bind(kind.0)
    .bind(kind.1)
    .bind(paper_date)
    .bind(account)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A patient's record in the choice of where a sheet leads.
#[derive(Clone, Debug, FromRow)]
pub struct RecordChoice {
    pub record_id: Uuid,
    pub kind: String,
    pub form: String,
    pub opened_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub status: String,
    pub archive_no: String,
}

/// The records of a patient, newest first.
pub async fn list_records(tx: &mut Tx, patient: Uuid) -> Result<Vec<RecordChoice>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT record_id, kind, form, opened_at, ended_at, status, archive_no FROM record_record
         WHERE facility_id = $1 AND patient_id = $2 AND status <> 'destroyed' ORDER BY opened_at DESC LIMIT 40"
    ))
    .bind(tx.facility().0)
    .bind(patient)
    .fetch_all(tx.conn())
    .await
}

/// A patient found by number or name.
#[derive(Clone, Debug, FromRow)]
pub struct PatientChoice {
    pub patient_id: Uuid,
    pub name: String,
    pub record_no: String,
    pub birth_date: NaiveDate,
    pub sex: String,
}

/// Patients whose number is, or whose name begins with or contains, what was typed.
pub async fn search_patients(tx: &mut Tx, typed: &str) -> Result<Vec<PatientChoice>, sqlx::Error> {
    let folded: String = base::fold(typed.trim()).chars().filter(|c| !matches!(c, '%' | '_' | '\\')).collect();
    sqlx::query_as(sql!(
        "SELECT patient_id, name, record_no, birth_date, sex FROM patient_patient
         WHERE facility_id = $1 AND merged_into IS NULL AND (upper(record_no) = upper($2) OR name_folded LIKE '%' || $3 || '%')
         ORDER BY upper(record_no) = upper($2) DESC, record_seq DESC LIMIT 12"
    ))
    .bind(tx.facility().0)
    .bind(typed.trim())
    .bind(folded)
    .fetch_all(tx.conn())
    .await
}

pub async fn find_patient(tx: &mut Tx, id: Uuid) -> Result<Option<PatientChoice>, sqlx::Error> {
    sqlx::query_as(sql!("SELECT patient_id, name, record_no, birth_date, sex FROM patient_patient WHERE facility_id = $1 AND patient_id = $2"))
        .bind(tx.facility().0)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// The wards and rooms in which people are treated, for saying where an old paper was written.
pub async fn list_rooms(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT room_id, name FROM organization_room WHERE facility_id = $1 AND kind IN ('ward', 'exam', 'procedure')
         ORDER BY kind = 'ward' DESC, name"
    ))
    .bind(tx.facility().0)
    .fetch_all(tx.conn())
    .await
}

/// A record for paper from before, over a past visit or stay. The same encounter again opens nothing.
pub async fn insert_past_record(tx: &mut Tx, record: RecordId, encounter: base::EncounterId, ended_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO record_record (facility_id, record_id, encounter_id, patient_id, person_id, kind, room_id, opened_at, ended_at)
         SELECT facility_id, $3, encounter_id, patient_id, person_id, 'digitised', room_id, opened_at, $4
         FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2
         ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(record.0)
    .bind(ended_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what was read from a filed scan, for searching.
pub async fn insert_text(tx: &mut Tx, document: DocumentId, version: i32, text: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO record_text (facility_id, document_id, version, text, folded) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(document.0)
    .bind(version)
    .bind(text)
    .bind(base::fold(text))
    .execute(tx.conn())
    .await?;
    Ok(())
}


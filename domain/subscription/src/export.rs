//! Everything a clinic has, in one archive it can take along: a sheet (CSV) for each table, by area, and a manifest
//! with the hash of each. Made in the background, table by table, under one view of the database, so that the sheets
//! belong together. Secrets of sign-in and of the bank stay behind: they are no data of the clinic.

use base::{Actor, FacilityId};
use chrono::{TimeDelta, Utc};
use db::{Scope, Tx, sql};
use futures_util::TryStreamExt;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use std::io::{Cursor, Write};
use uuid::Uuid;
use web::App;
use zip::write::SimpleFileOptions;

/// An export nobody has heard of for so long is begun again.
const SILENT: TimeDelta = TimeDelta::seconds(90);

/// How an export stands.
#[derive(Clone, Debug, FromRow)]
pub struct Export {
    pub export_id: Uuid,
    pub asked_by: String,
    pub asked_at: chrono::DateTime<Utc>,
    pub done: i32,
    pub of: i32,
    pub beat_at: chrono::DateTime<Utc>,
    pub file: String,
    pub bytes: i64,
    pub finished_at: Option<chrono::DateTime<Utc>>,
    pub error: String,
}

impl Export {
    pub fn percent(&self) -> i32 {
        if self.of <= 0 { 0 } else { self.done * 100 / self.of }
    }
    /// Whether the work was lost, for example by a restart.
    pub fn is_lost(&self, now: chrono::DateTime<Utc>) -> bool {
        self.finished_at.is_none() && now - self.beat_at > SILENT
    }
}

/// The exports of the facility, newest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Export>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT export_id, asked_by, asked_at, done, of, beat_at, file, bytes, finished_at, error FROM subscription_export
         WHERE facility_id = $1 ORDER BY asked_at DESC LIMIT 20"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// One export of the facility.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Export>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT export_id, asked_by, asked_at, done, of, beat_at, file, bytes, finished_at, error FROM subscription_export
         WHERE facility_id = $1 AND export_id = $2"
    ))
    .bind(facility)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// Asks for an export under the id of the page; true when the work has to be begun.
pub async fn ask(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    let made = sqlx::query(sql!(
        "INSERT INTO subscription_export (facility_id, export_id, asked_by, asked_at, beat_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Takes a lost export over; true for the one who may go on with it.
pub async fn take_over(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let taken = sqlx::query(sql!(
        "UPDATE subscription_export SET beat_at = $3, done = 0, error = '' WHERE facility_id = $1 AND export_id = $2 AND finished_at IS NULL AND beat_at < $4"
    ))
    .bind(facility)
    .bind(id)
    .bind(now)
    .bind(now - SILENT)
    .execute(tx.conn())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Makes the archive and keeps it; a failure is noted where the person sees it.
pub fn begin(app: App, actor: Actor, id: Uuid) {
    tokio::spawn(async move {
        let facility = actor.facility;
        if let Err(error) = make(&app, &actor, id).await {
            tracing::error!(%error, facility = facility.0, "an export failed");
            let told = note(&app, &actor, id, 0, 0, Some("Chưa tạo được tệp. Bấm “Tạo lại”; nếu vẫn lỗi, báo bộ phận hỗ trợ.")).await;
            if let Err(error) = told {
                tracing::error!(%error, "and could not be noted");
            }
        }
    });
}

#[derive(Serialize)]
struct Sheet {
    path: String,
    table: String,
    rows: u64,
    bytes: usize,
    sha256: String,
}

/// The area a table belongs to, as a folder people can find their way in.
fn area(table: &str) -> &'static str {
    match table.split('_').next().unwrap_or("") {
        "organization" => "co-so",
        "practitioner" => "nhan-su",
        "patient" => "nguoi-benh",
        "encounter" => "luot-kham",
        "diagnostics" => "can-lam-sang",
        "medication" => "don-thuoc",
        "inventory" => "kho-duoc",
        "billing" => "thu-ngan",
        "subscription" => "goi-su-dung",
        "db" => "nhat-ky",
        _ => "khac",
    }
}

/// Tables that only serve the machine.
fn is_left_out(table: &str) -> bool {
    matches!(table, "db_job" | "db_draft" | "db_idempotent_answer" | "db_audit_pending" | "practitioner_session" | "organization_stamp" | "subscription_export")
}

/// Columns that would let somebody in.
fn is_secret(column: &str) -> bool {
    ["password", "secret", "token", "totp"].iter().any(|word| column.contains(word))
}

async fn make(app: &App, actor: &Actor, id: Uuid) -> anyhow::Result<()> {
    let now = app.clock.now();
    let scope = Scope::Facility(actor.facility);
    let mut tx = app.db.begin(scope, actor.clone(), now).await?;
    // One view for all sheets: what is written meanwhile is in none of them.
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(tx.conn()).await?;
    let columns: Vec<(String, String)> = sqlx::query_as(sql!(
        "SELECT c.table_name::text, c.column_name::text FROM information_schema.columns c
         JOIN information_schema.tables t ON t.table_name = c.table_name AND t.table_schema = c.table_schema AND t.table_type = 'BASE TABLE'
         WHERE c.table_schema = 'public' AND has_table_privilege(to_regclass(format('public.%I', c.table_name)), 'SELECT')
           AND EXISTS (SELECT FROM information_schema.columns f WHERE f.table_schema = 'public' AND f.table_name = c.table_name AND f.column_name = 'facility_id')
         ORDER BY c.table_name, c.ordinal_position"
    ))
    .fetch_all(tx.conn())
    .await?;
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for (table, column) in columns.into_iter().filter(|(table, column)| !is_left_out(table) && !is_secret(column)) {
        match tables.last_mut().filter(|(last, _)| *last == table) {
            Some((_, columns)) => columns.push(column),
            None => tables.push((table, vec![column])),
        }
    }
    let of = i32::try_from(tables.len())?;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).large_file(true);
    let mut sheets = Vec::new();
    for (i, (table, columns)) in tables.iter().enumerate() {
        let csv = copy(&mut tx, actor.facility, table, columns).await?;
        if let Some((rows, csv)) = csv {
            let path = format!("{}/{table}.csv", area(table));
            zip.start_file(&path, options)?;
            zip.write_all(&csv)?;
            sheets.push(Sheet { path, table: table.clone(), rows, bytes: csv.len(), sha256: hex::encode(Sha256::digest(&csv)) });
        }
        note(app, actor, id, i32::try_from(i + 1)?, of, None).await?;
    }
    let manifest = serde_json::json!({
        "format": "yba-export/1", "facility": actor.facility, "made_at": now, "encoding": "UTF-8 có BOM, dấu phẩy, RFC 4180",
        "sheets": sheets,
    });
    zip.start_file("manifest.json", options)?;
    zip.write_all(serde_json::to_string_pretty(&manifest)?.as_bytes())?;
    let archive = zip.finish()?.into_inner();
    drop(tx);
    let bytes = i64::try_from(archive.len())?;
    let file = app.files().keep(actor.facility, archive).await?;
    let mut tx = app.db.begin(Scope::Facility(actor.facility), actor.clone(), app.clock.now()).await?;
    sqlx::query(sql!("UPDATE subscription_export SET file = $3, bytes = $4, finished_at = $5, beat_at = $5 WHERE facility_id = $1 AND export_id = $2"))
        .bind(actor.facility.0)
        .bind(id)
        .bind(file)
        .bind(bytes)
        .bind(app.clock.now())
        .execute(tx.conn())
        .await?;
    tx.audit("export", "facility", id, None, serde_json::json!({ "sheets": sheets.len(), "bytes": bytes }));
    tx.notify("export");
    tx.commit().await?;
    Ok(())
}

/// One table as CSV with a mark that spreadsheet programs need for Vietnamese; `None` when it holds nothing.
async fn copy(tx: &mut Tx, facility: FacilityId, table: &str, columns: &[String]) -> anyhow::Result<Option<(u64, Vec<u8>)>> {
    // Names come from the schema, not from people; quoting them keeps even an odd one whole.
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let names = columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
    let statement = format!("COPY (SELECT {names} FROM {} WHERE facility_id = {}) TO STDOUT WITH (FORMAT csv, HEADER)", quoted(table), facility.0);
    let mut csv: Vec<u8> = "\u{feff}".as_bytes().to_vec();
    let mut rows = 0u64;
    {
        let mut stream = tx.conn().copy_out_raw(&statement).await?;
        while let Some(piece) = stream.try_next().await? {
            rows += 1;
            csv.extend_from_slice(&piece);
        }
    }
    // The server sends one message a row, the head line among them.
    Ok((rows > 1).then(|| (rows - 1, csv)))
}

async fn note(app: &App, actor: &Actor, id: Uuid, done: i32, of: i32, error: Option<&str>) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin(Scope::Facility(actor.facility), actor.clone(), now).await?;
    sqlx::query(sql!(
        "UPDATE subscription_export SET done = $3, of = $4, beat_at = $5, error = coalesce($6, ''), finished_at = CASE WHEN $6::text IS NULL THEN finished_at ELSE $5 END
         WHERE facility_id = $1 AND export_id = $2"
    ))
    .bind(actor.facility.0)
    .bind(id)
    .bind(done)
    .bind(of)
    .bind(now)
    .bind(error)
    .execute(tx.conn())
    .await?;
    tx.notify("export");
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_somebody_in_stays_behind() {
        for column in ["password_hash", "totp_secret", "token_hash", "secret", "bank_secret"] {
            assert!(is_secret(column), "{column}");
        }
        assert!(!is_secret("name") && !is_secret("national_code"));
        assert!(is_left_out("practitioner_session") && !is_left_out("patient_patient"));
        assert_eq!((area("patient_patient"), area("billing_receipt"), area("db_audit")), ("nguoi-benh", "thu-ngan", "nhat-ky"));
    }
}

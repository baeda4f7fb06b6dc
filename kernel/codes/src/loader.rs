//! Brings catalogue files into PostgreSQL: by COPY into a staging table, then one merge per table. Loading twice does
//! nothing; rows that left a dated catalogue are end-dated, never deleted.

use crate::files::CatalogueFiles;
use crate::sheet::{SHEETS, Sheet};
use crate::tsv::CopyText;
use anyhow::{Context, Result};
use db::{PgConnection, sql};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection};
use std::collections::HashMap;

/// Raised when the way a file is turned into rows changes, so that unchanged files are read again.
const READING: u8 = 1;

/// What a load did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Tables whose files had changed.
    pub tables: usize,
    /// Tables left alone because nothing had changed.
    pub unchanged: usize,
    /// Rows read from changed files.
    pub rows: usize,
    /// Rows end-dated, or removed from tables without dates.
    pub gone: usize,
}

/// Loads every catalogue whose files changed since the last time. `conn` signs in as the owner. `progress` is told
/// the table, how many are done, and how many there are. Fails on a file that cannot be read; what was loaded before
/// it stays, each table in a transaction of its own.
pub async fn load(
    conn: &mut PgConnection,
    source: &CatalogueFiles,
    progress: &mut (dyn FnMut(&str, usize, usize) + Send),
) -> Result<Loaded> {
    let known = known_hashes(conn).await?;
    let mut loaded = Loaded::default();
    for (done, sheet) in SHEETS.iter().enumerate() {
        progress(sheet.table, done, SHEETS.len());
        let hash = sheet_hash(source, sheet)?;
        if known.get(sheet.table).is_some_and(|k| k[..] == hash) {
            loaded.unchanged += 1;
            continue;
        }
        let mut rows = CopyText::default();
        (sheet.fill)(source, &mut rows).with_context(|| format!("catalogue table {}", sheet.table))?;
        let count = rows.rows;
        loaded.gone += merge(conn, sheet, rows, &hash).await.with_context(|| format!("catalogue table {}", sheet.table))?;
        loaded.rows += count;
        loaded.tables += 1;
    }
    progress("", SHEETS.len(), SHEETS.len());
    Ok(loaded)
}

/// Whether the database holds exactly these catalogues; costs one small query.
pub async fn is_loaded(conn: &mut PgConnection, source: &CatalogueFiles) -> Result<bool> {
    let known = known_hashes(conn).await?;
    for sheet in SHEETS {
        if known.get(sheet.table).is_none_or(|k| k[..] != sheet_hash(source, sheet).unwrap_or_default()) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn known_hashes(conn: &mut PgConnection) -> Result<HashMap<String, Vec<u8>>, sqlx::Error> {
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as(sql!("SELECT sheet, hash FROM codes_file")).fetch_all(conn).await?;
    Ok(rows.into_iter().collect())
}

fn sheet_hash(source: &CatalogueFiles, sheet: &Sheet) -> Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    hasher.update([READING]);
    hasher.update(sheet.columns);
    for file in sheet.files {
        hasher.update(source.hash(file)?);
    }
    Ok(hasher.finalize().into())
}

/// Puts the rows into the table and gives how many rows left it. Table and column names come from [`SHEETS`] alone.
async fn merge(conn: &mut PgConnection, sheet: &Sheet, rows: CopyText, hash: &[u8]) -> Result<usize> {
    let Sheet { table, key, columns, .. } = *sheet;
    let row_count = rows.rows as i32;
    let mut tx = conn.begin().await?;
    let staging = format!(
        "CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0"
    );
    sqlx::raw_sql(AssertSqlSafe(staging)).execute(&mut *tx).await?;
    let mut copy = tx.copy_in_raw("COPY staged FROM STDIN").await?;
    copy.send(rows.bytes).await?;
    copy.finish().await?;
    sqlx::raw_sql("ANALYZE staged").execute(&mut *tx).await?;

    let plain = |list: &str| list.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let prefixed = |list: &str, p: &str| plain(list).iter().map(|c| format!("{p}.{c}")).collect::<Vec<_>>().join(", ");
    let keys = plain(key);
    let sets: Vec<String> = plain(columns).into_iter().filter(|c| !keys.contains(c)).map(|c| format!("{c} = excluded.{c}")).collect();
    // A row that comes back is open again, unless its file says itself until when it holds.
    let reopens = sheet.dated && !plain(columns).iter().any(|c| c == "valid_to");
    let on_conflict = if sets.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        format!(
            "DO UPDATE SET {}{} WHERE ({}) IS DISTINCT FROM ({}){}",
            sets.join(", "),
            if reopens { ", valid_to = NULL" } else { "" },
            prefixed(columns, "t"),
            prefixed(columns, "excluded"),
            if reopens { " OR t.valid_to IS NOT NULL" } else { "" },
        )
    };
    let insert =
        format!("INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM staged ON CONFLICT ({key}) {on_conflict}");
    sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut *tx).await?;

    let missing = format!(
        "NOT EXISTS (SELECT 1 FROM staged s WHERE ({}) = ({}))",
        prefixed(key, "s"),
        prefixed(key, "t")
    );
    let leave = if sheet.dated {
        format!("UPDATE {table} AS t SET valid_to = CURRENT_DATE WHERE t.valid_to IS NULL AND {missing}")
    } else {
        format!("DELETE FROM {table} AS t WHERE {missing}")
    };
    let gone = sqlx::raw_sql(AssertSqlSafe(leave)).execute(&mut *tx).await?.rows_affected();
    sqlx::query(sql!(
        "INSERT INTO codes_file (sheet, hash, row_count) VALUES ($1, $2, $3)
         ON CONFLICT (sheet) DO UPDATE SET hash = excluded.hash, row_count = excluded.row_count, loaded_at = now()"
    ))
    .bind(table)
    .bind(hash)
    .bind(row_count)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    // Fresh statistics, so that the first searches are planned as the later ones.
    sqlx::raw_sql(AssertSqlSafe(format!("ANALYZE {table}"))).execute(conn).await?;
    Ok(gone as usize)
}

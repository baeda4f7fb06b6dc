//! Rows on their way into one table by COPY: straight where the role may, otherwise by way of a temporary table,
//! because PostgreSQL does not copy into a table whose row security binds the role.

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use std::fmt::Write;
use uuid::Uuid;

/// Rows of one table in PostgreSQL's text format.
pub struct Sheet {
    table: &'static str,
    /// Columns in the order of the cells, separated by ", ".
    columns: &'static str,
    text: String,
    begun: bool,
}

impl Sheet {
    pub const fn new(table: &'static str, columns: &'static str) -> Sheet {
        Sheet { table, columns, text: String::new(), begun: false }
    }

    fn cell(&mut self) -> &mut String {
        if self.begun {
            self.text.push('\t');
        }
        self.begun = true;
        &mut self.text
    }

    /// A text as it stands.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let cell = self.cell();
        for c in text.chars() {
            match c {
                '\\' => cell.push_str("\\\\"),
                '\t' => cell.push_str("\\t"),
                '\n' => cell.push_str("\\n"),
                '\r' => cell.push_str("\\r"),
                _ => cell.push(c),
            }
        }
        self
    }

    pub fn id(&mut self, id: Uuid) -> &mut Self {
        let _ = write!(self.cell(), "{id}");
        self
    }

    pub fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        let _ = write!(self.cell(), "{}", number.into());
        self
    }

    pub fn day(&mut self, day: NaiveDate) -> &mut Self {
        let _ = write!(self.cell(), "{day}");
        self
    }

    pub fn at(&mut self, at: DateTime<Utc>) -> &mut Self {
        let _ = write!(self.cell(), "{}", at.format("%Y-%m-%d %H:%M:%S%.3f+00"));
        self
    }

    pub fn flag(&mut self, holds: bool) -> &mut Self {
        self.cell().push(if holds { 't' } else { 'f' });
        self
    }

    pub fn null(&mut self) -> &mut Self {
        self.cell().push_str("\\N");
        self
    }

    pub fn maybe_id(&mut self, id: Option<Uuid>) -> &mut Self {
        match id {
            Some(id) => self.id(id),
            None => self.null(),
        }
    }

    pub fn maybe_number(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    pub fn maybe_day(&mut self, day: Option<NaiveDate>) -> &mut Self {
        match day {
            Some(day) => self.day(day),
            None => self.null(),
        }
    }

    pub fn maybe_at(&mut self, at: Option<DateTime<Utc>>) -> &mut Self {
        match at {
            Some(at) => self.at(at),
            None => self.null(),
        }
    }

    pub fn end_row(&mut self) {
        self.text.push('\n');
        self.begun = false;
    }

    /// Sends the rows and is empty again. Table and columns are written in this program, never typed.
    pub async fn send(&mut self, conn: &mut PgConnection, straight: bool) -> Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        if straight {
            return self.copy(conn, self.table.to_owned()).await;
        }
        self.stage(conn).await?;
        self.merge(conn, None).await
    }

    /// Sends the rows into a temporary table, from which [`Sheet::merge`] takes them.
    pub async fn stage(&mut self, conn: &mut PgConnection) -> Result<()> {
        let Sheet { table, columns, .. } = *self;
        let stage = format!("CREATE TEMP TABLE IF NOT EXISTS staged_{table} AS SELECT {columns} FROM {table} LIMIT 0");
        sqlx::raw_sql(AssertSqlSafe(stage)).execute(&mut *conn).await?;
        self.copy(conn, format!("staged_{table}")).await
    }

    /// Moves the staged rows into the table, in the order of its index when that is random otherwise: ten million rows
    /// then fill its pages one after the other.
    pub async fn merge(&mut self, conn: &mut PgConnection, order: Option<&str>) -> Result<()> {
        let Sheet { table, columns, .. } = *self;
        let order = order.map(|o| format!(" ORDER BY {o}")).unwrap_or_default();
        let merge =
            format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM staged_{table}{order}; TRUNCATE staged_{table}");
        sqlx::raw_sql(AssertSqlSafe(merge)).execute(conn).await.with_context(|| format!("rows of {table}"))?;
        Ok(())
    }

    async fn copy(&mut self, conn: &mut PgConnection, target: String) -> Result<()> {
        let rows = std::mem::take(&mut self.text);
        let mut copy = conn.copy_in_raw(&format!("COPY {target} ({}) FROM STDIN", self.columns)).await?;
        copy.send(rows.into_bytes()).await?;
        copy.finish().await.with_context(|| format!("rows of {}", self.table))?;
        Ok(())
    }
}

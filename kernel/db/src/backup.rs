//! Backup and restore by PostgreSQL's own tools: a custom-format dump that any PostgreSQL can read.

use crate::cluster::find_binaries;
use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnectOptions;
use std::path::Path;
use std::process::Command;

fn tool(name: &str, options: &PgConnectOptions) -> Result<Command> {
    let binaries = find_binaries()?;
    let mut command = Command::new(binaries.join(name));
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |s| s.display().to_string());
    command
        .env("PGHOST", host)
        .env("PGPORT", options.get_port().to_string())
        .env("PGUSER", options.get_username());
    if let Some(password) = options_password(options) {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

/// sqlx keeps the password to itself; the address it can print has it.
fn options_password(options: &PgConnectOptions) -> Option<String> {
    use sqlx::ConnectOptions;
    options.to_url_lossy().password().map(|p| p.to_owned())
}

/// Writes a consistent dump of the whole database to `file`.
pub fn backup(options: &PgConnectOptions, file: &Path) -> Result<()> {
    let database = options.get_database().unwrap_or("yba");
    let outcome = tool("pg_dump", options)?
        .args(["--format=custom", "--compress=3", "--no-password", "--file"])
        .arg(file)
        .arg(database)
        .output()
        .context("pg_dump does not start")?;
    if !outcome.status.success() {
        bail!("pg_dump refused: {}", String::from_utf8_lossy(&outcome.stderr).trim());
    }
    Ok(())
}

/// Restores a dump into the (existing, empty) database of `options`. Stops at the first error and leaves nothing.
pub fn restore(options: &PgConnectOptions, file: &Path) -> Result<()> {
    if !file.is_file() {
        bail!("there is no backup file {}", file.display());
    }
    let database = options.get_database().unwrap_or("yba");
    let outcome = tool("pg_restore", options)?
        .args(["--exit-on-error", "--single-transaction", "--no-owner", "--no-password", "--dbname", database])
        .arg(file)
        .output()
        .context("pg_restore does not start")?;
    if !outcome.status.success() {
        bail!("pg_restore refused: {}", String::from_utf8_lossy(&outcome.stderr).trim());
    }
    Ok(())
}

//! What the one who runs the server does: audit verification and anchors, backup and restore, new facilities and
//! accounts.

use crate::archive;
use crate::config::Opened;
use anyhow::{Context, Result, bail};
use base::{Actor, Clock, FacilityId};
use chrono::{DateTime, Utc};
use db::audit::{AuditReport, verify, verify_anchors};
use db::{Db, Scope};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use web::sql;

const ANCHORS: &str = "audit-anchors.tsv";
/// Every audit chain: one a facility, and that of the house itself (0), where clinics sign up and pay for their packages.
const EVERY_CHAIN: &str = sql!("SELECT 0 UNION ALL SELECT facility_id FROM organization_directory()");

/// Writes the newest link of every facility's audit chain to a file outside the database, now and every hour, so that
/// a chain rewritten as a whole is noticed. Copy that file to another machine.
pub async fn anchor_hourly(db: Db, clock: Clock, data: PathBuf, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = anchor(&db, clock.now(), &data).await {
            tracing::warn!(%error, "the audit chain could not be anchored");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(3600)) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn anchor(db: &Db, now: DateTime<Utc>, data: &Path) -> Result<()> {
    let facilities: Vec<i32> =
        sqlx::query_scalar(EVERY_CHAIN).fetch_all(db.pool()).await?;
    let mut lines = String::new();
    for facility in facilities {
        let mut tx = db.begin_system(FacilityId(facility), now).await?;
        let head = sqlx::query(sql!("SELECT seq, hash FROM db_audit_link WHERE facility_id = $1 ORDER BY seq DESC LIMIT 1"))
            .bind(facility)
            .fetch_optional(tx.conn())
            .await?;
        if let Some(row) = head {
            let (seq, hash): (i64, Vec<u8>) = (row.get(0), row.get(1));
            lines.push_str(&format!("{}\t{facility}\t{seq}\t{}\n", now.to_rfc3339(), hex::encode(hash)));
        }
    }
    if !lines.is_empty() {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(data.join(ANCHORS))?;
        file.write_all(lines.as_bytes())?;
        file.sync_data()?;
    }
    Ok(())
}

fn read_anchors(data: &Path) -> Vec<(i32, i64, String)> {
    let text = std::fs::read_to_string(data.join(ANCHORS)).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut cells = line.split('\t').skip(1);
            Some((cells.next()?.parse().ok()?, cells.next()?.parse().ok()?, cells.next()?.to_owned()))
        })
        .collect()
}

/// Walks the audit chain of every facility and compares it with the anchors.
pub async fn verify_audit(opened: &Opened, data: &Path) -> Result<AuditReport> {
    let mut owner = opened.options.connect_owner().await?;
    let facilities: Vec<i32> =
        sqlx::query_scalar(EVERY_CHAIN).fetch_all(&mut owner).await?;
    let mut report = verify(&mut owner, &facilities).await?;
    verify_anchors(&mut owner, &read_anchors(data), &mut report).await?;
    Ok(report)
}

/// Backs up the database and the files of `data` into one archive; gives its size in bytes.
pub fn backup(opened: &Opened, data: &Path, file: &Path) -> Result<u64> {
    let dump = file.with_extension("dump.part");
    let outcome = db::backup::backup(&opened.options.owner, &dump).and_then(|()| archive::pack(&dump, &data.join("files"), file));
    let _ = std::fs::remove_file(&dump);
    outcome?;
    Ok(std::fs::metadata(file)?.len())
}

/// Restores a backup, its files into `data`. Refuses a database that already holds facilities, unless `replace` says to throw it away; the
/// old database is kept under another name until the restore has succeeded.
pub async fn restore(opened: &Opened, data: &Path, file: &Path, replace: bool) -> Result<()> {
    let name = opened.options.owner.get_database().unwrap_or("yba").to_owned();
    let maintenance = opened.options.owner.clone().database("postgres");
    let mut owner = opened.options.connect_owner().await?;
    let used: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'organization_facility')")
        .fetch_one(&mut owner)
        .await?;
    owner.close().await?;
    if used && !replace {
        bail!("the database already holds data; add --replace to put the backup in its place");
    }
    let mut admin = maintenance.connect().await.context("restoring needs a role that may create databases")?;
    db::pool::ensure_app_role(&mut admin).await?;
    let aside = format!("{name}_before_restore");
    for statement in [
        format!("DROP DATABASE IF EXISTS \"{aside}\""),
        format!("ALTER DATABASE \"{name}\" RENAME TO \"{aside}\""),
        format!("CREATE DATABASE \"{name}\""),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await?;
    }
    let (file, files, dump) = (file.to_owned(), data.join("files"), data.join("restore.dump.part"));
    let address = opened.options.owner.clone();
    let outcome = tokio::task::spawn_blocking(move || {
        let outcome = archive::unpack(&file, &dump, &files).and_then(|()| db::backup::restore(&address, &dump));
        let _ = std::fs::remove_file(&dump);
        outcome
    })
    .await?;
    if let Err(error) = outcome {
        for statement in [
            format!("DROP DATABASE \"{name}\" WITH (FORCE)"),
            format!("ALTER DATABASE \"{aside}\" RENAME TO \"{name}\""),
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await?;
        }
        return Err(error);
    }
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE \"{aside}\" WITH (FORCE)"))).execute(&mut admin).await?;
    Ok(())
}

/// A facility about to be made.
pub struct NewFacility<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub package: &'a str,
}

/// Makes a facility; gives its surrogate id. Refuses a code that is taken.
pub async fn create_facility(owner: &mut PgConnection, new: &NewFacility<'_>) -> Result<FacilityId> {
    if new.code.is_empty() || !new.code.bytes().all(|b| b.is_ascii_alphanumeric()) || new.code.len() > 20 {
        bail!("a facility code has 1 to 20 letters and digits");
    }
    if !organization::package::PACKAGES.contains(&new.package) {
        bail!("there is no package {}; choose BASIC, STANDARD, PREMIUM1 or PREMIUM2", new.package);
    }
    let mut tx = owner.begin().await?;
    let facility = organization::facility::NewFacility { code: new.code, name: new.name, package: Some(new.package) };
    let today = base::local_date(Clock::system().now());
    let Some(id) = organization::facility::open(&mut tx, &facility, today).await? else {
        bail!("there is a facility with the code {} already", new.code);
    };
    tx.commit().await?;
    Ok(id)
}

/// Makes a member of staff with an account; the password is read from standard input by the command.
pub async fn create_user(db: &Db, now: DateTime<Utc>, facility_code: &str, login: &str, name: &str, role: &str, password: &str) -> Result<()> {
    let found: Option<i32> = sqlx::query_scalar(sql!("SELECT facility_id FROM organization_directory() WHERE code = $1"))
        .bind(facility_code)
        .fetch_optional(db.pool())
        .await?;
    let Some(facility) = found.map(FacilityId) else { bail!("there is no facility with the code {facility_code}") };
    if practitioner::role::find(role).is_none() {
        let known: Vec<&str> = practitioner::role::ROLES.iter().map(|r| r.key).collect();
        bail!("there is no role {role}; choose one of {}", known.join(", "));
    }
    let login = if login.ends_with(&format!(".{facility_code}")) { login.to_lowercase() } else { format!("{}.{facility_code}", login.to_lowercase()) };
    let problems = practitioner::password::check_new(&login, password, password);
    if let Some(problem) = problems.0.first() {
        bail!("{}", problem.text);
    }
    let hash = practitioner::password::hash(password).await?;
    let mut tx = db.begin(Scope::FacilityFor(facility, "sign-in"), Actor::system(facility), now).await?;
    let account = practitioner::store::NewAccount { login: &login, name, title: "", phone: "", password_hash: &hash, roles: &[role] };
    let made = practitioner::store::insert_account(&mut tx, &account).await?;
    if made.is_none() {
        bail!("the login {login} is taken");
    }
    tx.audit("create", "account", &login, None, serde_json::json!({ "role": role }));
    tx.commit().await?;
    println!("{login}");
    Ok(())
}

/// Makes a facility the operators' own and sets the account that receives customers' money. Refuses an unknown facility,
/// a bank that is no six digits and a key that is too short to protect anything.
pub async fn set_platform(db: &Db, now: DateTime<Utc>, facility_code: &str, platform: subscription::platform::Platform) -> Result<()> {
    let found: Option<i32> = sqlx::query_scalar(sql!("SELECT facility_id FROM organization_directory() WHERE code = $1"))
        .bind(facility_code)
        .fetch_optional(db.pool())
        .await?;
    let Some(facility_id) = found else { bail!("there is no facility with the code {facility_code}") };
    if platform.bank_bin.len() != 6 || !platform.bank_bin.bytes().all(|b| b.is_ascii_digit()) {
        bail!("a bank is six digits, e.g. 970436");
    }
    if platform.bank_secret.len() < 32 {
        bail!("the bank's key needs at least 32 characters");
    }
    let mut tx = subscription::platform::begin(db, now).await?;
    subscription::platform::set(&mut tx, &subscription::platform::Platform { facility_id, ..platform }).await?;
    tx.audit("set", "platform", facility_id, None, serde_json::Value::Null);
    tx.commit().await?;
    Ok(())
}

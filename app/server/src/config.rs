//! Settings from the command line and the environment, and where the database is.

use anyhow::{Context, Result};
use clap::Args;
use db::DbOptions;
use db::cluster::{Cluster, Durability};
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where data and database are; every command takes these.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Folder for everything Yba keeps besides the database, and for its private database.
    #[arg(long, env = "YBA_DATA", default_value = "./var/data")]
    pub data: PathBuf,
    /// Address of a PostgreSQL 15 or newer; without it Yba keeps a private one inside the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Database connections at most.
    #[arg(long, env = "YBA_DB_CONNECTIONS", default_value_t = 24)]
    pub db_connections: u32,
}

/// How the server listens.
#[derive(Args, Clone, Debug)]
pub struct Listen {
    /// Address for pages and the API.
    #[arg(long, env = "YBA_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address for /metrics.
    #[arg(long, env = "YBA_ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,
    /// Address for HL7 v2 messages of hospital systems (MLLP, without encryption of its own: keep it inside the house or
    /// behind a tunnel); `off` for none.
    #[arg(long, env = "YBA_MLLP", default_value = "127.0.0.1:2575")]
    pub mllp: String,
    /// How the outside reaches this server, e.g. https://yba.example.vn; https makes cookies secure.
    #[arg(long, env = "YBA_PUBLIC_URL", default_value = "")]
    pub public_url: String,
    /// Address at which other servers reach the records here (TLS, both sides show their certificate); without it none do.
    #[arg(long, env = "YBA_LINK_LISTEN")]
    pub link_listen: Option<SocketAddr>,
    /// Do not run background jobs here; `yba work` does.
    #[arg(long)]
    pub no_worker: bool,
}

/// An opened database, and the private cluster if there is one.
pub struct Opened {
    pub options: DbOptions,
    pub cluster: Option<Cluster>,
    /// Held by the process that answers for the private cluster: whoever came first, also to one that a killed server
    /// left running. A command beside a running server does not get it, and so never stops its database.
    keeper: Option<File>,
}

impl Opened {
    /// Stops the private cluster, if this process answers for it.
    pub fn close(&self) -> Result<()> {
        match (&self.cluster, &self.keeper) {
            (Some(cluster), Some(_)) => cluster.stop_now(),
            _ => Ok(()),
        }
    }
}

impl Place {
    /// Finds the database: the given one, or the private cluster, started and with a database `yba` in it.
    pub async fn open(&self) -> Result<Opened> {
        std::fs::create_dir_all(&self.data).with_context(|| format!("cannot make the data folder {}", self.data.display()))?;
        if let Some(url) = &self.database_url {
            let options = DbOptions::from_url(url, &self.data.join("secrets"), self.db_connections).await?;
            return Ok(Opened { options, cluster: None, keeper: None });
        }
        let folder = self.data.join("postgres");
        std::fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("keeper.lock"))?;
        let keeper = lock.try_lock().is_ok().then_some(lock);
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(&folder, Durability::Durable)).await??;
        create_database(&cluster, "yba").await?;
        Ok(Opened { options: cluster.options("yba", self.db_connections), cluster: Some(cluster), keeper })
    }
}

async fn create_database(cluster: &Cluster, name: &str) -> Result<()> {
    let mut admin = cluster.address("yba_owner", "postgres").connect().await?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut admin)
        .await?;
    if !there {
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
    }
    Ok(())
}

/// The server's secret, made on first use.
pub fn secret(data: &Path) -> Result<[u8; 32]> {
    let folder = data.join("secrets");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("server-secret");
    if let Ok(kept) = std::fs::read_to_string(&file)
        && let Ok(bytes) = hex::decode(kept.trim())
        && let Ok(secret) = <[u8; 32]>::try_from(bytes)
    {
        return Ok(secret);
    }
    let fresh: [u8; 32] = rand::random();
    std::fs::write(&file, hex::encode(fresh))?;
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(fresh)
}

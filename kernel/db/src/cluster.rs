//! The private cluster: when nobody gave a database, Yba keeps its own PostgreSQL inside its data folder, reachable
//! only through a unix socket there, with checksums on, never as root, and stops it with itself.

use crate::pool::DbOptions;
use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnectOptions;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the newest PostgreSQL (15 or newer) on this machine.
///
/// Refuses with the command that installs one when there is none. `YBA_PG_BIN` names another folder.
pub fn find_binaries() -> Result<PathBuf> {
    if let Ok(given) = std::env::var("YBA_PG_BIN") {
        return Ok(given.into());
    }
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for root in ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt"] {
        for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().replace("postgresql@", "");
            if let Ok(version) = name.parse::<u32>() {
                let bin = entry.path().join("bin");
                if version >= 15 && bin.join("initdb").is_file() {
                    found.push((version, bin));
                }
            }
        }
    }
    found.sort();
    match found.pop() {
        Some((_, bin)) => Ok(bin),
        None => bail!("no PostgreSQL 15 or newer found; install it with: apt-get install postgresql"),
    }
}

/// A running private cluster.
pub struct Cluster {
    bin: PathBuf,
    data: PathBuf,
    socket: PathBuf,
    run_as: Option<(u32, u32)>,
}

/// Settings of the private cluster: small and durable. Tests trade durability for speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    Durable,
    /// Loses data on a power cut; only for tests.
    Throwaway,
}

impl Cluster {
    /// Finds or makes the cluster in `folder` and starts it. A cluster left over by a killed process recovers here.
    pub fn start(folder: &Path, durability: Durability) -> Result<Cluster> {
        let bin = find_binaries()?;
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let run_as = unprivileged_user(&folder)?;
        let cluster = Cluster {
            data: folder.join("data"),
            socket: socket_folder(&folder),
            bin,
            run_as,
        };
        std::fs::create_dir_all(&cluster.socket)?;
        cluster.own(&folder)?;
        cluster.own(&cluster.socket)?;
        #[cfg(unix)]
        std::fs::set_permissions(&cluster.socket, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        if !cluster.data.join("PG_VERSION").is_file() {
            cluster.init()?;
        }
        // A server that was just killed, or is just coming up, needs a moment: its children let go of its memory, or
        // its socket begins to answer.
        let mut last = None;
        for attempt in 0..40 {
            if attempt > 0 {
                std::thread::sleep(std::time::Duration::from_millis(250));
            }
            cluster.forget_dead_server()?;
            if !cluster.is_running() {
                match cluster.start_server(durability) {
                    Ok(()) => return Ok(cluster),
                    Err(error) => last = Some(error),
                }
            } else if cluster.answers() {
                return Ok(cluster);
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("the private database runs but does not answer")))
    }

    fn answers(&self) -> bool {
        std::os::unix::net::UnixStream::connect(self.socket.join(".s.PGSQL.5432")).is_ok()
    }

    fn init(&self) -> Result<()> {
        // A folder left half-made by an interrupted initdb would be refused.
        if self.data.exists() {
            std::fs::remove_dir_all(&self.data)?;
        }
        self.run("initdb", |c| {
            c.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=yba_owner", "--data-checksums", "--pgdata"])
                .arg(&self.data);
        })
        .context("cannot make the private database")
    }

    fn start_server(&self, durability: Durability) -> Result<()> {
        let mut options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c unix_socket_permissions=0700 \
             -c max_connections=120 -c shared_buffers=128MB -c jit=off -c random_page_cost=1.1 \
             -c wal_compression=on -c max_wal_size=1GB -c timezone=UTC -c log_timezone=UTC -c lc_messages=C",
            self.socket.display()
        );
        if durability == Durability::Throwaway {
            options.push_str(" -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off");
        }
        let log = self.data.with_file_name("postgresql.log");
        self.run("pg_ctl", |c| {
            c.arg("start").arg("--pgdata").arg(&self.data).arg("--log").arg(&log).args(["--wait", "--timeout=60", "--options"]).arg(&options);
        })
        .with_context(|| format!("the private database does not start; see {}", log.display()))
    }

    /// A killed server whose parent has not collected it still has a process number, and PostgreSQL would take it for
    /// a living one: its pid file goes, as it would have gone with a clean end.
    fn forget_dead_server(&self) -> Result<()> {
        let file = self.data.join("postmaster.pid");
        let Ok(text) = std::fs::read_to_string(&file) else { return Ok(()) };
        let pid = text.lines().next().unwrap_or("").trim().to_owned();
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
        let lives = state.is_some_and(|stat| {
            let (name, rest) = stat.rsplit_once(") ").unwrap_or(("", "Z"));
            name.contains("postgres") && !rest.starts_with('Z')
        });
        if !lives && Path::new("/proc/self/stat").exists() {
            std::fs::remove_file(&file)?;
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.run("pg_ctl", |c| {
            c.arg("status").arg("--pgdata").arg(&self.data);
        })
        .is_ok()
    }

    /// Stops the server, whoever started it; open transactions are rolled back.
    pub fn stop_now(&self) -> Result<()> {
        self.run("pg_ctl", |c| {
            c.arg("stop").arg("--pgdata").arg(&self.data).args(["--mode=fast", "--wait", "--timeout=60"]);
        })
    }

    /// The address of one of its databases, as the given role.
    pub fn address(&self, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.socket).port(5432).username(role).database(database)
    }

    /// The way in for the application and its migrations.
    pub fn options(&self, database: &str, max_connections: u32) -> DbOptions {
        DbOptions {
            owner: self.address("yba_owner", database),
            app: self.address("yba_app", database),
            max_connections,
        }
    }

    fn own(&self, path: &Path) -> Result<()> {
        #[cfg(unix)]
        if let Some((uid, gid)) = self.run_as {
            std::os::unix::fs::chown(path, Some(uid), Some(gid))?;
        }
        Ok(())
    }

    fn run(&self, program: &str, arrange: impl FnOnce(&mut Command)) -> Result<()> {
        let mut command = Command::new(self.bin.join(program));
        arrange(&mut command);
        command.env_remove("PGDATA").env("LC_ALL", "C.UTF-8").current_dir("/").stdin(std::process::Stdio::null());
        #[cfg(unix)]
        if let Some((uid, gid)) = self.run_as {
            use std::os::unix::process::CommandExt;
            command.uid(uid).gid(gid);
        }
        // The server must outlive a Ctrl-C meant for us: we stop it ourselves, after the last transaction.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // A file, not a pipe: the server inherits it and a pipe would never close.
        let told = std::env::temp_dir().join(format!("yba-{program}-{}-{:?}.txt", std::process::id(), std::thread::current().id()));
        let out = std::fs::File::create(&told)?;
        let status = command.stdout(out.try_clone()?).stderr(out).status().with_context(|| format!("{program} does not run"))?;
        let said = std::fs::read_to_string(&told).unwrap_or_default();
        let _ = std::fs::remove_file(&told);
        if !status.success() {
            bail!("{program}: {}", said.trim());
        }
        Ok(())
    }
}

/// A socket's path may have at most 107 bytes; a deep data folder gets a short one in the temporary folder instead.
fn socket_folder(folder: &Path) -> PathBuf {
    let here = folder.join("socket");
    if here.as_os_str().len() < 80 {
        return here;
    }
    use sha2::{Digest, Sha256};
    let digest = hex::encode(Sha256::digest(folder.as_os_str().as_encoded_bytes()));
    std::env::temp_dir().join(format!("yba-{}", &digest[..16]))
}

/// PostgreSQL refuses to run as root: find the user `postgres` (or `nobody`) to run it instead, and make sure that
/// this user can reach the folder. `None` when we are not root.
fn unprivileged_user(folder: &Path) -> Result<Option<(u32, u32)>> {
    let me = std::fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap_or(1);
    if me != 0 {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = ["postgres", "nobody"].iter().find_map(|name| {
        let line = passwd.lines().find(|l| l.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    let Some((uid, gid)) = ids else {
        bail!("PostgreSQL must not run as root and there is no user postgres; install it with: apt-get install postgresql");
    };
    for parent in folder.ancestors().skip(1) {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(parent)?.permissions().mode();
        if mode & 0o001 == 0 {
            bail!(
                "the data folder {} lies below {}, which the user that runs PostgreSQL may not enter; choose another with YBA_DATA",
                folder.display(),
                parent.display()
            );
        }
    }
    Ok(Some((uid, gid)))
}

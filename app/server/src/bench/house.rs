//! The server under measurement: its world, its start, its end.

use crate::measure::{Report, cpu_seconds, memory_mb};
use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A world on disk, not served yet.
pub struct House {
    yba: PathBuf,
    data: PathBuf,
}

/// A served world.
pub struct Running {
    child: Child,
    data: PathBuf,
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// Where it listens for HL7.
    pub mllp: String,
}

impl House {
    /// Makes the demo world with so many people at An Tâm (and 700 visits of one person at Minh Tâm).
    pub fn build(people: u64, report: &mut Report) -> Result<House> {
        let yba = std::env::current_exe()?.with_file_name("yba");
        let data = std::env::temp_dir().join(format!("yba-bench-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        let house = House { yba, data };
        let begun = Instant::now();
        house.run(&["--no-serve"])?;
        report.add("new world, all catalogues", vec![("time", begun.elapsed().as_secs_f64(), "s")]);
        let begun = Instant::now();
        let (people_text, visits) = (people.to_string(), (people / 4).to_string());
        house.run(&["--no-serve", "--people", &people_text, "--visits", &visits])?;
        report.add("invent people", vec![("people", people as f64, ""), ("time", begun.elapsed().as_secs_f64(), "s")]);
        house.run(&["--no-serve", "--facility", "84103", "--people", "1", "--visits", "700"])?;
        let binary = std::fs::metadata(&house.yba)?.len() as f64 / 1e6;
        report.add("binary", vec![("size", binary, "MB")]);
        Ok(house)
    }

    fn run(&self, args: &[&str]) -> Result<()> {
        let status = Command::new(&self.yba).arg("demo").args(args).env("YBA_DATA", &self.data).env_remove("DATABASE_URL").status()?;
        if !status.success() {
            bail!("yba demo {args:?} failed");
        }
        Ok(())
    }

    /// Starts it and waits for `/readyz`.
    pub async fn start(self, report: &mut Report) -> Result<Running> {
        // A free port: taken for a moment, then given to the server.
        let mllp = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let begun = Instant::now();
        let mut child = Command::new(&self.yba)
            .args(["demo", "--port", "0", "--sandbox-port", "0", "--mllp", &mllp])
            .env("YBA_DATA", &self.data)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .spawn()
            .context("yba does not start")?;
        let mut base = String::new();
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        for line in lines.by_ref() {
            if let Some(found) = line?.strip_prefix("ready ") {
                base = found.to_owned();
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        let client = Client::new();
        loop {
            if client.get(format!("{base}/readyz")).send().await.is_ok_and(|r| r.status() == 200) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        report.add("start with private cluster", vec![("to /readyz", begun.elapsed().as_secs_f64(), "s")]);
        tokio::time::sleep(Duration::from_secs(2)).await;
        report.add("server idle", vec![("memory", memory_mb(child.id()), "MB")]);
        Ok(Running { child, data: self.data, base, mllp })
    }
}

impl Running {
    pub fn memory_mb(&self) -> f64 {
        memory_mb(self.child.id())
    }

    /// CPU seconds of the server and of its database until now.
    pub fn cpu(&self) -> (f64, f64) {
        let pid = std::fs::read_to_string(self.data.join("postgres/data/postmaster.pid")).unwrap_or_default();
        let postmaster = pid.lines().next().and_then(|l| l.trim().parse().ok()).unwrap_or(0);
        (cpu_seconds(self.child.id(), false), cpu_seconds(postmaster, true))
    }

    /// The private database, as the owner.
    pub fn database(&self) -> PgConnectOptions {
        let socket = self.data.join("postgres/socket");
        PgConnectOptions::new_without_pgpass().socket(socket).username("yba_owner").database("yba")
    }

    /// A browser with somebody's session.
    pub async fn sign_in(&self, login: &str) -> Result<Client> {
        let client = Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build()?;
        let form = [("login", login), ("password", "demo"), ("code", "000000")];
        let response = client
            .post(format!("{}/sign-in", self.base))
            .header("sec-fetch-site", "same-origin")
            .form(&form)
            .send()
            .await?;
        if response.status() != 303 {
            bail!("{login} cannot sign in: {}", response.status());
        }
        Ok(client)
    }

    /// A program's bearer token.
    pub async fn token(&self) -> Result<String> {
        let form = [("grant_type", "client_credentials"), ("client_id", "demo-his"), ("client_secret", "demo-secret")];
        let answer: Value = Client::new().post(format!("{}/oauth/token", self.base)).form(&form).send().await?.json().await?;
        Ok(answer["access_token"].as_str().context("a token")?.to_owned())
    }

    /// Stops the server and throws the world away.
    pub fn stop(mut self) -> Result<()> {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        self.child.wait()?;
        let _ = std::fs::remove_dir_all(&self.data);
        Ok(())
    }
}

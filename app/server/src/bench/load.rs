//! Single routes: registration against the database's own commit rate, search, chart, the first page.

use crate::house::Running;
use crate::measure::{Report, percentile};
use anyhow::{Result, bail};
use reqwest::Client;
use sqlx::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;
const LASTS: Duration = Duration::from_secs(8);

/// Script and style of the first page as the browser gets them, compressed.
pub async fn first_page(running: &Running, report: &mut Report) -> Result<()> {
    let client = Client::new();
    let page = client.get(format!("{}/sign-in", running.base)).send().await?.text().await?;
    let mut bytes = 0;
    for piece in page.split(['"']).filter(|p| p.starts_with("/assets/") && (p.ends_with(".js") || p.ends_with(".css"))) {
        let response = client.get(format!("{}{piece}", running.base)).header("accept-encoding", "br").send().await?;
        bytes += response.bytes().await?.len();
    }
    report.add("first page", vec![("script and style", bytes as f64 / 1000.0, "kB br")]);
    Ok(())
}

/// How many single-row durable commits the same database makes at sixteen connections.
async fn commit_rate(running: &Running) -> Result<f64> {
    let mut admin = sqlx::PgConnection::connect_with(&running.database()).await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS bench_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)")
        .execute(&mut admin)
        .await?;
    let done = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + LASTS;
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (options, done) = (running.database(), done.clone());
        workers.spawn(async move {
            let mut conn = sqlx::PgConnection::connect_with(&options).await?;
            while Instant::now() < until {
                sqlx::query("INSERT INTO bench_row (text) VALUES ('Nguyễn Văn An')").execute(&mut conn).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    sqlx::raw_sql("DROP TABLE bench_row").execute(&mut admin).await?;
    Ok(done.load(Ordering::Relaxed) as f64 / LASTS.as_secs_f64())
}

/// Registration of new people by sixteen programs at once.
pub async fn registration(running: &Running, report: &mut Report) -> Result<()> {
    let rate = commit_rate(running).await?;
    report.add("single-row durable inserts", vec![("rate", rate, "/s at 16 connections")]);
    let token = running.token().await?;
    let (server_before, database_before) = running.cpu();
    let until = Instant::now() + LASTS;
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..CONNECTIONS {
        let (client, url, token) = (Client::new(), format!("{}/api/v1/patients", running.base), token.clone());
        workers.spawn(async move {
            let mut times = Vec::new();
            for n in 0u64.. {
                if Instant::now() >= until {
                    break;
                }
                let name = format!("Lê Thị Đo Lường {}", letters(worker as u64 * 1_000_000 + n));
                let body = serde_json::json!({ "name": name, "birth": "12/05/1984", "sex": "female", "phone": format!("0{:09}", 300_000_000 + worker as u64 * 1_000_000 + n) });
                let begun = Instant::now();
                let response = client.post(&url).bearer_auth(&token).json(&body).send().await?;
                if !response.status().is_success() {
                    bail!("registration: {} {}", response.status(), response.text().await?);
                }
                response.bytes().await?;
                times.push(begun.elapsed());
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(worker) = workers.join_next().await {
        times.extend(worker??);
    }
    let (server, database) = running.cpu();
    let count = times.len() as f64;
    let per_second = count / LASTS.as_secs_f64();
    report.add(
        "registration",
        vec![
            ("rate", per_second, "/s"),
            ("of the insert rate", 100.0 * per_second / rate, "%"),
            ("p50", percentile(&mut times, 50.0), "ms"),
            ("p95", percentile(&mut times, 95.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / count, "ms"),
            ("database CPU", (database - database_before) * 1000.0 / count, "ms"),
        ],
    );
    Ok(())
}

/// A number in letters, because names have no digits.
pub fn letters(number: u64) -> String {
    number.to_string().bytes().map(|c| char::from(b'a' + (c - b'0'))).collect()
}

/// The receptionist's box, with what people type into it.
pub async fn search(running: &Running, people: u64, report: &mut Report) -> Result<()> {
    let client = running.sign_in("tiepnhan.84101").await?;
    let asked = ["nguyen van a", "an nguyen", "tran thi 85", "le", "pham thi huong", "dang", "vo minh 19", "0900000001", "2345", "khanh huyen"];
    let mut times = Vec::new();
    let (server_before, database_before) = running.cpu();
    for round in 0..60 {
        for q in asked {
            let begun = Instant::now();
            let response = client.get(format!("{}/app/find/suggestions?q={}", running.base, q.replace(' ', "+"))).send().await?;
            if !response.status().is_success() {
                bail!("search for {q}: {}", response.status());
            }
            response.bytes().await?;
            // The first round fills the caches.
            if round > 0 {
                times.push(begun.elapsed());
            }
        }
    }
    let (server, database) = running.cpu();
    let count = (60 * asked.len()) as f64;
    report.add(
        format!("search at {people} people"),
        vec![
            ("p50", percentile(&mut times, 50.0), "ms"),
            ("p95", percentile(&mut times, 95.0), "ms"),
            ("p99", percentile(&mut times, 99.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / count, "ms"),
            ("database CPU", (database - database_before) * 1000.0 / count, "ms"),
        ],
    );
    Ok(())
}

/// The chart of a person with 700 visits, one response.
pub async fn chart(running: &Running, report: &mut Report) -> Result<()> {
    let mut owner = sqlx::PgConnection::connect_with(&running.database()).await?;
    let (encounter, visits): (uuid::Uuid, i64) = sqlx::query_as(
        "SELECT (array_agg(encounter_id ORDER BY opened_at DESC))[1], count(*) FROM encounter_encounter
         WHERE facility_id = 3 GROUP BY patient_id ORDER BY 2 DESC LIMIT 1",
    )
    .fetch_one(&mut owner)
    .await?;
    let client = running.sign_in("bacsi.84103").await?;
    let mut times = Vec::new();
    let mut bytes = 0;
    let (server_before, database_before) = running.cpu();
    for round in 0..120 {
        let begun = Instant::now();
        let response = client.get(format!("{}/app/encounters/{encounter}", running.base)).send().await?;
        if !response.status().is_success() {
            bail!("chart: {}", response.status());
        }
        bytes = response.bytes().await?.len();
        if round > 2 {
            times.push(begun.elapsed());
        }
    }
    let (server, database) = running.cpu();
    report.add(
        format!("chart with {visits} visits"),
        vec![
            ("p50", percentile(&mut times, 50.0), "ms"),
            ("p95", percentile(&mut times, 95.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / 120.0, "ms"),
            ("database CPU", (database - database_before) * 1000.0 / 120.0, "ms"),
            ("page", bytes as f64 / 1000.0, "kB"),
        ],
    );
    Ok(())
}

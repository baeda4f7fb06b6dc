//! The laboratory: forty blood counts of twenty analytes each, looked at twice, every look in one request.

use crate::house::Running;
use crate::load::letters;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use organization::seed::demo_id;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};
use uuid::Uuid;

const SAMPLES: u64 = 40;
const ROUNDS: u64 = 5;

/// Validates benches of forty samples, technically and then medically, and tells what each request took.
pub async fn validate(running: &Running, report: &mut Report) -> Result<()> {
    let mut owner = PgConnection::connect_with(&running.database()).await?;
    let (technician, head) = (running.sign_in("xetnghiem.84101").await?, running.sign_in("xetnghiem2.84101").await?);
    let (mut technical, mut medical): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    let mut cells = 0;
    for round in 0..ROUNDS {
        let samples = fill_the_bench(running, &mut owner, &technician, round).await?;
        cells = fill_the_cells(&mut owner, &samples).await?;
        technical.push(post(running, &technician, "/app/lab/bench/HUYETHOC/technical", &samples).await?);
        medical.push(post(running, &head, "/app/lab/validation", &samples).await?);
    }
    for (name, times) in [("lab-validate, technical", &mut technical), ("lab-validate, release", &mut medical)] {
        report.add(
            name,
            vec![
                ("samples", SAMPLES as f64, ""),
                ("values", cells as f64, ""),
                ("median", percentile(times, 50.0), "ms"),
                ("longest", percentile(times, 100.0), "ms"),
            ],
        );
    }
    Ok(())
}

/// Forty people, each with a blood count that was ordered, taken and received.
async fn fill_the_bench(running: &Running, owner: &mut PgConnection, technician: &Client, round: u64) -> Result<Vec<Uuid>> {
    let token = running.token().await?;
    let mut visits = Vec::new();
    for n in 0..SAMPLES {
        let number = 88_000_000 + round * SAMPLES + n;
        let person = json!({ "name": format!("Trần Văn Mẫu {}", letters(number)), "birth": "12/04/1972", "sex": "male" });
        let person = api(running, &token, "/api/v1/patients", person).await?;
        let visit = json!({
            "patient_id": person["id"],
            "room_id": demo_id("84101", "room", "NOI1"),
            "service_id": demo_id("84101", "service", "KNOI"),
        });
        let visit = api(running, &token, "/api/v1/encounters", visit).await?;
        let visit: Uuid = visit["id"].as_str().context("the visit's id")?.parse()?;
        let order = json!({ "lines": [{ "service_id": demo_id("84101", "service", "XN01") }] });
        api(running, &token, &format!("/api/v1/encounters/{visit}/orders"), order).await?;
        form(running, technician, &format!("/app/lab/encounters/{visit}/specimens"), &[]).await?;
        visits.push(visit);
    }
    let samples: Vec<Uuid> = sqlx::query_scalar("SELECT specimen_id FROM diagnostics_specimen WHERE encounter_id = ANY($1)")
        .bind(&visits)
        .fetch_all(owner)
        .await?;
    for sample in &samples {
        form(running, technician, &format!("/app/lab/specimens/{sample}/received"), &[]).await?;
    }
    Ok(samples)
}

/// What a technician would have typed in half an hour.
async fn fill_the_cells(owner: &mut PgConnection, samples: &[Uuid]) -> Result<u64> {
    let done = sqlx::query(
        "UPDATE diagnostics_result
         SET status = 'typed', value = coalesce((low + high) / 2, high, low, 1), version = version + 1, typed_name = 'KTV', typed_at = now(),
             shown = replace(round(coalesce((low + high) / 2, high, low, 1), decimals)::text, '.', ',')
         WHERE specimen_id = ANY($1)",
    )
    .bind(samples)
    .execute(owner)
    .await?;
    Ok(done.rows_affected())
}

/// One request with all samples of the bench; anything but "done" is a failure.
async fn post(running: &Running, who: &Client, path: &str, samples: &[Uuid]) -> Result<Duration> {
    let fields: Vec<(&str, String)> = samples.iter().map(|id| ("specimen", id.to_string())).collect();
    let begun = Instant::now();
    form(running, who, path, &fields).await?;
    Ok(begun.elapsed())
}

async fn form(running: &Running, who: &Client, path: &str, fields: &[(&str, String)]) -> Result<()> {
    let response = who.post(format!("{}{path}", running.base)).header("sec-fetch-site", "same-origin").form(fields).send().await?;
    if response.status() != 303 {
        bail!("{path}: {} {}", response.status(), response.text().await?.chars().take(2000).collect::<String>());
    }
    Ok(())
}

async fn api(running: &Running, token: &str, path: &str, body: Value) -> Result<Value> {
    let response = Client::new().post(format!("{}{path}", running.base)).bearer_auth(token).json(&body).send().await?;
    let status = response.status();
    let answer: Value = response.json().await.unwrap_or_default();
    if !status.is_success() {
        bail!("{path}: {status} {answer}");
    }
    Ok(answer)
}

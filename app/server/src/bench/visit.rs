//! The doctor's writes, and a whole visit as an open-loop profile: visits begin at a fixed rate whatever the server does,
//! each with about fifty requests by four people.

use crate::house::Running;
use crate::load::letters;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use organization::seed::demo_id;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The four people of a visit and the program at the door.
struct Team {
    base: String,
    token: String,
    desk: Client,
    nurse: Client,
    doctor: Client,
    cashier: Client,
    times: Mutex<Vec<Duration>>,
}

impl Team {
    async fn gather(running: &Running) -> Result<Team> {
        let team = Team {
            base: running.base.clone(),
            token: running.token().await?,
            desk: running.sign_in("tiepnhan.84101").await?,
            nurse: running.sign_in("dieuduong.84101").await?,
            doctor: running.sign_in("bacsi.84101").await?,
            cashier: running.sign_in("thungan.84101").await?,
            times: Mutex::default(),
        };
        let id = uuid::Uuid::now_v7().to_string();
        let shift = [("id", id.as_str()), ("float", "1.000.000")];
        let response = team.cashier.post(format!("{}/app/cashier/shift", team.base)).header("sec-fetch-site", "same-origin").form(&shift).send().await?;
        if response.status().is_server_error() {
            bail!("the shift does not open: {}", response.status());
        }
        Ok(team)
    }

    /// One request: timed, and never a fault.
    async fn ask(&self, request: RequestBuilder) -> Result<Response> {
        let begun = Instant::now();
        let response = request.header("sec-fetch-site", "same-origin").send().await?;
        self.times.lock().await.push(begun.elapsed());
        if response.status().is_server_error() || response.status() == 404 {
            bail!("{} from {}", response.status(), response.url());
        }
        Ok(response)
    }

    async fn get(&self, who: &Client, path: &str) -> Result<String> {
        Ok(self.ask(who.get(format!("{}{path}", self.base))).await?.text().await?)
    }

    async fn form(&self, who: &Client, path: &str, fields: &[(&str, &str)]) -> Result<Response> {
        let response = self.ask(who.post(format!("{}{path}", self.base)).form(fields)).await?;
        if response.status().is_client_error() {
            let status = response.status();
            let text = response.text().await?;
            let problem = text.split("class=\"problem\"").nth(1).map(|t| t.chars().take(400).collect::<String>()).unwrap_or_default();
            bail!("{path}: {status} {problem}");
        }
        Ok(response)
    }

    async fn api(&self, path: &str, body: Value) -> Result<Value> {
        let request = Client::new().post(format!("{}{path}", self.base)).bearer_auth(&self.token).json(&body);
        let response = self.ask(request).await?;
        let status = response.status();
        let answer: Value = response.json().await.unwrap_or_default();
        if !status.is_success() {
            bail!("{path}: {status} {answer}");
        }
        Ok(answer)
    }

    /// Somebody new arrives and is in the queue of Nội 1.
    async fn arrive(&self, number: u64) -> Result<String> {
        let person = json!({ "name": format!("Phạm Văn Lượt {}", letters(number)), "birth": "20/08/1979", "sex": "male", "phone": format!("0{}", 390_000_000 + number % 9_000_000) });
        let person = self.api("/api/v1/patients", person).await?;
        let visit = json!({
            "patient_id": person["id"],
            "room_id": demo_id("84101", "room", "NOI1"),
            "service_id": demo_id("84101", "service", "KNOI"),
            "reason": "Sốt, đau họng ngày thứ 2",
        });
        let visit = self.api("/api/v1/encounters", visit).await?;
        Ok(visit["id"].as_str().context("the visit's id")?.to_owned())
    }
}

/// The version that the last answer of the autosave told.
async fn save_note(team: &Team, visit: &str, version: i64, text: &str) -> Result<i64> {
    let fields = [("version", version.to_string()), ("note.history", text.to_owned())];
    let response = team.ask(team.doctor.put(format!("{}/app/encounters/{visit}/note", team.base)).form(&fields)).await?;
    let status = response.status();
    let answer: Value = response.json().await.unwrap_or_default();
    answer["version"].as_i64().with_context(|| format!("the note was not saved: {status} {answer}"))
}

/// CPU of the two writes a doctor waits for.
pub async fn writes(running: &Running, report: &mut Report) -> Result<()> {
    let team = Team::gather(running).await?;
    let visit = team.arrive(77_000_000).await?;
    let mut version = 0;
    measure(running, report, "write a note (autosave)", 300, &mut |n| {
        let (team, visit, before) = (&team, visit.clone(), version);
        version += 1;
        Box::pin(async move { save_note(team, &visit, before, &format!("Khởi phát cách {n} ngày, sốt, nuốt đau.")).await.map(drop) })
    })
    .await?;
    let mut visits = Vec::new();
    for n in 0..100 {
        let visit = team.arrive(78_000_000 + n).await?;
        team.form(&team.doctor, &format!("/app/encounters/{visit}/diagnoses"), &[("code", "J02.9")]).await?;
        visits.push(visit);
    }
    measure(running, report, "write and issue a prescription", 100, &mut |n| {
        let (team, visit) = (&team, visits[n].clone());
        Box::pin(async move {
            let body = json!({ "lines": [{ "sentence": "amox 500 s1 c1 5n" }, { "sentence": "para 500 s1 c1 3n" }], "advice": "Uống nhiều nước", "issue": true });
            team.api(&format!("/api/v1/encounters/{visit}/prescriptions"), body).await.map(drop)
        })
    })
    .await
}

type Step<'a> = std::pin::Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

async fn measure<'a>(running: &Running, report: &mut Report, name: &str, times: usize, step: &mut dyn FnMut(usize) -> Step<'a>) -> Result<()> {
    let mut taken = Vec::new();
    let (server_before, database_before) = running.cpu();
    for n in 0..times {
        let begun = Instant::now();
        step(n).await?;
        taken.push(begun.elapsed());
    }
    // What the listeners do about it is part of the price.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (server, database) = running.cpu();
    let count = times as f64;
    report.add(
        name,
        vec![
            ("p50", percentile(&mut taken, 50.0), "ms"),
            ("p95", percentile(&mut taken, 95.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / count, "ms"),
            ("database CPU", (database - database_before) * 1000.0 / count, "ms"),
        ],
    );
    Ok(())
}

/// One visit, from the door to the receipt.
async fn visit(team: &Team, number: u64) -> Result<()> {
    for q in ["ph", "pham", "pham van", "pham van luot", "pham van luot 79"] {
        team.get(&team.desk, &format!("/app/find/suggestions?q={}", q.replace(' ', "+"))).await?;
    }
    team.get(&team.desk, "/app/reception").await?;
    let id = team.arrive(number).await?;
    team.get(&team.desk, "/app/reception").await?;

    team.get(&team.nurse, "/app/vitals/waiting").await?;
    team.get(&team.nurse, &format!("/app/vitals/{id}")).await?;
    let vitals = json!({ "systolic_mmhg": 128, "diastolic_mmhg": 82, "pulse_bpm": 96, "temperature_c": 38.2, "spo2_percent": 97, "weight_kg": 68, "height_cm": 168 });
    team.api(&format!("/api/v1/encounters/{id}/vitals"), vitals).await?;

    team.get(&team.doctor, "/app/encounters").await?;
    team.get(&team.doctor, &format!("/app/encounters/{id}")).await?;
    let mut version = 0;
    for words in ["Khởi phát", "Khởi phát cách 2 ngày", "Khởi phát cách 2 ngày: sốt", "Khởi phát cách 2 ngày: sốt, nuốt đau", "… không ho", "… không khó thở", "… đã uống paracetamol", "… sốt giảm ít"] {
        version = save_note(team, &id, version, words).await?;
    }
    for q in ["vi", "viem", "viem hong", "viem hong cap"] {
        team.get(&team.doctor, &format!("/app/encounters/{id}/diagnoses/options?q={}", q.replace(' ', "+"))).await?;
    }
    team.form(&team.doctor, &format!("/app/encounters/{id}/diagnoses"), &[("code", "J02.9")]).await?;
    for q in ["ct", "ctm", "crp"] {
        let request = Client::new().get(format!("{}/api/v1/services?q={q}", team.base)).bearer_auth(&team.token);
        team.ask(request).await?.text().await?;
    }
    let orders = json!({ "lines": [{ "service_id": demo_id("84101", "service", "XN01") }, { "service_id": demo_id("84101", "service", "XN14") }] });
    team.api(&format!("/api/v1/encounters/{id}/orders"), orders).await?;
    team.get(&team.doctor, &format!("/app/encounters/{id}?tab=4")).await?;
    let lines = json!({ "lines": [{ "sentence": "amox 500 s1 c1 7n" }, { "sentence": "para 500 s1 c1 3n" }], "advice": "Uống nhiều nước", "issue": true });
    team.api(&format!("/api/v1/encounters/{id}/prescriptions"), lines).await?;
    for _ in 0..4 {
        team.get(&team.doctor, &format!("/app/encounters/{id}")).await?;
    }
    let note_id = uuid::Uuid::now_v7().to_string();
    let last = version.to_string();
    team.form(&team.doctor, &format!("/app/encounters/{id}/finished"), &[("version", &last), ("note_id", &note_id), ("go.kind", "home")]).await?;

    for _ in 0..3 {
        team.get(&team.cashier, "/app/cashier/waiting").await?;
    }
    let page = team.get(&team.cashier, &format!("/app/cashier/{id}")).await?;
    let value = |name: &str| page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|t| t.split('"').next()).unwrap_or("").to_owned();
    let (receipt, due) = (value("id"), value("due"));
    if !due.is_empty() && due != "0" {
        let paid = [("id", receipt.as_str()), ("way", "cash"), ("due", due.as_str()), ("cash", due.as_str())];
        team.form(&team.cashier, &format!("/app/cashier/{id}/receipts"), &paid).await?;
    }
    for _ in 0..3 {
        team.get(&team.cashier, "/app/cashier/waiting").await?;
    }
    Ok(())
}

/// Visits begun at a fixed rate for some time, and what the server made of it.
pub async fn profile(running: &Running, rate: f64, seconds: u64, report: &mut Report) -> Result<()> {
    let team = Arc::new(Team::gather(running).await?);
    let (server_before, database_before) = running.cpu();
    let begun = Instant::now();
    let mut under_way = tokio::task::JoinSet::new();
    let total = (rate * seconds as f64) as u64;
    let mut peak = 0f64;
    for n in 0..total {
        tokio::time::sleep_until((begun + Duration::from_secs_f64(n as f64 / rate)).into()).await;
        let team = team.clone();
        under_way.spawn(async move { visit(&team, 80_000_000 + n).await });
        if n % 50 == 0 {
            peak = peak.max(running.memory_mb());
        }
    }
    let mut failed = Vec::new();
    while let Some(visit) = under_way.join_next().await {
        if let Err(error) = visit? {
            failed.push(format!("{error:#}"));
        }
    }
    let lasted = begun.elapsed().as_secs_f64();
    let (server, database) = running.cpu();
    let mut times = team.times.lock().await.clone();
    let count = times.len() as f64;
    report.add(
        format!("visits at {rate}/s"),
        vec![
            ("visits", total as f64, ""),
            ("failed", failed.len() as f64, ""),
            ("requests", count, ""),
            ("rate", count / lasted, "/s"),
            ("p50", percentile(&mut times, 50.0), "ms"),
            ("p95", percentile(&mut times, 95.0), "ms"),
            ("p99", percentile(&mut times, 99.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / count, "ms/request"),
            ("database CPU", (database - database_before) * 1000.0 / count, "ms/request"),
            ("memory", peak, "MB"),
        ],
    );
    if let Some(first) = failed.first() {
        eprintln!("first failure: {first}");
    }
    Ok(())
}

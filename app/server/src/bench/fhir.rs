//! Programs that speak FHIR: visits sent as bundles of five over sixteen connections, single resources read by id, and
//! everything of a patient in one answer.

use crate::house::Running;
use crate::load::letters;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

const CONNECTIONS: usize = 16;
const LASTS: Duration = Duration::from_secs(8);

/// Tells bundles, reads and `$everything` a second, the time of each and what they cost.
pub async fn programs(running: &Running, report: &mut Report) -> Result<()> {
    let token = running.token().await?;
    let client = Client::new();
    let first = send(&client, running, &token, &visit(u64::MAX)).await?;
    let place = |n: usize| first["entry"][n]["response"]["location"].as_str().map(str::to_owned).context("a bundle without a place");
    let (patient, condition) = (place(0)?, place(2)?);
    measure(running, report, "fhir, bundle of a visit with five resources", CONNECTIONS, {
        let (base, token) = (running.base.clone(), token.clone());
        move |client: Client, number: u64| {
            let (base, token) = (base.clone(), token.clone());
            async move { post(&client, &base, &token, &visit(number)).await.map(drop) }
        }
    })
    .await?;
    let everything = format!("{patient}/$everything");
    for (name, connections, address) in [
        ("fhir, read by id", CONNECTIONS, condition),
        ("fhir, $everything of a patient, one program", 1, everything.clone()),
        ("fhir, $everything of a patient, sixteen programs", CONNECTIONS, everything),
    ] {
        measure(running, report, name, connections, {
            let (url, token) = (format!("{}/fhir/r4/{address}", running.base), token.clone());
            move |client: Client, _| {
                let (url, token) = (url.clone(), token.clone());
                async move {
                    let response = client.get(&url).bearer_auth(&token).send().await?;
                    if !response.status().is_success() {
                        bail!("{url}: {}", response.status());
                    }
                    response.bytes().await?;
                    Ok(())
                }
            }
        })
        .await?;
    }
    Ok(())
}

async fn measure<F, W>(running: &Running, report: &mut Report, name: &str, connections: usize, once: F) -> Result<()>
where
    F: Fn(Client, u64) -> W + Clone + Send + 'static,
    W: Future<Output = Result<()>> + Send,
{
    let (server_before, database_before) = running.cpu();
    let until = Instant::now() + LASTS;
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..connections as u64 {
        let (client, once) = (Client::new(), once.clone());
        workers.spawn(async move {
            let mut times = Vec::new();
            for n in 0u64.. {
                if Instant::now() >= until {
                    break;
                }
                let begun = Instant::now();
                once(client.clone(), worker * 1_000_000 + n).await?;
                times.push(begun.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(worker) = workers.join_next().await {
        times.extend(worker??);
    }
    let (server, database) = running.cpu();
    let count = times.len() as f64;
    report.add(
        name,
        vec![
            ("rate", count / LASTS.as_secs_f64(), "/s"),
            ("p50", percentile(&mut times, 50.0), "ms"),
            ("p95", percentile(&mut times, 95.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / count, "ms"),
            ("database CPU", (database - database_before) * 1000.0 / count, "ms"),
        ],
    );
    Ok(())
}

async fn send(client: &Client, running: &Running, token: &str, bundle: &Value) -> Result<Value> {
    post(client, &running.base, token, bundle).await
}

async fn post(client: &Client, base: &str, token: &str, bundle: &Value) -> Result<Value> {
    let response = client.post(format!("{base}/fhir/r4")).bearer_auth(token).header("content-type", "application/fhir+json").body(bundle.to_string()).send().await?;
    let status = response.status();
    let answer: Value = serde_json::from_slice(&response.bytes().await?)?;
    if !status.is_success() {
        bail!("bundle: {status} {answer}");
    }
    Ok(answer)
}

/// Patient, visit, diagnosis, report and one value, of somebody who was never here.
fn visit(number: u64) -> Value {
    let urns: Vec<String> = (0..5).map(|_| format!("urn:uuid:{}", Uuid::now_v7())).collect();
    let to = |n: usize| json!({ "reference": urns[n] });
    let entry = |n: usize, kind: &str, mut resource: Value| {
        resource["resourceType"] = json!(kind);
        json!({ "fullUrl": urns[n], "resource": resource, "request": { "method": "POST", "url": kind } })
    };
    let digits = number % 100_000_000;
    json!({
        "resourceType": "Bundle", "type": "transaction", "timestamp": "2026-11-24T07:55:00+07:00",
        "identifier": { "system": "https://his.example.vn/bundle", "value": format!("DO-{number}") },
        "entry": [
            entry(0, "Patient", json!({
                "identifier": [{ "system": "https://his.example.vn/patient", "value": format!("DO-{number}") }],
                "name": [{ "text": format!("Lê Thị Đo Lường {}", letters(number % 1_000_000_000)) }], "gender": "female",
                "birthDate": format!("{}-{:02}-{:02}", 1940 + digits % 60, 1 + digits / 60 % 12, 1 + digits / 720 % 28),
                "telecom": [{ "system": "phone", "value": format!("09{digits:08}") }] })),
            entry(1, "Encounter", json!({
                "identifier": [{ "system": "http://fhir.ehealth.gov.vn/core/sid/VisitNumber", "value": format!("DO-{number}") }],
                "status": "finished", "class": { "code": "AMB" }, "subject": to(0),
                "period": { "start": "2026-11-24T07:10:00+07:00", "end": "2026-11-24T07:50:00+07:00" },
                "location": [{ "location": { "identifier": { "value": "PK-NOI" } } }],
                "diagnosis": [{ "condition": to(2), "use": { "coding": [{ "code": "CC" }] } }] })),
            entry(2, "Condition", json!({
                "code": { "coding": [{ "system": "http://hl7.org/fhir/sid/icd-10", "code": "I10", "display": "Tăng huyết áp vô căn" }] },
                "subject": to(0), "encounter": to(1), "recordedDate": "2026-11-24T07:30:00+07:00" })),
            entry(3, "DiagnosticReport", json!({
                "identifier": [{ "value": format!("DO-{number}") }], "status": "final", "code": { "text": "Sinh hóa máu" }, "subject": to(0),
                "encounter": to(1), "effectiveDateTime": "2026-11-24T07:40:00+07:00", "result": [to(4)] })),
            entry(4, "Observation", json!({
                "status": "final", "code": { "coding": [{ "system": "http://loinc.org", "code": "2345-7", "display": "Glucose" }] },
                "subject": to(0), "encounter": to(1), "valueQuantity": { "value": 5.2, "unit": "mmol/L" } })),
        ],
    })
}

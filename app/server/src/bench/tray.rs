//! A sign-later tray: fifty papers, one PIN, a software key, each with its timestamp and the evidence for years.

use crate::measure::{Report, percentile};
use anyhow::{Context, Result, ensure};
use base::Clock;
use base::ask::Papers;
use base::sign::{Key, Kind, Signing, Stamp, Work};
use sandbox::trust::{Authority, Holder};
use signing::{Engine, Settings};
use std::time::{Duration, Instant};

const PAPERS: usize = 50;

/// Renders the papers first, because the tray finds them rendered; then signs and verifies them.
pub async fn sign(report: &mut Report) -> Result<()> {
    let clock = Clock::system();
    let folder = std::env::temp_dir().join(format!("yba-tray-{}", uuid::Uuid::now_v7()));
    let authority = Authority::serve(&folder, clock.clone()).await?;
    // As a server asks: an answer is good for a while.
    let settings = Settings { keep_answers: Settings::default().keep_answers, ..authority.settings() };
    let engine = Engine::new(settings);
    let issued = authority.issue(&Holder { name: "Nguyễn Thị Phượng".into(), id: "084185004321".into(), ..Holder::default() })?;
    let key = Key::Pkcs12 { file: issued.p12, password: issued.password };
    let data = serde_json::json!({ "number": 7, "room": { "name": "Nội 1" } });
    let paper = documents::Press::new().render("ticket", data).await.map_err(|f| anyhow::anyhow!("{f}"))?;
    let works: Vec<Work> = (0..PAPERS).map(|_| work(&paper)).collect();
    let begun = Instant::now();
    let certificate = engine.certificate(&key).await?;
    let mut waiting = Vec::new();
    for work in &works {
        waiting.push(engine.prepare(&certificate, work, clock.now()).await?);
    }
    let prepared = begun.elapsed();
    let digests: Vec<Vec<u8>> = waiting.iter().map(|p| p.digest.clone()).collect();
    let signatures = engine.sign(&key, &digests).await?;
    let signed = begun.elapsed();
    let mut each = Vec::new();
    let mut done = Vec::new();
    for (prepared, signature) in waiting.into_iter().zip(signatures) {
        let begun = Instant::now();
        done.push(engine.finish(prepared, signature).await?);
        each.push(begun.elapsed());
    }
    let all = begun.elapsed();
    let mut verified: Vec<Duration> = Vec::new();
    for pdf in &done {
        let begun = Instant::now();
        let verdict = engine.verify(pdf, Kind::Pdf, clock.now()).await;
        ensure!(verdict.is_valid(), "{verdict:?}");
        verified.push(begun.elapsed());
    }
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    report.add(
        "sign-tray, fifty papers",
        vec![
            ("prepare all", ms(prepared), "ms"),
            ("sign all", ms(signed - prepared), "ms"),
            ("finish p50", percentile(&mut each, 50.0), "ms"),
            ("finish p95", percentile(&mut each, 95.0), "ms"),
            ("whole tray", ms(all), "ms"),
            ("verify p50", percentile(&mut verified, 50.0), "ms"),
            ("size", done.first().context("a paper")?.len() as f64 / 1024.0, "KiB"),
        ],
    );
    std::fs::remove_dir_all(&folder).context("the tray's folder")
}

fn work(paper: &[u8]) -> Work {
    Work {
        content: paper.to_vec(),
        kind: Kind::Pdf,
        field: "bac_si_dieu_tri".into(),
        reason: "Ký tờ điều trị".into(),
        place: "Vĩnh Long".into(),
        stamp: Some(Stamp {
            page: 1,
            left: 10.0,
            bottom: 10.0,
            width: 150.0,
            height: 45.0,
            lines: vec!["BS. Nguyễn Thị Phượng".into(), "Bác sĩ điều trị".into(), "14:05 25/11/2026".into()],
            drawing: None,
        }),
    }
}

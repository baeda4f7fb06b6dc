//! How long each paper takes and how much memory the press holds:
//! `cargo run -p documents --example press`.

#[path = "../tests/it/samples.rs"]
mod samples;

use base::ask::Papers;
use documents::{Press, TEMPLATES};
use std::time::{Duration, Instant};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    println!("before the first paper: {} MB", resident_mb());
    let press = Press::new();
    for template in TEMPLATES {
        let mut times = Vec::new();
        for _ in 0..20 {
            let started = Instant::now();
            if let Err(fault) = press.render(template, samples::full(template)).await {
                println!("{template}: {fault}");
            }
            times.push(started.elapsed());
        }
        let first = times[0];
        times.sort();
        let (median, longest) = (ms(times[10]), ms(times[19]));
        println!("{template:13} first {:5.1} ms, median {median:5.1} ms, longest {longest:5.1} ms, {} MB", ms(first), resident_mb());
    }
    for template in ["ticket", "prescription", "invoice"] {
        let started = Instant::now();
        let least = press.render(template, samples::minimal(template)).await.map(|pdf| pdf.len());
        println!("{template:13} minimal {:.1} ms {least:?}", ms(started.elapsed()));
    }
    let started = Instant::now();
    let size = press.render("prescription", samples::monstrous("prescription")).await.map(|pdf| pdf.len());
    println!("500 lines: {:.0} ms {size:?}, {} MB", ms(started.elapsed()), resident_mb());
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Resident memory of this process, from Linux; 0 elsewhere.
fn resident_mb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).unwrap_or_default() / 1024
}

use crate::world::World;
use std::time::{Duration, Instant};

/// A generous ceiling for a debug build on a busy machine; the figures of a quiet one are in docs/performance.md.
#[tokio::test]
async fn look_ups_answer_while_somebody_types() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let mut figures = Vec::new();
    for typed in ["v", "vi", "viem", "viem hong", "benh", "khong xac dinh", "tha", "j02", "dau", "gay xuong"] {
        for (what, took) in [
            ("icd10", time(async || drop(codes::icd10::search(&mut conn, typed, 20).await.unwrap())).await),
        ] {
            figures.push((what, typed, took));
        }
    }
    for typed in ["a", "para", "amox 500", "vien", "vitamin"] {
        figures.push(("drug", typed, time(async || drop(codes::drug::search(&mut conn, typed, 20).await.unwrap())).await));
    }
    for typed in ["s", "sieu am", "phau thuat", "xet nghiem mau"] {
        figures.push(("service", typed, time(async || drop(codes::service::search(&mut conn, typed, None, 20).await.unwrap())).await));
    }
    for typed in ["t", "tan", "long chau"] {
        figures.push(("commune", typed, time(async || drop(codes::place::search_communes(&mut conn, typed, None, 20).await.unwrap())).await));
    }
    let drugs = ["Simvastatin", "Clarithromycin", "Amlodipin", "Metformin", "Omeprazol", "Paracetamol", "Aspirin", "Domperidon"];
    figures.push(("interaction", "8 drugs", time(async || drop(codes::interaction::between(&mut conn, &drugs).await.unwrap())).await));
    for (what, typed, took) in &figures {
        println!("{what:12} {typed:16} {:.2} ms", took.as_secs_f64() * 1000.0);
    }
    let mut sorted: Vec<Duration> = figures.iter().map(|f| f.2).collect();
    sorted.sort();
    assert!(sorted[sorted.len() / 2] < Duration::from_millis(20), "median {:?}", sorted[sorted.len() / 2]);
}

/// The best of five, after one to warm the plan.
async fn time(mut ask: impl AsyncFnMut()) -> Duration {
    ask().await;
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        ask().await;
        best = best.min(begun.elapsed());
    }
    best
}

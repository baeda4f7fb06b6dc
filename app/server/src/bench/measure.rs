//! Medians, percentiles, CPU of server and database apart, memory.

use std::fs;
use std::time::Duration;

/// One measured line.
struct Line {
    name: String,
    figures: Vec<(String, f64, &'static str)>,
}

/// All that was measured.
#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub fn add(&mut self, name: impl Into<String>, figures: Vec<(&str, f64, &'static str)>) {
        let line = Line { name: name.into(), figures: figures.into_iter().map(|(n, v, u)| (n.to_owned(), v, u)).collect() };
        eprintln!("{}", line.show());
        self.lines.push(line);
    }

    pub fn print(&self) {
        for line in &self.lines {
            println!("{}", line.show());
        }
    }

    pub fn to_json(&self) -> String {
        let lines: Vec<serde_json::Value> = self
            .lines
            .iter()
            .map(|l| {
                let figures: serde_json::Map<String, serde_json::Value> =
                    l.figures.iter().map(|(n, v, u)| (format!("{n} [{u}]"), serde_json::json!(v))).collect();
                serde_json::json!({ "name": l.name, "figures": figures })
            })
            .collect();
        serde_json::to_string_pretty(&lines).expect("plain data")
    }
}

impl Line {
    fn show(&self) -> String {
        let figures: Vec<String> = self.figures.iter().map(|(n, v, u)| format!("{n} {v:.2} {u}")).collect();
        format!("{:<28} {}", self.name, figures.join(" · "))
    }
}

/// The p-th percentile (0–100) in milliseconds.
pub fn percentile(times: &mut [Duration], p: f64) -> f64 {
    if times.is_empty() {
        return f64::NAN;
    }
    times.sort();
    let place = ((times.len() - 1) as f64 * p / 100.0).round() as usize;
    times[place].as_secs_f64() * 1000.0
}

/// CPU seconds that a process used, and optionally those of its children, dead or alive.
pub fn cpu_seconds(pid: u32, with_children: bool) -> f64 {
    let ticks = |pid: u32, dead: bool| -> f64 {
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0.0 };
        let fields: Vec<f64> =
            stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(1).map(|f| f.parse().unwrap_or(0.0)).collect();
        // utime, stime, cutime, cstime are fields 14 to 17 of the line.
        let own = fields.get(10).unwrap_or(&0.0) + fields.get(11).unwrap_or(&0.0);
        let children = if dead { fields.get(12).unwrap_or(&0.0) + fields.get(13).unwrap_or(&0.0) } else { 0.0 };
        (own + children) / 100.0
    };
    let mut sum = ticks(pid, with_children);
    if with_children {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Ok(child) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            let parent = fs::read_to_string(format!("/proc/{child}/stat"))
                .ok()
                .and_then(|s| s.rsplit(')').next().and_then(|r| r.split_whitespace().nth(1).map(str::to_owned)));
            if parent.and_then(|p| p.parse::<u32>().ok()) == Some(pid) {
                sum += ticks(child, false);
            }
        }
    }
    sum
}

/// Resident memory in MB.
pub fn memory_mb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kb = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or(f64::NAN) / 1024.0
}

//! How long a form of four pages is on the press, once the fonts are open.

use crate::measure::Report;
use anyhow::{Context, Result};
use base::ask::Papers;
use record::form::catalogue::national;
use record::print::{ToPrint, data, specimen};
use serde_json::json;
use std::time::Instant;

/// `form-pdf`: the bệnh án of internal medicine with something in every field.
pub async fn form(report: &mut Report) -> Result<()> {
    let press = documents::Press::new();
    let form = national().newest("01/BV1").context("the form is packed")?;
    let values = specimen(&form);
    let head = json!({ "parent": "Sở Y tế tỉnh Vĩnh Long", "name": "Bệnh viện Đa khoa Minh An" });
    let paper = ToPrint { values: &values, link: "https://yba.example/kiem-tra/7Q2M".into(), version: 1, ..ToPrint::blank(&form, head) };
    let mut times = Vec::new();
    for nth in 0..41 {
        let begun = Instant::now();
        press.render("record-form", data(&paper)).await.map_err(|fault| anyhow::anyhow!(fault))?;
        // The first one opens the fonts.
        if nth > 0 {
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    report.add("form of 4 pages to PDF/A", vec![("p50", times[20], "ms"), ("p95", times[38], "ms")]);
    Ok(())
}

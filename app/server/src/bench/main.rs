//! `yba-bench`: the figures of `docs/performance.md`. Starts a server of its own on loopback with a world of its own in
//! a temporary folder, everything on that is on for a clinic (sign-in, rights, audit, row security, durable commits).

mod fhir;
mod find;
mod house;
mod lab;
mod lists;
mod load;
mod measure;
mod mllp;
mod open;
mod paper;
mod report;
mod stock;
mod tray;
mod visit;

use anyhow::Result;
use clap::Parser;
use house::House;
use measure::Report;
use std::path::PathBuf;

#[derive(Parser)]
#[command(name = "yba-bench")]
struct Cli {
    /// Only this: start, registration, search, chart, dispense, stock-card, lab-validate, sign-tray, form-pdf, record-open, fhir, mllp, writes, visits; only by name, because they fill the disk: month-report, lists, find
    name: Option<String>,
    /// Visits of `month-report`, rows of `lists`
    #[arg(long)]
    rows: Option<i64>,
    /// Write the figures as JSON too
    #[arg(long)]
    json: Option<PathBuf>,
    /// People in the world
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// Visits begun a second in the open-loop profile
    #[arg(long, default_value_t = 12.0)]
    rate: f64,
    /// Seconds that the profile lasts
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let wanted = |name: &str| cli.name.as_deref().is_none_or(|n| n == name);
    let mut report = Report::default();
    // Needs no house: the papers are rendered, the authority is its own.
    if wanted("sign-tray") {
        tray::sign(&mut report).await?;
    }
    if wanted("form-pdf") {
        paper::form(&mut report).await?;
    }
    if matches!(cli.name.as_deref(), Some("sign-tray" | "form-pdf")) {
        report.print();
        return cli.json.as_ref().map_or(Ok(()), |file| Ok(std::fs::write(file, report.to_json())?));
    }
    let house = House::build(cli.people, &mut report)?;
    let running = house.start(&mut report).await?;
    if wanted("start") {
        load::first_page(&running, &mut report).await?;
    }
    if wanted("registration") {
        load::registration(&running, &mut report).await?;
    }
    if wanted("search") {
        load::search(&running, cli.people, &mut report).await?;
    }
    if wanted("chart") {
        load::chart(&running, &mut report).await?;
    }
    if wanted("dispense") {
        stock::dispense(&running, &mut report).await?;
    }
    if wanted("stock-card") {
        stock::card(&running, &mut report).await?;
    }
    if wanted("lab-validate") {
        lab::validate(&running, &mut report).await?;
    }
    if wanted("record-open") {
        open::record(&running, &mut report).await?;
    }
    // Millions of rows: not among "all".
    if cli.name.as_deref() == Some("month-report") {
        report::month(&running, cli.rows.unwrap_or(1_000_000), &mut report).await?;
    }
    if cli.name.as_deref() == Some("lists") {
        lists::lists(&running, cli.rows.unwrap_or(10_000_000), &mut report).await?;
    }
    if cli.name.as_deref() == Some("find") {
        find::find(&running, cli.rows.unwrap_or(5_000_000), &mut report).await?;
    }
    if wanted("fhir") {
        fhir::programs(&running, &mut report).await?;
    }
    if wanted("mllp") {
        mllp::messages(&running, &mut report).await?;
    }
    if wanted("writes") {
        visit::writes(&running, &mut report).await?;
    }
    if wanted("visits") {
        visit::profile(&running, cli.rate, cli.seconds, &mut report).await?;
    }
    running.stop()?;
    report.print();
    if let Some(file) = &cli.json {
        std::fs::write(file, report.to_json())?;
    }
    Ok(())
}

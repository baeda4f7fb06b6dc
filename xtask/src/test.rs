//! `cargo xtask test`: formatting of the house, all crates, the browser journeys.

use crate::{cargo, install, must, root, tidy};
use anyhow::Result;
use std::process::Command;

/// Runs everything, or only some crates. Fails at the first part that fails.
pub fn run(browser: bool, crates: &[String]) -> Result<()> {
    install::test_tools(browser && crates.is_empty())?;
    install::nextest()?;
    if crates.is_empty() {
        tidy::run()?;
    }
    let mut tests = cargo();
    tests.args(["nextest", "run", "--no-fail-fast", "--cargo-quiet"]);
    if crates.is_empty() {
        tests.arg("--workspace");
    }
    for name in crates {
        tests.args(["--package", name]);
    }
    must(&mut tests)?;
    if browser && crates.is_empty() {
        browser_journeys()?;
    }
    Ok(())
}

/// Playwright with the system's Chromium against a demo server of its own.
fn browser_journeys() -> Result<()> {
    let e2e = root().join("e2e");
    if !e2e.join("package.json").is_file() {
        return Ok(());
    }
    must(cargo().args(["build", "--package", "server"]))?;
    let npm = |args: &[&str]| must(Command::new("npm").args(["--prefix", "e2e"]).args(args).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"));
    npm(&["ci", "--no-audit", "--no-fund", "--silent"])?;
    npm(&["test"])
}

//! `cargo xtask bench`: figures for `docs/performance.md`, never part of the tests.

use crate::{cargo, must};
use anyhow::Result;
use std::path::Path;

/// Builds the release binary and the load generator and runs the benchmarks against a server of their own.
pub fn run(name: Option<&str>, json: Option<&Path>) -> Result<()> {
    crate::install::database()?;
    must(cargo().args(["build", "--release", "--package", "server", "--bins"]))?;
    let mut bench = std::process::Command::new(crate::target().join("release/yba-bench"));
    if let Some(name) = name {
        bench.arg(name);
    }
    if let Some(json) = json {
        bench.arg("--json").arg(json);
    }
    must(&mut bench)
}

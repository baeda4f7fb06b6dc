//! Our own tools: `cargo xtask demo | test | bench | tidy | new-module`.

mod bench;
mod demo;
mod install;
mod new_module;
mod test;
mod tidy;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

#[derive(Parser)]
#[command(name = "xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build and run the demonstration; installs what is missing
    Demo {
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Begin the world again
        #[arg(long)]
        fresh: bool,
        /// Do not open a browser
        #[arg(long)]
        no_open: bool,
        /// Invent so many more people
        #[arg(long, default_value_t = 0)]
        people: u64,
    },
    /// Run all tests, the browser journeys included; installs what is missing
    Test {
        /// Leave the browser journeys out
        #[arg(long)]
        no_browser: bool,
        /// Only these crates
        crates: Vec<String>,
    },
    /// Run benchmarks against a server of their own
    Bench {
        /// Only the benchmark with this name
        name: Option<String>,
        /// Write the figures to a file as well
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Check the rules of the house
    Tidy,
    /// Lay out a new slice under domain/
    NewModule { name: String },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Demo { port, fresh, no_open, people } => demo::run(port, fresh, no_open, people),
        Task::Test { no_browser, crates } => test::run(!no_browser, &crates),
        Task::Bench { name, json } => bench::run(name.as_deref(), json.as_deref()),
        Task::Tidy => tidy::run(),
        Task::NewModule { name } => new_module::run(&name),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent").to_owned()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a command in the project's folder and fails when it fails.
pub fn must(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command.current_dir(root()).status().with_context(|| format!("{shown} does not start"))?;
    if !status.success() {
        bail!("{shown} failed with {status}");
    }
    Ok(())
}

/// Cargo, as this process was started by it.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

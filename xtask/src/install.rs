//! What the project needs from the system: installed with apt after saying so, or the exact command printed.

use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

fn on_path(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status().is_ok_and(|s| s.success())
}

fn has_postgres() -> bool {
    std::env::var_os("YBA_PG_BIN").is_some()
        || std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|entries| {
            entries.flatten().any(|e| {
                let version = e.file_name().to_string_lossy().parse::<u32>().unwrap_or(0);
                version >= 15 && e.path().join("bin/initdb").is_file()
            })
        })
}

/// PostgreSQL, for the private database.
pub fn database() -> Result<()> {
    if has_postgres() { Ok(()) } else { packages(&["postgresql", "postgresql-contrib"]) }
}

/// What the tests need besides: a browser, Node and readers of PDF files.
pub fn test_tools(browser: bool) -> Result<()> {
    database()?;
    let mut missing = Vec::new();
    if !on_path("pdftotext") {
        missing.push("poppler-utils");
    }
    // Judges of signatures and a token without hardware; the tests say loudly which of them they had to do without.
    for (program, package) in [("xmlsec1", "xmlsec1"), ("qpdf", "qpdf"), ("softhsm2-util", "softhsm2"), ("pkcs11-tool", "opensc"), ("openssl", "openssl")] {
        if !on_path(program) {
            missing.push(package);
        }
    }
    if browser {
        if !Path::new("/usr/bin/chromium").exists() {
            missing.push("chromium");
        }
        if !on_path("node") {
            missing.push("nodejs");
        }
        if !on_path("npm") {
            missing.push("npm");
        }
    }
    packages(&missing)?;
    judge_of_pdf();
    Ok(())
}

/// pyHanko judges PDF signatures more strictly than anybody; it comes with Python only, and nothing fails without it.
fn judge_of_pdf() {
    if on_path("pyhanko") || !on_path("pip3") {
        return;
    }
    eprintln!("xtask: pip3 install --user pyhanko pyhanko-cli");
    let installed = Command::new("pip3").args(["install", "--user", "--quiet", "pyhanko", "pyhanko-cli"]).stdin(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        eprintln!("xtask: pyHanko could not be installed; its verdict on signed PDF will be missing");
    }
}

/// cargo-nextest, from the registry when it is not there.
pub fn nextest() -> Result<()> {
    if on_path("cargo-nextest") {
        return Ok(());
    }
    eprintln!("xtask: cargo install cargo-nextest --locked");
    crate::must(crate::cargo().args(["install", "cargo-nextest", "--locked"]))
}

fn packages(names: &[&str]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let list = names.join(" ");
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"));
    if !root && !on_path("sudo") || !on_path("apt-get") {
        bail!("missing: {list}. Install with: apt-get update && apt-get install -y --no-install-recommends {list}");
    }
    eprintln!("xtask: installing {list} with apt-get");
    let apt = |args: &[&str]| {
        let mut command = if root { Command::new("apt-get") } else { Command::new("sudo") };
        if !root {
            command.arg("apt-get");
        }
        command.env("DEBIAN_FRONTEND", "noninteractive").args(args).stdin(Stdio::null());
        crate::must(&mut command)
    };
    // An old list of packages may name files that are gone.
    apt(&["update", "-qq"])?;
    let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
    args.extend_from_slice(names);
    apt(&args)
}

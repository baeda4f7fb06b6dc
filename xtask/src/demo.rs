//! `cargo xtask demo`: from a bare machine to a running demonstration.

use crate::{cargo, install, must, root, target};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Installs what is missing, builds the release binary, makes the world in `var/demo`, and runs until Ctrl-C.
pub fn run(port: u16, fresh: bool, no_open: bool, people: u64) -> Result<()> {
    install::database()?;
    eprintln!("xtask: building (the first time takes several minutes)");
    must(cargo().args(["build", "--release", "--package", "server"]))?;
    let mut yba = Command::new(target().join("release/yba"));
    yba.arg("demo").args(["--port", &port.to_string()]);
    if fresh {
        yba.arg("--fresh");
    }
    if people > 0 {
        yba.args(["--people", &people.to_string()]);
    }
    if !no_open && std::env::var_os("DISPLAY").is_some() {
        open_when_ready(port);
    }
    // The Ctrl-C of the terminal reaches the server as well; it stops its database and we only wait for it.
    let status = yba.current_dir(root()).status().context("the server does not start")?;
    if !status.success() {
        bail!("the server ended with {status}");
    }
    Ok(())
}

fn open_when_ready(port: u16) {
    std::thread::spawn(move || {
        for _ in 0..600 {
            std::thread::sleep(std::time::Duration::from_millis(500));
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                let _ = Command::new("xdg-open")
                    .arg(format!("http://127.0.0.1:{port}/app"))
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status();
                return;
            }
        }
    });
}

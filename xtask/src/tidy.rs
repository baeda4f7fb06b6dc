//! `cargo xtask tidy`: the rules of the house that a machine can check.

use crate::root;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Checks everything and prints every offence; fails when there is one.
pub fn run() -> Result<()> {
    let mut offences = Vec::new();
    arrows(&mut offences)?;
    for file in files(&root(), &["rs", "html", "sql"]) {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        size(&name, &text, &mut offences);
        match file.extension().and_then(|e| e.to_str()) {
            Some("rs") => rust(&name, &text, &mut offences),
            Some("html") => template(&name, &text, &mut offences),
            Some("sql") => migration(&name, &text, &mut offences),
            _ => {}
        }
    }
    for offence in &offences {
        eprintln!("tidy: {offence}");
    }
    if offences.is_empty() { Ok(()) } else { bail!("{} offences against the rules of the house", offences.len()) }
}

/// The shelf of a crate, lowest first. Inside the spine the arrows are named one by one.
fn shelf(folder: &str, name: &str) -> Option<u8> {
    Some(match (folder, name) {
        ("kernel", "testkit") => return None,
        ("kernel", _) => 0,
        ("domain", "organization" | "practitioner" | "patient" | "encounter" | "scheduling") => 1,
        ("domain", _) => 2,
        ("edge", _) => 3,
        ("app", _) => 4,
        _ => return None,
    })
}

const SPINE_ARROWS: [(&str, &str); 8] = [
    ("encounter", "patient"),
    ("encounter", "organization"),
    ("encounter", "practitioner"),
    ("practitioner", "organization"),
    ("scheduling", "encounter"),
    ("scheduling", "patient"),
    ("scheduling", "organization"),
    ("scheduling", "practitioner"),
];

fn arrows(offences: &mut Vec<String>) -> Result<()> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    for package in &packages {
        let path = PathBuf::from(package["manifest_path"].as_str().unwrap_or(""));
        let folder = path.ancestors().nth(2).and_then(Path::file_name).map(|f| f.to_string_lossy().into_owned());
        folders.insert(package["name"].as_str().unwrap_or("").to_owned(), folder.unwrap_or_default());
    }
    for package in &packages {
        let from = package["name"].as_str().unwrap_or("");
        let Some(from_shelf) = shelf(&folders[from], from) else { continue };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or("");
            // A slice's tests may bring the modules they play with; its code may not.
            if !folders.contains_key(to) || dependency["kind"] == "dev" {
                continue;
            }
            let Some(to_shelf) = shelf(&folders[to], to) else {
                offences.push(format!("{from} depends on {to}, which is only for tests"));
                continue;
            };
            let allowed = match (from_shelf, to_shelf) {
                (0, 0) => true,
                (1, 1) => SPINE_ARROWS.contains(&(from, to)),
                (2, 2) | (3, 3) => false,
                (4, _) => true,
                (a, b) => b < a,
            };
            if !allowed {
                offences.push(format!("{from} → {to} is a wrong arrow (docs/architecture.md says who may know whom)"));
            }
        }
    }
    Ok(())
}

fn size(name: &str, text: &str, offences: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > 1000 {
        offences.push(format!("{name} has {lines} lines; which second idea has moved in?"));
    }
}

/// Calls that have one right place, or none.
const BANNED: [(&str, &[&str], &str); 8] = [
    ("Utc::now()", &["kernel/base/src/clock.rs"], "pass the clock"),
    ("Local::now()", &[], "pass the clock"),
    ("todo!(", &[], "finish it"),
    ("unimplemented!(", &[], "finish it"),
    ("dbg!(", &[], "take it out"),
    ("set_config(", &["app/server/src/generate"], "SET LOCAL with a literal reaches every worker"),
    ("f64_money", &[], "money is whole đồng"),
    ("#[ignore]", &[], "a test that does not run is no test"),
];

fn rust(name: &str, text: &str, offences: &mut Vec<String>) {
    if name.starts_with("xtask/") {
        return;
    }
    for (call, homes, why) in BANNED {
        if text.contains(call) && !homes.iter().any(|h| name.starts_with(h)) {
            offences.push(format!("{name} has {call}: {why}"));
        }
    }
    let stem = Path::new(name).file_stem().and_then(|s| s.to_str()).unwrap_or("");
    if ["utils", "util", "helpers", "helper", "types", "misc", "common"].contains(&stem) {
        offences.push(format!("{name}: a room called {stem} tells nobody what lives there"));
    }
    let is_source = name.contains("/src/");
    if is_source && !text.trim_start().starts_with("//!") {
        offences.push(format!("{name} does not say at its head what it is for"));
    }
}

fn template(name: &str, text: &str, offences: &mut Vec<String>) {
    for (mark, why) in [
        (" style=\"", "the content policy forbids inline style"),
        (" onclick=", "the content policy forbids inline script"),
        ("<script>", "the content policy forbids inline script"),
        ("javascript:", "the content policy forbids inline script"),
        ("bệnh nhân", "we say người bệnh"),
    ] {
        if text.contains(mark) {
            offences.push(format!("{name} has {mark:?}: {why}"));
        }
    }
}

/// Every table says how it is guarded, and a tenant's key begins with the tenant.
fn migration(name: &str, text: &str, offences: &mut Vec<String>) {
    let mut rest = text;
    while let Some(at) = rest.find("CREATE TABLE ") {
        rest = &rest[at + "CREATE TABLE ".len()..];
        let table: String =
            rest.trim_start_matches("IF NOT EXISTS ").chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        // The catalogues grant reading to the application in one loop over all their tables.
        let catalogue = table.starts_with("codes_") && text.contains("db_catalogue_table(") && text.contains(&format!("'{table}'"));
        let guarded = catalogue || ["db_tenant_table", "db_purpose_table", "db_catalogue_table"]
            .iter()
            .any(|call| text.contains(&format!("{call}('{table}'")));
        if !guarded {
            offences.push(format!("{name}: table {table} is not guarded by db_tenant_table, db_purpose_table or db_catalogue_table"));
        }
        if text.contains(&format!("db_tenant_table('{table}'")) {
            let body = &rest[..rest.find(";\n").unwrap_or(rest.len())];
            let starts = |mark: &str| body.match_indices(mark).all(|(i, _)| body[i + mark.len()..].trim_start().starts_with("facility_id"));
            let lone = body.contains("facility_id   int PRIMARY KEY") || body.contains("facility_id int PRIMARY KEY");
            if !lone && !(starts("PRIMARY KEY (") && starts("UNIQUE (")) {
                offences.push(format!("{name}: a key of {table} does not begin with facility_id"));
            }
        }
    }
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || ["target", "node_modules", "var", "vendor"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

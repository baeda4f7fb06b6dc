//! `cargo xtask new-module NAME`: an empty slice in the shape of the others.

use crate::root;
use anyhow::{Result, bail};
use std::fs;

/// Writes `domain/NAME` with manifest, table of contents and README. Refuses a name that is taken or not one word.
pub fn run(name: &str) -> Result<()> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        bail!("a module's name is one lower-case word, as FHIR or the ward says it");
    }
    let folder = root().join("domain").join(name);
    if folder.exists() {
        bail!("{} is there already", folder.display());
    }
    for sub in ["src/pages", "templates", "migrations", "tests/it"] {
        fs::create_dir_all(folder.join(sub))?;
    }
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
         license.workspace = true\npublish.workspace = true\n\n[dependencies]\nbase = {{ workspace = true }}\nweb = {{ workspace = true }}\n\n\
         [dev-dependencies]\ntestkit = {{ workspace = true }}\n"
    );
    let contents = format!(
        "//! What this slice is for, in words of the ward.\n\n/// The table of contents of this slice.\npub fn module() -> web::Module {{\n    \
         web::Module {{ name: \"{name}\", ..web::Module::default() }}\n}}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), contents)?;
    fs::write(folder.join("askama.toml"), "[general]\ndirs = [\"templates\", \"../../kernel/web/templates\"]\n")?;
    fs::write(folder.join("README.md"), format!("# {name}\n\nWhat it is for, its words, its states, its law, examples.\n"))?;
    println!("domain/{name} is laid out; add it to [workspace.dependencies] and to app/server/src/modules.rs");
    Ok(())
}

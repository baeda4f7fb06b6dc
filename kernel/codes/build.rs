//! Packs the catalogue files into the binary: deflated, each with its hash, so that the loader can tell an unchanged
//! file without unpacking it and the server keeps none of the texts in memory.

use flate2::{Compression, write::DeflateEncoder};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

fn main() {
    let shelf = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../catalogues");
    println!("cargo::rerun-if-changed={}", shelf.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files: Vec<PathBuf> = fs::read_dir(&shelf)
        .expect("the catalogues folder")
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "tsv"))
        .collect();
    files.sort();

    // Layout per file: name length u16, name, hash 32 bytes, raw length u32, packed length u32, packed bytes.
    let mut pack = Vec::new();
    for path in files {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().unwrap().to_str().expect("a plain file name");
        let raw = fs::read(&path).unwrap();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&raw).unwrap();
        let packed = encoder.finish().unwrap();
        pack.extend((name.len() as u16).to_le_bytes());
        pack.extend(name.as_bytes());
        pack.extend(Sha256::digest(&raw));
        pack.extend((raw.len() as u32).to_le_bytes());
        pack.extend((packed.len() as u32).to_le_bytes());
        pack.extend(packed);
    }
    let out = Path::new(&std::env::var("OUT_DIR").unwrap()).join("catalogues.bin");
    fs::write(out, pack).unwrap();
}

//! Where the catalogue texts come from: packed in the binary, or a folder that somebody edits.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::PathBuf;

static PACK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalogues.bin"));

/// The catalogue files to load from.
#[derive(Clone, Debug, Default)]
pub enum CatalogueFiles {
    /// As they were when the binary was built.
    #[default]
    Embedded,
    /// A folder with the same file names.
    Folder(PathBuf),
}

impl CatalogueFiles {
    /// The text of one file, e.g. `"icd10_2026.tsv"`. Fails for an unknown name or text that is not UTF-8.
    pub fn text(&self, name: &str) -> Result<String> {
        match self {
            CatalogueFiles::Embedded => {
                let file = packed(name)?;
                let mut text = String::with_capacity(file.raw_len);
                flate2::read::DeflateDecoder::new(file.body)
                    .read_to_string(&mut text)
                    .with_context(|| format!("cannot unpack the catalogue {name}"))?;
                Ok(text)
            }
            CatalogueFiles::Folder(folder) => {
                let path = folder.join(name);
                std::fs::read_to_string(&path).with_context(|| format!("cannot read the catalogue {}", path.display()))
            }
        }
    }

    /// The hash of one file's content.
    pub fn hash(&self, name: &str) -> Result<[u8; 32]> {
        match self {
            CatalogueFiles::Embedded => Ok(packed(name)?.hash),
            CatalogueFiles::Folder(_) => Ok(Sha256::digest(self.text(name)?.as_bytes()).into()),
        }
    }
}

/// Changes whenever a packed catalogue changes.
pub fn fingerprint() -> [u8; 32] {
    Sha256::digest(PACK).into()
}

struct Packed {
    hash: [u8; 32],
    raw_len: usize,
    body: &'static [u8],
}

/// Walks the pack that `build.rs` wrote.
fn packed(wanted: &str) -> Result<Packed> {
    let mut rest = PACK;
    while !rest.is_empty() {
        let name_len = u16::from_le_bytes([rest[0], rest[1]]) as usize;
        let (name, after) = rest[2..].split_at(name_len);
        let (hash, after) = after.split_at(32);
        let (lengths, after) = after.split_at(8);
        let length = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes")) as usize;
        let (body, next) = after.split_at(length(&lengths[4..]));
        if name == wanted.as_bytes() {
            return Ok(Packed { hash: hash.try_into().expect("32 bytes"), raw_len: length(&lengths[..4]), body });
        }
        rest = next;
    }
    bail!("there is no catalogue named {wanted} in this binary")
}

#[cfg(test)]
mod tests {
    use super::CatalogueFiles;
    use std::path::Path;

    #[test]
    fn the_pack_holds_what_the_folder_holds() {
        let folder = CatalogueFiles::Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogues"));
        for name in ["icd10_2026.tsv", "features.tsv", "drugs.tsv"] {
            assert_eq!(CatalogueFiles::Embedded.text(name).unwrap(), folder.text(name).unwrap());
            assert_eq!(CatalogueFiles::Embedded.hash(name).unwrap(), folder.hash(name).unwrap());
        }
        assert!(CatalogueFiles::Embedded.text("no such file").is_err());
    }
}

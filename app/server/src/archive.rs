//! One file that holds a whole clinic: the dump of its database and every picture and paper its rows name. An ordinary
//! tar, so that the dump can be taken out and read with PostgreSQL's own tools alone.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

const DUMP: &str = "database.dump";
const FILES: &str = "files";

/// Packs `dump` and the folder of files into `archive`. Take the dump first: contents are written before the rows that
/// name them and never change, so files copied afterwards miss nothing that the dump names.
pub fn pack(dump: &Path, files: &Path, archive: &Path) -> Result<()> {
    let out = File::create(archive).with_context(|| format!("cannot write {}", archive.display()))?;
    let mut tar = tar::Builder::new(BufWriter::new(out));
    tar.append_path_with_name(dump, DUMP)?;
    if files.is_dir() {
        tar.append_dir_all(FILES, files)?;
    }
    let out = tar.into_inner()?.into_inner().map_err(|e| e.into_error())?;
    out.sync_all()?;
    Ok(())
}

/// Takes an archive apart: the dump to `dump`, the files into the folder `files`, beside what is there already. A bare
/// dump is taken as it is. Refuses anything else, and every entry that would land elsewhere.
pub fn unpack(archive: &Path, dump: &Path, files: &Path) -> Result<()> {
    let mut file = File::open(archive).with_context(|| format!("there is no backup file {}", archive.display()))?;
    let mut magic = [0; 5];
    let read = file.read(&mut magic)?;
    if &magic[..read] == b"PGDMP" {
        std::fs::copy(archive, dump)?;
        return Ok(());
    }
    let mut found = false;
    let mut tar = tar::Archive::new(File::open(archive)?);
    for entry in tar.entries().with_context(|| format!("{} is no backup", archive.display()))? {
        let mut entry = entry.with_context(|| format!("{} is no backup or is cut short", archive.display()))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path()?.into_owned();
        if name == Path::new(DUMP) {
            let mut out = BufWriter::new(File::create(dump)?);
            std::io::copy(&mut entry, &mut out)?;
            out.flush()?;
            found = true;
        } else if let Ok(inside) = name.strip_prefix(FILES) {
            if inside.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
                bail!("{} names a file outside its folder: {}", archive.display(), name.display());
            }
            let place = files.join(inside);
            std::fs::create_dir_all(place.parent().unwrap_or(files))?;
            std::io::copy(&mut entry, &mut File::create(&place)?)?;
        }
    }
    if !found {
        bail!("{} holds no dump of a database", archive.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_and_nothing_else_is_taken_for_a_backup() {
        let folder = std::env::temp_dir().join(format!("yba-archive-{}", std::process::id()));
        let at = |name: &str| folder.join(name);
        std::fs::create_dir_all(at("files/1/ab")).unwrap();
        std::fs::write(at("files/1/ab/abcd"), b"a picture").unwrap();
        std::fs::write(at("dump"), b"PGDMP and so on").unwrap();
        pack(&at("dump"), &at("files"), &at("clinic.yba")).unwrap();

        unpack(&at("clinic.yba"), &at("dump2"), &at("files2")).unwrap();
        assert_eq!(std::fs::read(at("dump2")).unwrap(), b"PGDMP and so on");
        assert_eq!(std::fs::read(at("files2/1/ab/abcd")).unwrap(), b"a picture");

        unpack(&at("dump"), &at("dump3"), &at("files3")).unwrap();
        assert_eq!(std::fs::read(at("dump3")).unwrap(), b"PGDMP and so on", "a bare dump still restores");

        std::fs::write(at("letter"), b"Dear colleague").unwrap();
        assert!(unpack(&at("letter"), &at("dump4"), &at("files4")).is_err());
        assert!(unpack(&at("nowhere"), &at("dump4"), &at("files4")).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}

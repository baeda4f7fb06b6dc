//! The watched folder: what a scanner of the house writes into `YBA_SCANS/<facility number>/` is taken in by itself. A file that is
//! still being written is left alone until it has rested; what was taken in lies in `da-nhan`, what was refused in `bi-loi`
//! with a note beside it, so that whoever stands at the scanner sees it without signing in.

use super::store::{self, NewBatch};
use super::{intake, read};
use anyhow::Context;
use base::FacilityId;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use uuid::Uuid;
use web::App;

/// How long a file must not have changed before it is taken.
const RESTED: Duration = Duration::from_secs(10);

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_secs(15);

/// The folder that is watched; none when the house watches none.
pub fn configured() -> Option<PathBuf> {
    std::env::var_os("YBA_SCANS").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Looks at the folder of each facility (`folder/<facility number>`) until told to stop.
pub async fn watch(app: App, folder: PathBuf, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        if let Err(fault) = look(&app, &folder, SystemTime::now()).await {
            tracing::warn!(error = format!("{fault:#}"), "the folder of scans could not be read");
        }
        tokio::select! {
            _ = &mut stop => return,
            _ = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Takes in what has come since the last look; gives how many files.
pub async fn look(app: &App, folder: &Path, now: SystemTime) -> anyhow::Result<usize> {
    let mut taken = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(number) = name.parse::<i32>() else { continue };
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let facility = FacilityId(number);
        for file in rested(&entry.path(), now)? {
            take(app, facility, &entry.path(), &file).await?;
            taken += 1;
        }
        if taken > 0 {
            read::read_waiting(app, facility).await?;
        }
    }
    Ok(taken)
}

/// Files that nobody has written to for a while, oldest first.
fn rested(folder: &Path, now: SystemTime) -> anyhow::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let facts = entry.metadata()?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let changed = facts.modified()?;
        if facts.is_file() && !hidden && facts.len() > 0 && now.duration_since(changed).is_ok_and(|rest| rest >= RESTED) {
            out.push((changed, entry.path()));
        }
    }
    out.sort();
    Ok(out.into_iter().map(|(_, path)| path).collect())
}

async fn take(app: &App, facility: FacilityId, folder: &Path, file: &Path) -> anyhow::Result<()> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let size = std::fs::metadata(file)?.len();
    if size > intake::MOST_BYTES as u64 {
        return aside(folder, file, "bi-loi", Some("Tệp quá lớn. Chia tập giấy rồi quét từng phần."));
    }
    let bytes = std::fs::read(file)?;
    let media_type = intake::media_type(&bytes).unwrap_or_default();
    let opened = tokio::task::spawn_blocking(move || intake::open(bytes.clone()).map(|source| (bytes, source.len()))).await?;
    let (bytes, pages) = match opened {
        Ok(opened) => opened,
        Err(says) => return aside(folder, file, "bi-loi", Some(&says)),
    };
    let sha256 = app.files().keep(facility, bytes).await?;
    let mut tx = app.db.begin_system(facility, app.clock.now()).await?;
    let new = NewBatch { id: Uuid::now_v7(), source: "folder", name: &name, sha256: &sha256, media_type, size_bytes: size as i64, replaces: None };
    let (batch, is_new) = store::insert_batch(&mut tx, &new).await?;
    if is_new {
        let by = tx.actor.account.0;
        store::insert_step(&mut tx, batch, None, "scanned", &format!("{name} ({pages} trang), thư mục máy quét"), (by, "Máy quét")).await?;
        tx.notify("digitise");
    }
    tx.commit().await?;
    aside(folder, file, "da-nhan", None)
}

/// Moves a file out of the way, with a note where something was wrong with it. Never over another one.
fn aside(folder: &Path, file: &Path, place: &str, note: Option<&str>) -> anyhow::Result<()> {
    let to = folder.join(place);
    std::fs::create_dir_all(&to)?;
    let name = file.file_name().context("a file has a name")?.to_string_lossy().into_owned();
    let free = if to.join(&name).exists() { format!("{}-{name}", Uuid::now_v7().simple()) } else { name };
    std::fs::rename(file, to.join(&free))?;
    if let Some(note) = note {
        std::fs::write(to.join(format!("{free}.txt")), note)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_half_written_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("yba-scans-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.pdf"), b"%PDF-1.7").unwrap();
        std::fs::write(folder.join(".hidden"), b"x").unwrap();
        std::fs::write(folder.join("empty.pdf"), b"").unwrap();
        let now = SystemTime::now();
        assert_eq!(rested(&folder, now).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(rested(&folder, now + RESTED * 2).unwrap(), [folder.join("a.pdf")]);
        aside(&folder, &folder.join("a.pdf"), "bi-loi", Some("Tệp hỏng")).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("bi-loi/a.pdf.txt")).unwrap(), "Tệp hỏng");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

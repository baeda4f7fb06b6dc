//! Pictures, clips and papers too big for a row: kept in a folder beside the database under the hash of what they
//! hold, facility by facility. A row names the hash; the row decides who may see it, never the folder.

use anyhow::{Context, Result};
use base::FacilityId;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The store of big contents. Cheap to clone.
#[derive(Clone)]
pub struct Files(Arc<dyn ObjectStore>);

impl Files {
    /// A folder on this machine, made when it is not there; what is written reaches the disk before it is acknowledged.
    pub fn in_folder(folder: &std::path::Path) -> Result<Files> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Files(Arc::new(store)))
    }

    /// Keeps `content` and gives its name, 64 hexadecimal digits of SHA-256. The same content twice is kept once.
    pub async fn keep(&self, facility: FacilityId, content: Vec<u8>) -> Result<String> {
        let name = hex::encode(Sha256::digest(&content));
        let once = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.0.put_opts(&place(facility, &name), content.into(), once).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(name),
            Err(error) => Err(error).context("a file could not be kept"),
        }
    }

    /// What was kept under `name`; fails when nothing is there or when it no longer is what was kept.
    pub async fn fetch(&self, facility: FacilityId, name: &str) -> Result<Vec<u8>> {
        let content = self.0.get(&place(facility, name)).await.context("a file is missing")?.bytes().await?;
        anyhow::ensure!(hex::encode(Sha256::digest(&content)) == name, "file {name} is no longer what was kept");
        Ok(content.to_vec())
    }

    /// Throws a content away. Only for drafts that no row names any more.
    pub async fn forget(&self, facility: FacilityId, name: &str) -> Result<()> {
        match self.0.delete(&place(facility, name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error).context("a file could not be thrown away"),
        }
    }
}

/// `12/ab/abcd…`: the facility, then two digits so that no folder holds too many.
fn place(facility: FacilityId, name: &str) -> Path {
    Path::from_iter([facility.0.to_string().as_str(), name.get(..2).unwrap_or("__"), name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_kept_comes_back_and_only_to_its_facility() {
        let folder = std::env::temp_dir().join(format!("yba-files-{}", uuid::Uuid::now_v7()));
        let files = Files::in_folder(&folder).unwrap();
        let name = files.keep(FacilityId(1), b"a picture".to_vec()).await.unwrap();
        assert_eq!(files.keep(FacilityId(1), b"a picture".to_vec()).await.unwrap(), name);
        assert_eq!(files.fetch(FacilityId(1), &name).await.unwrap(), b"a picture");
        assert!(files.fetch(FacilityId(2), &name).await.is_err());

        let path = folder.join("1").join(&name[..2]).join(&name);
        std::fs::write(path, b"another picture").unwrap();
        assert!(files.fetch(FacilityId(1), &name).await.is_err(), "a changed file is told");

        files.forget(FacilityId(1), &name).await.unwrap();
        files.forget(FacilityId(1), &name).await.unwrap();
        assert!(files.fetch(FacilityId(1), &name).await.is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}

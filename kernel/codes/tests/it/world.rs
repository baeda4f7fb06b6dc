//! One database with all catalogues, shared by the tests that run at the same time and stopped by the last of them.

use codes::CatalogueFiles;
use db::cluster::{Cluster, Durability};
use db::{DbOptions, PgConnection};
use sqlx::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use tokio::sync::Mutex;

pub struct World {
    cluster: Cluster,
    folder: PathBuf,
    options: DbOptions,
}

static SHARED: Mutex<Weak<World>> = Mutex::const_new(Weak::new());

impl World {
    /// The shared world, made when there is none.
    pub async fn get() -> Arc<World> {
        let mut shared = SHARED.lock().await;
        if let Some(world) = shared.upgrade() {
            return world;
        }
        let folder = std::env::temp_dir().join(format!("yba-codes-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let cluster = Cluster::start(&folder, Durability::Throwaway).expect("a throwaway PostgreSQL");
        let options = cluster.options("postgres", 4);
        let world = Arc::new(World { cluster, folder, options });
        let mut owner = world.owner().await;
        let migrations: Vec<db::Migration> = db::MIGRATIONS.iter().chain(codes::MIGRATIONS).copied().collect();
        db::migrate::migrate(&mut owner, &migrations).await.expect("migrations");
        codes::load(&mut owner, &CatalogueFiles::Embedded, &mut |_, _, _| {}).await.expect("catalogues");
        *shared = Arc::downgrade(&world);
        world
    }

    /// A connection that may write catalogues.
    pub async fn owner(&self) -> PgConnection {
        self.options.connect_owner().await.expect("the owner's way in")
    }

    /// A connection as the application has it.
    pub async fn app(&self) -> PgConnection {
        PgConnection::connect_with(&self.options.app).await.expect("the application's way in")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.cluster.stop_now();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

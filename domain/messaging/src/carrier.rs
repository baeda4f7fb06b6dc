//! Who carries messages out of the house, and what is needed to write a link: set once by the server at its start, because
//! listeners know nothing but their transaction.

use async_trait::async_trait;
use std::sync::{Arc, RwLock};
use uuid::Uuid;

/// The way to phones.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Hands one message over and gives the carrier's number of it. The same id arrives once, however often it is handed over.
    async fn carry(&self, id: Uuid, to: &str, text: &str) -> Result<String, NotCarried>;
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCarried {
    /// Trying again may help.
    Later(String),
    /// It never will.
    Never(String),
}

/// What the server tells this slice.
#[derive(Clone)]
pub struct Link {
    pub carrier: Arc<dyn Carrier>,
    /// Without a slash at its end.
    pub public_url: String,
    /// The server's own secret, for passes.
    pub secret: [u8; 32],
    /// What the carrier signs its own calls with.
    pub hook_key: String,
}

static LINK: RwLock<Option<Link>> = RwLock::new(None);

/// Connects the slice to the world; the last call counts.
pub fn connect(link: Link) {
    if let Ok(mut place) = LINK.write() {
        *place = Some(link);
    }
}

/// The connection, once there is one.
pub fn link() -> Option<Link> {
    LINK.read().ok().and_then(|place| place.clone())
}

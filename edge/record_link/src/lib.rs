//! The wire between two separately run servers: requests for records, their state, and FHIR document bundles, over TLS
//! in which both sides show a certificate that the other one knows.
//!
//! No authority stands above the two: each house gives the other its certificate, and each accepts exactly that one
//! ([`tls`]). Which of our facilities is spoken to stands in the address; whose certificate it is decides who asks
//! ([`answer`]), and nobody can ask in another house's name.

pub mod answer;
pub mod ask;
pub mod bundle;
pub mod tls;

use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

pub use tls::Identity;

/// This edge has no pages: its port is opened by [`serve`], its way out by [`connect`].
pub fn module() -> web::Module {
    web::Module { name: "record_link", ..web::Module::default() }
}

/// The certificate of this server, made on the first call and kept in `folder` (`certificate.pem`, which partners get,
/// and `key.pem`, which nobody gets). `names` are the host names and addresses under which partners reach it.
pub fn identity(folder: &Path, names: &[String]) -> Result<Identity> {
    Identity::open(folder, names)
}

/// Lays the way out: inquiries abroad are sent with this server's certificate.
pub fn connect(identity: &Identity) {
    sharing::wire::connect(Arc::new(ask::Way::new(identity.clone())));
}

/// Answers partners at `address` until `stop` resolves.
pub async fn serve(app: web::App, identity: &Identity, address: SocketAddr, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let listener = tls::Listener::bind(address, identity).await.with_context(|| format!("cannot listen for partners on {address}"))?;
    let router = answer::router(app);
    axum::serve(listener, router.into_make_service_with_connect_info::<tls::Caller>()).with_graceful_shutdown(stop).await?;
    Ok(())
}

//! Stand-ins for every outside party, each with ways to fail: for demonstrations and tests only.

mod bank;
pub mod his;
mod invoices;
mod messages;
mod pages;
mod telephone;
pub mod trust;

pub use bank::{Bank, Mode, Told};
pub use invoices::{InvoiceMode, InvoiceProvider, router as invoice_router};
pub use messages::{Arrived, MESSAGES_KEY, Phone};

use anyhow::{Context, Result};
use std::future::Future;
use std::net::SocketAddr;

/// Plays the partners on `listen` until `stop` resolves. `server` is Yba's own address, e.g. `http://127.0.0.1:8080`.
pub async fn run(listen: SocketAddr, server: String, authority: trust::Authority, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("the stand-ins cannot listen on {listen}"))?;
    let phone = Phone::new(server.clone(), base::Clock::system());
    let switchboard = telephone::Switchboard::new(server.clone(), base::Clock::system());
    let bank = Bank::new(server, base::Clock::system());
    let invoices = InvoiceProvider::new(base::Clock::system(), std::time::Duration::from_secs(20));
    let his = his::HospitalSystem::new(std::env::var("YBA_MLLP").unwrap_or_else(|_| "127.0.0.1:2575".into()), base::Clock::system());
    let partners = pages::router(bank).merge(his::router(his)).merge(messages::router(phone)).merge(telephone::router(switchboard)).merge(invoices::router(invoices)).merge(authority.router());
    axum::serve(listener, partners).with_graceful_shutdown(stop).await.context("the stand-ins stopped")
}

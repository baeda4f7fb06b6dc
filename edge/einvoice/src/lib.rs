//! Electronic invoices on their way to a provider and back: the adapter, the XML, the courier.

mod courier;
mod provider;
pub mod xml;

pub use courier::Courier;
pub use provider::{Answer, Fault, Http, Provider};

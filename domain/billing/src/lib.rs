//! Money of the clinic: charges arise from documents, the cashier collects, every đồng can be traced.

pub mod approval;
pub mod arrival;
pub mod charge;
pub mod collection;
pub mod desk;
pub mod ledger;
pub mod listen;
pub mod receipt;
pub mod shift;
pub mod store;
pub mod transfer;

pub use store::charges::price_on;

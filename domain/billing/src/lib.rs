//! Money of the clinic: charges arise from documents, the cashier collects, every đồng can be traced.

pub mod approval;
pub mod charge;
pub mod collection;
pub mod ledger;
pub mod receipt;
pub mod shift;
pub mod transfer;

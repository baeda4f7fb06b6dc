//! The pharmacy and its stores: suppliers, receipts, lots and expiry, the stock ledger, transfers, recall, stocktake.

/// The table of contents.
pub fn module() -> web::Module {
    web::Module { name: "inventory", ..web::Module::default() }
}

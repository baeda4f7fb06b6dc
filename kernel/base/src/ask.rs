//! The few questions modules may ask each other while they decide. Each is answered by one module or edge and
//! wired together in `app/server`.

use async_trait::async_trait;
use serde_json::Value;

/// Turns data into paper. Answered by `edge/documents`.
#[async_trait]
pub trait Papers: Send + Sync {
    /// The PDF of `template` (e.g. `"prescription"`) filled with `data`; the fields each template expects are
    /// documented in `edge/documents/README.md`. Fails only on a template fault, never on missing optional fields.
    async fn render(&self, template: &str, data: Value) -> Result<Vec<u8>, String>;
}

/// Makes the transfer QR code that Vietnamese banking apps read. Answered by `edge/payment`.
pub trait BankQr: Send + Sync {
    /// The EMVCo text for one exact amount and reference; refuses an unknown bank or an impossible amount.
    fn payload(&self, request: &TransferRequest) -> Result<String, String>;
    /// The same as an SVG image.
    fn svg(&self, payload: &str) -> Result<String, String>;
}

/// Where the money goes, how much, and by which words it is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferRequest {
    /// The bank's 6-digit BIN, e.g. `970436`.
    pub bank_bin: String,
    pub account_no: String,
    pub amount_vnd: i64,
    /// Up to 25 characters A–Z, 0–9 and space, e.g. `YBA 261122 0047`.
    pub reference: String,
}

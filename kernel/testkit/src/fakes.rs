//! Stand-ins for the engines that slices ask: paper that can be read back, and a transfer code in plain words.

use base::ask::{BankQr, Papers, TransferRequest};
use serde_json::Value;

/// Gives the data itself, so that a test sees what would be printed.
pub struct PlainPapers;

#[async_trait::async_trait]
impl Papers for PlainPapers {
    async fn render(&self, template: &str, data: Value) -> Result<Vec<u8>, String> {
        Ok(format!("%PDF-plain {template}\n{data:#}").into_bytes())
    }
}

/// Says what the code would carry.
pub struct PlainQr;

impl BankQr for PlainQr {
    fn payload(&self, request: &TransferRequest) -> Result<String, String> {
        if request.amount_vnd <= 0 {
            return Err("the amount must be positive".into());
        }
        Ok(format!("QR|{}|{}|{}|{}", request.bank_bin, request.account_no, request.amount_vnd, request.reference))
    }
    fn svg(&self, payload: &str) -> Result<String, String> {
        Ok(format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>{payload}</title></svg>"))
    }
}

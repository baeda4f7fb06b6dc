//! Answers the question "show me the transfer code" ([`BankQr`]) for cashier screens and papers.

use crate::vietqr;
use base::ask::{BankQr, TransferRequest};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// The VietQR maker wired into the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct VietQr;

impl BankQr for VietQr {
    fn payload(&self, request: &TransferRequest) -> Result<String, String> {
        vietqr::build(request).map_err(|refusal| refusal.text().to_owned())
    }

    fn svg(&self, payload: &str) -> Result<String, String> {
        // Level M survives a scratched counter screen and still keeps modules large for old phones.
        let code = QrCode::with_error_correction_level(payload, EcLevel::M)
            .map_err(|_| "Nội dung quá dài cho một mã QR. Rút ngắn nội dung chuyển khoản.".to_owned())?;
        // The white margin that readers need is the padding of `svg.qr` in the style sheet.
        let image = code.render::<svg::Color>().quiet_zone(false).min_dimensions(200, 200).build();
        // The XML declaration may not stand inside a page.
        let drawing = image.split_once("?>").map_or(image.as_str(), |(_, rest)| rest.trim_start());
        Ok(drawing.replacen("<svg ", "<svg class=\"qr\" ", 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_becomes_a_picture() {
        let request = TransferRequest {
            bank_bin: "970436".into(),
            account_no: "0011001234567".into(),
            amount_vnd: 65_540,
            reference: "YBA 261122 0047".into(),
        };
        let svg = VietQr.svg(&VietQr.payload(&request).unwrap()).unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"), "{}", &svg[..80]);
        assert!(VietQr.svg(&"A".repeat(5000)).is_err());
    }
}
